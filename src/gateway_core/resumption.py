"""Which session to resume, where to, and when to give either up.

Two kinds of being stuck are prevented here:

- A resume URL that leads nowhere (refused, no such name, 5xx, silence). After `URL_TRIES` attempts
  in a row from which Discord did not speak about the session, the gateway URL takes its place, for
  this session and in what is exported of it.
- A session that Discord neither resumes nor refuses. After `FRUITLESS_RESUMES` resumes in a row
  that brought neither RESUMED nor a single new event, the session is given up.
"""

from __future__ import annotations

from .consumption import LiveSession
from .events import ControlEvent, ResumeUrlAbandoned, SessionInvalidated
from .session import Session
from .urls import connection_url, is_downgrade

__all__ = ["FRUITLESS_RESUMES", "URL_TRIES", "Resumption"]

URL_TRIES = 3
"""How many attempts in a row a resume URL is given."""

FRUITLESS_RESUMES = 5
"""How many resumes in a row a session is given."""


class Resumption:
    """What is known about resuming.

    Args:
        gateway_url: the first URL, used for new sessions.
        use_resume_url: whether sessions are resumed at the URL that READY named.
        session: a stored session to begin with. A resume URL in it that cannot be used is left
            out.
    """

    __slots__ = (
        "_at_resume_url",
        "_fruitless",
        "_gateway_url",
        "_resumed_from",
        "_url_failures",
        "_use_resume_url",
        "session",
    )

    session: LiveSession | None
    """The session to resume, if there is one."""

    def __init__(self, gateway_url: str, use_resume_url: bool, session: Session | None) -> None:
        self._gateway_url = gateway_url
        self._use_resume_url = use_resume_url
        self._at_resume_url = False
        self._url_failures = 0
        self._resumed_from: int | None = None
        self._fruitless = 0
        self.session = None
        if session is not None:
            self.session = LiveSession(session.id, self._usable(session.resume_url))

    def begin_attempt(self) -> str:
        """Say where to connect; an attempt begins."""
        url = None
        if self._use_resume_url and self.session is not None:
            url = self.session.resume_url
        self._at_resume_url = url is not None
        self._resumed_from = None
        return self._gateway_url if url is None else url

    def resume_sent(self, sequence: int) -> None:
        """Note that the attempt got as far as sending Resume."""
        self._resumed_from = sequence

    def refused(self) -> None:
        """Note that Discord spoke about the session: the URL works."""
        self._at_resume_url = False
        self._url_failures = 0

    def succeeded(self) -> None:
        """Note that the session goes on."""
        self.refused()
        self._resumed_from = None
        self._fruitless = 0

    def adopt(self, session_id: str | None, resume_url: str | None) -> LiveSession | None:
        """Note a new session, from READY.

        A resume URL that cannot be used, or that would give up encryption, is left out.
        """
        self.drop()
        self.succeeded()
        if session_id is not None:
            self.session = LiveSession(session_id, self._usable(resume_url))
        return self.session

    def drop(self) -> bool:
        """Forget the session; say whether there was one."""
        session = self.session
        self.session = None
        if session is None:
            return False
        session.alive = False
        return True

    def attempt_ended(self, sequence: int | None) -> list[ControlEvent]:
        """Note that the connection, or the attempt, is gone; give what is to be reported."""
        events: list[ControlEvent] = []
        session = self.session
        if session is None:
            return events
        if self._resumed_from is not None:
            self._fruitless = self._fruitless + 1 if sequence == self._resumed_from else 0
            self._resumed_from = None
            if self._fruitless >= FRUITLESS_RESUMES:
                self.drop()
                self._fruitless = 0
                events.append(SessionInvalidated(resumable=False))
                return events
        if self._at_resume_url:
            self._at_resume_url = False
            self._url_failures += 1
            if self._url_failures >= URL_TRIES and session.resume_url is not None:
                events.append(ResumeUrlAbandoned(session.resume_url))
                session.resume_url = None
                self._url_failures = 0
        return events

    def _usable(self, url: str | None) -> str | None:
        if url is None or is_downgrade(self._gateway_url, url):
            return None
        try:
            connection_url(url, None)
        except ValueError:
            return None
        return url
