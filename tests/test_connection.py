"""A connection's life on a clock that is turned by hand: from start to READY, and a whole day."""

from __future__ import annotations

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
    active,
)
from gateway_core.commands import Activity, UpdatePresence
from gateway_core.decoding import Payload
from gateway_core.errors import (
    CommandTooLarge,
    SessionStartLimitReached,
)
from gateway_core.events import (
    Connected,
    Connecting,
    Disconnected,
    FatallyClosed,
    IdentifyDenied,
    Identifying,
    ProtocolViolation,
    Ready,
    Reconnecting,
    Resuming,
    SequenceGap,
)
from gateway_core.intents import Intents
from gateway_core.session import Session
from gateway_core.sharding import ShardState

QUERY = "/?v=10&encoding=json"


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

    def test_that_comes_twice_is_a_repetition_like_others(self) -> None:
        driver = Driver()
        driver.reach(ShardState.ACTIVE)
        driver.dispatch()
        driver.forget()
        before = driver.connection.session
        assert before is not None
        driver.serve(0, {"session_id": before.id, "resume_gateway_url": RESUME_URL}, 1, "READY")
        assert driver.take_events() == [SequenceGap(3, 1)]
        assert driver.connection.session == before
        driver.serve(0, {}, 3, "MESSAGE_CREATE")
        assert driver.take_names() == ["MESSAGE_CREATE"]

    def test_that_is_replayed_leaves_the_resume_to_go_on(self) -> None:
        driver = Driver(session=Session("stored", 0, RESUME_URL))
        driver.reach(ShardState.RESUMING)
        driver.forget()
        driver.ready("stored")
        assert driver.is_in(ShardState.RESUMING)
        driver.dispatch("RESUMED")
        assert driver.is_in(ShardState.ACTIVE)
        assert driver.take_names() == ["READY", "RESUMED"]
        assert driver.connection.session == Session("stored", 2, RESUME_URL)

    def test_before_identify_is_reported_only(self) -> None:
        driver = Driver()
        driver.reach(ShardState.AWAITING_PERMIT)
        driver.ready()
        (violation,) = driver.take_events()
        assert isinstance(violation, ProtocolViolation)
        assert str(violation.error) == "READY came while awaiting permit; it is ignored"


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
