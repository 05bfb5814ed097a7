"""Replaying: real clients at a gateway that says what a recording says."""

from __future__ import annotations

import asyncio
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

from bare_client import BareClient
from gateway_core.config import COMPRESSIONS, Compression
from gateway_core.decoding import Payload
from gateway_core.errors import RecordingError
from gateway_core.http import fetch_gateway_bot
from gateway_core.recording import Recorder, Recording
from gateway_core.shard import Shard
from gateway_core.testing import Connection, Fault, FaultSchedule, ReplayGateway
from gateway_core.testing.traffic import Traffic, encode
from recording_driver import RESUME_URL, SESSION_ID, TOKEN, dispatch, hello, ready, record
from shard_driver import ALL, config, no_leaks, simulator, take, until

pytestmark = pytest.mark.slow

HOUR = 3600.0


def traffic(count: int, seed: int = 3) -> list[tuple[float, bytes]]:
    """READY, guilds and so many events, a minute apart."""
    source = Traffic(seed=seed, guilds=2, members=20)
    events = [*source.startup(SESSION_ID, RESUME_URL)]
    steady = source.steady()
    events += [next(steady) for _ in range(count)]
    return [hello(), *((60.0 * s, encode(0, s, t, d)) for s, (t, d) in enumerate(events, 1))]


def texts(events: list[Payload]) -> list[bytes | None]:
    return [event.raw for event in events]


async def replayed(gateway: ReplayGateway, count: int, **options: Any) -> list[Payload]:
    async with Shard("any-token", ALL, config=config(gateway.url, **options)) as shard:
        return await take(shard, count)


@pytest.mark.parametrize("recorded", [None, *COMPRESSIONS])
@pytest.mark.parametrize("asked", ["zlib-stream", "zstd-stream", None])
async def test_says_what_was_recorded(
    tmp_path: Path, recorded: Compression | None, asked: Compression | None
) -> None:
    messages = traffic(200)
    recording = record(tmp_path / "r", messages, recorded)
    async with ReplayGateway(recording, speed=None) as gateway:
        events = await replayed(gateway, len(messages) - 1, compression=asked)
    expected = [payload for _, payload in recording.payloads() if payload.op == 0]
    assert texts(events)[1:] == texts(expected)[1:]
    first = events[0].d
    assert len(first["session_id"]) == 32
    assert first["resume_gateway_url"] == gateway.resume_url
    changed = {"session_id": "x" * 32, "resume_gateway_url": expected[0].d["resume_gateway_url"]}
    assert {**first, **changed} == expected[0].d
    no_leaks()


async def test_live_recorded_and_replayed(tmp_path: Path) -> None:
    """From a gateway over a shard into a file, and out of it to a shard again."""
    async with simulator() as gateway:
        with Recorder(tmp_path / "r", compression="zlib-stream", secrets=[TOKEN]) as recorder:
            settings = config(gateway.url, compression="zlib-stream", recorder=recorder)
            async with Shard(TOKEN, ALL, config=settings) as shard:
                await gateway.wait_for_identify()
                await gateway.burst(500)
                (session,) = gateway.sessions
                live = await take(shard, session.sequence)
    async with ReplayGateway(Recording(tmp_path / "r"), speed=None) as replay:
        again = await replayed(replay, len(live))
    assert [(event.s, event.t) for event in again] == [(event.s, event.t) for event in live]
    same = [one.raw == other.raw for one, other in zip(live, again, strict=True)]
    for one, other, is_same in zip(live, again, same, strict=True):
        assert is_same or any(key in (one.raw or b"") for key in (b"session_id", b"token"))
        assert one.t == "READY" or len(one.raw or b"") == len(other.raw or b"")
    assert same.count(True) > len(same) / 2


async def test_several_clients_at_once_with_any_compression(tmp_path: Path) -> None:
    messages = traffic(300)
    recording = record(tmp_path / "r", messages)
    async with ReplayGateway(recording, speed=None) as gateway:
        compressions: list[Compression | None] = ["zlib-stream", "zstd-stream", None]
        runs = [
            replayed(gateway, len(messages) - 1, compression=compression)
            for compression in (*compressions, *compressions)
        ]
        results = await asyncio.gather(*runs)
        assert len({events[0].d["session_id"] for events in results}) == 6
    for events in results:
        assert texts(events)[1:] == texts(results[0])[1:]


class TestTime:
    async def test_passes_as_recorded(self, tmp_path: Path) -> None:
        messages = [hello(), ready(1.0), *(dispatch(1.0 + s / 10, s) for s in range(2, 6))]
        async with (
            ReplayGateway(record(tmp_path / "r", messages)) as gateway,
            Shard(TOKEN, ALL, config=config(gateway.url)) as shard,
        ):
            assert [event.s for event in await take(shard, 1)] == [1]
            start = time.monotonic()
            await take(shard, 4)
        assert time.monotonic() - start > 0.4

    async def test_passes_faster_on_request(self, tmp_path: Path) -> None:
        messages = [hello(), ready(), *(dispatch(s * HOUR, s) for s in range(2, 6))]
        async with ReplayGateway(record(tmp_path / "r", messages), speed=5 * HOUR * 4) as gateway:
            start = time.monotonic()
            await replayed(gateway, 5)
        assert time.monotonic() - start > 0.25

    async def test_does_not_matter_where_the_client_sets_the_pace(self, tmp_path: Path) -> None:
        messages = [hello(), ready(), *(dispatch(s * HOUR, s) for s in range(2, 3000))]
        async with ReplayGateway(record(tmp_path / "r", messages), speed=None) as gateway:
            assert len(await replayed(gateway, 2999)) == 2999

    @pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan")])
    def test_needs_a_positive_speed(self, tmp_path: Path, speed: float) -> None:
        with pytest.raises(ValueError, match="positive number or None"):
            ReplayGateway(record(tmp_path / "r", [ready()]), speed=speed)

    async def test_a_client_that_does_not_read_is_not_written_ahead_of(
        self, tmp_path: Path
    ) -> None:
        big = {"text": "".join(map(str, range(6_000)))}
        messages = [hello(), ready(), *(dispatch(0.0, s, "BIG", big) for s in range(2, 1500))]
        async with (
            ReplayGateway(record(tmp_path / "r", messages), speed=None) as gateway,
            BareClient(gateway, compress=None) as client,
        ):
            await client.log_in()
            (session,) = gateway.sessions
            client.socket.transport.pause_reading()
            await until(lambda: session.sequence > 500)
            assert session.sequence < 1400
            client.socket.transport.resume_reading()
            for s in range(2, 1500):
                assert (await client.receive())["s"] == s


class TestTheProtocol:
    async def test_a_cut_connection_is_resumed_without_loss(self, tmp_path: Path) -> None:
        messages = traffic(1000)
        async with ReplayGateway(record(tmp_path / "r", messages), speed=None) as gateway:
            async with Shard(TOKEN, ALL, config=config(gateway.url)) as shard:
                connection = await gateway.wait_for_identify()
                connection.do_after(300, Connection.cut)
                events = await take(shard, len(messages))  # and RESUMED
            assert len(gateway.identifies) == 1
            assert len(gateway.resumes) == 1
        named = [event for event in events if event.t != "RESUMED"]
        assert len(named) == len(messages) - 1
        assert [event.s for event in events] == list(range(1, len(messages) + 1))
        assert [event.t for event in named] == [
            payload.t for _, payload in Recording(tmp_path / "r").payloads() if payload.op == 0
        ]

    async def test_faults_can_strike(self, tmp_path: Path) -> None:
        messages = traffic(1000)
        faults = FaultSchedule(4, (Fault.CUT, Fault.RECONNECT))
        recording = record(tmp_path / "r", messages)
        async with ReplayGateway(recording, speed=None, faults=faults) as gateway:
            seen: set[tuple[Any, ...]] = set()
            async with Shard(TOKEN, ALL, config=config(gateway.url)) as shard:
                async for event in shard:
                    if event.t != "RESUMED":
                        seen.add((event.t, event.raw and event.raw[event.raw.index(b'"d":') :]))
                    if len(seen) == len({text[text.index(b'"d":') :] for _, text in messages}) - 1:
                        break
            assert faults.struck

    async def test_an_invalid_session_begins_anew(self, tmp_path: Path) -> None:
        messages = [hello(), ready(), *(dispatch(0.0, s) for s in range(2, 10))]
        async with (
            ReplayGateway(record(tmp_path / "r", messages), speed=None) as gateway,
            Shard(TOKEN, ALL, config=config(gateway.url)) as shard,
        ):
            first = await take(shard, 9)
            (connection,) = gateway.connections
            connection.invalidate(resumable=False)
            second = await take(shard, 9)
        assert [event.s for event in first] == [event.s for event in second]
        assert first[0].d["session_id"] != second[0].d["session_id"]

    async def test_an_unknown_session_is_refused(self, tmp_path: Path) -> None:
        async with (
            ReplayGateway(record(tmp_path / "r", [ready()])) as gateway,
            BareClient(gateway) as client,
        ):
            await client.resume("nobody's", 5)
            assert (await client.receive())["op"] == 9

    async def test_heartbeats_are_answered_in_the_recorded_interval(self, tmp_path: Path) -> None:
        async with (
            ReplayGateway(record(tmp_path / "r", [hello(interval=12_000), ready()])) as gateway,
            BareClient(gateway) as client,
        ):
            assert (await client.hello())["d"]["heartbeat_interval"] == 12_000
            await client.identify()
            assert (await client.receive())["t"] == "READY"
            await client.send(1, 1)
            assert (await client.receive())["op"] == 11

    async def test_commands_change_nothing(self, tmp_path: Path) -> None:
        messages = [hello(), ready(), dispatch(0.2, 2)]
        async with (
            ReplayGateway(record(tmp_path / "r", messages)) as gateway,
            BareClient(gateway) as client,
        ):
            await client.log_in()
            await client.send(3, {"status": "idle", "activities": [], "since": None, "afk": False})
            await client.send(8, {"guild_id": "80351110224678912", "query": "", "limit": 0})
            assert (await client.receive())["t"] == "TYPING_START"

    async def test_bots_find_it_over_http(self, tmp_path: Path) -> None:
        async with ReplayGateway(record(tmp_path / "r", [ready()])) as gateway:
            bot = await fetch_gateway_bot(TOKEN, base_url=gateway.http_url, proxy=None)
            assert bot.url == gateway.url.rstrip("/")
            assert gateway.user == Traffic(seed=3, guilds=1, members=4).user | {
                "verified": True,
                "mfa_enabled": True,
                "flags": 0,
                "email": None,
            }


class TestTheRecording:
    async def test_later_sessions_and_connections_become_one(self, tmp_path: Path) -> None:
        messages = [
            hello(),
            ready(),
            dispatch(0.0, 2, "A"),
            hello(),
            dispatch(0.0, 3, "B"),
            dispatch(0.0, 4, "RESUMED"),
            (0.0, encode(7, None, None, None)),
            hello(),
            ready(),
            dispatch(0.0, 2, "C", {"é": 1}),
            dispatch(0.0, 9, "D"),
        ]
        async with ReplayGateway(record(tmp_path / "r", messages), speed=None) as gateway:
            events = await replayed(gateway, 5)
        assert [(event.s, event.t) for event in events] == [
            *((1, "READY"), (2, "A"), (3, "B"), (4, "C"), (5, "D"))
        ]
        assert events[3].d == {"é": 1}

    async def test_what_is_before_the_first_session_is_left_out(self, tmp_path: Path) -> None:
        messages = [hello(), dispatch(0.0, 77), ready(5.0), dispatch(5.0, 2, "A")]
        async with ReplayGateway(record(tmp_path / "r", messages)) as gateway:
            assert [event.t for event in await replayed(gateway, 2)] == ["READY", "A"]

    def test_without_a_session_is_refused(self, tmp_path: Path) -> None:
        recording = record(tmp_path / "r", [hello(), dispatch(0.0, 77)])
        with pytest.raises(RecordingError, match="there is no READY in it"):
            ReplayGateway(recording)

    @pytest.mark.parametrize("data", [None, [], "x", {}, {"user": None}, {"user": []}])
    def test_with_a_ready_without_a_user_is_refused(self, tmp_path: Path, data: Any) -> None:
        recording = record(tmp_path / "r", [hello(), (0.0, encode(0, 1, "READY", data))])
        with pytest.raises(RecordingError, match="cannot be replayed: its READY has no user"):
            ReplayGateway(recording)

    @pytest.mark.parametrize("interval", [0, -1, 1 << 60])
    def test_with_a_hello_that_makes_no_sense_is_refused(
        self, tmp_path: Path, interval: int
    ) -> None:
        recording = record(tmp_path / "r", [hello(interval=interval), ready()])
        with pytest.raises(RecordingError, match=r"cannot be replayed: hello .* has no usable"):
            ReplayGateway(recording)

    @pytest.mark.parametrize("message", [b'{"op":', b'{"t":"READY","s":1,"op":0,"d":{"user":{]}'])
    def test_that_cannot_be_decoded_is_refused(self, tmp_path: Path, message: bytes) -> None:
        path = tmp_path / "r"
        begin = record(path, [], None).path.read_bytes()
        head = struct.pack("<QII", 0, len(message), len(message))
        checksums = [struct.pack("<I", zlib.crc32(part)) for part in (head, head + message)]
        path.write_bytes(b"".join((begin, head, checksums[0], message, checksums[1])))
        with pytest.raises(RecordingError, match="cannot be replayed: "):
            ReplayGateway(Recording(path))

    async def test_that_is_damaged_ends_the_replay_with_a_word(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        path = record(tmp_path / "r", [hello(), ready(), dispatch(0.0, 2), dispatch(0.0, 3)]).path
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        async with ReplayGateway(Recording(path)) as gateway, BareClient(gateway) as client:
            await client.log_in()
            assert (await client.receive())["s"] == 2
            await client.send(1, 1)
            assert (await client.receive())["op"] == 11
        assert "is damaged: the frame at byte" in caplog.text

    async def test_that_is_cut_short_is_replayed_up_to_its_end(self, tmp_path: Path) -> None:
        messages = traffic(50)
        path = record(tmp_path / "r", messages).path
        path.write_bytes(path.read_bytes()[:-30])
        async with ReplayGateway(Recording(path), speed=None) as gateway:
            events = await replayed(gateway, len(messages) - 2)
        assert events[-1].s == len(messages) - 2
