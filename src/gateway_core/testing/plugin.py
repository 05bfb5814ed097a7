"""The pytest plugin: a fixture that is a running `FakeGateway`.

    @pytest.mark.fake_gateway(rate=50, guilds=10)
    async def test_my_bot(fake_gateway):
        ...  # connect the bot to fake_gateway.url
        fake_gateway.connections[0].cut()
        await fake_gateway.wait_for_resume()

The marker's arguments are those of `FakeGateway`; without it the defaults are used. The fixture is
asynchronous and needs pytest-asyncio; the gateway runs in the test's own event loop and is closed
after the test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from . import FakeGateway

__all__ = ["fake_gateway", "pytest_configure"]


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "fake_gateway(**arguments): how to make the FakeGateway of the fixture"
    )


async def _fake_gateway(request: pytest.FixtureRequest) -> AsyncIterator[FakeGateway]:
    """A running `gateway_core.testing.FakeGateway`."""
    # Imported late: pytest loads every plugin in every run.
    from . import FakeGateway

    marker = request.node.get_closest_marker("fake_gateway")
    async with FakeGateway(**(marker.kwargs if marker else {})) as gateway:
        yield gateway


def _unavailable() -> None:
    """Say what is missing."""
    pytest.fail("the fixture fake_gateway needs the package pytest-asyncio")


fake_gateway: object
try:
    import pytest_asyncio
except ImportError:
    fake_gateway = pytest.fixture(_unavailable, name="fake_gateway")
else:
    fake_gateway = pytest_asyncio.fixture(_fake_gateway, name="fake_gateway")
