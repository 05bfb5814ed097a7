"""The live table of shards on a terminal (extra ``cli``)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

try:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table
except ImportError as error:
    raise ImportError(
        "the table of shards needs rich: pip install 'gateway-core[cli]', or choose a --format"
    ) from error

from gateway_core.shard import ShardInfo
from gateway_core.sharding import ShardId, ShardState

__all__ = ["ShardTable", "show"]

_REFRESH: Final = 0.25
_RATE_OVER: Final = 1.0
"""Seconds over which events a second are counted."""

_FURNITURE: Final = 7
"""Lines of the table that are no shards, with the one that tells how many are left out."""

_STYLES: Final = {
    ShardState.ACTIVE: "green",
    ShardState.CLOSED: "dim",
    ShardState.FATALLY_CLOSED: "bold red",
    ShardState.WAITING: "red",
}

_Infos = Mapping[ShardId, ShardInfo]


class ShardTable:
    """Makes tables of how shards fare; remembers what rates are counted from.

    Args:
        lines: how many a table may have. Where shards are more, those that are not active come
            first, and a line tells how many are left out.
    """

    def __init__(self, lines: int) -> None:
        self._rows = max(1, lines - _FURNITURE)
        self._counted_at = float("-inf")
        self._counts: dict[ShardId, int] = {}
        self._rates: dict[ShardId, float] = {}

    def render(self, shards: _Infos, now: float) -> Table:
        """Make the table, as of `now` (seconds, monotonic)."""
        self._count(shards, now)
        table = Table(expand=False, show_footer=True)
        active = sum(info.state is ShardState.ACTIVE for info in shards.values())
        latencies = [info.latency for info in shards.values() if info.latency is not None]
        stats = [info.stats for info in shards.values()]
        rate = sum(self._rates.values())
        table.add_column("shard", "all")
        table.add_column("state", f"{active} of {len(shards)} active")
        for name, footer in (
            ("latency", _milliseconds(sum(latencies) / len(latencies) if latencies else None)),
            ("events/s", f"{rate:,.1f}"),
            ("events", f"{sum(s.events for s in stats):,}"),
            ("queued", f"{sum(s.queued for s in stats):,}"),
            ("reconnects", f"{sum(s.reconnects for s in stats):,}"),
        ):
            table.add_column(name, footer, justify="right")
        for info in self._chosen(shards):
            table.add_row(
                str(info.shard_id),
                info.state.value,
                _milliseconds(info.latency),
                f"{self._rates.get(info.shard_id, 0.0):,.1f}",
                f"{info.stats.events:,}",
                f"{info.stats.queued:,}",
                f"{info.stats.reconnects:,}",
                style=_STYLES.get(info.state, "yellow"),
            )
        left_out = len(shards) - len(table.rows)
        if left_out:
            table.caption = f"and {left_out} more"
        return table

    def _chosen(self, shards: _Infos) -> list[ShardInfo]:
        order = sorted(
            shards.values(),
            key=lambda info: (info.state is ShardState.ACTIVE, info.shard_id.number),
        )
        if len(order) <= self._rows:
            order.sort(key=lambda info: info.shard_id.number)
        return order[: self._rows]

    def _count(self, shards: _Infos, now: float) -> None:
        seconds = now - self._counted_at
        if seconds < _RATE_OVER:
            return
        counts = {shard_id: info.stats.events for shard_id, info in shards.items()}
        self._rates = {
            shard_id: max(0, count - self._counts.get(shard_id, 0)) / seconds
            for shard_id, count in counts.items()
        }
        self._counts, self._counted_at = counts, now


async def show(read: Callable[[], _Infos]) -> None:
    """Show how shards fare on standard output until cancelled; the last table stays there."""
    console = Console()
    table = ShardTable(console.height)
    with Live(console=console, auto_refresh=False, transient=False) as live:
        try:
            while True:
                live.update(table.render(read(), time.monotonic()), refresh=True)
                await asyncio.sleep(_REFRESH)
        finally:
            live.update(table.render(read(), time.monotonic()), refresh=True)


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:,.1f} ms"
