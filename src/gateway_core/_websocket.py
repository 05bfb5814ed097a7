"""What a gateway connection needs of its websocket beyond what `websockets` does.

`websockets.connect` makes and owns the connection (proxy, TLS, handshake, the protocol's rules).
"""

from __future__ import annotations

import asyncio
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.protocol import State

__all__ = ["GatewayWebsocket"]


class GatewayWebsocket(ClientConnection):
    """A client's connection that does not wait forever for the server to end what it has closed.

    After the closing handshake the server is to end the TCP connection. One that does not would be
    noticed by missing heartbeats only.

    Attributes:
        end_timeout: seconds that the server has to end the TCP connection.

    Source:
        RFC 6455, section 7.1.1, "Close the WebSocket Connection".
    """

    end_timeout = 10.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._end_timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Take bytes from the socket."""
        super().data_received(data)
        if (
            self.protocol.state is not State.OPEN
            and self._end_timer is None
            and self.protocol.close_expected()
        ):
            self._end_timer = self.loop.call_later(self.end_timeout, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end of the TCP connection."""
        if self._end_timer is not None:
            self._end_timer.cancel()
        super().connection_lost(exc)
