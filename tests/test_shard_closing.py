"""How a Shard ends: asked to, cancelled, or by something unlikely."""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from gateway_core.commands import UpdatePresence
from gateway_core.decoding import Payload
from gateway_core.errors import (
    ShardClosed,
)
from gateway_core.events import Disconnected
from gateway_core.session import Session
from gateway_core.shard import Shard
from gateway_core.sharding import ShardState
from shard_driver import (
    ALL,
    TOKEN,
    NeverQueue,
    config,
    exhaust,
    no_leaks,
    sequence_of,
    shard_at,
    silent_server,
    simulator,
    start,
    take_until,
    until,
)


class TestClosing:
    async def test_leaving_ends_the_session(self) -> None:
        async with simulator() as gateway:
            async with shard_at(gateway) as shard:
                connection = await start(shard, gateway)
            assert shard.state is ShardState.CLOSED
            assert shard.session is None
            await connection.wait_closed()
            assert connection.close_received == 1000
            assert len(gateway.sessions) == 0
            no_leaks()

    async def test_close_ends_the_iteration_of_another_task(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:

            async def consume() -> int:
                return len([event async for event in shard])

            consumer = asyncio.create_task(consume())
            connection = await gateway.wait_for_identify()
            await gateway.wait_for(lambda: connection.caught_up)
            await until(lambda: shard.stats.events == 4 and shard.stats.queued == 0)
            await shard.close()
            assert await consumer == 4
            await shard.close()  # once more does nothing

    async def test_what_has_come_can_be_taken_after_close(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:
            await gateway.wait_for_identify()
            await until(lambda: shard.stats.events == 4)
            await shard.close()
            assert [event.s async for event in shard] == [1, 2, 3, 4]

    async def test_close_resumable_keeps_the_session(self) -> None:
        async with simulator() as gateway:
            async with shard_at(gateway) as shard:
                connection = await start(shard, gateway)
                session = await shard.close_resumable()
                assert session is not None
                assert (
                    session.sequence == sequence_of(gateway) - 1
                )  # the last is not come back from
                assert session.resume_url == gateway.resume_url
            await connection.wait_closed()
            assert connection.close_received == 4000
            assert len(gateway.sessions) == 1
            no_leaks()

    async def test_another_shard_goes_on_with_the_session(self) -> None:
        """With events in the queue at the moment of closing: none may be lost."""
        async with simulator() as gateway:
            handled: list[int] = []
            async with shard_at(gateway) as first:
                connection = await gateway.wait_for_identify()
                await gateway.burst(1_000)
                await gateway.wait_for(lambda: connection.caught_up)
                async for event in first:
                    assert event.s is not None
                    handled.append(event.s)
                    if event.s == 100:
                        break
                await until(lambda: first.stats.queued > 0)
                stored = await first.close_resumable()
                assert stored is not None
                assert [event async for event in first] == []
            session = Session.from_dict(json.loads(json.dumps(stored.to_dict())))
            await gateway.burst(100)  # while nobody is there
            last = sequence_of(gateway)
            settings = config(gateway.url)
            async with Shard(TOKEN, ALL, config=settings, session=session) as second:
                handled += await take_until(second, last + 1)  # RESUMED
            assert sorted(set(handled)) == list(range(1, last + 2))
            # At least once: only the event that was not come back from is repeated.
            assert [s for s in set(handled) if handled.count(s) > 1] == [100]
            assert len(gateway.identifies) == 1

    async def test_the_session_follows_what_is_consumed(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:
            await gateway.wait_for_identify()
            await gateway.burst(100)
            assert shard.session is None
            async for event in shard:
                assert event.s is not None
                if event.s == 1:
                    assert shard.session is None  # READY is not consumed yet
                else:
                    assert shard.session is not None
                    assert shard.session.sequence == event.s - 1
                if event.s == 50:
                    break

    async def test_a_shard_that_was_never_entered(self) -> None:
        shard = Shard(TOKEN, ALL)
        assert shard.state is ShardState.IDLE
        await shard.close()
        assert await shard.close_resumable() is None
        with pytest.raises(ShardClosed, match="async with"):
            shard.send(UpdatePresence())

    async def test_a_shard_runs_once(self) -> None:
        async with simulator() as gateway:
            shard = shard_at(gateway)
            async with shard:
                pass
            with pytest.raises(RuntimeError, match="make a new one"):
                async with shard:
                    pass

    async def test_closing_at_once(self) -> None:
        async with simulator() as gateway:
            async with shard_at(gateway) as shard:
                await shard.close()
            assert shard.state is ShardState.CLOSED
            await gateway.wait_for(lambda: not gateway.connections)
            no_leaks()


class TestCancelling:
    """Wherever it hits: no task and no socket is left."""

    async def cancelled(self, shard: Shard[Payload], ready: Callable[[], Any]) -> None:
        """Iterate in a task, cancel it when `ready` is so, and see it end."""

        async def consume() -> None:
            async with shard:
                async for _ in shard:
                    pass

        task = asyncio.create_task(consume())
        await until(ready)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_while_connecting(self) -> None:
        with silent_server() as url:
            shard = Shard(TOKEN, ALL, config=config(url))
            await self.cancelled(shard, lambda: shard.state is ShardState.CONNECTING)
        assert shard.state is ShardState.CLOSED
        no_leaks()

    @pytest.mark.parametrize("turns", range(12))
    async def test_at_each_turn_of_the_loop(self, turns: int) -> None:
        async with simulator() as gateway:
            shard = shard_at(gateway)
            countdown = iter(range(turns))
            await self.cancelled(shard, lambda: next(countdown, None) is None)
            await gateway.wait_for(lambda: not gateway.connections)
            no_leaks()

    async def test_while_hello_is_awaited(self) -> None:
        async with simulator(silent=True) as gateway:
            shard = shard_at(gateway)
            await self.cancelled(shard, lambda: shard.state is ShardState.AWAITING_HELLO)
            await gateway.wait_for(lambda: not gateway.connections)
            no_leaks()

    async def test_while_waiting_for_a_turn_to_identify(self) -> None:
        queue = NeverQueue()
        async with simulator() as gateway:
            shard = shard_at(gateway, identify_queue=queue)
            await self.cancelled(shard, lambda: queue.waiting)
            assert queue.given_up == 1
            await gateway.wait_for(lambda: not gateway.connections)
            no_leaks()

    async def test_while_waiting_to_reconnect(self) -> None:
        with silent_server() as url:
            pass
        settings = config(url, backoff_base=3600.0, backoff_cap=3600.0)
        shard = Shard(TOKEN, ALL, config=settings)
        await self.cancelled(shard, lambda: shard.state is ShardState.WAITING)
        no_leaks()

    async def test_while_active(self) -> None:
        async with simulator(rate=1000) as gateway:
            shard = shard_at(gateway)
            await self.cancelled(shard, lambda: shard.stats.events > 20)
            await gateway.wait_for(lambda: not gateway.connections)
            assert gateway.history[0].close_received == 1000  # left politely all the same
        no_leaks()

    async def test_while_closing(self) -> None:
        """The other side does not answer, and the caller has no patience."""
        async with simulator() as gateway, shard_at(gateway, close_timeout=3600) as shard:
            connection = await start(shard, gateway)
            connection.stall()
            closing = asyncio.create_task(shard.close())
            await until(lambda: shard.state is ShardState.STOPPING)
            closing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await closing
            no_leaks_but_server = {
                task.get_name() for task in asyncio.all_tasks() if "shard" in task.get_name()
            }
            assert no_leaks_but_server == set()
            connection.unstall()
            await connection.wait_closed()
        no_leaks()

    async def test_a_cancelled_wait_for_an_event_loses_none(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:
            await start(shard, gateway)
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.01):
                        await anext(shard)
                gateway.dispatch("NOT_DOCUMENTED", {}, shard=0)
                assert (await anext(shard)).t == "NOT_DOCUMENTED"


class TestUnlikely:
    async def test_a_proxy_that_is_none_ends_the_shard_without_its_password(self) -> None:
        async with simulator() as gateway:
            shard = shard_at(gateway, proxy="gopher://user:secret@127.0.0.1:1")
            with pytest.raises(ValueError, match=r"proxy cannot be used: .*gopher") as caught:
                await exhaust(shard)
            assert "secret" not in "".join(traceback.format_exception(caught.value))
            assert shard.state is ShardState.CLOSED
        no_leaks()

    @pytest.mark.parametrize("of_the_system", [False, True], ids=["given", "the system's"])
    @pytest.mark.parametrize(
        "address", ["http://user:secret", "http://user:secret@h:99999", "http://user:secret@[::1"]
    )
    async def test_an_address_of_a_proxy_that_is_none_is_not_repeated(
        self, address: str, of_the_system: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if of_the_system:
            monkeypatch.setenv("ws_proxy", address)
            monkeypatch.setenv("no_proxy", "")
        shard = Shard(
            TOKEN, ALL, config=config("ws://gateway.test", proxy=of_the_system or address)
        )
        with pytest.raises(ValueError, match="proxy cannot be used") as caught:
            await exhaust(shard)
        assert "secret" not in "".join(traceback.format_exception(caught.value))
        no_leaks()

    async def test_a_resume_url_that_nobody_can_use_is_given_up(self) -> None:
        """A host name that cannot even be asked for."""
        async with simulator() as gateway:
            async with shard_at(gateway) as first:
                await start(first, gateway)
                stored = await first.close_resumable()
            assert stored is not None
            bad = Session(stored.id, stored.sequence, f"ws://{'a' * 70}.test/")
            async with Shard(TOKEN, ALL, config=config(gateway.url), session=bad) as second:
                assert await take_until(second, 5) == [4, 5]
                assert second.stats.reconnects >= 1
            assert len(gateway.identifies) == 1

    @pytest.mark.parametrize(
        "location",
        [
            "ws://127.0.0.1:99999",
            "ws://127.0.0.1:port",
            "ws://[::1",
            # From a plain address there is no TLS context to follow it with.
            "wss://127.0.0.1:1",
        ],
    )
    async def test_a_redirect_that_leads_nowhere_is_retried(self, location: str) -> None:
        async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
            writer.write(head.encode())
            writer.close()

        async with asyncio.timeout(30), await asyncio.start_server(redirect, "127.0.0.1") as server:
            host, port = server.sockets[0].getsockname()
            settings = config(f"ws://{host}:{port}")
            async with Shard(TOKEN, ALL, config=settings, control_events=True) as shard:
                async for event in shard:
                    if isinstance(event, Disconnected) and shard.stats.reconnects >= 2:
                        break
        no_leaks()

    async def test_its_task_cancelled_from_outside(self) -> None:
        async with simulator() as gateway:
            async with shard_at(gateway) as shard:
                await start(shard, gateway)
                (owner,) = (t for t in asyncio.all_tasks() if t.get_name().endswith("shard 0/1"))
                owner.cancel()
                assert [event async for event in shard] == []
                assert shard.state is ShardState.CLOSED
                with pytest.raises(ShardClosed):
                    shard.send(UpdatePresence())
            await gateway.wait_for(lambda: not gateway.connections)
        no_leaks()

    @pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")
    async def test_eager_tasks(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
        try:
            async with simulator() as gateway, shard_at(gateway) as shard:
                connection = await start(shard, gateway)
                connection.cut()
                await gateway.wait_for_resume()
                await take_until(shard, sequence_of(gateway))
        finally:
            loop.set_task_factory(None)
