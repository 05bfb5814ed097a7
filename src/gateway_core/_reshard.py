"""Another number of shards, while events flow.

The new set is brought up beside the old, and what it receives is dropped until it is complete:
every shard has a session, and Discord has sent its guilds. Then, in this order:

1. Commands go to the new set; those that wait at the old are let out.
2. The new set's events are kept, though not yet given out.
3. Each old shard sends a heartbeat. Its confirmation stands behind all events that Discord had
   sent before, so with it, everything has come that the new set did not keep. What comes after it
   is dropped.
4. When the consumer has come back from the last event of the old set, the new one's come out of the
   stream, and the old set is closed.

What happens between 2 and 3, about one round trip, comes from both: no event names both
sessions, so nobody can tell. What happens before or after comes once. Until 4, the sessions to
resume are those of the old set, so that a process that dies or is closed meanwhile loses nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from ._shard_set import ShardSet
from .cluster_shard import ClusterShard
from .config import Config
from .decoding import Payload
from .errors import DecodeError
from .events import ControlEvent, Disconnected, Event, ProbeConfirmed, Ready, Resumed
from .intents import Intents
from .sharding import ShardId, ShardState

__all__ = ["Resharded", "reshard"]

_EventT = TypeVar("_EventT")

_OVER: Final = (ShardState.CLOSED, ShardState.FATALLY_CLOSED)

_GUILD_PATIENCE: Final = 10.0
"""Seconds without a further guild after which those that are missing are not waited for."""

_GLANCE: Final = 0.005
"""Seconds between two looks for what nothing announces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resharded:
    """How a change of the number of shards went.

    Attributes:
        total: how many shards there are now.
        startup: seconds until the new set was complete.
        overlap: seconds for which both sets' events were taken: what happened in them came twice.
    """

    total: int
    startup: float
    overlap: float


class _GuildArrival:
    """Waits until a new session's guilds have come: until then it may miss their events.

    Called with a shard's events, on its thread; `wait` is for the user's.
    """

    def __init__(self, config: Config, loop: asyncio.AbstractEventLoop) -> None:
        wanted = config.wanted
        self._possible = Intents.GUILDS in config.intents and (
            wanted is None or {"READY", "GUILD_CREATE"} <= wanted
        )
        self._loop = loop
        self._missing: set[object] | None = None
        self._complete = asyncio.Event()

    def __call__(self, event: Event) -> None:
        """Note what an event says about guilds."""
        if not isinstance(event, Payload) or not self._possible:
            return
        try:
            if event.t == "READY":
                self._missing = {guild["id"] for guild in event.at("/guilds")}
            elif event.t in ("GUILD_CREATE", "GUILD_DELETE") and self._missing is not None:
                self._missing.discard(event.at("/id"))
            else:
                return
        except (DecodeError, KeyError, TypeError):
            return  # the consumer of such an event is told, not we
        if not self._missing:
            self._loop.call_soon_threadsafe(self._complete.set)

    async def wait(self) -> None:
        """Return when all have come, or no more do."""
        missing = None
        while self._possible and not self._complete.is_set():
            try:
                async with asyncio.timeout(_GUILD_PATIENCE):
                    await self._complete.wait()
            except TimeoutError:
                before, missing = missing, len(self._missing or ())
                if missing == before:
                    return


async def _commands_sent(shard: ClusterShard[Any]) -> None:
    """Return when no command waits at a shard."""
    while shard._core.queued_commands and shard.state not in _OVER:  # noqa: ASYNC110
        await asyncio.sleep(_GLANCE)


async def _fence(shard: ClusterShard[Any]) -> int:
    """Take from a shard what Discord has sent until now, and nothing after; on its thread.

    Returns:
        How many dispatches that are, from the shard's start.
    """
    news: asyncio.Queue[ControlEvent | None] = asyncio.Queue()
    watch: Callable[[ControlEvent | None], None] = news.put_nowait
    shard._watchers.append(watch)
    try:
        while shard.state not in _OVER:
            asked = shard._runner.probe()
            event = await news.get()
            if asked:
                while not isinstance(event, ProbeConfirmed | Disconnected | None):
                    event = await news.get()
                if isinstance(event, ProbeConfirmed):
                    break
            else:
                # It is on its way back; a resumed session has what it missed behind it.
                while not isinstance(event, Ready | Resumed | None):
                    event = await news.get()
        shard._lane.finish(discard=False)
        return shard._runner.handed_over
    finally:
        shard._watchers.remove(watch)


async def _consumed_up_to(shard: ClusterShard[Any], count: int) -> None:
    """Return when the consumer has come back from so many dispatches of a shard, or never will."""
    while not shard._is_consumed_up_to(count):  # noqa: ASYNC110
        await asyncio.sleep(_GLANCE)


async def _bring_up(
    running: ShardSet[_EventT], shard_ids: Sequence[ShardId], config: Config
) -> list[ClusterShard[_EventT]]:
    """Start shards whose events nobody gets yet, and wait until they are complete."""
    shards = [running.make(shard_id, None) for shard_id in shard_ids]
    loop = asyncio.get_running_loop()
    arrivals = [_GuildArrival(config, loop) for _ in shards]
    try:
        for shard, arrival in zip(shards, arrivals, strict=True):
            shard._lane.drain(arrival)
        running.start(shards)
        await asyncio.gather(*(shard.wait_ready() for shard in shards))
        await asyncio.gather(*(arrival.wait() for arrival in arrivals))
    except BaseException:
        if not running.closing.is_set():
            await asyncio.gather(*(shard._close(resumable=False) for shard in shards))
        raise
    return shards


async def reshard(
    running: ShardSet[_EventT],
    shard_ids: Sequence[ShardId],
    config: Config,
    on_switch: Callable[[], None],
    keep_new: Callable[[], Awaitable[None]],
) -> Resharded:
    """Replace the shards of a cluster by others.

    Args:
        running: the shards of the cluster.
        shard_ids: the others.
        config: of them.
        on_switch: called when the new set is complete: from here on, it is carried through.
        keep_new: called before the old set is closed, to store the new sessions.

    Raises:
        GatewayError: Discord refuses a new shard; nothing has changed.
    """
    time = asyncio.get_running_loop().time
    start = time()
    new = await _bring_up(running, shard_ids, config)
    ready = time()
    on_switch()
    old = tuple(running.shards.values())
    running.exported = old
    running.shards.clear()
    running.shards |= {shard.shard_id.number: shard for shard in new}
    running.total = shard_ids[0].total
    await asyncio.gather(*map(_commands_sent, old))
    switch = time()
    for shard in new:
        shard._lane.drain(None)
    taken = await asyncio.gather(*(shard._io.run(partial(_fence, shard)) for shard in old))
    overlap = time() - switch
    await asyncio.gather(*map(_consumed_up_to, old, taken))
    running.exported = None
    running.stream.reopen()
    for shard in new:
        if shard._stream is None:  # else its consumer has begun already
            shard._attach(running.stream)
    try:
        await keep_new()
    finally:
        try:
            await asyncio.gather(*(shard._close(resumable=False) for shard in old))
        finally:
            for shard in old:
                shard._end_stream()
    return Resharded(total=running.total, startup=ready - start, overlap=overlap)
