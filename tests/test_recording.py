"""Recordings: what is written is read again, whole or cut short, and without secrets."""

from __future__ import annotations

import json
import os
import stat
import struct
import subprocess
import sys
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core._compressing import compressor_for
from gateway_core.cluster import Cluster
from gateway_core.config import COMPRESSIONS, Compression
from gateway_core.decoding import Payload
from gateway_core.events import Disconnected, Event
from gateway_core.identify_queue import NoQueue
from gateway_core.recording import (
    FORMAT_VERSION,
    RecordedFrame,
    Recorder,
    Recording,
    RecordingError,
)
from gateway_core.shard import Shard
from gateway_core.testing import FakeGateway
from recording_driver import (
    RESUME_URL,
    SESSION_ID,
    TOKEN,
    Message,
    dispatch,
    hello,
    inflated,
    ready,
    record,
)
from shard_driver import ALL, config, exhaust, no_leaks, simulator, start, take

ALL_COMPRESSIONS = [None, *COMPRESSIONS]


def traffic(gateway: FakeGateway) -> int:
    """Let a few things happen in which there are secrets; give how many dispatches they are."""
    (session,) = gateway.sessions
    before = session.sequence
    guild_id = gateway.guilds[0]
    user_id = gateway.user["id"]
    voice = {"guild_id": guild_id, "user_id": user_id, "session_id": session.id, "token": "tök"}
    gateway.dispatch("VOICE_SERVER_UPDATE", {**voice, "endpoint": "smart.loyal.discord.gg:443"})
    gateway.dispatch("VOICE_STATE_UPDATE", voice)
    gateway.dispatch("INTERACTION_CREATE", {"token": "aW50ZXJhY3Rpb246", "id": "1"}, shard=0)
    gateway.dispatch("NOT_DOCUMENTED", {"said": f"my token is {TOKEN}", session.id: 1}, shard=0)
    gateway.dispatch("NOT_DOCUMENTED", {"at": gateway.resume_url, "plain": "héllo"}, shard=0)
    return session.sequence - before


def scrubbed(value: Any, secrets: set[str]) -> Any:
    """What scrubbing leaves of a value, as far as `traffic` and READY go."""
    match value:
        case dict():
            return {
                blank(key) if key in secrets else key: (
                    blank(inner)
                    if isinstance(inner, str)
                    and (
                        key in ("token", "session_id", "resume_gateway_url")
                        or any(secret in inner for secret in secrets)
                    )
                    else scrubbed(inner, secrets)
                )
                for key, inner in value.items()
            }
        case list():
            return [scrubbed(inner, secrets) for inner in value]
    return value


def blank(text: str) -> str:
    scheme, mark, rest = text.rpartition("://")
    data = "".join(
        "x" * len(letter.encode()) if letter.isalnum() else letter for letter in (rest or text)
    )
    return scheme + mark + data if mark else data


class TestALiveConnection:
    @pytest.mark.parametrize("compression", ALL_COMPRESSIONS)
    async def test_is_written_down_without_its_secrets(
        self, tmp_path: Path, compression: Compression | None
    ) -> None:
        path = tmp_path / "live"
        async with simulator() as gateway:
            with Recorder(path, compression=compression, secrets=[TOKEN]) as recorder:
                settings = config(gateway.url, compression=compression, recorder=recorder)
                shard = Shard(TOKEN, ALL, config=settings)
                async with shard:
                    await gateway.wait_for_identify()
                    (session,) = gateway.sessions
                    await gateway.burst(300)
                    traffic(gateway)
                    events = await take(shard, session.sequence)
            secrets = {TOKEN, session.id, gateway.resume_url}
        recording = Recording(path)
        messages = [payload for _, payload in recording.payloads()]
        assert recorder.messages == len(messages)
        assert recorder.lost == 0
        assert messages[0].op == 10
        recorded = [payload for payload in messages if payload.op == 0]
        for event, payload in zip(events, recorded, strict=True):
            assert (payload.s, payload.t) == (event.s, event.t)
            assert payload.d == scrubbed(event.d, secrets)
            assert len(payload.raw or b"") == len(event.raw or b"")

        text = inflated(recording)
        for secret in (*secrets, "tök", "aW50ZXJhY3Rpb246"):
            assert secret.encode() not in text
            assert secret.encode() not in path.read_bytes()
        assert "héllo".encode() in text
        assert b"smart.loyal.discord.gg:443" in text

    async def test_is_summed_up(self, tmp_path: Path) -> None:
        path = tmp_path / "live"
        async with simulator() as gateway:
            with Recorder(path, compression="zlib-stream") as recorder:
                settings = config(gateway.url, compression="zlib-stream", recorder=recorder)
                async with Shard(TOKEN, ALL, config=settings) as shard:
                    await take(shard, 4)
                stats = shard.stats
        summary = Recording(path).summary()
        assert summary.frames == recorder.messages == stats.messages
        assert summary.received == recorder.received == stats.bytes_in
        assert summary.seconds > 0
        assert not summary.cut_short
        assert recorder.written == path.stat().st_size
        frames = list(Recording(path))
        assert summary.recorded == sum(len(frame.data) for frame in frames)
        assert summary.received == sum(frame.received for frame in frames)
        assert [frame.at for frame in frames] == sorted(frame.at for frame in frames)

    async def test_goes_on_over_reconnects_in_one_stream(self, tmp_path: Path) -> None:
        path = tmp_path / "live"
        async with simulator() as gateway:
            with Recorder(path, compression="zlib-stream") as recorder:
                settings = config(gateway.url, compression="zlib-stream", recorder=recorder)
                async with Shard(TOKEN, ALL, config=settings) as shard:
                    connection = await start(shard, gateway)
                    connection.cut(mid_frame=True)
                    await gateway.wait_for_resume()
                    await gateway.burst(5)
                    (session,) = gateway.sessions
                    last = session.sequence
                    async for event in shard:
                        if event.s == last:
                            break
        messages = [payload for _, payload in Recording(path).payloads()]
        assert [payload.op for payload in messages].count(10) == 2
        assert [payload.s for payload in messages if payload.op == 0] == list(range(1, last + 1))

    async def test_a_corrupt_frame_is_left_out_and_the_shard_goes_on(self, tmp_path: Path) -> None:
        path = tmp_path / "live"
        async with simulator() as gateway:
            with Recorder(path, compression="zlib-stream") as recorder:
                settings = config(gateway.url, compression="zlib-stream", recorder=recorder)
                shard: Shard[Event] = Shard(TOKEN, ALL, config=settings, control_events=True)
                async with shard:
                    connection = await gateway.wait_for_identify()
                    connection.send_corrupt()
                    async for event in shard:
                        if isinstance(event, Disconnected):
                            break
                    await gateway.wait_for_resume()
                    last = gateway.dispatch("RESUMED_WELL", None, shard=0)
                    async for event in shard:
                        if isinstance(event, Payload) and event.t == "RESUMED_WELL":
                            break
        assert last == 1
        assert recorder.lost == 1
        assert b"RESUMED_WELL" in inflated(Recording(path))

    async def test_an_error_of_the_file_ends_the_shard(self, tmp_path: Path) -> None:
        async with simulator() as gateway:
            recorder = Recorder(tmp_path / "live", compression="zlib-stream")
            settings = config(gateway.url, compression="zlib-stream", recorder=recorder)
            recorder.close()
            with pytest.raises(ValueError, match="closed"):
                await exhaust(Shard(TOKEN, ALL, config=settings))
        no_leaks()

    async def test_one_recorder_is_for_one_shard(self, tmp_path: Path) -> None:
        async with simulator(shards=2) as gateway:
            with Recorder(tmp_path / "live", compression="zlib-stream") as recorder:
                settings = config(
                    gateway.url,
                    compression="zlib-stream",
                    recorder=recorder,
                    identify_queue=NoQueue(),
                )
                cluster = Cluster(
                    TOKEN, ALL, shards="auto", config=settings, api_url=gateway.http_url
                )

                async def enter_and_iterate() -> None:
                    async with cluster:
                        async for _ in cluster:
                            pass

                with pytest.raises(ValueError, match="needs its own"):
                    await enter_and_iterate()

    def test_is_not_even_loaded_where_it_is_not_asked_for(self) -> None:
        code = "import sys, gateway_core.shard; print('gateway_core.recording' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert done.stdout.strip() == b"False"


MESSAGES: list[Message] = [
    hello(),
    ready(0.25),
    *(dispatch(0.5 + s / 8, s, "MESSAGE_CREATE", {"content": "héllo " * s}) for s in range(2, 9)),
    (3.0, b'{"t":null,"s":null,"op":11,"d":null}'),
]


class TestTheFile:
    @pytest.mark.parametrize("compression", ALL_COMPRESSIONS)
    def test_is_read_as_it_was_written(
        self, tmp_path: Path, compression: Compression | None
    ) -> None:
        before = datetime.now(UTC)
        recording = record(tmp_path / "r", MESSAGES, compression)
        assert recording.compression == compression
        assert not recording.anonymised
        assert recording.software.startswith("gateway-core ")
        assert timedelta(-1) < recording.began - before < timedelta(1)
        for _ in range(2):
            read = list(recording.payloads())
            assert [at for at, _ in read] == [at for at, _ in MESSAGES]
            assert [payload.raw for _, payload in read][2:] == [text for _, text in MESSAGES][2:]
        assert SESSION_ID.encode() not in inflated(recording)
        assert RESUME_URL.encode() not in inflated(recording)

    def test_is_for_its_owner_only(self, tmp_path: Path) -> None:
        mask = os.umask(0)
        try:
            record(tmp_path / "r", MESSAGES)
        finally:
            os.umask(mask)
        assert stat.S_IMODE((tmp_path / "r").stat().st_mode) == 0o600

    def test_must_not_be_there(self, tmp_path: Path) -> None:
        (tmp_path / "r").write_text("precious")
        with pytest.raises(FileExistsError, match="is there already: remove it"):
            Recorder(tmp_path / "r", compression=None)
        assert (tmp_path / "r").read_text() == "precious"

    @pytest.mark.parametrize("compression", ALL_COMPRESSIONS)
    def test_is_read_up_to_its_last_whole_frame(
        self, tmp_path: Path, compression: Compression | None
    ) -> None:
        whole = record(tmp_path / "r", MESSAGES, compression)
        data = whole.path.read_bytes()
        frames = list(whole)
        start = len(data) - sum(24 + len(frame.data) for frame in frames)
        ends = [start]
        for frame in frames:
            ends.append(ends[-1] + 24 + len(frame.data))
        assert ends[-1] == len(data)
        cut = tmp_path / "cut"
        for size in range(len(data) + 1):
            cut.write_bytes(data[:size])
            if size < start:
                with pytest.raises(RecordingError, match="cut short in its header"):
                    Recording(cut)
                continue
            recording = Recording(cut)
            complete = sum(end <= size for end in ends) - 1
            assert list(recording) == frames[:complete]
            assert recording.summary().frames == complete
            assert recording.summary().cut_short == (size not in ends)

    @pytest.mark.parametrize("bit", [0x01, 0x40, 0x80])
    def test_any_damage_is_noticed(self, tmp_path: Path, bit: int) -> None:
        data = record(tmp_path / "r", MESSAGES, "zlib-stream").path.read_bytes()
        damaged = tmp_path / "damaged"
        for place in range(len(data)):
            damaged.write_bytes(data[:place] + bytes((data[place] ^ bit,)) + data[place + 1 :])
            with pytest.raises(RecordingError):
                list(Recording(damaged))

    def test_damage_is_told_from_the_end_in_a_file_that_is_cut_short_too(
        self, tmp_path: Path
    ) -> None:
        whole = record(tmp_path / "r", MESSAGES, "zlib-stream")
        data = whole.path.read_bytes()
        frames = list(whole)
        last = len(data) - 24 - len(frames[-1].data)
        damaged = tmp_path / "damaged"
        for place in range(last, last + 20):
            cut = bytearray(data[: last + 20])
            damaged.write_bytes(cut)
            assert list(Recording(damaged)) == frames[:-1]
            cut[place] ^= 0x40
            damaged.write_bytes(cut)
            with pytest.raises(RecordingError, match=f"damaged: the frame at byte {last:,}"):
                list(Recording(damaged))

    def test_of_another_version_is_refused(self, tmp_path: Path) -> None:
        path = record(tmp_path / "r", MESSAGES).path
        data = bytearray(path.read_bytes())
        data[8:10] = struct.pack("<H", 7)
        path.write_bytes(data)
        words = f"in version 7 of the format; this gateway-core .* reads version {FORMAT_VERSION}"
        with pytest.raises(RecordingError, match=words):
            Recording(path)

    @pytest.mark.parametrize("content", [b"GIF89a", b"{}", b"\x89PNG\r\n\x1a\n", b"\x00" * 99])
    def test_of_another_kind_is_refused(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "r").write_bytes(content)
        with pytest.raises(RecordingError, match="is not a recording"):
            Recording(tmp_path / "r")

    @pytest.mark.parametrize(
        "header",
        [
            b"[]",
            b"{}",
            b"\xff",
            b'{"compression":"lzma","anonymised":false,"began":"2026-01-01","software":"x"}',
            b'{"compression":null,"anonymised":false,"began":"yesterday","software":"x"}',
            b'{"compression":null,"began":"2026-01-01","software":"x"}',
        ],
    )
    def test_with_a_strange_header_is_refused(self, tmp_path: Path, header: bytes) -> None:
        head = struct.pack("<8sHI", b"\x89GWREC\r\n", FORMAT_VERSION, len(header))
        checksum = struct.pack("<I", zlib.crc32(head + header))
        (tmp_path / "r").write_bytes(head + header + checksum)
        with pytest.raises(RecordingError, match=r"header of .* is damaged"):
            Recording(tmp_path / "r")

    def test_that_cannot_be_read_is_an_error_of_the_system(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            Recording(tmp_path / "nothing")
        with pytest.raises(IsADirectoryError):
            Recording(tmp_path)


class TestTheRecorder:
    def test_frames_of_a_message_in_parts_are_one(self, tmp_path: Path) -> None:
        compress = compressor_for("zlib-stream")
        with Recorder(tmp_path / "r", compression="zlib-stream") as recorder:
            for number in range(3):
                data = compress(dispatch(0, number)[1])
                recorder.receive(data[:5], number)
                recorder.receive(data[5:-3], number)
                recorder.receive(data[-3:], number + 0.5)
                assert recorder.received == sum(f for f in sizes(tmp_path / "r", recorder))
        frames = list(Recording(tmp_path / "r"))
        assert [frame.at for frame in frames] == [0.0, 1.0, 2.0]

    def test_text_frames_may_be_str(self, tmp_path: Path) -> None:
        with Recorder(tmp_path / "r", compression=None) as recorder:
            recorder.receive('{"op":11,"d":"é"}', 5.0)
        (frame,) = Recording(tmp_path / "r")
        assert frame == RecordedFrame(0.0, '{"op":11,"d":"é"}'.encode(), 18)

    def test_time_is_taken_where_it_is_not_told(self, tmp_path: Path) -> None:
        with Recorder(tmp_path / "r", compression=None) as recorder:
            for _ in range(3):
                recorder.receive(b'{"op":11}')
        ats = [frame.at for frame in Recording(tmp_path / "r")]
        assert ats == sorted(ats)
        assert 0.0 == ats[0] <= ats[-1] < 60

    def test_malformed_messages_that_may_hold_secrets_are_left_out(self, tmp_path: Path) -> None:
        with Recorder(tmp_path / "r", compression=None) as recorder:
            recorder.receive(b'{"t":"X","s":1,"op":0,"d":{"token":"abc","b":"', 0)
            recorder.receive(b'{"t":"X","s":2,"op":0,"d":{"token":"abc"}}', 0)
        assert recorder.lost == 1
        (payload,) = (payload for _, payload in Recording(tmp_path / "r").payloads())
        assert payload.d == {"token": "xxx"}

    def test_what_was_written_a_second_ago_survives_a_crash(self, tmp_path: Path) -> None:
        recorder = Recorder(tmp_path / "r", compression=None)
        for second in range(5):
            recorder.receive(b'{"op":11}', float(second))
            recorder.receive(b'{"op":1}', second + 0.5)
        assert len(list(Recording(tmp_path / "r"))) >= 8
        recorder.close()
        assert len(list(Recording(tmp_path / "r"))) == 10

    def test_anonymised_with_a_key_twice_is_the_same(self, tmp_path: Path) -> None:
        def texts(name: str, **options: Any) -> bytes:
            recording = record(tmp_path / name, MESSAGES, None, anonymise=True, **options)
            assert recording.anonymised
            return inflated(recording)

        assert texts("a", key=b"k") == texts("b", key=b"k") != texts("c", key=b"l")
        assert texts("d") != texts("e")
        original = inflated(record(tmp_path / "f", MESSAGES, None))
        assert "héllo".encode() in original
        assert "héllo".encode() not in texts("g")
        assert json.loads(texts("h").split(b"\n")[0]) == json.loads(original.split(b"\n")[0])

    def test_session_ids_are_scrubbed_from_what_follows_each_ready(self, tmp_path: Path) -> None:
        messages = []
        for number in range(20):
            session_id = f"{number:032x}"
            messages += [
                ready(float(number), session_id=session_id),
                dispatch(float(number), 2, "X", {"said": f"it is {session_id}"}),
            ]
        text = inflated(record(tmp_path / "r", messages))
        assert not any(f"{number:032x}".encode() in text for number in range(20))

    @pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
    def test_a_file_whose_header_cannot_be_written_is_not_left_behind(self, tmp_path: Path) -> None:
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
        try:
            with pytest.raises(OSError, match="File too large"):
                Recorder(tmp_path / "r", compression=None)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert not (tmp_path / "r").exists()

    def test_an_unknown_compression_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="unknown compression 'gzip'"):
            Recorder(tmp_path / "r", compression="gzip")  # type: ignore[arg-type]
        assert not (tmp_path / "r").exists()

    def test_says_no_secret(self, tmp_path: Path) -> None:
        with Recorder(tmp_path / "r", compression=None, secrets=[TOKEN]) as recorder:
            assert TOKEN not in repr(recorder) + repr(vars(recorder)["_scrubber"])


def sizes(path: Path, recorder: Recorder) -> list[int]:
    vars(recorder)["_file"].flush()
    return [frame.received for frame in Recording(path)]


@given(st.lists(st.tuples(st.floats(0, 1e6), st.text()), max_size=8), st.data())
def test_any_messages_at_any_times(
    tmp_path_factory: pytest.TempPathFactory, found: list[tuple[float, str]], data: Any
) -> None:
    compression = data.draw(st.sampled_from(ALL_COMPRESSIONS))
    path = tmp_path_factory.mktemp("recordings") / "r"
    times = sorted(at for at, _ in found)
    messages = [
        dispatch(at, s, "X", {"text": text.encode("utf-8", "replace").decode()})
        for s, (at, (_, text)) in enumerate(zip(times, found, strict=True), 1)
    ]
    recording = record(path, messages, compression)
    read = list(recording.payloads())
    assert [payload.raw for _, payload in read] == [text for _, text in messages]
    for (at, _), time in zip(read, times, strict=True):
        assert at == pytest.approx(time - times[0], abs=1e-6)
