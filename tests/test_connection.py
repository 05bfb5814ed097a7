"""A connection's life, replayed on a clock that is turned by hand."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from core_driver import (
    INTERVAL,
    RESUME_URL,
    STORED,
    TOKEN,
    Abort,
    CancelIdentifyPermit,
    Close,
    Connect,
    Driver,
    RequestPermit,
    SendText,
    message,
)
from gateway_core.commands import Activity, Heartbeat, RequestGuildMembers, UpdatePresence
from gateway_core.decoding import Payload
from gateway_core.errors import (
    CommandError,
    CommandQueueFull,
    CommandTooLarge,
    FatalClose,
    LocalProtocolError,
    SessionStartLimitReached,
    ShardClosed,
)
from gateway_core.events import (
    Closed,
    CommandRefused,
    Connected,
    Connecting,
    Disconnected,
    FatallyClosed,
    IdentifyDenied,
    Identifying,
    ProbeConfirmed,
    ProtocolViolation,
    Ready,
    Reconnecting,
    Resumed,
    ResumeUrlAbandoned,
    Resuming,
    SequenceGap,
    SessionInvalidated,
    UnknownOpcode,
)
from gateway_core.intents import Intents
from gateway_core.session import Session
from gateway_core.sharding import ShardState

QUERY = "/?v=10&encoding=json"


def active(**config: Any) -> Driver:
    driver = Driver(**config)
    driver.reach(ShardState.ACTIVE)
    return driver


class TestConnecting:
    @pytest.mark.parametrize(
        ("config", "url"),
        [
            ({}, "wss://gateway.discord.gg/?v=10&encoding=json"),
            (
                {"compression": "zlib-stream"},
                "wss://gateway.discord.gg/?v=10&encoding=json&compress=zlib-stream",
            ),
            ({"compression": "zlib-payload"}, "wss://gateway.discord.gg/?v=10&encoding=json"),
            (
                {"gateway_url": "ws://proxy:7878/path?key=1&v=9"},
                "ws://proxy:7878/path?key=1&v=10&encoding=json",
            ),
        ],
    )
    def test_where_to(self, config: dict[str, Any], url: str) -> None:
        driver = Driver(**config)
        driver.connection.start(driver.now)
        assert driver.take_effects() == [Connect(url)]
        assert driver.take_events() == [Connecting(url)]

    def test_a_stored_session_is_resumed_at_its_url(self) -> None:
        driver = Driver(session=STORED)
        driver.connection.start(driver.now)
        assert driver.take_effects() == [Connect(RESUME_URL + QUERY)]

    def test_a_failure_is_reported_and_tried_again(self) -> None:
        driver = Driver()
        driver.reach(ShardState.CONNECTING)
        driver.connection.connect_failed(driver.now, "no such host")
        assert driver.take_events() == [
            Disconnected(None, "no such host", False),
            Reconnecting(0.5),
        ]
        driver.pass_time(0.49)
        assert driver.take_effects() == []
        driver.pass_time(0.02)
        assert [type(effect) for effect in driver.take_effects()] == [Connect]

    def test_takes_no_longer_than_its_time(self) -> None:
        driver = Driver(connect_timeout=7.0)
        driver.reach(ShardState.CONNECTING)
        driver.pass_time(6.9)
        assert driver.take_effects() == []
        driver.pass_time(0.1)
        assert driver.take_effects() == [Abort()]
        reason = "the connection was not made in time"
        assert driver.take_events() == [Disconnected(None, reason, False), Reconnecting(0.5)]

    def test_open(self) -> None:
        driver = Driver()
        driver.reach(ShardState.CONNECTING)
        driver.connection.connected(driver.now)
        assert driver.take_events() == [Connected()]
        assert driver.take_effects() == []


class TestHello:
    def test_without_a_session_a_permit_is_asked_for(self) -> None:
        driver = Driver()
        driver.reach(ShardState.AWAITING_HELLO)
        driver.hello()
        assert driver.take_effects() == [RequestPermit()]

    def test_with_a_session_resume_is_sent_at_once(self) -> None:
        driver = Driver(session=STORED)
        driver.reach(ShardState.AWAITING_HELLO)
        driver.hello()
        resume = {"token": TOKEN, "session_id": "stored", "seq": 100}
        assert driver.take_sent() == [{"op": 6, "d": resume}]
        assert driver.take_events() == [Resuming(STORED)]

    def test_that_does_not_come(self) -> None:
        for session, code in ((None, 1000), (STORED, 4000)):
            driver = Driver(session=session, hello_timeout=3.0)
            driver.reach(ShardState.AWAITING_HELLO)
            driver.pass_time(3.0)
            assert driver.take_effects() == [Close(code, "")]
            driver.lose(code)
            assert driver.take(Disconnected) == [
                Disconnected(code, "hello did not come in time", session is not None)
            ]

    @pytest.mark.parametrize(
        "data",
        [
            None,
            [],
            {},
            {"heartbeat_interval": None},
            {"heartbeat_interval": "41250"},
            {"heartbeat_interval": 0},
            {"heartbeat_interval": -5},
            {"heartbeat_interval": True},
            {"heartbeat_interval": 1e300},
            {"heartbeat_interval": 10**400},
        ],
    )
    def test_that_says_nothing_usable(self, data: object) -> None:
        driver = Driver()
        driver.reach(ShardState.AWAITING_HELLO)
        driver.serve(10, data)
        assert driver.take_effects() == [Close(1000, "")]
        (violation,) = driver.take(ProtocolViolation)
        assert "heartbeat_interval" in str(violation.error)

    def test_a_second_one_changes_nothing(self) -> None:
        driver = active()
        deadline = driver.connection.next_deadline
        driver.hello(1.0)
        assert driver.connection.next_deadline == deadline
        (violation,) = driver.take(ProtocolViolation)
        assert str(violation.error) == "HELLO came while active; it is ignored"


class TestHeartbeats:
    @pytest.mark.parametrize("jitter", [0.0, 0.25, 0.999])
    def test_the_first_is_jittered_and_the_others_are_regular(self, jitter: float) -> None:
        driver = Driver(random=jitter)
        driver.reach(ShardState.AWAITING_PERMIT)
        begin = driver.now
        driver.pass_time(INTERVAL * jitter)
        for beat in range(4):
            assert driver.take_sent() == [{"op": 1, "d": None}]
            driver.acknowledge()
            driver.pass_time(INTERVAL - 0.01)
            assert driver.take_sent() == []
            driver.pass_time(0.01)
            assert driver.now == pytest.approx(begin + INTERVAL * (jitter + beat + 1))

    def test_carry_the_last_sequence(self) -> None:
        driver = active()
        driver.dispatch()
        driver.pass_time(INTERVAL)
        assert driver.take_sent() == [{"op": 1, "d": 2}]

    def test_of_a_new_session_do_not_carry_the_old_sequence(self) -> None:
        driver = active()
        driver.lose(4009)
        driver.reconnect()
        driver.hello()
        driver.forget()
        driver.pass_time(INTERVAL / 2)
        assert driver.take_sent() == [{"op": 1, "d": None}]

    def test_go_on_while_the_permit_is_long_in_coming(self) -> None:
        driver = Driver()
        driver.reach(ShardState.AWAITING_PERMIT)
        for _ in range(90):
            driver.pass_time(INTERVAL)
            assert len(driver.take_sent()) == 1
            driver.acknowledge()
        assert driver.is_in(ShardState.AWAITING_PERMIT)

    def test_on_request_are_sent_at_once_and_shift_nothing(self) -> None:
        driver = active()
        driver.acknowledge()
        driver.pass_time(INTERVAL / 2 - 1)
        driver.serve(1)
        assert driver.take_sent() == [{"op": 1, "d": 1}]
        driver.pass_time(1)
        assert driver.take_sent() == [{"op": 1, "d": 1}]

    def test_a_requested_one_just_before_the_interval_is_no_zombie(self) -> None:
        driver = active()
        driver.pass_time(INTERVAL / 2)
        driver.acknowledge()
        driver.pass_time(INTERVAL - 0.1)
        driver.serve(1)
        driver.pass_time(0.2)
        assert driver.is_in(ShardState.ACTIVE)
        assert len(driver.take_sent()) == 3

    def test_a_flood_of_requests_is_answered_within_the_limit_and_merged(self) -> None:
        driver = active(random=0.25)
        for _ in range(1000):
            driver.serve(1)
        at_once = len(driver.take_sent())
        assert 100 < at_once < 118
        driver.pass_time(INTERVAL / 4)
        assert len(driver.take_sent()) == 1  # of the interval; it also answers the requests
        driver.acknowledge()
        driver.pass_time(INTERVAL - 1)
        for _ in range(1000):
            driver.serve(1)
        assert driver.take_sent() == []
        driver.pass_time(1)
        assert len(driver.take_sent()) == 1  # of the interval again
        driver.acknowledge()
        for _ in range(1000):
            driver.serve(1)
        driver.pass_time(60 - INTERVAL * 1.25 - 0.1)
        assert driver.take_sent() == []
        driver.pass_time(0.1)
        assert len(driver.take_sent()) == 1  # on request, when room came
        driver.pass_time(20)
        assert driver.take_sent() == []
        assert driver.is_in(ShardState.ACTIVE)

    def test_a_connection_that_confirms_nothing_is_left_and_resumed(self) -> None:
        driver = active()
        driver.pass_time(INTERVAL * 1.5 - 0.01)
        assert driver.is_in(ShardState.ACTIVE)
        driver.forget()
        driver.pass_time(0.01)
        assert driver.take_effects() == [Close(4000, "")]
        driver.lose(4000)
        reason = "no heartbeat was confirmed between two of them"
        assert driver.take(Disconnected) == [Disconnected(4000, reason, True)]
        driver.reconnect()
        driver.hello()
        assert driver.take(Resuming) == [Resuming(Session("fresh", 1, RESUME_URL))]

    def test_a_wake_up_that_comes_late_is_not_the_servers_fault(self) -> None:
        driver = active()
        driver.pass_time(INTERVAL / 2)
        driver.now += INTERVAL * 3
        driver.connection.wake(driver.now)
        assert len(driver.take_sent()) == 2
        assert driver.is_in(ShardState.ACTIVE)
        driver.pass_time(INTERVAL)
        assert driver.is_in(ShardState.CLOSING)

    def test_while_reading_is_paused_nothing_is_judged(self) -> None:
        driver = active()
        driver.connection.reading_paused(driver.now)
        driver.pass_time(INTERVAL * 10)
        assert len(driver.take_sent()) == 10
        driver.connection.reading_resumed(driver.now)
        driver.pass_time(INTERVAL)
        assert driver.is_in(ShardState.ACTIVE)
        driver.pass_time(INTERVAL / 2)
        assert driver.is_in(ShardState.CLOSING)
        assert driver.connection.latency.measured == 0

    def test_while_reading_is_paused_nothing_is_measured(self) -> None:
        driver = active()
        driver.connection.reading_paused(driver.now)
        driver.pass_time(INTERVAL)
        driver.connection.reading_resumed(driver.now)
        driver.acknowledge()
        assert driver.connection.latency.measured == 0

    def test_reading_that_was_paused_before_hello_stays_paused(self) -> None:
        driver = Driver()
        driver.reach(ShardState.AWAITING_HELLO)
        driver.connection.reading_paused(driver.now)
        driver.hello()
        driver.pass_time(INTERVAL * 5)
        assert driver.is_in(ShardState.AWAITING_PERMIT)

    def test_a_new_connection_is_read_again(self) -> None:
        driver = active()
        driver.connection.reading_paused(driver.now)
        driver.lose()
        driver.reconnect()
        driver.hello()
        driver.pass_time(INTERVAL * 1.4)
        driver.connection.reading_resumed(driver.now)  # not paused: nothing happens
        driver.pass_time(INTERVAL * 0.1)
        assert driver.is_in(ShardState.CLOSING)

    def test_latency(self) -> None:
        driver = active()
        driver.pass_time(INTERVAL / 2)
        driver.pass_time(0.25)
        driver.acknowledge()
        assert driver.connection.latency.recent == (0.25,)
        assert driver.connection.latency.average == 0.25

    def test_confirmations_that_nobody_asked_for_are_harmless(self) -> None:
        driver = active()
        driver.acknowledge()
        driver.acknowledge()
        assert driver.connection.latency.measured == 0
        assert driver.take_events() == []


class TestIdentify:
    def test_is_sent_with_the_permit_and_says_what_was_configured(self) -> None:
        driver = Driver(
            intents=Intents.GUILDS | Intents.GUILD_MESSAGES,
            large_threshold=100,
            presence=UpdatePresence("idle", (Activity("tests"),)),
            compression="zlib-payload",
        )
        driver.reach(ShardState.AWAITING_PERMIT)
        driver.connection.identify_permitted(driver.now)
        ((sent),) = driver.take_sent()
        assert sent["op"] == 2
        data = sent["d"]
        assert set(data.pop("properties")) == {"os", "browser", "device"}
        assert data == {
            "token": TOKEN,
            "intents": 513,
            "compress": True,
            "large_threshold": 100,
            "shard": [0, 1],
            "presence": {
                "since": None,
                "activities": [{"name": "tests", "type": 0}],
                "status": "idle",
                "afk": False,
            },
        }
        assert driver.take_events() == [Identifying()]

    def test_too_much_to_identify_with_is_refused_when_made(self) -> None:
        with pytest.raises(CommandTooLarge, match="Identify takes"):
            Driver(presence=UpdatePresence("idle", (Activity("x" * 4096),)))

    def test_a_permit_is_good_for_one(self) -> None:
        driver = Driver()
        driver.reach(ShardState.IDENTIFYING)
        driver.connection.identify_permitted(driver.now)
        assert driver.take_effects() == []

    @pytest.mark.parametrize(
        "leave",
        ["lost", "lost fatally", "op 7", "op 9", "zombie", "garbage", "close", "close resumable"],
    )
    def test_a_connection_that_dies_gives_its_place_up(self, leave: str) -> None:
        driver = Driver()
        driver.reach(ShardState.AWAITING_PERMIT)
        match leave:
            case "lost":
                driver.lose()
            case "lost fatally":
                driver.lose(4010)
            case "op 7":
                driver.serve(7)
            case "op 9":
                driver.serve(9, False)
            case "zombie":
                driver.pass_time(INTERVAL * 1.5)
            case "garbage":
                driver.connection.receive_frame("{", driver.now)
            case _:
                driver.connection.close(driver.now, resumable=leave == "close resumable")
        effects = [effect for effect in driver.take_effects() if not isinstance(effect, SendText)]
        assert effects[0] == CancelIdentifyPermit()
        assert effects.count(CancelIdentifyPermit()) == 1

    def test_a_permit_that_comes_too_late_is_not_used(self) -> None:
        driver = Driver()
        driver.reach(ShardState.AWAITING_PERMIT)
        driver.lose()
        driver.connection.identify_permitted(driver.now)
        driver.reconnect()
        driver.forget()
        driver.hello()
        assert driver.take_effects() == [RequestPermit()]

    def test_denied_the_connection_is_left_for_as_long_as_it_takes(self) -> None:
        driver = Driver()
        driver.reach(ShardState.AWAITING_PERMIT)
        driver.connection.identify_denied(driver.now, 3600.0)
        assert driver.take_effects() == [Close(1000, "")]
        assert driver.take_events() == [IdentifyDenied(3600.0)]
        driver.lose(1000)
        reason = "no identify is left for now"
        assert driver.take_events() == [Disconnected(1000, reason, False), Reconnecting(3600.0)]
        driver.reconnect()
        driver.forget()
        driver.hello()
        assert driver.take_effects() == [RequestPermit()]

    def test_a_denial_that_comes_too_late_delays_nothing(self) -> None:
        driver = Driver()
        driver.reach(ShardState.CLOSING)
        driver.connection.identify_denied(driver.now, 3600.0)
        driver.lose(1000)
        assert driver.take(Reconnecting) == [Reconnecting(0.5)]

    def test_denied_for_less_than_no_time(self) -> None:
        driver = Driver()
        driver.reach(ShardState.AWAITING_PERMIT)
        driver.connection.identify_denied(driver.now, -5.0)
        assert driver.take(IdentifyDenied) == [IdentifyDenied(0.0)]

    def test_refused_it_is_over(self) -> None:
        driver = Driver()
        driver.reach(ShardState.AWAITING_PERMIT)
        driver.connection.identify_denied(driver.now, None)
        assert driver.take_effects() == [Abort()]
        lost, failed = driver.take_events()
        assert lost == Disconnected(None, "the session start limit is reached", False)
        assert isinstance(failed, FatallyClosed)
        assert isinstance(failed.error, SessionStartLimitReached)
        assert "GET /gateway/bot" in str(failed.error)

    def test_ready_that_does_not_come(self) -> None:
        driver = Driver(ready_timeout=100.0)
        driver.reach(ShardState.IDENTIFYING)
        for _ in range(9):
            driver.pass_time(10.0)
            driver.acknowledge()
        assert driver.is_in(ShardState.IDENTIFYING)
        driver.pass_time(10.0)
        driver.lose(1000)
        reason = "READY did not come in time"
        assert driver.take(Disconnected) == [Disconnected(1000, reason, False)]

    def test_refused_by_opcode_9_the_next_comes_later(self) -> None:
        driver = Driver(random=0.0)
        driver.reach(ShardState.IDENTIFYING)
        driver.serve(9, False)
        assert driver.take_effects() == [Close(1000, "")]
        driver.lose(1000)
        assert driver.take_events() == [
            Disconnected(1000, "Discord refused the session (opcode 9)", False),
            Reconnecting(1.0),
        ]


class TestReady:
    def test_makes_a_session(self) -> None:
        driver = Driver()
        driver.reach(ShardState.IDENTIFYING)
        driver.ready()
        session = Session("fresh", 1, RESUME_URL)
        ready, payload = driver.take_events()
        assert ready == Ready(session)
        assert isinstance(payload, Payload)
        assert payload.t == "READY"
        assert driver.connection.session == session

    @pytest.mark.parametrize("data", [None, [], {}, {"session_id": 5}, {"session_id": ""}])
    def test_without_a_session_id_is_lived_with(self, data: object) -> None:
        driver = Driver()
        driver.reach(ShardState.IDENTIFYING)
        driver.serve(0, data, 1, "READY")
        assert driver.take(Ready) == [Ready(None)]
        driver.sequence = 1
        driver.dispatch()
        assert driver.take_names() == ["MESSAGE_CREATE"]
        assert driver.connection.session is None
        driver.serve(7)
        assert driver.take_effects() == [Close(1000, "")]

    @pytest.mark.parametrize("sequence", [None, 0, -3])
    def test_with_an_odd_sequence(self, sequence: int | None) -> None:
        driver = Driver()
        driver.reach(ShardState.IDENTIFYING)
        driver.serve(0, {"session_id": "odd"}, sequence, "READY")
        assert driver.connection.session == Session("odd", 0, None)

    def test_malformed_is_a_violation(self) -> None:
        driver = Driver()
        driver.reach(ShardState.IDENTIFYING)
        driver.connection.receive_frame('{"t":"READY","s":1,"op":0,"d":{"x":nope}}', driver.now)
        assert driver.is_in(ShardState.CLOSING)
        assert driver.connection.session is None
        assert len(driver.take(ProtocolViolation)) == 1

    @pytest.mark.parametrize(
        "url", ["http://resume.example", "resume.example", "wss://", 7, "ws://plain.example", None]
    )
    def test_with_a_resume_url_that_cannot_be_used(self, url: object) -> None:
        driver = Driver()
        driver.reach(ShardState.IDENTIFYING)
        driver.serve(0, {"session_id": "a", "resume_gateway_url": url}, 1, "READY")
        assert driver.connection.session == Session("a", 1, None)
        driver.lose()
        driver.reconnect()
        assert Connect("wss://gateway.discord.gg" + QUERY) in driver.take_effects()

    def test_unencrypted_resume_urls_are_for_unencrypted_gateways(self) -> None:
        driver = Driver(gateway_url="ws://localhost:1")
        driver.reach(ShardState.IDENTIFYING)
        driver.ready(resume_url="ws://localhost:2")
        assert driver.connection.session == Session("fresh", 1, "ws://localhost:2")

    def test_in_answer_to_resume_begins_a_new_session(self) -> None:
        driver = Driver(session=STORED)
        driver.reach(ShardState.RESUMING)
        driver.ready()
        assert driver.is_in(ShardState.ACTIVE)
        assert driver.connection.session == Session("fresh", 1, RESUME_URL)

    def test_before_identify_is_reported_only(self) -> None:
        driver = Driver()
        driver.reach(ShardState.AWAITING_PERMIT)
        driver.ready()
        (violation,) = driver.take_events()
        assert isinstance(violation, ProtocolViolation)
        assert str(violation.error) == "READY came while awaiting permit; it is ignored"


class TestDispatches:
    def test_are_handed_on_in_order(self) -> None:
        driver = active()
        for name in "ABC":
            driver.dispatch(name)
        assert driver.take_names() == ["A", "B", "C"]
        assert driver.connection.sequence == 4

    def test_unwanted_ones_only_move_the_sequence(self) -> None:
        driver = active(wanted=frozenset({"A", "RESUMED"}))
        for name in "ABA":
            driver.dispatch(name)
        assert driver.take_names() == ["A", "A"]
        assert driver.connection.sequence == 4
        driver.dispatch("RATE_LIMITED", {"opcode": 8, "retry_after": 1, "meta": {}})
        assert driver.take_names() == []

    def test_ready_and_resumed_are_filtered_as_others_are(self) -> None:
        driver = Driver(wanted={"RESUMED"})
        driver.reach(ShardState.IDENTIFYING)
        driver.ready()
        assert driver.take_names() == []
        driver.lose()
        driver.reconnect()
        driver.hello()
        driver.dispatch("RESUMED")
        assert driver.take_names() == ["RESUMED"]

    def test_skipped_numbers_are_reported(self) -> None:
        driver = active()
        driver.sequence = 10
        driver.dispatch("LATER")
        gap, payload = driver.take_events()
        assert gap == SequenceGap(expected=2, received=11)
        assert isinstance(payload, Payload)
        assert driver.connection.sequence == 11

    def test_repetitions_are_dropped_and_reported(self) -> None:
        driver = active()
        driver.dispatch()
        driver.forget()
        driver.serve(0, {}, 2, "MESSAGE_CREATE")
        driver.serve(0, {}, -1, "MESSAGE_CREATE")
        assert driver.take_events() == [SequenceGap(3, 2), SequenceGap(3, -1)]
        assert driver.connection.sequence == 2

    def test_without_a_number_are_handed_on(self) -> None:
        driver = active()
        driver.serve(0, {}, None, "ODD")
        assert driver.take_names() == ["ODD"]
        assert driver.connection.sequence == 1

    def test_decoded_elsewhere(self) -> None:
        driver = active()
        driver.connection.receive(message(0, {}, 2, "ELSEWHERE"), driver.now)
        assert driver.take_names() == ["ELSEWHERE"]

    def test_an_unknown_opcode_is_reported_and_survived(self) -> None:
        driver = active()
        for op in (2, 99):
            driver.serve(op, "what?")
            (event,) = driver.take_events()
            assert isinstance(event, UnknownOpcode)
            assert event.op == event.payload.op == op
        assert driver.is_in(ShardState.ACTIVE)

    def test_resumed_out_of_place_is_a_dispatch_like_others(self) -> None:
        driver = active()
        driver.dispatch("RESUMED")
        assert driver.take_names() == ["RESUMED"]


class TestDivert:
    def test_some_are_taken_from_the_user(self) -> None:
        driver = active(wanted=frozenset({"A", "B"}))
        offered: list[str | None] = []

        def take(payload: Payload) -> bool:
            offered.append(payload.t)
            return bool(payload.d == {"mine": True})

        driver.connection.divert({"A", "C"}, take)
        driver.dispatch("A", {"mine": True})
        driver.dispatch("A")
        driver.dispatch("B", {"mine": True})
        driver.dispatch("C", {"mine": True})
        driver.dispatch("C")
        assert offered == ["A", "A", "C", "C"]
        assert driver.take_names() == ["A", "B"]
        assert driver.connection.sequence == 6
        assert driver.connection.pending == 2  # READY was filtered out

    def test_the_last_call_counts(self) -> None:
        driver = active()
        driver.connection.divert({"A"}, lambda payload: True)
        driver.connection.divert({"B"}, lambda payload: True)
        driver.dispatch("A")
        driver.dispatch("B")
        assert driver.take_names() == ["A"]


class TestProbe:
    def test_is_confirmed_behind_what_was_sent_before(self) -> None:
        driver = active()
        driver.connection.probe(driver.now)
        assert driver.take_sent() == [{"op": 1, "d": 1}]
        driver.dispatch()
        assert driver.take(ProbeConfirmed) == []
        driver.acknowledge()
        assert driver.take_events() == [ProbeConfirmed()]
        driver.acknowledge()
        assert driver.take_events() == []

    def test_is_not_confirmed_by_what_an_earlier_heartbeat_asked_for(self) -> None:
        driver = active()
        driver.serve(1)
        driver.connection.probe(driver.now)
        driver.acknowledge()
        assert driver.take(ProbeConfirmed) == []
        driver.acknowledge()
        assert driver.take(ProbeConfirmed) == [ProbeConfirmed()]

    def test_waits_for_room(self) -> None:
        driver = active()
        for _ in range(200):
            driver.serve(1)
        sent = len(driver.take_sent())
        driver.connection.probe(driver.now)
        assert driver.take_sent() == []
        for _ in range(sent):
            driver.acknowledge()
        assert driver.take(ProbeConfirmed) == []
        driver.pass_time(INTERVAL / 2)
        driver.acknowledge()
        assert driver.take(ProbeConfirmed) == [ProbeConfirmed()]

    def test_is_forgotten_with_the_connection(self) -> None:
        driver = active()
        driver.connection.probe(driver.now)
        driver.lose()
        driver.reconnect()
        driver.hello()
        driver.dispatch("RESUMED")
        driver.serve(1)
        driver.acknowledge()
        assert driver.take(ProbeConfirmed) == []

    def test_needs_an_active_session(self) -> None:
        driver = Driver()
        driver.reach(ShardState.IDENTIFYING)
        with pytest.raises(LocalProtocolError, match="identifying: nothing to ask"):
            driver.connection.probe(driver.now)


class TestResume:
    @pytest.mark.parametrize("code", [None, 1000, 1001, 1006, 4000, 4001, 4002, 4005, 4008, 4999])
    def test_after_a_lost_connection(self, code: int | None) -> None:
        driver = active()
        driver.dispatch()
        driver.lose(code)
        (lost,) = driver.take(Disconnected)
        assert (lost.code, lost.resumable) == (code, True)
        driver.reconnect()
        assert driver.take_effects() == [Connect(RESUME_URL + QUERY)]
        driver.hello()
        ((sent),) = driver.take_sent()
        assert sent == {"op": 6, "d": {"token": TOKEN, "session_id": "fresh", "seq": 2}}

    @pytest.mark.parametrize(("op", "d"), [(7, None), (9, True)])
    def test_when_discord_asks_for_it(self, op: int, d: object) -> None:
        driver = active()
        driver.serve(op, d)
        assert driver.take_effects() == [Close(4000, "")]
        assert (SessionInvalidated(resumable=True) in driver.take_events()) == (op == 9)
        driver.lose(4000)
        driver.reconnect()
        driver.hello()
        assert driver.is_in(ShardState.RESUMING)
        driver.forget()
        driver.lose(1006)
        (lost,) = driver.take(Disconnected)
        assert lost.code == 1006

    @pytest.mark.parametrize("code", [4003, 4007, 4009])
    def test_not_where_the_close_code_ends_the_session(self, code: int) -> None:
        driver = active()
        driver.lose(code)
        invalidated, lost, _ = driver.take_events()
        assert invalidated == SessionInvalidated(resumable=False)
        assert isinstance(lost, Disconnected)
        assert not lost.resumable
        driver.reconnect()
        assert driver.take_effects() == [Connect("wss://gateway.discord.gg" + QUERY)]
        driver.hello()
        assert driver.take_effects() == [RequestPermit()]

    @pytest.mark.parametrize("d", [False, None, "false", {}])
    def test_not_after_opcode_9_without_true(self, d: object) -> None:
        driver = active()
        driver.serve(9, d)
        assert driver.take_effects() == [Close(1000, "")]
        assert driver.take_events() == [SessionInvalidated(resumable=False)]
        assert driver.connection.session is None
        driver.lose(1000)
        assert driver.take(Reconnecting) == [Reconnecting(3.0)]
        driver.reconnect()
        driver.lose()
        assert driver.take(Reconnecting) == [Reconnecting(1.5)]

    def test_replays_and_goes_on(self) -> None:
        driver = active()
        driver.lose()
        driver.reconnect()
        driver.hello()
        driver.forget()
        driver.dispatch("MISSED")
        driver.dispatch("MISSED TOO")
        driver.dispatch("RESUMED")
        driver.dispatch("NEW")
        assert driver.take_events()[2] == Resumed(replayed=2)
        assert driver.connection.sequence == 5
        driver.lose()
        driver.reconnect()
        driver.hello()
        driver.dispatch("MISSED")
        driver.dispatch("RESUMED")
        assert driver.take(Resumed) == [Resumed(replayed=1)]

    @pytest.mark.parametrize("sequence", [None, 1])
    def test_resumed_need_not_have_a_number_of_its_own(self, sequence: int | None) -> None:
        driver = active()
        driver.lose()
        driver.reconnect()
        driver.hello()
        driver.forget()
        driver.serve(0, {}, sequence, "RESUMED")
        assert driver.is_in(ShardState.ACTIVE)
        resumed, payload = driver.take_events()
        assert resumed == Resumed(replayed=0)
        assert isinstance(payload, Payload)
        assert driver.connection.sequence == 1

    def test_takes_no_longer_than_its_time_between_dispatches(self) -> None:
        driver = Driver(session=STORED, resumed_timeout=15.0)
        driver.reach(ShardState.RESUMING)
        driver.sequence = 100
        for _ in range(10):
            driver.pass_time(14.0)
            driver.acknowledge()
            driver.dispatch()
        assert driver.is_in(ShardState.RESUMING)
        driver.pass_time(14.9)
        assert driver.is_in(ShardState.RESUMING)
        driver.pass_time(0.1)
        assert driver.is_in(ShardState.CLOSING)

    def test_is_not_timed_while_reading_is_paused(self) -> None:
        driver = Driver(session=STORED, resumed_timeout=15.0)
        driver.reach(ShardState.RESUMING)
        driver.connection.reading_paused(driver.now)
        driver.pass_time(1000.0)
        assert driver.is_in(ShardState.RESUMING)
        driver.connection.reading_resumed(driver.now)
        driver.pass_time(14.9)
        assert driver.is_in(ShardState.RESUMING)
        driver.pass_time(0.1)
        assert driver.is_in(ShardState.CLOSING)

    def test_identifying_is_not_timed_while_reading_is_paused(self) -> None:
        driver = Driver(ready_timeout=15.0)
        driver.reach(ShardState.IDENTIFYING)
        driver.connection.reading_paused(driver.now)
        driver.pass_time(1000.0)
        driver.connection.reading_resumed(driver.now)
        driver.pass_time(14.9)
        assert driver.is_in(ShardState.IDENTIFYING)
        driver.pass_time(0.1)
        assert driver.is_in(ShardState.CLOSING)


class TestADeadResumeUrl:
    def fail_to_connect(self, driver: Driver) -> str:
        """Fail one attempt, wait for the next, and give its URL."""
        driver.connection.connect_failed(driver.now, "HTTP 503")
        at = driver.connection.next_deadline
        assert at is not None
        driver.pass_time(at - driver.now)
        (connect,) = driver.take_effects()
        assert isinstance(connect, Connect)
        return connect.url

    def test_is_given_up_for_the_gateway_url_after_three_attempts(self) -> None:
        driver = Driver(session=STORED)
        driver.reach(ShardState.CONNECTING)
        assert self.fail_to_connect(driver) == RESUME_URL + QUERY
        assert self.fail_to_connect(driver) == RESUME_URL + QUERY
        driver.forget()
        assert self.fail_to_connect(driver) == "wss://gateway.discord.gg" + QUERY
        assert driver.take(ResumeUrlAbandoned) == [ResumeUrlAbandoned(RESUME_URL)]

        driver.connection.connected(driver.now)
        driver.hello()
        assert driver.is_in(ShardState.RESUMING)
        driver.sequence = 100
        driver.dispatch("RESUMED")
        assert driver.connection.session == Session("stored", 101, None)
        assert driver.connection.consumed_session == Session("stored", 100, None)

    def test_stays_given_up(self) -> None:
        driver = Driver(session=STORED)
        driver.reach(ShardState.CONNECTING)
        urls = [self.fail_to_connect(driver) for _ in range(12)]
        assert urls[2:] == ["wss://gateway.discord.gg" + QUERY] * 10
        assert driver.connection.session == Session("stored", 100, None)

    @pytest.mark.parametrize("how", ["dropped before hello", "silent", "dropped before RESUMED"])
    def test_need_not_refuse_the_connection_to_be_dead(self, how: str) -> None:
        driver = Driver(session=STORED)
        driver.reach(ShardState.CONNECTING)
        for _ in range(3):
            driver.connection.connected(driver.now)
            if how == "silent":
                driver.pass_time(25.0)
            elif how == "dropped before RESUMED":
                driver.hello()
            if driver.state is not ShardState.WAITING:
                driver.lose()
            at = driver.connection.next_deadline
            assert at is not None
            driver.pass_time(at - driver.now)
        assert driver.take(ResumeUrlAbandoned) == [ResumeUrlAbandoned(RESUME_URL)]

    def test_is_not_dead_when_discord_speaks_there(self) -> None:
        driver = Driver(session=STORED)
        driver.reach(ShardState.CONNECTING)
        for _ in range(4):
            driver.connection.connected(driver.now)
            driver.hello()
            driver.serve(9, True)
            driver.lose()
            at = driver.connection.next_deadline
            assert at is not None
            driver.pass_time(at - driver.now)
        assert driver.take(ResumeUrlAbandoned) == []

    def test_is_not_dead_when_it_resumed_in_between(self) -> None:
        driver = active()
        for _ in range(5):
            driver.lose()
            at = driver.connection.next_deadline
            assert at is not None
            driver.pass_time(at - driver.now)
            driver.forget()
            for _ in range(2):
                assert self.fail_to_connect(driver) == RESUME_URL + QUERY
            driver.connection.connected(driver.now)
            driver.hello()
            driver.dispatch("RESUMED")
        assert driver.connection.session == Session("fresh", 6, RESUME_URL)

    def test_need_not_be_used_at_all(self) -> None:
        driver = Driver(session=STORED, use_resume_url=False)
        driver.connection.start(driver.now)
        assert driver.take_effects() == [Connect("wss://gateway.discord.gg" + QUERY)]

    def test_in_a_stored_session_may_be_nonsense(self) -> None:
        driver = Driver(session=Session("stored", 5, "nonsense"))
        driver.connection.start(driver.now)
        assert driver.take_effects() == [Connect("wss://gateway.discord.gg" + QUERY)]


class TestASessionThatIsNeitherResumedNorRefused:
    def resume_in_vain(self, driver: Driver, *, with_progress: bool) -> None:
        driver.reconnect()
        driver.hello()
        assert driver.is_in(ShardState.RESUMING)
        if with_progress:
            driver.dispatch()
        driver.lose()

    def test_is_given_up_after_five_resumes(self) -> None:
        driver = active()
        driver.lose()
        for _ in range(5):
            driver.forget()
            self.resume_in_vain(driver, with_progress=False)
        assert SessionInvalidated(resumable=False) in driver.take_events()
        driver.reconnect()
        driver.hello()
        assert driver.is_in(ShardState.AWAITING_PERMIT)

    def test_is_kept_while_events_come(self) -> None:
        driver = active()
        driver.lose()
        for turn in range(20):
            self.resume_in_vain(driver, with_progress=turn % 4 == 3)
        assert driver.take(SessionInvalidated) == []
        assert driver.connection.session is not None


class TestFatalCloseCodes:
    @pytest.mark.parametrize(
        ("code", "remedy"),
        [
            (4004, "Check the token"),
            (4010, "shard number"),
            (4011, "Use more shards"),
            (4012, "version 10"),
            (4013, "Intents members"),
            (4014, "Developer Portal"),
        ],
    )
    def test_end_it_with_words_to_act_on(self, code: int, remedy: str) -> None:
        driver = active()
        driver.lose(code)
        lost, failed = driver.take_events()
        assert isinstance(lost, Disconnected)
        assert (lost.code, lost.resumable) == (code, False)
        assert isinstance(failed, FatallyClosed)
        assert isinstance(failed.error, FatalClose)
        assert failed.error.code == code
        assert remedy in failed.error.remedy
        assert str(code) in str(failed.error)
        assert driver.connection.session is None
        assert driver.connection.consumed_session is None
        assert driver.connection.next_deadline is None

    def test_the_reason_given_is_passed_on(self) -> None:
        driver = active()
        driver.connection.disconnected(driver.now, 4000, "ouch")
        (lost,) = driver.take(Disconnected)
        assert lost.reason == (
            "4000 UNKNOWN_ERROR: Discord met an error that it does not name (ouch)"
        )


class TestBackoff:
    def delays_of_drops(self, driver: Driver, lived: float, times: int) -> list[float]:
        """Be accepted, resume, live for a while and be dropped, again and again."""
        delays = []
        for _ in range(times):
            driver.lose()
            delays += [event.delay for event in driver.take(Reconnecting)]
            driver.reconnect()
            driver.hello()
            driver.dispatch("RESUMED")
            driver.pass_time(lived)
            driver.acknowledge()
        return delays

    def test_grows_where_a_server_accepts_and_drops(self) -> None:
        driver = active()
        delays = self.delays_of_drops(driver, 0.1, 12)
        assert delays[:6] == [0.5, 1.5, 3.0, 6.0, 12.0, 24.0]
        assert delays[-1] == 135.0

    def test_begins_anew_after_a_connection_that_lived(self) -> None:
        driver = active()
        self.delays_of_drops(driver, 0.1, 5)
        assert self.delays_of_drops(driver, 31.0, 3) == [24.0, 0.5, 0.5]

    def test_does_not_begin_anew_when_the_connection_was_merely_accepted(self) -> None:
        driver = Driver()
        driver.reach(ShardState.CONNECTING)
        delays = []
        for _ in range(5):
            driver.connection.connected(driver.now)
            driver.pass_time(19.0)
            driver.lose()
            delays += [event.delay for event in driver.take(Reconnecting)]
            at = driver.connection.next_deadline
            assert at is not None
            driver.pass_time(at - driver.now)
        assert delays == [0.5, 1.5, 3.0, 6.0, 12.0]

    def test_identifies_are_not_spent_in_a_loop(self) -> None:
        driver = Driver(random=0.0)
        driver.connection.start(driver.now)
        identifies = 0
        begin = driver.now
        while driver.now < begin + 86_400:
            driver.connection.connected(driver.now)
            driver.hello()
            driver.connection.identify_permitted(driver.now)
            driver.ready()
            identifies += sum(sent["op"] == 2 for sent in driver.take_sent())
            driver.lose(4009)
            at = driver.connection.next_deadline
            assert at is not None
            driver.pass_time(at - driver.now)
            driver.take_events()
        assert 500 < identifies < 1000


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


class TestConsumedSession:
    def test_is_none_before_any(self) -> None:
        assert Driver().connection.consumed_session is None

    def test_is_the_stored_one_to_begin_with(self) -> None:
        assert Driver(session=STORED).connection.consumed_session == STORED

    def test_follows_the_user_and_not_the_network(self) -> None:
        driver = active()
        ready = driver.connection
        assert ready.pending == 1
        assert ready.consumed_session is None
        payload = message(0, {}, 1, "READY")
        ready.consumed(payload)
        assert ready.consumed_session == Session("fresh", 1, RESUME_URL)
        driver.dispatch()
        driver.dispatch()
        assert ready.consumed_session == Session("fresh", 1, RESUME_URL)
        ready.consumed(message(0, {}, 2, "A"))
        assert ready.consumed_session == Session("fresh", 2, RESUME_URL)
        ready.consumed(message(0, {}, 3, "A"))
        assert ready.consumed_session == ready.session == Session("fresh", 3, RESUME_URL)
        assert ready.pending == 0

    def test_is_not_held_back_by_what_was_filtered_out(self) -> None:
        driver = active(wanted=frozenset({"A"}))
        for _ in range(5):
            driver.dispatch("B")
        assert driver.connection.consumed_session == Session("fresh", 6, RESUME_URL)
        driver.dispatch("A")
        driver.dispatch("B")
        assert driver.connection.consumed_session == Session("fresh", 1, RESUME_URL)
        for payload in driver.take(Payload):
            driver.connection.consumed(payload)
        assert driver.connection.consumed_session == Session("fresh", 8, RESUME_URL)

    def test_of_a_lost_session_is_not_exported(self) -> None:
        driver = active()
        driver.dispatch()
        driver.connection.consumed(message(0, {}, 1, "READY"))
        driver.serve(9, False)
        assert driver.connection.consumed_session is None

    def test_changes_when_ready_of_the_new_session_has_come_back(self) -> None:
        driver = active()
        driver.lose(4009)
        driver.reconnect()
        driver.hello()
        driver.connection.identify_permitted(driver.now)
        driver.ready("second")
        driver.dispatch()
        second, third = driver.take(Payload)
        driver.connection.consumed(message(0, {}, 1, "READY"))
        assert driver.connection.consumed_session is None
        driver.connection.consumed(second)
        assert driver.connection.consumed_session == Session("second", 1, RESUME_URL)
        driver.connection.consumed(third)
        assert driver.connection.consumed_session == Session("second", 2, RESUME_URL)

    def test_survives_closing(self) -> None:
        driver = active()
        driver.dispatch()
        driver.connection.close(driver.now, resumable=True)
        driver.lose(4000)
        driver.connection.consumed(message(0, {}, 1, "READY"))
        assert driver.connection.consumed_session == Session("fresh", 1, RESUME_URL)


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


def test_a_wake_up_before_its_time_does_nothing() -> None:
    driver = active()
    deadline = driver.connection.next_deadline
    driver.connection.wake(driver.now)
    assert driver.take_effects() == []
    assert driver.connection.next_deadline == deadline


def test_a_day_is_replayed() -> None:
    """A connection's ordinary day: traffic, heartbeats, and a reconnect every hour."""
    driver = active()
    begin = driver.now
    driver.forget()
    heartbeats = resumes = handed_on = 0
    next_reconnect = begin + 3600
    while driver.now < begin + 86_400:
        for _ in range(3):
            driver.dispatch()
            driver.pass_time(INTERVAL / 4)
        driver.pass_time(INTERVAL / 4)
        ops = [sent["op"] for sent in driver.take_sent()]
        heartbeats += ops.count(1)
        if 1 in ops:
            driver.acknowledge()
        if driver.now >= next_reconnect:
            next_reconnect += 3600
            driver.serve(7)
            driver.lose(4000)
            driver.reconnect()
            driver.hello()
            driver.dispatch("RESUMED")
            resumes += 1
        handed_on += len(driver.take_names())
    assert resumes in (23, 24)
    assert 2130 <= heartbeats <= 2162
    assert handed_on == driver.sequence - 1
    assert driver.is_in(ShardState.ACTIVE)
    assert driver.connection.latency.measured >= 2100
