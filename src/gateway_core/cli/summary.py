"""The lines at the end of a run."""

from __future__ import annotations

from gateway_core.latency import Latency
from gateway_core.shard import ShardStats

__all__ = ["summary"]


def summary(printed: int, seconds: float, stats: ShardStats, latency: Latency) -> str:
    """Say how a run went, in a few lines.

    Args:
        printed: events that were printed.
        seconds: how long the run took.
        stats: of the shard.
        latency: of the shard.
    """
    rate = printed / seconds if seconds > 0 else 0.0
    ratio = f"{stats.bytes_out / stats.bytes_in:.1f}" if stats.bytes_in else "-"
    average = latency.average
    measured = "no heartbeat was confirmed yet"
    if average is not None:
        measured = f"{average * 1000:.1f} ms (average of {latency.measured})"
    return (
        f"events       {printed:,} in {seconds:.1f} s ({rate:,.1f} a second)\n"
        f"bytes in     {stats.bytes_in:,} received\n"
        f"bytes out    {stats.bytes_out:,} inflated (compression ratio {ratio})\n"
        f"latency      {measured}\n"
        f"reconnects   {stats.reconnects} ({stats.resumes} resumed, "
        f"{stats.identifies} identified)"
    )
