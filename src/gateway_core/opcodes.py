"""The gateway's opcodes, both directions.

Source:
    Discord documentation, "Opcodes and Status Codes", section "Gateway Opcodes" (as of 2026-06-16).
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["RECEIVED", "SENT", "OpCode"]


class OpCode(IntEnum):
    """What kind of message a gateway message is: its `op` field.

    Source:
        Discord documentation, "Opcodes and Status Codes", section "Gateway Opcodes".
    """

    DISPATCH = 0
    """Received: an event; the only opcode whose messages carry `s` and `t`."""
    HEARTBEAT = 1
    """Sent to keep the connection alive; received when Discord wants one at once."""
    IDENTIFY = 2
    """Sent to begin a new session."""
    PRESENCE_UPDATE = 3
    """Sent to change the bot's status and activities."""
    VOICE_STATE_UPDATE = 4
    """Sent to join, leave or change a voice channel."""
    RESUME = 6
    """Sent to go on with a session whose connection was lost."""
    RECONNECT = 7
    """Received: connect anew and resume."""
    REQUEST_GUILD_MEMBERS = 8
    """Sent to ask for members; answered by GUILD_MEMBERS_CHUNK dispatches."""
    INVALID_SESSION = 9
    """Received: the session is refused; `d` says whether it may be resumed."""
    HELLO = 10
    """Received first on every connection; gives the heartbeat interval in milliseconds."""
    HEARTBEAT_ACK = 11
    """Received in answer to each heartbeat."""
    REQUEST_SOUNDBOARD_SOUNDS = 31
    """Sent to ask for soundboards; answered by SOUNDBOARD_SOUNDS dispatches."""
    REQUEST_CHANNEL_INFO = 43
    """Sent to ask for the ephemeral data of channels; answered by a CHANNEL_INFO dispatch."""


RECEIVED: frozenset[OpCode] = frozenset(
    {
        OpCode.DISPATCH,
        OpCode.HEARTBEAT,
        OpCode.RECONNECT,
        OpCode.INVALID_SESSION,
        OpCode.HELLO,
        OpCode.HEARTBEAT_ACK,
    }
)
"""The opcodes that a client receives."""

SENT: frozenset[OpCode] = frozenset(OpCode) - RECEIVED | {OpCode.HEARTBEAT}
"""The opcodes that a client may send."""
