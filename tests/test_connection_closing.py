"""Closing, violations, and what must not be seen."""

from __future__ import annotations

import json
import zlib

import pytest

from core_driver import (
    RESUME_URL,
    STORED,
    TOKEN,
    Abort,
    Close,
    Driver,
    SendText,
    active,
    message,
)
from gateway_core.events import (
    Closed,
    Disconnected,
    ProtocolViolation,
    SessionInvalidated,
)
from gateway_core.session import Session
from gateway_core.sharding import ShardState


class TestClosing:
    def test_for_good_ends_the_session(self) -> None:
        driver = active()
        driver.connection.close(driver.now, resumable=False)
        assert driver.take_effects() == [Close(1000, "")]
        driver.dispatch()
        driver.lose(1000)
        assert driver.take_events() == [
            Disconnected(1000, "closed by the user", False),
            Closed(),
        ]
        assert driver.connection.session is None
        assert driver.connection.consumed_session is None

    def test_resumably_keeps_it(self) -> None:
        driver = active()
        driver.connection.close(driver.now, resumable=True)
        assert driver.take_effects() == [Close(4000, "")]
        driver.lose(4000)
        assert driver.take_events()[-1] == Closed()
        assert driver.connection.session == Session("fresh", 1, RESUME_URL)

    def test_takes_no_longer_than_its_time(self) -> None:
        driver = active(close_timeout=2.0)
        driver.connection.close(driver.now, resumable=True)
        driver.forget()
        driver.pass_time(2.0)
        assert driver.take_effects() == [Abort()]
        assert driver.take_events()[-1] == Closed()

    def test_to_reconnect_takes_no_longer_than_its_time(self) -> None:
        driver = active(close_timeout=2.0)
        driver.serve(7)
        driver.forget()
        driver.pass_time(2.0)
        assert driver.take_effects() == [Abort()]
        reason = "Discord asked to reconnect (opcode 7)"
        assert driver.take(Disconnected) == [Disconnected(4000, reason, True)]
        assert driver.is_in(ShardState.WAITING)

    def test_what_comes_afterwards_is_ignored(self) -> None:
        driver = active()
        driver.serve(7)
        driver.forget()
        driver.dispatch()
        driver.serve(1)
        driver.connection.receive_frame("garbage", driver.now)
        driver.connection.receive(message(0, {}, 2, "LATE"), driver.now)
        driver.connection.receive(message(10, None), driver.now)
        assert driver.take_effects() == []
        assert driver.take_events() == []
        assert driver.connection.sequence == 1

    def test_while_connecting_aborts(self) -> None:
        driver = Driver()
        driver.reach(ShardState.CONNECTING)
        driver.connection.close(driver.now, resumable=False)
        assert driver.take_effects() == [Abort()]
        assert driver.take_events() == [Closed()]

    @pytest.mark.parametrize("resumable", [True, False])
    def test_while_waiting_keeps_or_forgets_the_session(self, resumable: bool) -> None:
        driver = active()
        driver.lose()
        driver.forget()
        driver.connection.close(driver.now, resumable=resumable)
        assert driver.take_events() == [Closed()]
        assert (driver.connection.session is not None) == resumable

    def test_for_good_while_already_closing(self) -> None:
        driver = active()
        driver.serve(7)
        driver.connection.close(driver.now, resumable=False)
        driver.lose(4000)
        assert driver.take_events()[-1] == Closed()
        assert driver.connection.session is None


class TestViolations:
    @pytest.mark.parametrize("frame", ["nonsense", "[]", '{"op":"x"}', b"\xff\xfe"])
    def test_what_cannot_be_decoded_costs_the_connection_not_the_session(
        self, frame: str | bytes
    ) -> None:
        driver = active()
        driver.connection.receive_frame(frame, driver.now)
        assert driver.take_effects() == [Close(4000, "")]
        (violation,) = driver.take_events()
        assert isinstance(violation, ProtocolViolation)
        assert violation.error.__cause__ is not None
        driver.lose()
        driver.reconnect()
        driver.hello()
        assert driver.is_in(ShardState.RESUMING)

    def test_what_no_resume_gets_past_costs_the_session(self) -> None:
        driver = active()
        for _ in range(2):  # as it comes, and as it is replayed
            driver.connection.receive_frame("nonsense", driver.now)
            assert driver.take_effects() == [Close(4000, "")]
            assert len(driver.take(ProtocolViolation)) == 1
            driver.lose()
            driver.reconnect()
            driver.hello()
            assert driver.is_in(ShardState.RESUMING)
            driver.take_effects()
        driver.take_events()
        driver.connection.receive_frame("nonsense", driver.now)
        assert driver.take_effects() == [Close(1000, "")]
        violation, invalidated = driver.take_events()
        assert isinstance(violation, ProtocolViolation)
        assert "no resume gets past it" in str(violation.error)
        assert invalidated == SessionInvalidated(resumable=False)
        driver.lose()
        driver.reconnect()
        driver.hello()
        assert driver.is_in(ShardState.AWAITING_PERMIT)

    def test_a_resume_that_gets_further_is_tried_again(self) -> None:
        driver = active()
        for _ in range(5):
            driver.connection.receive_frame("nonsense", driver.now)
            driver.lose()
            driver.reconnect()
            driver.hello()
            assert driver.is_in(ShardState.RESUMING)
            driver.dispatch()

    def test_text_in_a_compressed_stream(self) -> None:
        driver = Driver(compression="zlib-stream")
        driver.reach(ShardState.AWAITING_HELLO)
        driver.hello()
        (violation,) = driver.take(ProtocolViolation)
        assert "text frame" in str(violation.error)

    def test_each_connection_begins_with_a_fresh_decoder(self) -> None:
        driver = Driver(compression="zlib-stream")
        driver.reach(ShardState.AWAITING_HELLO)
        driver.connection.receive_frame(b"not zlib", driver.now)
        driver.lose()
        driver.reconnect()
        stream = zlib.compressobj()
        text = json.dumps({"op": 10, "d": {"heartbeat_interval": 40000}}).encode()
        frame = stream.compress(text) + stream.flush(zlib.Z_SYNC_FLUSH)
        driver.connection.receive_frame(frame[:9], driver.now)
        assert driver.is_in(ShardState.AWAITING_HELLO)
        driver.connection.receive_frame(frame[9:], driver.now)
        assert driver.is_in(ShardState.AWAITING_PERMIT)


class TestSecrets:
    def test_the_token_is_in_no_repr(self) -> None:
        driver = Driver(session=STORED)
        driver.reach(ShardState.AWAITING_HELLO)
        driver.hello()
        driver.serve(9, False)
        driver.lose()
        driver.reconnect()
        driver.hello()
        driver.connection.identify_permitted(driver.now)
        driver.connection.receive_frame("garbage", driver.now)
        effects, events = driver.take_effects(), driver.take_events()
        assert sum(TOKEN in effect.text for effect in effects if isinstance(effect, SendText)) == 2
        assert TOKEN not in repr([effects, events, driver.connection])
        assert repr(driver.connection) == "<GatewayConnection shard 0/1, closing>"
