"""``gateway-core record`` and ``replay`` as people run them: processes, pipes, signals."""

from __future__ import annotations

import asyncio
import signal
import stat
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from command_driver import environment
from gateway_core import Config, Intents, Shard
from gateway_core.cli.arguments import RecordOptions, ReplayOptions, parse
from gateway_core.recording import Recording
from gateway_core.sharding import ShardId
from gateway_core.testing import FakeGateway, Limits
from recording_driver import TOKEN, dispatch, hello, inflated, ready, record

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@asynccontextmanager
async def running(*arguments: str, token: str | None = TOKEN) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway_core.cli", *arguments),
        stdout=PIPE,
        stderr=PIPE,
        env=environment(token),
    )
    try:
        async with asyncio.timeout(50):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def finished(*arguments: str, token: str | None = TOKEN) -> tuple[int, str]:
    """Run to the end; give status and errors."""
    async with running(*arguments, token=token) as process:
        _, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, err.decode()


def test_options() -> None:
    assert parse(["record", "f"]) == RecordOptions(
        file=Path("f"),
        intents=None,
        url=None,
        compression=None,
        shard_id=ShardId(0, 1),
        count=None,
        duration=None,
        anonymise=False,
    )
    more = ["--compression", "zlib-stream", "--shard", "3/16", "--anonymise", "--intents", "GUILDS"]
    options = parse(["record", "f", "--count", "5", "--duration", "2", *more])
    assert options == RecordOptions(
        file=Path("f"),
        intents=Intents.GUILDS,
        url=None,
        compression="zlib-stream",
        shard_id=ShardId(3, 16),
        count=5,
        duration=2.0,
        anonymise=True,
    )
    assert parse(["replay", "f", "--speed", "max", "--port", "8080"]) == ReplayOptions(
        file=Path("f"), host="127.0.0.1", port=8080, speed=None, certificate=None
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["record"], "FILE"),
        (["record", "f", "--shard", "3"], "3/16 is the fourth of sixteen"),
        (["record", "f", "--shard", "16/16"], "'16/16' is not a shard"),
        (["record", "f", "--compression", "gzip"], "gzip"),
        (["replay", "f", "--speed", "0"], "'0' is not a positive speed; nor is it max"),
        (["replay", "f", "--speed", "fast"], "'fast' is not a positive speed"),
    ],
)
def test_nonsense(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err


def frames_in(path: Path) -> int:
    """Count the frames of a file that may not be there yet."""
    if not path.exists() or path.stat().st_size == 0:
        return 0
    return Recording(path).summary().frames


class TestRecord:
    async def test_a_simulated_bot_until_ctrl_c(self, tmp_path: Path) -> None:
        path = tmp_path / "r"
        async with running("record", str(path), token=None) as process:
            assert process.stderr is not None
            line = await process.stderr.readline()
            assert b"listening to a simulated gateway" in line
            # Another process writes the file; its header comes with the first byte.
            while frames_in(path) < 20:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            process.send_signal(signal.SIGINT)
            _, err = await process.communicate()
            assert process.returncode == 0, err
        summary = Recording(path).summary()
        assert not summary.cut_short
        words = err.decode()
        assert f"messages     {summary.frames:,} in " in words
        assert f"written      {path.stat().st_size:,} bytes to {path}" in words
        assert "anonymised   no: names and contents are in it" in words
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    @pytest.mark.parametrize("compression", ["zlib-stream", "zstd-stream"])
    async def test_a_bot_without_its_secrets(self, tmp_path: Path, compression: str) -> None:
        path = tmp_path / "r"
        async with FakeGateway(rate=200, limits=Limits(identify_interval=0)) as gateway:
            status, err = await finished(
                *("record", str(path), "--url", gateway.url, "--count", "50"),
                *("--compression", compression, "--anonymise"),
            )
            assert status == 0, err
            (identify,) = gateway.identifies
            assert identify.data["token"] == TOKEN
            assert gateway.history[0].close_received == 1000
            name = str(gateway.user["username"])
            guild_id = gateway.guilds[0]
        recording = Recording(path)
        assert (recording.compression, recording.anonymised) == (compression, True)
        text = inflated(recording)
        assert text.count(b'"op":0') >= 50
        for secret in (TOKEN, f'"{name}"', guild_id, gateway.resume_url):
            assert secret.encode() not in text
        assert "anonymised   yes" in err
        assert TOKEN not in err

    async def test_does_not_write_over_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "r"
        path.write_text("precious")
        status, err = await finished("record", str(path), token=None)
        assert status == 1
        assert err == (
            f"gateway-core: error: {path} is there already: remove it, or record into another "
            "file\n"
        )
        assert path.read_text() == "precious"

    async def test_a_folder_that_is_not_there_is_an_error(self, tmp_path: Path) -> None:
        status, err = await finished("record", str(tmp_path / "no" / "r"), token=None)
        assert status == 1
        assert "No such file or directory" in err
        assert "Traceback" not in err

    async def test_leaves_no_file_where_there_was_no_gateway(self, tmp_path: Path) -> None:
        path = tmp_path / "r"
        status, err = await finished("record", str(path), "--url", "ws://127.0.0.1:9/")
        assert status == 1
        assert "cannot connect to ws://127.0.0.1:9/" in err
        assert not path.exists()


class TestReplay:
    async def test_a_recording_to_a_client(self, tmp_path: Path) -> None:
        messages = [hello(), ready(), *(dispatch(s * 60.0, s) for s in range(2, 101))]
        path = record(tmp_path / "r", messages).path
        path.write_bytes(path.read_bytes()[:-3])
        async with running("replay", str(path), "--speed", "max") as process:
            assert process.stdout is not None
            url = (await process.stdout.readline()).decode().split()[1]
            await process.stdout.readline()
            config = Config(gateway_url=url, proxy=None, compression="zlib-stream")
            async with Shard(TOKEN, Intents.none(), config=config) as shard:
                async for event in shard:
                    if event.s == 99:
                        break
            while b"everything was sent, 99 dispatches in" not in await process.stdout.readline():
                pass
            process.send_signal(signal.SIGINT)
            _, err = await process.communicate()
        assert process.returncode == 0
        words = err.decode()
        assert "gateway-core: 100 messages in 5,940.0 s, zlib-stream, recorded " in words
        assert "the file ends in the middle of a frame, which is left out" in words
        assert "dispatches   99 sent" in words

    @pytest.mark.parametrize(
        ("content", "complaint"),
        [
            (b"GIF89a", "is not a recording of a gateway connection"),
            (b"\x89GWREC\r\n\x02\x00\x00\x00\x00\x00", "is a recording in version 2 of the format"),
            (b"\x89GWREC\r\n", "is cut short in its header: there is no frame in it"),
        ],
    )
    async def test_what_is_no_recording(
        self, tmp_path: Path, content: bytes, complaint: str
    ) -> None:
        path = tmp_path / "r"
        path.write_bytes(content)
        status, err = await finished("replay", str(path))
        assert status == 1
        assert err.startswith(f"gateway-core: error: {path} {complaint}")
        assert err.count("\n") == 1

    async def test_what_is_damaged(self, tmp_path: Path) -> None:
        path = record(tmp_path / "r", [hello(), ready()]).path
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        status, err = await finished("replay", str(path))
        assert status == 1
        assert "is damaged: the frame at byte" in err

    async def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        status, err = await finished("replay", str(tmp_path / "r"))
        assert status == 1
        assert "No such file or directory" in err
