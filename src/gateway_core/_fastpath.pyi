"""The extension's face is its twin's, written once, there."""

from ._purepath import Inflator as Inflator
from ._purepath import Payload as Payload
from ._purepath import PlainDecoder as PlainDecoder
from ._purepath import ZlibStreamDecoder as ZlibStreamDecoder
from ._purepath import ZstdStreamDecoder as ZstdStreamDecoder
from ._purepath import backend_details as backend_details
from ._purepath import loads as loads

class FrameSplitter:
    """Splits the bytes of a websocket connection, as a client receives them, into messages."""

    def __init__(self, largest: int) -> None: ...
    def feed(self, data: bytes, /) -> list[bytes | bytearray]: ...
