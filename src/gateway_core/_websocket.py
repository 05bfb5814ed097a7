"""What a gateway connection needs of its websocket beyond what `websockets` does.

`websockets.connect` makes and owns the connection (proxy, TLS, handshake, the protocol's rules).
`GatewayWebsocket` takes the short way for what a gateway sends all the time, whole binary messages:
the extension splits them off, a whole read of the socket at once. Everything else goes to
`websockets`, in order, which stays the judge of the protocol; without the extension, everything
does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import DATA_OPCODES, Frame
from websockets.http11 import Response
from websockets.protocol import State

from . import decoding

__all__ = ["GatewayWebsocket"]

_END_OF_HEADERS: Final = b"\r\n\r\n"

_AHEAD: Final = 64
"""Messages that may wait to be taken before the socket is paused. One read may go beyond."""


class _Splitter(Protocol):
    def feed(self, data: bytes, /) -> list[bytes | bytearray]: ...


def _make_splitter(largest: int) -> _Splitter | None:
    if decoding.backend().name != "native":
        return None
    from ._fastpath import FrameSplitter

    return FrameSplitter(largest)


class GatewayWebsocket(ClientConnection):
    """A client's connection that is read in batches with `take`, not with ``recv``.

    It does not wait forever for the server to end what it has closed: after the closing handshake
    the server is to end the TCP connection, and one that does not would be noticed by missing
    heartbeats only.

    Args:
        largest: bytes that a message may have to go the short way.
        end_timeout: seconds that the server has to end the TCP connection.
        on_data: called after each read of the socket.
        *args: as `ClientConnection` takes them; likewise what is named.

    Source:
        RFC 6455, section 7.1.1, "Close the WebSocket Connection".
    """

    def __init__(
        self,
        *args: Any,
        largest: int,
        end_timeout: float,
        on_data: Callable[[], object],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._on_data = on_data
        self._largest = largest
        self._end_timeout = end_timeout
        self._end_timer: asyncio.TimerHandle | None = None
        self._headers: bytearray | None = bytearray()
        """What came of the answer to the handshake; None when it is all there."""
        self._splitter: _Splitter | None = None
        self._messages: list[bytes] = []
        self._fragments: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None
        self._lost = False
        self.ended = asyncio.Event()
        """Set as soon as nothing more will come, which may be long before TCP has ended."""

    async def take(self) -> list[bytes]:
        """Wait for messages; return all that are there, in order, text as UTF-8.

        Raises:
            ConnectionClosed: nothing more will come and everything was taken.
        """
        while not self._messages:
            if self.ended.is_set():
                protocol = self.protocol
                raise ConnectionClosed(
                    protocol.close_rcvd, protocol.close_sent, protocol.close_rcvd_then_sent
                ) from protocol.parser_exc
            self._waiter = self.loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        messages = self._messages
        self._messages = []
        if len(messages) >= _AHEAD and not self._lost:
            self.transport.resume_reading()
        return messages

    def data_received(self, data: bytes) -> None:
        """Take bytes from the socket."""
        if self._headers is not None:
            data = self._pass_headers(self._headers, data)
        if self._splitter is None:
            if data:
                super().data_received(data)
        else:
            judged = self._is_judged()
            for item in self._splitter.feed(data):
                if type(item) is not bytes:
                    super().data_received(bytes(item))
                    judged = self._is_judged()
                elif not judged:
                    self._messages.append(item)
        if self._messages:
            if len(self._messages) >= _AHEAD:
                self.transport.pause_reading()
            self._wake()
        if self.protocol.state is not State.OPEN:
            if self.protocol.close_expected():
                self._expect_end()
            self._note_end()
        self._on_data()

    def _pass_headers(self, headers: bytearray, data: bytes) -> bytes:
        """Hand the answer to the handshake to `websockets`; return what came behind it."""
        searched = max(0, len(headers) - len(_END_OF_HEADERS) + 1)
        headers += data
        end = headers.find(_END_OF_HEADERS, searched)
        if end < 0:
            super().data_received(data)
            return b""
        behind = len(headers) - end - len(_END_OF_HEADERS)
        self._headers = None
        super().data_received(data[: len(data) - behind])
        if self.protocol.state is State.OPEN:
            self._splitter = _make_splitter(self._largest)
        return data[len(data) - behind :]

    def _is_judged(self) -> bool:
        """Whether `websockets` listens no more: after a close frame or a violation."""
        return self.protocol.parser_exc is not None or self.protocol.close_rcvd is not None

    def _expect_end(self) -> None:
        if self._end_timer is None:
            self._end_timer = self.loop.call_later(self._end_timeout, self.transport.abort)

    def _note_end(self) -> None:
        if not self.ended.is_set() and self._is_judged():
            self.ended.set()
            self._wake()

    def process_event(self, event: Frame | Response) -> None:  # type: ignore[override]
        """Take what `websockets` has read."""
        if not (isinstance(event, Frame) and event.opcode in DATA_OPCODES):
            super().process_event(event)
            return
        self._fragments.append(bytes(event.data))
        if event.fin:
            self._messages.append(b"".join(self._fragments))
            self._fragments = []

    def eof_received(self) -> None:
        """Note that the server sends no more."""
        super().eof_received()
        self._expect_end()  # what is still to be written keeps the transport open
        self._note_end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end of the TCP connection."""
        if self._end_timer is not None:
            self._end_timer.cancel()
        super().connection_lost(exc)
        self._lost = True
        self.ended.set()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
