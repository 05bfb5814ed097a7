"""One TCP connection of the simulator: HTTP/1.1 until it is upgraded, websocket frames afterwards.

This is the only file that knows sockets and frames; it knows nothing of Discord. Websocket framing
is that of `websockets.server.ServerProtocol` (sans-IO), except that data frames to the client are
written here: a server's frames are unmasked, so that a frame is two to ten bytes and the message,
and many of them go out in one write.

Source: RFC 6455 sections 5.2 (frames) and 7.1 (closing); RFC 9112 (HTTP/1.1).
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol, cast
from urllib.parse import parse_qs, urlsplit

from websockets.frames import Frame, Opcode
from websockets.http11 import Request as HandshakeRequest
from websockets.protocol import State
from websockets.server import ServerProtocol

__all__ = ["Handler", "Request", "Response", "Wire", "frame"]

_MAX_HEAD = 64 * 1024
_MAX_BODY = 1024 * 1024
_MAX_MESSAGE = 1024 * 1024
_WRITE_BUFFER = 256 * 1024
_CLOSE_TIMEOUT = 5.0
_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)

# websockets logs frames, tokens included, at DEBUG: to a logger outside of every hierarchy.
_SILENT = logging.Logger("gateway_core.testing.wire", level=logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, or the opening handshake of a websocket.

    `path` is without its query; the names in `headers` are in lower case; `query` keeps the last of
    repeated names.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response; ``Content-Length`` and ``Connection`` are added when it is written."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Handler(Protocol):
    """What a `Wire` reports to."""

    def on_connected(self, wire: Wire) -> None:
        """Take note of a new TCP connection."""

    def on_disconnected(self, wire: Wire) -> None:
        """Take note of the end of a TCP connection."""

    def on_request(self, request: Request) -> Response:
        """Answer an HTTP request."""

    def on_upgrade(self, wire: Wire, request: Request) -> Peer | Response:
        """Take a websocket handshake (the new connection's `Peer`), or refuse it (a `Response`)."""


class Peer(Protocol):
    """The owner of an open websocket."""

    def on_open(self) -> None:
        """The handshake is done."""

    def on_message(self, message: bytes) -> None:
        """A whole text or binary message has come in."""

    def on_writable(self) -> None:
        """The client has read enough for more to be written."""

    def on_closed(self, code: int | None) -> None:
        """The TCP connection is gone; `code` is the client's if it began the closing handshake."""


def frame(opcode: Opcode, message: bytes) -> bytes:
    """Return an unmasked, unfragmented frame of a server (RFC 6455, 5.2)."""
    length = len(message)
    if length < 126:
        return b"%c%c%b" % (0x80 | opcode, length, message)
    if length < 65536:
        return struct.pack("!BBH", 0x80 | opcode, 126, length) + message
    return struct.pack("!BBQ", 0x80 | opcode, 127, length) + message


class Wire(asyncio.Protocol):
    """An accepted TCP connection."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._peer: Peer | None = None
        self._websocket: ServerProtocol | None = None
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._head = bytearray()
        self._fragments: list[bytes] = []
        self._paused = False
        self._stalled = False
        self._held = bytearray()
        self._drip: tuple[int, float] | None = None
        self._drip_timer: asyncio.TimerHandle | None = None
        self._close_timer: asyncio.TimerHandle | None = None

    # Sending

    @property
    def is_open(self) -> bool:
        """Whether messages can still be sent: the handshake is done, no closing has begun."""
        return (
            self._websocket is not None
            and self._websocket.state is State.OPEN
            and self._transport is not None
            and not self._transport.is_closing()
        )

    @property
    def writable(self) -> bool:
        """Whether more should be sent now; if only not yet, `Peer.on_writable` says when."""
        return (
            not self._paused
            and not self._stalled
            and len(self._held) < _WRITE_BUFFER
            and self.is_open
        )

    def send(self, frames: bytes) -> None:
        """Write whole frames, made by `frame`; nothing once the connection is closing."""
        if self.is_open:
            self._write(frames)

    def close(self, code: int, reason: str = "") -> None:
        """Begin the closing handshake; the TCP connection goes once the client has answered."""
        if self._websocket is not None and self._websocket.state is State.OPEN:
            self._websocket.send_close(code, reason)
            self._flush()
            self._close_timer = self._loop.call_later(_CLOSE_TIMEOUT, self.abort)

    def write_raw(self, data: bytes) -> None:
        """Write bytes that need not be a frame, or not a whole one."""
        self._write(data)

    def _write(self, data: bytes) -> None:
        if self._transport is None:
            return
        if self._stalled or self._drip is not None:
            self._held += data
            if self._drip is not None and self._drip_timer is None:
                self._drop()
        else:
            self._transport.write(data)

    def _flush(self) -> None:
        assert self._websocket is not None
        assert self._transport is not None
        for data in self._websocket.data_to_send():
            if data:
                self._write(data)
            elif not self._held:  # the end of the stream, as websockets says it
                self._transport.close()

    # Misbehaviour

    def end(self) -> None:
        """Close the TCP connection without a closing handshake (FIN), after what was written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Drop the TCP connection at once; what was not yet sent is lost."""
        if self._transport is not None:
            self._transport.abort()

    def reset(self) -> None:
        """Drop the TCP connection with a reset (RST): a linger of no time, then close."""
        if self._transport is not None:
            raw = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.abort()

    def stall(self) -> None:
        """Neither read nor write from now on, and keep the TCP connection open."""
        self._stalled = True
        if self._transport is not None:
            self._transport.pause_reading()

    def unstall(self) -> None:
        """Undo `stall`: write what was held back and read what was sent meanwhile."""
        if not self._stalled or self._transport is None:
            return
        self._stalled = False
        self._transport.resume_reading()
        if self._held:
            held, self._held = bytes(self._held), bytearray()
            self._write(held)
        self._report_writable()

    def drip(self, size: int, interval: float) -> None:
        """Write `size` bytes every `interval` seconds from now on, whatever is sent."""
        self._drip = (size, interval)

    def _drop(self) -> None:
        assert self._drip is not None
        self._drip_timer = None
        if self._transport is None or self._stalled:
            return
        size, interval = self._drip
        was_writable = self.writable
        self._transport.write(bytes(self._held[:size]))
        del self._held[:size]
        if self._held:
            self._drip_timer = self._loop.call_later(interval, self._drop)
        elif not self.is_open:
            self._transport.close()
        if not was_writable:
            self._report_writable()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the accepted connection."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_WRITE_BUFFER)
        self._handler.on_connected(self)

    def pause_writing(self) -> None:
        """Note that the client reads too slowly."""
        self._paused = True

    def resume_writing(self) -> None:
        """Note that the client has caught up."""
        self._paused = False
        self._report_writable()

    def _report_writable(self) -> None:
        if self._peer is not None and self.writable:
            self._peer.on_writable()

    def data_received(self, data: bytes) -> None:
        """Feed bytes to the HTTP or websocket side."""
        if self._websocket is not None:
            self._receive_frames(data)
        else:
            self._head += data
            self._receive_requests()

    def eof_received(self) -> bool:
        """Let the transport close itself: a client that is done writing is done."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Report the end of the TCP connection."""
        self._transport = None
        for timer in (self._close_timer, self._drip_timer):
            if timer is not None:
                timer.cancel()
        if self._websocket is not None and self._peer is not None:
            self._websocket.receive_eof()
            received = self._websocket.close_rcvd
            began = self._websocket.close_rcvd_then_sent
            self._peer.on_closed(received.code if received is not None and began else None)
        self._handler.on_disconnected(self)

    # HTTP

    def _receive_requests(self) -> None:
        while self._websocket is None:
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                if len(self._head) > _MAX_HEAD:
                    self._respond(Response(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE), False)
                elif self._head and not self._head[:1].isalpha():
                    self.abort()  # not HTTP: a TLS client at a plain port, for one
                return
            request = _parse_head(bytes(self._head[:end]))
            if request is None:
                self._respond(Response(HTTPStatus.BAD_REQUEST), False)
                return
            if request.headers.get("upgrade", "").lower() == "websocket":
                self._upgrade(request)
                return
            length = request.headers.get("content-length", "0")
            if not length.isdecimal() or int(length) > _MAX_BODY:
                self._respond(Response(HTTPStatus.BAD_REQUEST), False)
                return
            start, stop = end + 4, end + 4 + int(length)
            if len(self._head) < stop:
                return
            body = bytes(self._head[start:stop])
            del self._head[:stop]
            keep = request.headers.get("connection", "").lower() != "close"
            whole = Request(request.method, request.path, request.query, request.headers, body)
            self._respond(self._handler.on_request(whole), keep)
            if not keep:
                return

    def _respond(self, response: Response, keep_alive: bool) -> None:
        assert self._transport is not None
        self._transport.write(_serialize(response, keep_alive))
        if not keep_alive:
            self._transport.close()

    def _upgrade(self, request: Request) -> None:
        taken = self._handler.on_upgrade(self, request)
        if isinstance(taken, Response):
            self._respond(taken, False)
            return
        websocket = ServerProtocol(max_size=_MAX_MESSAGE, logger=_SILENT)
        websocket.receive_data(bytes(self._head))
        self._head.clear()
        (handshake, *events) = websocket.events_received()
        assert isinstance(handshake, HandshakeRequest)
        websocket.send_response(websocket.accept(handshake))
        self._websocket, self._peer = websocket, taken
        self._flush()
        if self.is_open:
            taken.on_open()
            self._process(events)

    # Websocket

    def _receive_frames(self, data: bytes) -> None:
        assert self._websocket is not None
        self._websocket.receive_data(data)
        events = self._websocket.events_received()
        self._flush()
        self._process(events)

    def _process(self, events: Sequence[object]) -> None:
        for event in events:
            if not isinstance(event, Frame) or event.opcode not in _DATA:
                continue
            if self._fragments or not event.fin:
                self._fragments.append(bytes(event.data))
                if not event.fin:
                    continue
                message, self._fragments = b"".join(self._fragments), []
            else:
                message = bytes(event.data)
            if self._peer is not None:
                self._peer.on_message(message)


def _parse_head(head: bytes) -> Request | None:
    try:
        start, *lines = head.decode("latin-1").split("\r\n")
        method, target, version = start.split(" ")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        url = urlsplit(target)
    except ValueError:
        return None
    if not version.startswith("HTTP/1."):
        return None
    query = {name: values[-1] for name, values in parse_qs(url.query).items()}
    return Request(method, url.path, query, headers)


def _serialize(response: Response, keep_alive: bool) -> bytes:
    status = HTTPStatus(response.status)
    headers = {
        **response.headers,
        "Content-Length": str(len(response.body)),
        "Connection": "keep-alive" if keep_alive else "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    start = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
    return f"{start}{head}\r\n".encode("latin-1") + response.body
