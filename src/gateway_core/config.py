"""How a shard is to behave: one frozen value, checked when it is made.

Times are in seconds, sizes in bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from .commands import ConnectionProperties, UpdatePresence
from .decoding import DEFAULT_COMPRESSION, DEFAULT_MAX_MESSAGE_SIZE
from .intents import Intents
from .urls import connection_url

if TYPE_CHECKING:
    import logging
    import ssl

    from .identify_queue import IdentifyQueue
    from .recording import Recorder

__all__ = ["COMPRESSIONS", "DEFAULT_GATEWAY_URL", "Compression", "Config"]

DEFAULT_GATEWAY_URL = "wss://gateway.discord.gg"
"""Where Discord's gateway is, if it does not say otherwise."""

Compression: TypeAlias = Literal["zlib-stream", "zstd-stream", "zlib-payload"]
"""How Discord compresses what it sends: the whole stream, or payload by payload."""

COMPRESSIONS: tuple[Compression, ...] = ("zlib-stream", "zstd-stream", "zlib-payload")
"""Every `Compression`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """How a shard is to behave.

    What identifying says:

    Attributes:
        token: the bot's token; hidden in the repr.
        intents: which events Discord shall send.
        large_threshold: a guild with more members comes with its online members only (50 to 250).
        presence: the bot's presence from the start, None for Discord's default.
        properties: what the client says about itself.

    The connection:

    Attributes:
        gateway_url: where to connect, for instance the URL of GET /gateway/bot or a proxy's. Its
            path and its own query are kept.
        use_resume_url: whether to resume at the URL that READY names, as Discord asks. False is
            for a proxy that does not put its own URL into READY.
        compression: ``"zlib-stream"`` or ``"zstd-stream"`` (the whole stream), ``"zlib-payload"``
            (payload by payload, as Discord sees fit) or None. By default zstd-stream where the
            extension is in use, else zlib-stream.
        ssl: the TLS context, None for the default one (verified, system store). For the adapter.
        proxy: as `websockets.connect` takes it: True for the system's, None for none, or a URL.
            For the adapter.

    What is received:

    Attributes:
        wanted: names of the dispatches to hand to the user, None for all.
        max_message_size: bytes that one message may have after inflation.
        loads: another parser of JSON, None for the package's own.
        queue_size: how many events of a shard may wait for the user before its socket is no longer
            read. For the adapter.
        queue_bytes: likewise, how many bytes of JSON text may wait; in a Cluster, for all of its
            shards together. For the adapter.
        shed: names of dispatches that are dropped, and counted, while half of `queue_size` or more
            waits for the user. Nothing is dropped by default. For the adapter.

    What is sent:

    Attributes:
        rate_limit_commands: whether commands wait for room in Discord's limit of 120 messages in
            60 seconds. Without it, a burst ends in close code 4008.
        max_queued_commands: how many commands may wait to be sent.

    Time limits of each stage, after which the connection is given up and made anew:

    Attributes:
        connect_timeout: from the attempt to the open websocket connection.
        hello_timeout: from there to hello.
        ready_timeout: from identify to READY. Long, since Discord keeps clients waiting here
            during outages, and each try costs an identify.
        resumed_timeout: from resume to the first dispatch, and between dispatches until RESUMED.
        close_timeout: from our close frame to the connection's end.

    Reconnecting: the first delay is random between 0 and `backoff_base`, each one after is about
    twice the one before:

    Attributes:
        backoff_base: the scale of the delays.
        backoff_cap: the longest delay. Half of it is certain, so that with the default even a
            server that ends every session at once costs fewer than 1,000 identifies a day.
        stable_after: a session must have been active for this long on one connection for the
            delays to begin anew.

    Who helps, for the adapter:

    Attributes:
        identify_queue: whom to ask for a turn to identify, None for a queue of the shard's own.
        measure: whether to count events by name and to time decoding, for `ShardInfo` and metrics.
            Costs some hundred nanoseconds a message.
        recorder: who writes down what the connection receives, see `gateway_core.recording`. An
            error of its file ends the shard.
        logger: where to log, None for loggers below ``gateway_core``. Records of a shard have the
            field ``shard`` (``"0/16"``).

    Raises:
        ValueError: a value is out of range; the message says which, and what is allowed.
        TypeError: a value has the wrong type.

    Source:
        Discord documentation, "Gateway Events", section "Identify", and "Gateway".
    """

    token: str = field(default="", repr=False)
    intents: Intents = field(default_factory=Intents.none)
    large_threshold: int = 50
    presence: UpdatePresence | None = None
    properties: ConnectionProperties = field(default_factory=ConnectionProperties)

    gateway_url: str = DEFAULT_GATEWAY_URL
    use_resume_url: bool = True
    compression: Compression | None = DEFAULT_COMPRESSION
    ssl: ssl.SSLContext | None = None
    proxy: str | Literal[True] | None = True

    wanted: AbstractSet[str] | None = None
    max_message_size: int = DEFAULT_MAX_MESSAGE_SIZE
    loads: Callable[[bytes], Any] | None = None
    queue_size: int = 1024
    queue_bytes: int = 64 * 1024 * 1024
    shed: AbstractSet[str] = frozenset()

    rate_limit_commands: bool = True
    max_queued_commands: int = 10_000

    connect_timeout: float = 30.0
    hello_timeout: float = 20.0
    ready_timeout: float = 300.0
    resumed_timeout: float = 60.0
    close_timeout: float = 5.0

    backoff_base: float = 1.0
    backoff_cap: float = 180.0
    stable_after: float = 30.0

    identify_queue: IdentifyQueue | None = None
    measure: bool = False
    recorder: Recorder | None = None
    logger: logging.Logger | logging.LoggerAdapter[Any] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.token, str):
            raise TypeError(f"token must be a str, not {type(self.token).__name__}")
        if not self.token.isascii() or any(character.isspace() for character in self.token):
            # Not shown: it may be the token, with a newline at its end.
            raise ValueError("token must be ASCII without blanks or newlines")
        object.__setattr__(self, "intents", Intents(self.intents))
        if not 50 <= self.large_threshold <= 250:
            raise ValueError(f"large_threshold must be from 50 to 250, not {self.large_threshold}")
        if self.compression is not None and self.compression not in COMPRESSIONS:
            raise ValueError(
                f"compression must be None or one of {', '.join(COMPRESSIONS)}, "
                f"not {self.compression!r}"
            )
        connection_url(self.gateway_url, None)
        for name in ("wanted", "shed"):
            names = getattr(self, name)
            if isinstance(names, str):
                raise TypeError(f"{name} must be a set of dispatch names, not one str")
            if names is not None:
                object.__setattr__(self, name, frozenset(names))
        for name in ("max_message_size", "queue_size", "queue_bytes", "max_queued_commands"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in (
            "connect_timeout",
            "hello_timeout",
            "ready_timeout",
            "resumed_timeout",
            "close_timeout",
            "backoff_base",
            "backoff_cap",
            "stable_after",
        ):
            seconds = getattr(self, name)
            if not (seconds > 0 and math.isfinite(seconds)):
                raise ValueError(f"{name} must be a positive number of seconds, not {seconds!r}")
        if self.backoff_cap < self.backoff_base:
            raise ValueError(
                f"backoff_cap must be at least backoff_base ({self.backoff_base}), "
                f"not {self.backoff_cap}"
            )
