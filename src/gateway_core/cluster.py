"""All connections of a bot, or of a process's part of it, as one stream of events.

    async with Cluster(token, Intents.default(), shards="auto") as cluster:
        async for shard_id, event in cluster:
            print(shard_id, event.t, event.d)

`Cluster` is the consumer's face. Connections live on threads of their own (`_io_thread.py`), events
come over in batches (`_fan_in.py`), and one shard is in `cluster_shard.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import Final, Generic, Literal, Self, TypeAlias, TypeVar, overload

from ._reshard import Resharded, reshard
from ._runner import ShardInfo
from ._session_keeper import SessionKeeper
from ._shard_set import ShardSet
from .cluster_shard import ClusterShard
from .commands import Command, RequestGuildMembers, UpdatePresence
from .config import DEFAULT_GATEWAY_URL, Config
from .decoding import Payload
from .errors import SessionStartLimitReached, ShardClosed
from .events import Event
from .http import DEFAULT_BASE_URL, GatewayBot, fetch_gateway_bot
from .identify_queue import LocalIdentifyQueue
from .intents import Intents
from .member_requests import GuildMembers
from .session import Session
from .session_store import MemorySessionStore, SessionStore
from .sharding import ShardId, ShardRange

__all__ = ["Cluster", "Resharded", "Sessions"]

_EventT = TypeVar("_EventT")

Sessions: TypeAlias = dict[str, dict[str, str | int | None]]
"""Sessions by shard (``"0/16"``), in a form that JSON can hold: `Session.to_dict`."""

_STARTING: Final = 16
"""How many shards may be between their start and their turn to identify, at least."""


class Cluster(Generic[_EventT]):
    """Several shards; an asynchronous context manager, and an iterable of ``(shard_id, event)``.

    Entering it starts the shards and returns without waiting for them: see `wait_ready`. The stream
    is fair between shards. It ends after `close` or `close_resumable`; a shard that Discord refuses
    for good raises its error out of it, once, and the other shards go on if the consumer does. When
    none is left, it ends; after `restart`, `add` or `reshard` there is something to iterate over
    again. Leaving the context closes all, and raises such an error if the stream did not.

    The connections are served by event loops on threads of their own. A handler that blocks its
    loop, for instance with `time.sleep` or a long computation in Python, costs no heartbeat and no
    session, whatever its length, as long as it lets other threads run: code that holds the GIL
    (some C extensions) stops them too.

    A consumer that is slower than Discord fills the queue (`Config.queue_size` events of a shard,
    `Config.queue_bytes` in all); then the sockets concerned are not read until half of it is
    taken. Nothing is dropped, save what `Config.shed` names.

    Everything but sending must be done on the event loop on which the cluster was entered. One
    task may iterate at a time. A cluster runs once.

    Args:
        token: the bot's token.
        intents: which events Discord shall send.
        shards: which ones to run: ``"auto"`` for all of as many as Discord recommends, a
            `ShardRange`, a `ShardBucket`, or any iterable of `ShardId` of one total.
        config: everything else; its token and intents are replaced by those given here. Without an
            identify queue in it, the cluster asks Discord for the limits and keeps them.
        sessions: sessions to resume, from `close_resumable` or `sessions` of another cluster. Those
            of shards that are not run here are left alone.
        store: where sessions are kept while the cluster runs, and looked for at its start.
        save_interval: seconds between two looks for sessions to keep.
        presence: gives the presence of each shard from its start; by default `Config.presence`.
        io_threads: how many threads serve the connections.
        control_events: whether the stream also gives the events of `gateway_core.events`.
        api_url: base of the HTTP API, for ``GET /gateway/bot``.

    Raises:
        ValueError: the token is empty, there is no shard, shards of different totals are given, or
            another value is out of range.

    Source:
        Discord documentation, "Gateway", section "Sharding".
    """

    @overload
    def __init__(
        self: Cluster[Payload],
        token: str,
        intents: Intents,
        *,
        shards: Literal["auto"] | Iterable[ShardId] = ...,
        config: Config | None = ...,
        sessions: Mapping[str, Mapping[str, object]] | None = ...,
        store: SessionStore | None = ...,
        save_interval: float = ...,
        presence: Callable[[ShardId], UpdatePresence | None] | None = ...,
        io_threads: int = ...,
        control_events: Literal[False] = ...,
        api_url: str = ...,
    ) -> None: ...

    @overload
    def __init__(
        self: Cluster[Event],
        token: str,
        intents: Intents,
        *,
        shards: Literal["auto"] | Iterable[ShardId] = ...,
        config: Config | None = ...,
        sessions: Mapping[str, Mapping[str, object]] | None = ...,
        store: SessionStore | None = ...,
        save_interval: float = ...,
        presence: Callable[[ShardId], UpdatePresence | None] | None = ...,
        io_threads: int = ...,
        control_events: Literal[True],
        api_url: str = ...,
    ) -> None: ...

    def __init__(
        self,
        token: str,
        intents: Intents,
        *,
        shards: Literal["auto"] | Iterable[ShardId] = "auto",
        config: Config | None = None,
        sessions: Mapping[str, Mapping[str, object]] | None = None,
        store: SessionStore | None = None,
        save_interval: float = 1.0,
        presence: Callable[[ShardId], UpdatePresence | None] | None = None,
        io_threads: int = 1,
        control_events: bool = False,
        api_url: str = DEFAULT_BASE_URL,
    ) -> None:
        if not token:
            raise ValueError("the token is empty: pass the bot's token from the Developer Portal")
        if io_threads < 1:
            raise ValueError(f"io_threads must be at least 1, not {io_threads}")
        if save_interval <= 0:
            raise ValueError(f"save_interval must be positive, not {save_interval}")
        self._config = dataclasses.replace(config or Config(), token=token, intents=intents)
        self._wanted_shards = None if shards == "auto" else _checked(shards)
        self._given = {
            ShardId.parse(shard): Session.from_dict(session)
            for shard, session in (sessions or {}).items()
        }
        self._keeper = SessionKeeper(store or MemorySessionStore())
        self._save_interval = save_interval
        self._presence = presence
        self._io_threads = io_threads
        self._control_events = control_events
        self._api_url = api_url
        self._log = self._config.logger or logging.getLogger("gateway_core.cluster")
        self._changing = asyncio.Lock()
        self._entered = False
        self._own_queue: LocalIdentifyQueue | None = None
        self._set: ShardSet[_EventT] | None = None

    def __repr__(self) -> str:
        return f"<Cluster of {len(self.shards)} shards>"

    # What it is

    @property
    def shards(self) -> Mapping[int, ClusterShard[_EventT]]:
        """The shards that are run, by number. A view: it follows what changes."""
        return MappingProxyType({} if self._set is None else self._set.shards)

    def info(self) -> dict[ShardId, ShardInfo]:
        """Tell how each shard fares; callable on any thread."""
        return {shard.shard_id: shard.info() for shard in tuple(self.shards.values())}

    async def wait_ready(self) -> None:
        """Wait until every shard has had a session. Single ones: `ClusterShard.wait_ready`.

        Raises:
            GatewayError: Discord refuses a shard; `ShardClosed` when one was closed before.
        """
        await asyncio.gather(*(shard.wait_ready() for shard in self.shards.values()))

    async def sessions(self) -> Sessions:
        """Give the sessions with the sequences of the last consumed events, as of now.

        For another cluster's argument `sessions`, after this one is gone. Shards without a session
        that can be resumed are left out.
        """
        return _portable(await self._running.sessions())

    # Life

    async def __aenter__(self) -> Self:
        """Start; if need be, ask Discord for the limits and the number of shards first.

        Raises:
            HTTPError: Discord does not say; `Unauthorized` where it refuses the token.
            Exception: what the session store raises.
        """
        if self._entered:
            raise RuntimeError("a Cluster runs once: make a new one")
        self._entered = True
        shard_ids, bot = await self._prepare()
        sessions = await self._keeper.load(shard_ids)
        sessions |= self._given
        config = self._config
        queue = config.identify_queue
        at_once = 4 * _STARTING
        if queue is None:
            assert bot is not None
            limit = bot.session_start_limit
            self._own_queue = queue = LocalIdentifyQueue.of(limit)
            at_once = max(_STARTING, 2 * limit.max_concurrency)
        running: ShardSet[_EventT] = ShardSet(
            config,
            self._presence,
            queue,
            # What the user gave is awaited where the user is.
            None if self._own_queue is not None else asyncio.get_running_loop(),
            shard_ids[0].total,
            control_events=self._control_events,
            io_threads=self._io_threads,
            at_once=at_once,
        )
        self._set = running
        try:
            shards = [running.make(shard_id, sessions.get(shard_id)) for shard_id in shard_ids]
        except BaseException:
            await running.close(resumable=False)
            raise
        for shard in shards:
            shard._attach(running.stream)
            running.shards[shard.shard_id.number] = shard
        running.start(shards)
        running.spawn(self._save_forever(running))
        self._log.info("running %d of %d shards", len(shard_ids), running.total)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close, and raise the error that ended a shard if nobody has seen it."""
        await self.close()
        error = self._running.stream.take_error()
        if error is not None and exc is None:
            raise error

    async def close(self) -> None:
        """Close so that all sessions end: the bot goes offline.

        Events that have arrived can still be taken; then the stream ends. Does nothing when the
        cluster is closed already. When cancelled, it drops the connections without a goodbye.
        """
        running = self._set
        if running is None:
            return
        was_closed = running.closing.is_set()
        await running.close(resumable=False)
        if not was_closed:
            await self._keeper.keep(dict.fromkeys(running.known))

    async def close_resumable(self) -> Sessions:
        """Close so that all sessions can be resumed, in this process or another.

        Events that have not been taken are dropped, since resuming brings them again, and the
        stream ends. The event that the consumer is at, if it has not come back from it, comes
        again too. The store has the sessions as well. A shard whose READY was not consumed has
        none, and begins anew.

        Returns:
            The sessions, for the argument `sessions` of another cluster; JSON can hold them.
        """
        if self._set is None:
            return {}
        await self._set.close(resumable=True)
        sessions = await self._set.sessions()
        await self._keeper.keep(sessions)
        return _portable(sessions)

    # Sending, from any thread

    def send(self, shard: int, command: Command | str) -> None:
        """Send a command to a shard, as soon as its rate limit and its connection allow.

        Args:
            shard: the shard's number.
            command: one of `gateway_core.commands`, or the JSON text of a whole message.

        Raises:
            ShardNotHere: this cluster does not run that shard.
            CommandError: the command cannot be sent.
            ShardClosed: the shard is closed.
        """
        self._running.get(shard).send(command)

    def send_to_guild(self, guild_id: int, command: Command | str) -> None:
        """Send a command to the shard that has a guild.

        Raises:
            ShardNotHere: this cluster does not run that shard.
            CommandError: the command cannot be sent.
            ShardClosed: the shard is closed.

        Source:
            Discord documentation, "Gateway", section "Sharding", "Sharding Formula".
        """
        self._running.of_guild(guild_id).send(command)

    def broadcast(self, command: Command | str) -> None:
        """Send a command to every shard, for instance a presence.

        Raises:
            CommandError: the command cannot be sent.
            ShardClosed: a shard is closed; the others get the command all the same.
        """
        closed: ShardClosed | None = None
        for shard in tuple(self.shards.values()):
            try:
                shard.send(command)
            except ShardClosed as error:
                closed = closed or error
        if closed is not None:
            raise closed

    async def request_guild_members(
        self, request: RequestGuildMembers, *, patience: float = 60.0
    ) -> GuildMembers:
        """Ask the shard that has the guild for members; see `Shard.request_guild_members`.

        Raises:
            ShardNotHere: this cluster does not run that shard.
        """
        shard = self._running.of_guild(int(request.guild_id))
        return await shard.request_guild_members(request, patience=patience)

    # Iteration

    def __aiter__(self) -> AsyncIterator[tuple[ShardId, _EventT]]:
        """Give the stream of ``(shard_id, event)``.

        An event counts as consumed when the consumer comes back for the next one.
        """
        return self._running.stream

    async def raw(self) -> AsyncIterator[tuple[ShardId, bytes]]:
        """Iterate over the dispatches as the JSON text that came, see `Shard.raw`."""
        async for shard_id, event in self:
            if isinstance(event, Payload) and event.raw is not None:
                yield shard_id, event.raw

    # Single shards

    async def add(self, shard: int) -> None:
        """Run one more shard of the same total; returns without waiting for its connection.

        Args:
            shard: its number.

        Raises:
            ValueError: it runs already, or is not below the total.
            ShardClosed: the cluster is closed.
        """
        async with self._change() as running:
            if shard in running.shards:
                raise ValueError(f"shard {shard} runs already")
            shard_id = ShardId(shard, running.total)
            sessions = await self._keeper.load((shard_id,))
            running.add(shard_id, sessions.get(shard_id), running.stream)

    async def remove(
        self, shard: int, *, resumable: bool = False
    ) -> dict[str, str | int | None] | None:
        """Close one shard; the others are not disturbed.

        Args:
            shard: its number.
            resumable: whether the session is kept, for another process to go on with. What was not
                taken is dropped then, since it comes there; else it can still be taken.

        Returns:
            The session, as a value of `Sessions`; None if there is none to resume.

        Raises:
            ShardNotHere: this cluster does not run that shard.
            ShardClosed: the cluster is closed.
        """
        async with self._change() as running:
            removed = running.get(shard)
            del running.shards[shard]
            try:
                session = await removed._close(resumable=resumable)
            finally:
                removed._end_stream()
            if resumable:
                running.known.discard(removed.shard_id)  # it is another's to forget
            await self._keeper.keep({removed.shard_id: session})
            return None if session is None else session.to_dict()

    async def restart(self, shard: int, *, resume: bool = True) -> None:
        """Close one shard and run it anew; the others are not disturbed.

        What was not taken comes again where the session is resumed. Commands that have not been
        sent, those given meanwhile included, are sent by the shard that goes on. The shard in
        `shards` is another one afterwards.

        Args:
            shard: its number.
            resume: whether to go on with the session; else a new one begins, and what happens
                between the two is missed.

        Raises:
            ShardNotHere: this cluster does not run that shard.
            ShardClosed: the cluster is closed.
        """
        async with self._change() as running:
            old = running.get(shard)
            new: ClusterShard[_EventT] | None = None
            old._keep_commands()
            try:
                session = await old._close(resumable=resume)
                stream = old._stream
                if stream is None or stream.over:
                    stream = running.stream
                new = running.add(old.shard_id, session, stream)
            finally:
                old._hand_on(new)

    # All shards anew

    async def reshard(self, shards: int | Iterable[ShardId]) -> Resharded:
        """Change the total of shards while events flow.

        New shards are brought up beside the old ones, which takes as long as a start; then the
        stream goes over to them. No event is lost. What happens while both are listened to, for
        about a round trip to Discord (`Resharded.overlap`), comes twice, once from each session.
        Afterwards `shards` are the new ones. READY and the first GUILD_CREATE of the new sessions
        do not come out of the stream.

        The stream must be iterated over meanwhile, by another task than the one that waits here,
        unless it has ended because Discord refused every shard, for instance with 4011 (sharding
        required). A bot's voice connections end with the sessions in which they were made. Where
        Discord refuses a new shard, the old ones go on. Cancelling has no effect after the new set
        is complete.

        Args:
            shards: how many there shall be, where this cluster runs all shards; else which ones it
                shall run, as for the constructor.

        Raises:
            ValueError: this cluster runs a part of the shards only, and `shards` is a number.
            SessionStartLimitReached: so many sessions may not be started today.
            FatalClose: Discord refuses a new shard.
            ShardClosed: the cluster is closed, before or meanwhile.

        Source:
            Discord documentation, "Gateway", section "Sharding".
        """
        running = self._running
        if isinstance(shards, int):
            if len(running.shards) != running.total:
                raise ValueError("this cluster runs a part of the shards: say which it shall run")
            shards = ShardRange(0, shards, shards)
        shard_ids = _checked(shards)
        switched = asyncio.Event()
        work = running.spawn(self._reshard(shard_ids, switched))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            if work.done():
                raise ShardClosed("the cluster was closed") from None
            if not switched.is_set():
                work.cancel()
                await asyncio.wait((work,))
            raise

    # Inside

    @property
    def _running(self) -> ShardSet[_EventT]:
        if self._set is None:
            raise ShardClosed("the cluster has not been entered: use async with")
        return self._set

    async def _reshard(self, shard_ids: Sequence[ShardId], switched: asyncio.Event) -> Resharded:
        async with self._change() as running:
            old = {shard.shard_id for shard in running.shards.values()}

            async def keep_new() -> None:
                await self._keeper.keep(await running.sessions())

            await self._renew_limits(len(shard_ids))
            done = await reshard(running, shard_ids, self._config, switched.set, keep_new)
            await self._keeper.keep(dict.fromkeys(old.difference(shard_ids)))
            return done

    async def _renew_limits(self, wanted: int) -> None:
        """Ask Discord how many sessions may be started."""
        queue = self._own_queue
        if queue is None:
            return
        limit = (await self._ask_discord()).session_start_limit
        if limit.remaining < wanted:
            raise SessionStartLimitReached(
                f"{wanted} sessions are to be started, and {limit.remaining} may be in the next "
                f"{limit.reset_after:.0f} s",
                retry_after=limit.reset_after,
            )

        async def update() -> None:
            queue.update(limit)

        await self._running.io[0].run(update)

    async def _prepare(self) -> tuple[Sequence[ShardId], GatewayBot | None]:
        """Find out which shards to run and where; ask Discord only for what is not known."""
        config = self._config
        bot: GatewayBot | None = None
        shard_ids = self._wanted_shards
        if shard_ids is None or config.identify_queue is None:
            bot = await self._ask_discord()
            if config.gateway_url == DEFAULT_GATEWAY_URL:
                self._config = dataclasses.replace(config, gateway_url=bot.url)
            shard_ids = shard_ids or tuple(ShardRange(0, bot.shards, bot.shards))
        return shard_ids, bot

    async def _ask_discord(self) -> GatewayBot:
        config = self._config
        return await fetch_gateway_bot(
            config.token, base_url=self._api_url, proxy=config.proxy, tls=config.ssl
        )

    @contextlib.asynccontextmanager
    async def _change(self) -> AsyncIterator[ShardSet[_EventT]]:
        """Change the set of shards, one change at a time."""
        async with self._changing:
            if self._running.closing.is_set():
                raise ShardClosed("the cluster is closed")
            yield self._running

    async def _save_forever(self, running: ShardSet[_EventT]) -> None:
        while True:
            await asyncio.sleep(self._save_interval)
            try:
                await self._keeper.keep_up(running.sessions)
            except Exception:
                self._log.exception("sessions could not be saved; trying again")


def _checked(shards: Iterable[ShardId]) -> tuple[ShardId, ...]:
    """Refuse sets of shards that cannot be."""
    if isinstance(shards, str):
        raise ValueError(f"shards must be 'auto' or shards, not {shards!r}")
    shard_ids = tuple(shards)
    if not shard_ids:
        raise ValueError("there must be at least one shard")
    if len(set(shard_ids)) != len(shard_ids):
        raise ValueError("a shard is given twice")
    totals = {shard_id.total for shard_id in shard_ids}
    if len(totals) > 1:
        raise ValueError(f"all shards must be of one total, not of {sorted(totals)}")
    return shard_ids


def _portable(sessions: Mapping[ShardId, Session | None]) -> Sessions:
    return {
        str(shard_id): session.to_dict()
        for shard_id, session in sessions.items()
        if session is not None
    }
