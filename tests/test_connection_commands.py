"""Commands: queued, limited, refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core_driver import (
    Driver,
    active,
)
from gateway_core.commands import Heartbeat, RequestGuildMembers, UpdatePresence
from gateway_core.errors import (
    CommandError,
    CommandQueueFull,
    CommandTooLarge,
    ShardClosed,
)
from gateway_core.events import (
    CommandRefused,
)
from gateway_core.sharding import ShardState


class TestCommands:
    PRESENCE = UpdatePresence("dnd")

    def numbered(self, number: int) -> str:
        return json.dumps({"op": 3, "d": number})

    def test_wait_for_the_session(self) -> None:
        driver = Driver()
        driver.connection.send(self.PRESENCE, driver.now)
        driver.reach(ShardState.IDENTIFYING)
        driver.connection.send(self.numbered(2), driver.now)
        assert driver.connection.queued_commands == 2
        assert driver.take_effects() == []
        driver.ready()
        sent = driver.take_sent()
        assert [message["op"] for message in sent] == [3, 3]
        assert sent[1]["d"] == 2
        assert driver.connection.queued_commands == 0

    def test_wait_for_resumed_and_keep_their_order_over_reconnects(self) -> None:
        driver = active()
        for number in range(200):
            driver.connection.send(self.numbered(number), driver.now)
        numbers = [sent["d"] for sent in driver.take_sent()]
        for _ in range(2):
            driver.lose()
            driver.connection.send(self.numbered(200 + len(numbers)), driver.now)
            driver.reconnect()
            driver.hello()
            driver.dispatch("RESUMED")
            numbers += [sent["d"] for sent in driver.take_sent() if sent["op"] == 3]
        assert numbers[:200] == list(range(200))
        assert len(numbers) == 202

    @pytest.mark.parametrize("end", [4014, None], ids=["fatal", "closed"])
    def test_that_could_not_be_sent_are_counted_at_the_end(self, end: int | None) -> None:
        driver = active()
        for number in range(200):
            driver.connection.send(self.numbered(number), driver.now)
        left = 200 - len(driver.take_sent())
        if end is None:
            driver.connection.close(driver.now, resumable=False)
        driver.lose(end)
        assert driver.connection.queued_commands == left > 0
        texts = driver.connection.take_commands()
        assert [json.loads(text)["d"] for text in texts] == list(range(200 - left, 200))
        assert driver.connection.queued_commands == 0

    def test_stay_within_the_limit_and_leave_room_for_heartbeats(self) -> None:
        driver = active()
        begin = driver.now
        times = []
        for number in range(500):
            driver.connection.send(self.numbered(number), driver.now)
        numbers = []
        while driver.connection.queued_commands or driver.now < begin + 300:
            for sent in driver.take_sent():
                times.append(driver.now)
                if sent["op"] == 3:
                    numbers.append(sent["d"])
                else:
                    driver.acknowledge()
            at = driver.connection.next_deadline
            assert at is not None
            driver.pass_time(at - driver.now)
        assert numbers == list(range(500))
        for at in times:
            assert sum(at <= other < at + 60 for other in times) <= 120

    def test_that_wait_for_room_are_a_deadline(self) -> None:
        driver = Driver()
        driver.reach(ShardState.AWAITING_HELLO)
        driver.hello(3600.0)
        driver.connection.identify_permitted(driver.now)
        driver.ready()
        for number in range(200):
            driver.connection.send(self.numbered(number), driver.now)
        assert driver.connection.next_deadline == driver.now + 60.0

    def test_can_be_unlimited(self) -> None:
        driver = active(rate_limit_commands=False)
        for number in range(500):
            driver.connection.send(self.numbered(number), driver.now)
        assert len(driver.take_sent()) == 500

    @pytest.mark.parametrize(
        "command",
        [
            Heartbeat(5),
            '{"op":1,"d":null}',
            '{"op":2,"d":{}}',
            '{"op":6,"d":{}}',
            '{"op":3}',
            '{"d":3}',
            '{"op":"3","d":{}}',
            '{"op":true,"d":{}}',
            "[]",
            "{",
            '{"op":3,"d":NaN}',
            "[" * 4000,
            '{"op":3,"d":"\ud800"}',
        ],
    )
    def test_that_cannot_be_sent(self, command: Any) -> None:
        driver = active()
        with pytest.raises(CommandError):
            driver.connection.send(command, driver.now)
        assert driver.take_effects() == []

    def test_of_4096_bytes_is_the_largest(self) -> None:
        driver = active()
        driver.connection.send('{"op":3,"d":"' + "é" * 2040 + 'x"}', driver.now)
        with pytest.raises(CommandTooLarge, match="takes 4097 bytes"):
            driver.connection.send('{"op":3,"d":"' + "x" * (4096 - 14) + '"}', driver.now)
        driver.connection.send('{"op":3,"d":"' + "x" * (4096 - 15) + '"}', driver.now)
        assert len(driver.take_sent()) == 2

    def test_too_many_are_refused(self) -> None:
        driver = Driver(max_queued_commands=2)
        driver.connection.send(self.numbered(1), driver.now)
        driver.connection.send(self.numbered(2), driver.now)
        with pytest.raises(CommandQueueFull):
            driver.connection.send(self.numbered(3), driver.now)

    @pytest.mark.parametrize(
        "state", [ShardState.STOPPING, ShardState.CLOSED, ShardState.FATALLY_CLOSED]
    )
    def test_cannot_be_given_to_what_is_over(self, state: ShardState) -> None:
        driver = Driver()
        driver.reach(state)
        with pytest.raises(ShardClosed, match=state.value):
            driver.connection.send(self.PRESENCE, driver.now)

    def test_that_discord_refuses_is_sent_again(self) -> None:
        driver = active()
        request = RequestGuildMembers(guild_id=7, query="", nonce="n")
        driver.connection.send(request, driver.now)
        (first,) = driver.take_sent()
        meta = {"guild_id": "7", "nonce": "n"}
        driver.dispatch("RATE_LIMITED", {"opcode": 8, "retry_after": 12.5, "meta": meta})
        assert driver.take(CommandRefused) == [CommandRefused(8, 12.5, True)]
        driver.connection.send(RequestGuildMembers(guild_id=7, query=""), driver.now)
        driver.connection.send(RequestGuildMembers(guild_id=8, query=""), driver.now)
        assert [sent["d"]["guild_id"] for sent in driver.take_sent()] == ["8"]
        driver.pass_time(12.4)
        assert driver.take_sent() == []
        driver.pass_time(0.1)
        again, other = driver.take_sent()
        assert again == first
        assert "nonce" not in other["d"]

    @pytest.mark.parametrize("data", [None, [], {}, {"opcode": "8"}])
    def test_a_refusal_without_an_opcode_holds_nothing(self, data: object) -> None:
        driver = active()
        driver.dispatch("RATE_LIMITED", data)
        assert driver.take(CommandRefused) == []
        driver.connection.send(RequestGuildMembers(guild_id=8, query=""), driver.now)
        assert len(driver.take_sent()) == 1

    def test_a_malformed_refusal_is_a_violation(self) -> None:
        driver = active()
        text = '{"t":"RATE_LIMITED","s":2,"op":0,"d":{"x":nope}}'
        driver.connection.receive_frame(text, driver.now)
        assert driver.is_in(ShardState.CLOSING)
        assert driver.connection.sequence == 1
