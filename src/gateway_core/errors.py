"""Every exception that gateway-core raises on purpose, in one hierarchy.

GatewayError
├── DecodeError (ValueError)            what came over the wire cannot be decoded
│   ├── InflateError                    the compressed stream is damaged: reset the decoder
│   ├── JSONError (JSONDecodeError)     one message is not JSON: the stream goes on
│   └── MessageTooLarge                 a message passes the bound: reset the decoder
"""

from __future__ import annotations

import json

__all__ = ["DecodeError", "GatewayError", "InflateError", "JSONError", "MessageTooLarge"]


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
