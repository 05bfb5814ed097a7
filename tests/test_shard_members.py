"""Asking for members of a guild, and waiting for all of the answer."""

from __future__ import annotations

import asyncio
import time

import pytest

from gateway_core.commands import RequestGuildMembers
from gateway_core.errors import ShardClosed
from gateway_core.member_requests import GuildMembers
from gateway_core.shard import Shard
from gateway_core.testing import FakeGateway, Limits
from shard_driver import (
    ALL,
    TOKEN,
    no_leaks,
    sequence_of,
    shard_at,
    simulator,
    start,
    take_until,
    until,
)


def everyone(gateway: FakeGateway, nonce: str | None = None) -> RequestGuildMembers:
    return RequestGuildMembers(guild_id=gateway.guilds[0], query="", limit=0, nonce=nonce)


class TestRequestGuildMembers:
    async def test_all_chunks_by_their_nonce(self) -> None:
        async with simulator(guilds=1, members=1_500) as gateway, shard_at(gateway) as shard:
            connection = await start(shard, gateway)
            found = await shard.request_guild_members(everyone(gateway))
            assert found.complete
            assert found.guild_id == gateway.guilds[0]
            assert len(found.members) == gateway.guild(found.guild_id)["member_count"] > 1_000
            assert len({m["user"]["id"] for m in found.members}) == len(found.members)
            (request,) = (message.d for message in connection.received if message.op == 8)
            assert len(request["nonce"]) == 32

    async def test_the_chunks_do_not_come_out_of_the_iteration(self) -> None:
        """Those that nobody waits for do."""
        async with simulator() as gateway, shard_at(gateway) as shard:
            await start(shard, gateway)
            before = sequence_of(gateway)
            await shard.request_guild_members(everyone(gateway))
            shard.send(
                RequestGuildMembers(guild_id=gateway.guilds[1], query="", limit=0, nonce="mine")
            )
            event = await anext(shard)
            assert (event.t, event.at("/nonce")) == ("GUILD_MEMBERS_CHUNK", "mine")
            assert event.s == sequence_of(gateway) > before + 1
            # And no resume brings them again.
            session = await shard.close_resumable()
            assert session is not None
            assert session.sequence >= before

    async def test_those_that_are_not_members(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:
            await start(shard, gateway)
            member = gateway.guild(gateway.guilds[0])["members"][0]["user"]["id"]
            request = RequestGuildMembers(guild_id=gateway.guilds[0], user_ids=(member, "1"))
            found = await shard.request_guild_members(request)
            assert [m["user"]["id"] for m in found.members] == [member]
            assert [str(user) for user in found.not_found] == ["1"]

    async def test_even_where_chunks_are_not_wanted(self) -> None:
        async with simulator() as gateway, shard_at(gateway, wanted={"MESSAGE_CREATE"}) as shard:
            await gateway.wait_for_identify()
            found = await shard.request_guild_members(everyone(gateway))
            assert found.complete
            assert found.members

    async def test_what_came_when_no_more_does(self) -> None:
        async with simulator(guilds=1, members=1_500) as gateway, shard_at(gateway) as shard:
            connection = await start(shard, gateway)
            connection.do_after(1, lambda connection: connection.stall())
            found = await shard.request_guild_members(everyone(gateway), patience=0.3)
            assert not found.complete
            assert len(found.members) == 1_000
            connection.unstall()

    async def test_what_came_when_the_shard_is_closed(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:
            connection = await start(shard, gateway)
            connection.stall()
            asking = asyncio.create_task(shard.request_guild_members(everyone(gateway)))
            await asyncio.sleep(0)
            connection.unstall()
            connection.cut()
            await shard.close()
            assert await asking == GuildMembers(
                guild_id=gateway.guilds[0],
                members=[],
                presences=[],
                not_found=[],
                complete=False,
            )
            with pytest.raises(ShardClosed):
                await shard.request_guild_members(everyone(gateway))
        no_leaks()

    async def test_one_that_discord_holds_back_is_asked_again(self) -> None:
        """RATE_LIMITED delays the command that it names, and loses nothing."""
        limits = Limits(identify_interval=0, member_requests_interval=0.5)
        async with simulator(limits=limits) as gateway, shard_at(gateway) as shard:
            connection = await start(shard, gateway)
            began = time.monotonic()
            for _ in range(2):
                found = await shard.request_guild_members(everyone(gateway))
                assert found.complete
            assert 0.4 < time.monotonic() - began < 5
            assert sum(message.op == 8 for message in connection.received) == 3

    async def test_a_lost_connection_meanwhile(self) -> None:
        async with simulator(guilds=1, members=1_500) as gateway, shard_at(gateway) as shard:
            connection = await start(shard, gateway)
            connection.do_after(1, lambda connection: connection.cut())
            found = await shard.request_guild_members(everyone(gateway))
            assert found.complete
            assert len(gateway.resumes) == 1

    @pytest.mark.parametrize("count", ["1", None, [1]])
    async def test_a_chunk_that_counts_in_no_numbers(self, count: object) -> None:
        """It comes out of the iteration, and the shard goes on."""
        async with simulator() as gateway, shard_at(gateway) as shard:
            connection = await start(shard, gateway)
            connection.stall()
            asking = asyncio.create_task(shard.request_guild_members(everyone(gateway, "x")))
            await asyncio.sleep(0)
            gateway.dispatch("GUILD_MEMBERS_CHUNK", {"nonce": "x", "chunk_count": count}, shard=0)
            connection.unstall()
            assert (await anext(shard)).at("/chunk_count") == count
            assert (await asking).complete

    async def test_the_same_nonce_twice(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:
            await start(shard, gateway)
            first = asyncio.create_task(shard.request_guild_members(everyone(gateway, "x")))
            await asyncio.sleep(0)
            with pytest.raises(ValueError, match="nonce 'x' is under way"):
                await shard.request_guild_members(everyone(gateway, "x"))
            assert (await first).complete

    async def test_cancelled(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:
            connection = await start(shard, gateway)
            connection.stall()
            asking = asyncio.create_task(shard.request_guild_members(everyone(gateway, "x")))
            await asyncio.sleep(0)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            connection.unstall()
            # Its answer is one that nobody waits for.
            assert (await anext(shard)).at("/nonce") == "x"
        no_leaks()

    async def test_before_it_is_entered(self) -> None:
        async with simulator() as gateway:
            with pytest.raises(ShardClosed, match="async with"):
                await Shard(TOKEN, ALL).request_guild_members(everyone(gateway))
        no_leaks()


class TestRaw:
    async def test_the_text_as_it_came(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:
            connection = await start(shard, gateway)
            assert connection.session is not None
            gateway.dispatch("NOT_DOCUMENTED", {"name": "ümlaut"}, shard=0)
            async for text in shard.raw():
                assert text == connection.session.event(sequence_of(gateway))
                break
            # It is the same iteration.
            gateway.dispatch("NOT_DOCUMENTED", {}, shard=0)
            assert await take_until(shard, sequence_of(gateway)) == [sequence_of(gateway)]


class TestShedding:
    async def test_what_may_be_lost_while_the_queue_is_half_full(self) -> None:
        async with (
            simulator() as gateway,
            shard_at(gateway, queue_size=100, shed={"TYPING_START"}) as shard,
        ):
            await start(shard, gateway)
            for _ in range(60):
                gateway.dispatch("NOT_DOCUMENTED", {}, shard=0)
            first = sequence_of(gateway)
            await until(lambda: shard.stats.queued == 60)
            gateway.dispatch("TYPING_START", {}, shard=0)
            gateway.dispatch("NOT_DOCUMENTED", {}, shard=0)
            await until(lambda: shard.stats.queued == 61)
            sequences = await take_until(shard, first + 2)
            assert sequences[-2:] == [first, first + 2]
            assert shard.stats.shed == 1
            gateway.dispatch("TYPING_START", {}, shard=0)
            assert (await anext(shard)).t == "TYPING_START"


async def test_a_server_that_closes_and_does_not_hang_up() -> None:
    """The close frame came, the end of the TCP connection does not."""
    async with simulator() as gateway, shard_at(gateway, close_timeout=0.1) as shard:
        connection = await start(shard, gateway)
        connection.close(4000)
        connection.stall()
        await gateway.wait_for_resume()
        connection.unstall()
