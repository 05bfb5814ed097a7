"""Recordings replayed to clients that we did not write: discord.py and hikari take them as live."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway_core.testing import ReplayGateway
from gateway_core.testing.traffic import Traffic, encode
from peers.test_peers import PEERS, running
from recording_driver import hello, record

pytestmark = [pytest.mark.peers, pytest.mark.timeout(180)]


@pytest.mark.parametrize("anonymise", [False, True], ids=["plain", "anonymised"])
@pytest.mark.parametrize("name", PEERS)
async def test_it_gets_every_dispatch(name: str, anonymise: bool, tmp_path: Path) -> None:
    traffic = Traffic(seed=6, guilds=4, members=30)
    steady = traffic.steady()
    events = [*traffic.startup(), *(next(steady) for _ in range(1500))]
    messages = [(s / 100, encode(0, s, t, d)) for s, (t, d) in enumerate(events, 1)]
    recording = record(tmp_path / "r", [hello(), *messages], "zstd-stream", anonymise=anonymise)
    async with ReplayGateway(recording, speed=10) as gateway, running(name, gateway) as bot:
        for _ in events:
            await bot.read_until(happened="dispatch")
        assert len(gateway.identifies) == 1
        assert not gateway.resumes
    assert bot.all("dispatch", "name") == [t for t, _ in events]
    created = [d["id"] for t, d in events if t == "MESSAGE_CREATE"]
    heard = bot.all("message", "id")
    assert len(heard) > len(created) / 2
    assert (set(heard) <= set(created)) is not anonymise
