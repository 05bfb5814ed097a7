"""A gateway as Discord's on loopback, to test bots and libraries against.

    async with FakeGateway(rate=50) as gateway:
        ...  # connect to gateway.url, then misbehave: gateway.connections[0].cut()

`FakeGateway` is the server, `Connection` one client at it, `Limits` what it enforces, `Fault` and
`FaultSchedule` what goes wrong. `ReplayGateway` is a server that says what a recording says. With
pytest there is the fixture ``fake_gateway``.

Names are loaded when they are first used: pytest imports this package in every run, for its plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .connection import Connection as Connection
    from .connection import Received as Received
    from .faults import Fault as Fault
    from .faults import FaultSchedule as FaultSchedule
    from .gateway import FakeGateway as FakeGateway
    from .gateway import Handshake as Handshake
    from .limits import Limits as Limits
    from .replay import ReplayGateway as ReplayGateway

_MODULE_OF = {
    "Connection": "connection",
    "FakeGateway": "gateway",
    "Fault": "faults",
    "FaultSchedule": "faults",
    "Handshake": "gateway",
    "Limits": "limits",
    "Received": "connection",
    "ReplayGateway": "replay",
}

__all__ = [*_MODULE_OF]


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
