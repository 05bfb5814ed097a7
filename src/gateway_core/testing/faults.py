"""What goes wrong between a bot and Discord, to be had on demand or by a seeded schedule.

A schedule counts dispatches, not seconds: the same seed strikes at the same places of the stream,
however fast the machine is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from enum import Enum
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .connection import Connection
    from .gateway import FakeGateway

__all__ = ["Fault", "FaultSchedule"]

_log = logging.getLogger("gateway_core.testing")

_RESUMABLE_CODES = (1000, 1001, 1011, 1012, 4000, 4001, 4002, 4005, 4008)
_SESSION_CODES = (4003, 4007, 4009)
_FATAL_CODES = (4004, 4010, 4011, 4012, 4013, 4014)


class Fault(Enum):
    """A kind of fault; `strike` makes it happen."""

    CUT = "TCP connection cut between two messages"
    CUT_MID_FRAME = "TCP connection cut in the middle of a frame"
    RESET = "TCP connection reset"
    STALL = "nothing read, nothing sent, nothing acknowledged"
    NO_ACKS = "heartbeats not acknowledged"
    CLOSE = "closed with a code after which sessions can be resumed"
    CLOSE_SESSION = "closed with a code that ends the session"
    CLOSE_FATAL = "closed with a code after which not to reconnect"
    RECONNECT = "asked to reconnect (opcode 7)"
    INVALID_SESSION = "invalid session that can be resumed (opcode 9, true)"
    SESSION_LOST = "invalid session that cannot be resumed (opcode 9, false)"
    HEARTBEAT_REQUEST = "asked for a heartbeat (opcode 1)"
    UNKNOWN_OPCODE = "a message of an opcode that does not exist"
    GARBAGE = "bytes that are no websocket frame"
    CORRUPT = "a frame that cannot be decompressed or parsed"
    DUPLICATE = "a dispatch sent twice"
    SKIP = "a sequence left out"
    DRIP = "bytes dripping in a few at a time"
    DELAYED_HELLO = "cut, and the next hello comes late"
    REFUSED = "cut, and the next handshakes at the resume URL are refused"
    UNREACHABLE = "cut, and the resume URL leads nowhere any more"
    HTTP_ERROR = "Get Gateway Bot fails with 429, 500 or 502"
    TLS = "cut, and the next TLS handshake fails"
    HUGE_GUILD = "GUILD_CREATE of a guild of some thousands of members"
    BURST = "50,000 events at once"

    def strike(self, gateway: FakeGateway, connection: Connection, random: Random) -> None:
        """Make it happen to a connection that carries a session.

        Raises:
            ValueError: `TLS` for a gateway that has none.
        """
        _STRIKES[self](gateway, connection, random)

    @property
    def ends_session(self) -> bool:
        """Whether the session is over afterwards, with what it still owed."""
        return self in (Fault.CLOSE_SESSION, Fault.CLOSE_FATAL, Fault.SESSION_LOST)

    @property
    def ends_connection(self) -> bool:
        """Whether the client cannot stay connected, or should not."""
        return self not in _ENDURED


_ENDURED = (
    Fault.HEARTBEAT_REQUEST,
    Fault.UNKNOWN_OPCODE,
    Fault.DUPLICATE,
    Fault.SKIP,
    Fault.DRIP,
    Fault.HTTP_ERROR,
    Fault.HUGE_GUILD,
    Fault.BURST,
)


class FaultSchedule:
    """Strikes every connection of a gateway again and again, at places that a seed decides.

    Args:
        seed: same seed, same faults at the same dispatches.
        faults: the kinds to choose from; by default all but `CLOSE_FATAL`, after which there is
            nothing to see, `TLS`, which needs a gateway with TLS, and `BURST`, whose dispatches
            would bring on the next bursts.
        every: the fewest and the most dispatches between two faults.
    """

    def __init__(
        self,
        seed: int,
        faults: tuple[Fault, ...] | None = None,
        *,
        every: tuple[int, int] = (10, 200),
    ) -> None:
        if faults is None:
            unusual = (Fault.CLOSE_FATAL, Fault.TLS, Fault.BURST)
            faults = tuple(fault for fault in Fault if fault not in unusual)
        if not faults:
            raise ValueError("a schedule needs at least one kind of fault")
        if not 1 <= every[0] <= every[1]:
            raise ValueError(f"every must be two rising numbers from 1 on, not {every}")
        self.struck: list[Fault] = []
        """What has happened so far."""
        self._faults = faults
        self._every = every
        self._random = Random(seed)

    def arm(self, gateway: FakeGateway, connection: Connection) -> None:
        """Choose the next fault of a connection, and where it strikes."""
        fault = self._random.choice(self._faults)

        def strike(struck: Connection) -> None:
            self.strike(gateway, struck, fault)
            self.arm(gateway, struck)

        connection.do_after(self._random.randint(*self._every), strike)

    def strike(self, gateway: FakeGateway, connection: Connection, fault: Fault) -> None:
        """Let a fault happen to a connection now."""
        _log.info("connection %d: fault %s: %s", connection.number, fault.name, fault.value)
        self.struck.append(fault)
        fault.strike(gateway, connection, self._random)


_Strike = Callable[["FakeGateway", "Connection", Random], object]


def _delay_hello(gateway: FakeGateway, connection: Connection, random: Random) -> None:
    gateway.delay_hello(0.05 + 0.2 * random.random())
    connection.cut()


def _refuse(gateway: FakeGateway, connection: Connection, random: Random) -> None:
    status = random.choice((500, 502, 503))
    gateway.fail_http(status, path=gateway.resume_path, times=random.randint(1, 3))
    connection.cut()


def _make_unreachable(gateway: FakeGateway, connection: Connection, random: Random) -> None:
    gateway.fail_http(502, path=gateway.resume_path, times=1_000_000)
    connection.cut()


def _fail_http(gateway: FakeGateway, connection: Connection, random: Random) -> None:
    gateway.fail_http(random.choice((429, 500, 502)), retry_after=0.05)


def _fail_tls(gateway: FakeGateway, connection: Connection, random: Random) -> None:
    gateway.fail_tls()
    connection.cut()


def _send_huge_guild(gateway: FakeGateway, connection: Connection, random: Random) -> None:
    for guild_id in gateway.joined_guilds:  # made once, available again each time after
        gateway.dispatch("GUILD_CREATE", gateway.guild(guild_id))
        return
    gateway.join_guild(members=5_000)


def _burst(gateway: FakeGateway, connection: Connection, random: Random) -> None:
    gateway.spawn(gateway.burst(50_000))


def _close(codes: tuple[int, ...]) -> _Strike:
    def strike(gateway: FakeGateway, connection: Connection, random: Random) -> None:
        connection.close(random.choice(codes))

    return strike


_STRIKES: Mapping[Fault, _Strike] = {
    Fault.CUT: lambda gateway, connection, random: connection.cut(),
    Fault.CUT_MID_FRAME: lambda gateway, connection, random: connection.cut(mid_frame=True),
    Fault.RESET: lambda gateway, connection, random: connection.reset(),
    Fault.STALL: lambda gateway, connection, random: connection.stall(),
    Fault.NO_ACKS: lambda gateway, connection, random: connection.stop_acknowledging(),
    Fault.CLOSE: _close(_RESUMABLE_CODES),
    Fault.CLOSE_SESSION: _close(_SESSION_CODES),
    Fault.CLOSE_FATAL: _close(_FATAL_CODES),
    Fault.RECONNECT: lambda gateway, connection, random: connection.reconnect(),
    Fault.INVALID_SESSION: lambda gateway, connection, random: connection.invalidate(True),
    Fault.SESSION_LOST: lambda gateway, connection, random: connection.invalidate(False),
    Fault.HEARTBEAT_REQUEST: lambda gateway, connection, random: connection.request_heartbeat(),
    Fault.UNKNOWN_OPCODE: lambda gateway, connection, random: connection.send_raw(
        b'{"t":null,"s":null,"op":99,"d":null}'
    ),
    Fault.GARBAGE: lambda gateway, connection, random: connection.send_garbage(),
    Fault.CORRUPT: lambda gateway, connection, random: connection.send_corrupt(),
    Fault.DUPLICATE: lambda gateway, connection, random: connection.send_duplicate(),
    Fault.SKIP: lambda gateway, connection, random: connection.skip_sequence(),
    Fault.DRIP: lambda gateway, connection, random: connection.drip(),
    Fault.DELAYED_HELLO: _delay_hello,
    Fault.REFUSED: _refuse,
    Fault.UNREACHABLE: _make_unreachable,
    Fault.HTTP_ERROR: _fail_http,
    Fault.TLS: _fail_tls,
    Fault.HUGE_GUILD: _send_huge_guild,
    Fault.BURST: _burst,
}
