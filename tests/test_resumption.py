"""Where to resume, and when to stop trying."""

from __future__ import annotations

from gateway_core.events import ResumeUrlAbandoned, SessionInvalidated
from gateway_core.resumption import FRUITLESS_RESUMES, URL_TRIES, Resumption
from gateway_core.session import Session

GATEWAY = "wss://gateway.example"
RESUME = "wss://resume.example"


def resumption(url: str | None = RESUME) -> Resumption:
    return Resumption(GATEWAY, True, Session("a", 1, url))


def test_without_a_session() -> None:
    fresh = Resumption(GATEWAY, True, None)
    assert fresh.begin_attempt() == GATEWAY
    assert fresh.attempt_ended(None) == []
    assert not fresh.drop()


def test_unusable_urls_of_stored_sessions_are_left_out() -> None:
    for url in (None, "nonsense", "http://resume.example", "ws://resume.example"):
        assert resumption(url).begin_attempt() == GATEWAY


def test_a_dead_url_is_given_up_and_the_session_kept() -> None:
    tried = resumption()
    for _ in range(URL_TRIES - 1):
        assert tried.begin_attempt() == RESUME
        assert tried.attempt_ended(1) == []
    assert tried.begin_attempt() == RESUME
    assert tried.attempt_ended(1) == [ResumeUrlAbandoned(RESUME)]
    for _ in range(10):
        assert tried.begin_attempt() == GATEWAY
        assert tried.attempt_ended(1) == []
    assert tried.session is not None
    assert tried.session.at(1) == Session("a", 1, None)


def test_a_refusal_says_that_the_url_works() -> None:
    tried = resumption()
    for _ in range(10):
        assert tried.begin_attempt() == RESUME
        tried.refused()
        assert tried.attempt_ended(1) == []


def test_a_session_is_given_up_after_fruitless_resumes() -> None:
    tried = resumption(None)
    for _ in range(FRUITLESS_RESUMES - 1):
        tried.begin_attempt()
        tried.resume_sent(1)
        assert tried.attempt_ended(1) == []
    tried.begin_attempt()
    assert tried.attempt_ended(1) == []  # got nowhere: says nothing about the session
    tried.begin_attempt()
    tried.resume_sent(1)
    assert tried.attempt_ended(1) == [SessionInvalidated(resumable=False)]
    assert tried.session is None


def test_progress_and_success_begin_the_count_anew() -> None:
    for with_progress in (True, False):
        tried = resumption(None)
        for turn in range(30):
            tried.begin_attempt()
            tried.resume_sent(turn)
            if turn % FRUITLESS_RESUMES:
                sequence = turn
            elif with_progress:
                sequence = turn + 1
            else:
                tried.succeeded()
                sequence = turn
            assert tried.attempt_ended(sequence) == []


def test_a_new_session_takes_the_place_of_the_old() -> None:
    tried = resumption()
    old = tried.session
    new = tried.adopt("b", "wss://other.example")
    assert old is not None
    assert not old.alive
    assert new is tried.session
    assert tried.begin_attempt() == "wss://other.example"
    assert tried.adopt(None, "wss://other.example") is None
    assert tried.begin_attempt() == GATEWAY
