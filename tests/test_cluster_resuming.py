"""Sessions that outlive their process: handed over, stored, or left behind by a killed one."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from cluster_driver import cluster_at, mark_all, repeated, take_marked, take_until_all
from gateway_core.session import Session
from gateway_core.session_store import FileSessionStore, MemorySessionStore, SessionStore
from gateway_core.sharding import ShardId
from shard_driver import simulator, until

PROGRAM = Path(__file__).with_name("cluster_program.py")


async def program(*arguments: str | int | Path) -> asyncio.subprocess.Process:
    """Start the small bot of cluster_program.py."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(PROGRAM),
        *map(str, arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


async def lines(process: asyncio.subprocess.Process) -> list[int]:
    """The numbers of the marked events that it has handled, once it has ended."""
    output, _ = await process.communicate()
    return [int(line) for line in output.split(b"\n")[:-1]]


class TestHandingOver:
    async def test_to_another_process_with_a_full_queue(self, tmp_path: Path) -> None:
        """No event is lost; only the one that was being handled comes twice."""
        async with simulator() as gateway:
            sessions = tmp_path / "sessions.json"
            first = await program("hand-over", gateway.url, sessions, 150)
            await gateway.wait_for_identify(2)
            await gateway.wait_for(lambda: len(gateway.sessions) == 2)
            mark_all(gateway, range(2_000), 2)
            handled = await lines(first)
            assert len(handled) == 150
            stored = json.loads(sessions.read_text())
            assert set(stored) == {"0/2", "1/2"}
            mark_all(gateway, range(2_000, 2_100), 2)  # while nobody is there
            second = await program("take-over", gateway.url, sessions, 2_100)
            handled += await lines(second)
            assert set(handled) == set(range(2_100))
            assert len(repeated(handled)) <= 1
            assert len(gateway.identifies) == 2
            assert len(gateway.resumes) == 2

    async def test_sessions_of_shards_that_are_elsewhere_are_left_alone(self) -> None:
        async with simulator() as gateway:
            async with cluster_at(gateway, 2) as cluster:
                await cluster.wait_ready()
                async for _ in cluster:
                    if len(await cluster.sessions()) == 2:
                        break
                sessions = await cluster.close_resumable()
            assert sessions.keys() == {"0/2", "1/2"}
            async with cluster_at(gateway, [ShardId(1, 2)], sessions=sessions) as cluster:
                await cluster.wait_ready()
            assert len(gateway.identifies) == 2
            assert len(gateway.resumes) == 1

    async def test_closing_with_the_sessions_ended(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, 2) as cluster:
            await cluster.wait_ready()
            await cluster.close()
            assert await cluster.close_resumable() == {}

    async def test_the_store_of_one_cluster_serves_the_next(self) -> None:
        store = MemorySessionStore()
        async with simulator() as gateway:
            async with cluster_at(gateway, 2, store=store) as cluster:
                await cluster.wait_ready()
                mark_all(gateway, range(200), 2)
                handled = [number for _, number in await take_marked(cluster, 100)]
                await cluster.close_resumable()
            async with cluster_at(gateway, 2, store=store) as cluster:
                await take_until_all(cluster, set(range(200)), handled)
            assert len(repeated(handled)) <= 1
            assert len(gateway.identifies) == 2
            # It has ended its sessions: nothing of them is left.
            assert [await store.load(ShardId(shard, 2)) for shard in (0, 1)] == [None, None]


class TestKilled:
    async def test_resumes_from_what_was_consumed(self, tmp_path: Path) -> None:
        """SIGKILL three times under traffic: nothing is lost, and what comes twice is counted."""
        async with simulator() as gateway:
            runs: list[list[int]] = []
            happened = 0

            async def traffic() -> None:
                nonlocal happened
                while True:
                    mark_all(gateway, range(happened, happened + 6), 2)
                    happened += 6
                    await asyncio.sleep(0.005)

            generating: asyncio.Task[None] | None = None
            for _ in range(3):
                process = await program("store", gateway.url, tmp_path, 10**9)
                if generating is None:
                    await gateway.wait_for(lambda: len(gateway.sessions) == 2)
                    generating = asyncio.create_task(traffic())
                handled: list[int] = []
                wanted = happened + 400
                latest = [0, 0]
                assert process.stdout is not None
                while min(latest) < wanted:
                    number = int(await process.stdout.readline())
                    handled.append(number)
                    latest[number % 2] = number
                process.send_signal(signal.SIGKILL)
                runs.append(handled + await lines(process))
            assert generating is not None
            generating.cancel()
            total = happened
            runs.append(await lines(await program("store", gateway.url, tmp_path, total)))
            lost = set(range(total)).difference(*runs)
            assert not lost
            assert len(gateway.identifies) == 2
            # What comes twice is, in each shard, the last of what was handled before the kill.
            for before, after in itertools.pairwise(runs):
                for shard in (0, 1):
                    handled = [number for number in before if number % 2 == shard]
                    again = sorted(set(handled).intersection(after))
                    assert again == handled[len(handled) - len(again) :]
            print(f"repeated: {[len(set(b).intersection(a)) for b, a in itertools.pairwise(runs)]}")


class TestStores:
    @pytest.fixture(params=["memory", "file"])
    def store(self, request: pytest.FixtureRequest, tmp_path: Path) -> SessionStore:
        if request.param == "memory":
            return MemorySessionStore()
        return FileSessionStore(tmp_path / "sessions")

    async def test_saved_loaded_forgotten(self, store: SessionStore) -> None:
        assert isinstance(store, SessionStore)
        here, there = ShardId(0, 2), ShardId(0, 3)
        assert await store.load(here) is None
        for session in (Session("a", 1), Session("b", 2, "wss://gateway.test")):
            await store.save(here, session)
            assert await store.load(here) == session
        assert await store.load(there) is None
        await store.forget(here)
        await store.forget(here)
        assert await store.load(here) is None

    async def test_a_file_is_replaced_as_a_whole(self, tmp_path: Path) -> None:
        """Whoever reads while it is written finds the one before or the one after."""
        store = FileSessionStore(tmp_path)
        shard = ShardId(0, 1)
        await store.save(shard, Session("x" * 10_000, 0))
        done = False

        async def read() -> int:
            reads = 0
            while not done:
                session = await store.load(shard)
                assert session is not None
                assert session.id == "x" * 10_000
                reads += 1
            return reads

        reader = asyncio.create_task(read())
        for sequence in range(50):
            await store.save(shard, Session("x" * 10_000, sequence))
        done = True
        assert await reader > 0
        (file,) = tmp_path.iterdir()  # noqa: ASYNC240
        assert file.name == "shard-0-of-1.json"
        assert file.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"id": "a"}', '{"id": 1, "sequence": 1}'])
    async def test_a_file_that_holds_no_session(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "shard-0-of-1.json").write_text(text)
        with pytest.raises(ValueError, match=r"shard-0-of-1\.json holds no session .*remove it"):
            await FileSessionStore(tmp_path).load(ShardId(0, 1))

    async def test_what_a_crash_left_behind_is_written_over(self, tmp_path: Path) -> None:
        (tmp_path / "shard-0-of-1.tmp").write_text("half of a sess")
        store = FileSessionStore(tmp_path)
        assert await store.load(ShardId(0, 1)) is None
        await store.save(ShardId(0, 1), Session("a", 1))
        assert os.listdir(tmp_path) == ["shard-0-of-1.json"]  # noqa: PTH208

    async def test_a_store_that_fails_costs_no_event(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Broken(MemorySessionStore):
            failing = True
            saved = asyncio.Event()

            async def save(self, shard_id: ShardId, session: Session, /) -> None:
                if self.failing:
                    self.failing = False
                    raise OSError("the disk is full")
                await super().save(shard_id, session)
                self.saved.set()

        store = Broken()
        async with (
            simulator() as gateway,
            cluster_at(gateway, 1, store=store, save_interval=0.01) as cluster,
        ):
            await cluster.wait_ready()
            mark_all(gateway, range(5), 1)
            await take_marked(cluster, 5)
            await store.saved.wait()
            assert "the disk is full" in caplog.text

    async def test_a_store_that_cannot_be_read_stops_the_start(self, tmp_path: Path) -> None:
        (tmp_path / "shard-0-of-1.json").write_text("{")
        async with simulator() as gateway:
            with pytest.raises(ValueError, match="remove it"):
                async with cluster_at(gateway, 1, store=FileSessionStore(tmp_path)):
                    pass

    async def test_a_session_that_ended_is_forgotten(self) -> None:
        store = MemorySessionStore()
        async with (
            simulator() as gateway,
            cluster_at(gateway, 1, store=store, save_interval=0.01) as cluster,
        ):
            await cluster.wait_ready()
            mark_all(gateway, range(5), 1)
            await take_marked(cluster, 5)
            await until(lambda: store._sessions)
            gateway.connections[0].close(4010)
            await until(lambda: not store._sessions)
            cluster._running.stream.take_error()
