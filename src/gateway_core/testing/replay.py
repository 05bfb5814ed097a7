"""`ReplayGateway`: a gateway at which a recording happens again, for every client anew."""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
import ssl as tls
from collections.abc import Iterator, Mapping
from typing import Any

from gateway_core.decoding import Payload
from gateway_core.errors import DecodeError, GatewayError, RecordingError, RemoteProtocolError
from gateway_core.opcodes import OpCode
from gateway_core.received import interval_of
from gateway_core.recording import Recording

from .faults import FaultSchedule
from .gateway import FakeGateway
from .limits import Limits
from .requests import Identify
from .sessions import Session, dumps
from .traffic import encode

__all__ = ["ReplayGateway"]

_log = logging.getLogger("gateway_core.testing")

# As fast as the client takes: how many dispatches may be written ahead of what the socket takes.
_AHEAD = 512
# Dispatches between two turns of the event loop.
_BATCH = 64
_LEFT_OUT = frozenset({"READY", "RESUMED"})


class ReplayGateway(FakeGateway):
    """A gateway that says what a recording says.

    Whoever identifies, with whatever token, shard and intents, gets a session of its own: READY,
    then every recorded dispatch, with its recorded delay, as it was recorded. Heartbeats, resuming,
    limits and faults are those of `FakeGateway`; commands have no effect. Changed are the session
    id and the URL for resuming in READY. What belongs to the recorded connections and not to the
    traffic is left out: messages that are no dispatches, RESUMED, and READY of later sessions; the
    sequence numbers then go on without a gap.

    Messages are compressed anew for each client, as each asks for.

    Args:
        recording: what to replay.
        speed: 1 for the recorded delays, 10 for a tenth of them, None for none: as fast as the
            client takes it.
        limits: rate limits and sizes; by default Discord's, but any number of identifies.
        faults: what goes wrong, and when; None for nothing.
        host: the address to listen on.
        port: the port to listen on; 0 for any that is free.
        ssl: a server's TLS context makes it ``wss`` and ``https``; None for plain TCP.

    Raises:
        RecordingError: there is no READY in the recording, with which a session begins; or up to
            there it is damaged, cannot be decoded, or makes no sense.
        GatewayError: it is a zstd-stream, and no library for that is installed.
        ValueError: the speed is not a positive number.
        OSError: the file cannot be read.
    """

    def __init__(
        self,
        recording: Recording,
        *,
        speed: float | None = 1.0,
        limits: Limits | None = None,
        faults: FaultSchedule | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl: tls.SSLContext | None = None,
    ) -> None:
        if speed is not None and not (speed > 0 and math.isfinite(speed)):
            raise ValueError(f"speed must be a positive number or None, not {speed}")
        super().__init__(
            guilds=1,
            members=4,
            limits=limits or Limits(identify_interval=0, session_starts=1_000_000),
            faults=faults,
            host=host,
            port=port,
            ssl=ssl,
        )
        self._recording = recording
        self._speed = speed
        try:
            self._ready = self._read_ready()
        except (DecodeError, RemoteProtocolError) as error:
            raise self._unfit(str(error)) from error

    @property
    def user(self) -> Mapping[str, Any]:
        """The bot's user object, as recorded."""
        user: Mapping[str, Any] = self._ready["user"]
        return user

    @property
    def guilds(self) -> tuple[str, ...]:
        """No guilds: what is known of them is in the recording alone."""
        return self.joined_guilds

    def begin_session(self, identify: Identify) -> Session:
        """Begin a session, and begin to replay in it."""
        session = Session(secrets.token_hex(16), identify, self.limits.replay)
        self.sessions.add(session)
        ready = {
            **self._ready,
            "session_id": session.id,
            "resume_gateway_url": self.resume_url,
        }
        session.append("READY", dumps(ready))
        self.spawn(self._replay(session))
        return session

    def _read_ready(self) -> dict[str, Any]:
        for _, payload in self._recording.payloads():
            if payload.op == OpCode.HELLO:
                self.heartbeat_interval = interval_of(payload)
            elif payload.t == "READY":
                ready = payload.d
                if not isinstance(ready, dict) or not isinstance(ready.get("user"), dict):
                    raise self._unfit("its READY has no user object")
                return ready
        raise self._unfit("there is no READY in it, since it was begun in the middle of a session")

    def _unfit(self, why: str) -> RecordingError:
        return RecordingError(f"{self._recording.path} cannot be replayed: {why}")

    async def _replay(self, session: Session) -> None:
        try:
            await self._pour(session)
        except (OSError, GatewayError) as error:
            _log.error("the replay ends: %s", error)

    async def _pour(self, session: Session) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for count, (delay, payload) in enumerate(self._dispatches()):
            if self._speed is None:
                if session.sequence - _sent(session) > _AHEAD:
                    await self.wait_for(
                        lambda: (
                            session.sequence - _sent(session) < _AHEAD // 2
                            or self._is_over(session)
                        )
                    )
            elif (wait := begun + delay / self._speed - loop.time()) > 0:
                await asyncio.sleep(wait)
            if count % _BATCH == 0:
                await asyncio.sleep(0)
            if self._is_over(session):
                return
            sequence = session.sequence + 1
            raw = payload.raw
            if payload.s != sequence or raw is None:
                raw = encode(OpCode.DISPATCH, sequence, payload.t, payload.d)
            session.append_message(raw)
            if session.connection is not None:
                session.connection.wake()
        await self.wait_for(lambda: _sent(session) == session.sequence or self._is_over(session))
        if session.connection is not None:
            _log.info(
                "connection %d: everything was sent, %d dispatches in %.2f s",
                session.connection.number,
                session.sequence,
                loop.time() - begun,
            )

    def _dispatches(self) -> Iterator[tuple[float, Payload]]:
        """Give the dispatches behind the first READY, with their seconds after it."""
        started: float | None = None
        for at, payload in self._recording.payloads():
            if started is None:
                if payload.t == "READY":
                    started = at
            elif payload.op == OpCode.DISPATCH and payload.t not in _LEFT_OUT:
                yield at - started, payload

    def _is_over(self, session: Session) -> bool:
        return self.sessions.get(session.id, asyncio.get_running_loop().time()) is None


def _sent(session: Session) -> int:
    """Give the sequence up to which a session was sent; 0 while nobody is connected."""
    return 0 if session.connection is None else session.connection.sequence
