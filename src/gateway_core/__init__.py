"""gateway-core: Discord's gateway for Python.

Names are loaded when they are first used, so that the decoder alone costs neither asyncio nor
websockets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:
    from .decoding import Inflator as Inflator
    from .decoding import Payload as Payload
    from .decoding import PlainDecoder as PlainDecoder
    from .decoding import ZlibStreamDecoder as ZlibStreamDecoder
    from .decoding import ZstdStreamDecoder as ZstdStreamDecoder
    from .decoding import backend as backend
    from .decoding import loads as loads
    from .decoding import make_decoder as make_decoder
    from .errors import DecodeError as DecodeError
    from .errors import GatewayError as GatewayError
    from .errors import InflateError as InflateError
    from .errors import JSONError as JSONError
    from .errors import MessageTooLarge as MessageTooLarge

_MODULE_OF = {
    "Inflator": "decoding",
    "Payload": "decoding",
    "PlainDecoder": "decoding",
    "ZlibStreamDecoder": "decoding",
    "ZstdStreamDecoder": "decoding",
    "backend": "decoding",
    "loads": "decoding",
    "make_decoder": "decoding",
    "DecodeError": "errors",
    "GatewayError": "errors",
    "InflateError": "errors",
    "JSONError": "errors",
    "MessageTooLarge": "errors",
}

__all__ = ["__version__", *_MODULE_OF]


def __getattr__(name: str) -> object:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
