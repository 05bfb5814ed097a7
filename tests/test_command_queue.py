"""The queue of commands."""

from __future__ import annotations

import json

import pytest

from gateway_core.command_queue import CommandQueue, check_command
from gateway_core.commands import (
    Command,
    Heartbeat,
    RequestGuildMembers,
    UpdatePresence,
    UpdateVoiceState,
)
from gateway_core.errors import CommandError, CommandQueueFull
from gateway_core.ratelimit import CommandRateLimiter
from gateway_core.received import Refusal


def make(limit: int = 120, size: int = 1000, *, limited: bool = True) -> CommandQueue:
    return CommandQueue(CommandRateLimiter(limit), size, limited=limited)


def request(guild: int, nonce: str | None = None) -> RequestGuildMembers:
    return RequestGuildMembers(guild_id=guild, query="", nonce=nonce)


def take_all(queue: CommandQueue, now: float) -> list[str]:
    """Take what may be sent, and give the guild ids, or the opcodes of others."""
    taken = []
    while (text := queue.take(now)) is not None:
        message = json.loads(text)
        taken.append(message["d"].get("guild_id", str(message["op"])))
    return taken


def test_first_in_first_out() -> None:
    queue = make()
    assert queue.next_at(0.0) is None
    queue.put(UpdatePresence())
    queue.put(request(1))
    queue.put('{"op":43,"d":{"guild_id":"2"}}')
    assert len(queue) == 3
    assert queue.next_at(0.0) == 0.0
    assert take_all(queue, 0.0) == ["3", "1", "2"]
    assert queue.next_at(0.0) is None


def test_waits_for_room_and_leaves_some() -> None:
    queue = make(limit=5)
    queue.reserve = 2
    for guild in range(6):
        queue.put(request(guild))
    assert take_all(queue, 0.0) == ["0", "1", "2"]
    assert queue.next_at(1.0) == 60.0
    assert take_all(queue, 59.9) == []
    assert take_all(queue, 60.0) == ["3", "4", "5"]


def test_unlimited_still_counts() -> None:
    limiter = CommandRateLimiter(2)
    queue = CommandQueue(limiter, 10, limited=False)
    for guild in range(4):
        queue.put(request(guild))
    assert queue.next_at(0.0) == 0.0
    assert len(take_all(queue, 0.0)) == 4
    assert limiter.available(0.0) == 0


def test_gives_all_up_with_what_is_held() -> None:
    queue = make()
    queue.put(UpdatePresence())
    queue.put(request(2))
    queue.refused(Refusal(8, "1", None, 60.0), 0.0)
    queue.put(request(1))
    texts = queue.take_all()
    assert [json.loads(text)["d"].get("guild_id") for text in texts] == ["1", None, "2"]
    assert len(queue) == 0
    assert queue.next_at(0.0) is None


def test_is_bounded_with_what_is_held() -> None:
    queue = make(size=2)
    queue.refused(Refusal(8, "1", None, 10.0), 0.0)
    queue.put(request(1))
    queue.put(request(2))
    with pytest.raises(CommandQueueFull, match="2 commands wait"):
        queue.put(request(3))


class TestRefused:
    def test_the_refused_one_goes_first_and_others_overtake(self) -> None:
        queue = make()
        queue.put(request(1, "a"))
        assert take_all(queue, 0.0) == ["1"]
        queue.put(request(1, "b"))
        queue.put(request(2))
        queue.put(UpdateVoiceState(1, None))
        assert queue.refused(Refusal(8, "1", "a", 5.0), 0.0)
        queue.put(request(1, "c"))
        assert take_all(queue, 0.0) == ["2", "1"]
        assert queue.next_at(0.0) == 5.0
        queue.put(request(3))
        assert queue.next_at(4.0) == 4.0
        queue.put(request(1, "d"))
        nonces = []
        while (text := queue.take(5.0)) is not None:
            nonces.append(json.loads(text)["d"].get("nonce"))
        assert nonces == ["a", "b", "c", "d", None]

    def test_unknown_ones_only_hold(self) -> None:
        queue = make()
        queue.put(request(1, "a"))
        take_all(queue, 0.0)
        assert not queue.refused(Refusal(8, "1", "other", 5.0), 0.0)
        assert not queue.refused(Refusal(8, "2", "a", 5.0), 0.0)
        assert not queue.refused(Refusal(31, None, None, 5.0), 0.0)
        assert len(queue) == 0
        assert queue.next_at(0.0) == 5.0
        assert take_all(queue, 5.0) == []
        assert queue.next_at(5.0) is None

    def test_twice_is_sent_again_twice(self) -> None:
        queue = make()
        queue.put(request(1, "a"))
        for now in (0.0, 10.0, 20.0):
            assert take_all(queue, now) == ["1"]
            assert queue.refused(Refusal(8, "1", "a", 10.0), now)
            assert not queue.refused(Refusal(8, "1", "a", 10.0), now)

    def test_a_longer_hold_wins(self) -> None:
        queue = make()
        queue.refused(Refusal(8, "1", None, 10.0), 0.0)
        queue.refused(Refusal(8, "1", None, 2.0), 0.0)
        assert queue.next_at(0.0) == 10.0

    def test_without_a_guild_holds_all_of_the_kind(self) -> None:
        queue = make()
        queue.put(request(1))
        queue.put(UpdatePresence())
        assert not queue.refused(Refusal(8, None, None, 5.0), 0.0)
        queue.put(request(2))
        assert take_all(queue, 0.0) == ["3"]
        assert take_all(queue, 5.0) == ["1", "2"]

    def test_only_the_latest_sent_are_remembered(self) -> None:
        queue = make(limit=1000)
        for guild in range(200):
            queue.put(request(guild))
        take_all(queue, 0.0)
        assert not queue.refused(Refusal(8, "71", None, 1.0), 0.0)
        assert queue.refused(Refusal(8, "72", None, 1.0), 0.0)

    def test_sent_twice_is_remembered_for_longer(self) -> None:
        queue = make(limit=1000)
        for guild in [*range(100), 0, *range(100, 200)]:
            queue.put(request(guild))
        take_all(queue, 0.0)
        assert queue.refused(Refusal(8, "0", None, 1.0), 0.0)

    def test_given_as_text(self) -> None:
        for nonce, known in (('"n"', "n"), ("[]", None)):
            queue = make()
            queue.put('{"op":8,"d":{"guild_id":"1","nonce":' + nonce + "}}")
            take_all(queue, 0.0)
            assert queue.refused(Refusal(8, "1", known, 1.0), 0.0)


class TestCheckCommand:
    @pytest.mark.parametrize(
        "command", ["not JSON", '{"op": 3}', '{"op": 1, "d": null}', Heartbeat(1), "x" * 4_097]
    )
    def test_refuses_what_the_queue_does(self, command: Command | str) -> None:
        with pytest.raises(CommandError):
            check_command(command)
        with pytest.raises(CommandError):
            CommandQueue(CommandRateLimiter(), 10, limited=True).put(command)

    def test_lets_pass_what_can_be_sent(self) -> None:
        check_command(UpdatePresence())
        check_command('{"op": 3, "d": null}')
