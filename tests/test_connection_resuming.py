"""Lost connections: what is resumed, where, when, and when not."""

from __future__ import annotations

import pytest

from core_driver import (
    RESUME_URL,
    STORED,
    TOKEN,
    Close,
    Connect,
    Driver,
    RequestPermit,
    active,
)
from gateway_core.decoding import Payload
from gateway_core.errors import (
    FatalClose,
)
from gateway_core.events import (
    Disconnected,
    FatallyClosed,
    Reconnecting,
    Resumed,
    ResumeUrlAbandoned,
    SessionInvalidated,
)
from gateway_core.session import Session
from gateway_core.sharding import ShardState

QUERY = "/?v=10&encoding=json"


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
