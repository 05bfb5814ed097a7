"""The lines at the end of a run."""

from __future__ import annotations

from collections.abc import Collection

from gateway_core.shard import ShardInfo

__all__ = ["summary"]


def summary(printed: int, seconds: float, shards: Collection[ShardInfo]) -> str:
    """Say how a run went, in a few lines.

    Args:
        printed: events that were printed.
        seconds: how long the run took.
        shards: how each shard fared.
    """
    rate = printed / seconds if seconds > 0 else 0.0
    stats = [info.stats for info in shards]
    bytes_in = sum(s.bytes_in for s in stats)
    bytes_out = sum(s.bytes_out for s in stats)
    ratio = f"{bytes_out / bytes_in:.1f}" if bytes_in else "-"
    count = sum(info.measured for info in shards)
    total = sum((info.average_latency or 0.0) * info.measured for info in shards)
    measured = "no heartbeat was confirmed yet"
    if count:
        measured = f"{total / count * 1000:.1f} ms (average of {count})"
    return (
        f"events       {printed:,} in {seconds:.1f} s ({rate:,.1f} a second)\n"
        f"bytes in     {bytes_in:,} received\n"
        f"bytes out    {bytes_out:,} inflated (compression ratio {ratio})\n"
        f"latency      {measured}\n"
        f"reconnects   {sum(s.reconnects for s in stats)} "
        f"({sum(s.resumes for s in stats)} resumed, "
        f"{sum(s.identifies for s in stats)} identified)"
    )
