"""A gateway as Discord's on loopback, to test bots and libraries against.

    async with FakeGateway(rate=50) as gateway:
        ...  # connect to gateway.url, then misbehave: gateway.connections[0].cut()

`FakeGateway` is the server, `Connection` one client at it, `Limits` what it enforces. With pytest
there is the fixture ``fake_gateway``.
"""

from __future__ import annotations

from .connection import Connection, Received
from .gateway import FakeGateway, Handshake
from .limits import Limits

__all__ = ["Connection", "FakeGateway", "Handshake", "Limits", "Received"]
