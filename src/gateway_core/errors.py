"""Every exception that gateway-core raises on purpose, in one hierarchy.

GatewayError
├── DecodeError (ValueError)            what came over the wire cannot be decoded
│   ├── InflateError                    the compressed stream is damaged: reset the decoder
│   ├── JSONError (JSONDecodeError)     one message is not JSON: the stream goes on
│   └── MessageTooLarge                 a message passes the bound: reset the decoder
├── CommandError (ValueError)           a command cannot be sent as it is
│   └── CommandTooLarge                 its text is more than 4,096 bytes
├── CommandQueueFull                    too many commands wait to be sent
├── ShardClosed                         a command was given to a connection that is over
├── ProtocolError                       the protocol was broken
│   ├── LocalProtocolError              by this side: a call that its state does not allow
│   └── RemoteProtocolError             by the other side
├── FatalClose                          Discord refuses this shard: someone must change something
├── SessionStartLimitReached            no identify is left for today
├── RecordingError (ValueError)         a file is no sound recording
├── ShardNotHere (LookupError)          a cluster does not run this shard
└── CompatError                         a drop-in for another library cannot do what was asked
    └── UnsupportedVersion              that library is not built as the drop-in expects
"""

from __future__ import annotations

import json
from collections.abc import Sequence

__all__ = [
    "CommandError",
    "CommandQueueFull",
    "CommandTooLarge",
    "CompatError",
    "DecodeError",
    "FatalClose",
    "GatewayError",
    "InflateError",
    "JSONError",
    "LocalProtocolError",
    "MessageTooLarge",
    "ProtocolError",
    "RecordingError",
    "RemoteProtocolError",
    "SessionStartLimitReached",
    "ShardClosed",
    "ShardNotHere",
    "UnsupportedVersion",
]


class GatewayError(Exception):
    """Base of all exceptions of this package."""


class DecodeError(GatewayError, ValueError):
    """A frame or a text cannot be decoded."""


class InflateError(DecodeError):
    """The compressed stream is damaged; the decoder refuses more until ``reset()``."""


class MessageTooLarge(DecodeError):
    """A message is, or would inflate to, more than ``max_message_size`` bytes.

    The decoder stopped before it passed the bound and refuses more until ``reset()``.
    """


class JSONError(DecodeError, json.JSONDecodeError):
    """A text is not the JSON that is accepted here; the stream itself stays sound.

    Attributes are those of `json.JSONDecodeError`: `msg`, `doc`, `pos`, `lineno`, `colno`.
    """

    def __init__(self, msg: str, doc: str = "", pos: int = 0) -> None:
        json.JSONDecodeError.__init__(self, msg, doc, pos)

    def __str__(self) -> str:
        return f"{self.msg} (line {self.lineno}, column {self.colno}, character {self.pos})"


class CommandError(GatewayError, ValueError):
    """A command cannot be sent as it is; nothing has been sent or queued."""


class CommandTooLarge(CommandError):
    """A command's text is more than the 4,096 bytes that Discord accepts.

    Source:
        Discord documentation, "Gateway", section "Sending Events".
    """


class CommandQueueFull(GatewayError):
    """Too many commands wait to be sent; this one has not been queued."""


class ShardClosed(GatewayError):
    """A command was given to a connection that is over or is being closed for good."""


class ProtocolError(GatewayError):
    """The protocol was broken, by this side or the other."""


class LocalProtocolError(ProtocolError):
    """A method was called that the connection's state does not allow: a mistake of its caller."""


class RemoteProtocolError(ProtocolError):
    """The other side sent something that the protocol does not allow."""


class FatalClose(GatewayError):
    """Discord closed the connection with a code that says not to come back.

    Attributes:
        code: the close code.
        meaning: what the code says, in words.
        remedy: what someone can do about it.

    Source:
        Discord documentation, "Opcodes and Status Codes", section "Gateway Close Event Codes".
    """

    def __init__(self, code: int, meaning: str, remedy: str) -> None:
        super().__init__(code, meaning, remedy)
        self.code = code
        self.meaning = meaning
        self.remedy = remedy

    def __str__(self) -> str:
        return f"Discord closed the connection with code {self.code}: {self.meaning}. {self.remedy}"


class SessionStartLimitReached(GatewayError):
    """No identify is left: too many sessions were started in this period.

    Attributes:
        retry_after: seconds until there are some again; None where nobody knows, or where the shard
            shall end instead of waiting.

    Source:
        Discord documentation, "Gateway", section "Session Start Limit Object".
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RecordingError(GatewayError, ValueError):
    """A file is no recording of a gateway connection, or not a sound one."""


class ShardNotHere(GatewayError, LookupError):
    """A cluster was asked for a shard that is not among its own."""


class CompatError(GatewayError):
    """A drop-in for another library cannot do what was asked; nothing has been changed."""


class UnsupportedVersion(CompatError):
    """Another library is not built as the drop-in for it expects; nothing has been changed.

    Attributes:
        library: the library's name.
        found: the version that is there.
        supported: the versions that the drop-in is tested with.
        reason: what differs.
    """

    def __init__(self, library: str, found: str, supported: Sequence[str], reason: str) -> None:
        super().__init__(library, found, supported, reason)
        self.library = library
        self.found = found
        self.supported = tuple(supported)
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"gateway-core has no drop-in for this {self.library} ({self.found}): {self.reason}. "
            f"Supported: {', '.join(self.supported)}. Install one of these, or do without."
        )
