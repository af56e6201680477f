"""Who is signed in: random tokens in cookies, sessions in memory with an end, and one token for every form.

Nothing of a session is written to disk, and it never holds a password, a passphrase or an unlocked key: a restart
of the server signs everybody out. The store keeps the digest of a token, so a memory dump holds no usable one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

from lienthong.core.actors import Actor
from lienthong.core.clock import Clock

__all__ = ["IDLE", "LONGEST", "REVEALED", "Random", "Session", "Sessions"]

Random = Callable[[int], bytes]
"""Gives so many unforeseeable bytes, as `secrets.token_bytes` does."""

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
REVEALED = timedelta(minutes=2)
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    """One person's stay: who, since when, last seen, what they search for, whose identifiers they asked to see."""

    actor: Actor
    began: datetime
    seen: datetime
    search: str = ""
    revealed: dict[str, datetime] = field(default_factory=dict)


class Sessions:
    """The sessions of one server; safe with several threads."""

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random
        self._key = random(32)
        self._held: dict[str, Session] = {}
        self._lock = Lock()

    def token(self) -> str:
        """A fresh token for a cookie: 256 random bits."""
        return self._random(32).hex()

    def begin(self, actor: Actor) -> str:
        """A new session for this actor; its token goes into the cookie and is kept nowhere."""
        token, now = self.token(), self._clock()
        with self._lock:
            self._forget_ended(now)
            if len(self._held) >= _MOST:
                oldest = min(self._held, key=lambda name: self._held[name].seen)
                del self._held[oldest]
            self._held[_digest(token)] = Session(actor, now, now)
        return token

    def get(self, token: str) -> Session | None:
        """The session of this token, marked as seen now; None when there is none or it has ended."""
        now, name = self._clock(), _digest(token)
        with self._lock:
            session = self._held.get(name)
            if session is None:
                return None
            if _ended(session, now):
                del self._held[name]
                return None
            session = replace(session, seen=now)
            self._held[name] = session
            return session

    def end(self, token: str) -> None:
        with self._lock:
            self._held.pop(_digest(token), None)

    def search(self, token: str, words: str) -> None:
        """Keep what is searched for in the session: names of people never stand in an address."""
        self._change(token, lambda session: replace(session, search=words[:100]))

    def reveal(self, token: str, person: str) -> None:
        """Show this person's identifiers for the next two minutes."""
        until = self._clock() + REVEALED
        self._change(token, lambda session: replace(session, revealed={**session.revealed, person: until}))

    def is_revealed(self, session: Session, person: str) -> bool:
        until = session.revealed.get(person)
        return until is not None and self._clock() < until

    def form_token(self, cookie: str) -> str:
        """The token that each form of this cookie's holder carries (OWASP: HMAC-based CSRF token)."""
        return hmac.new(self._key, cookie.encode(), hashlib.sha256).hexdigest()

    def is_form_token(self, cookie: str, given: str) -> bool:
        return bool(cookie) and hmac.compare_digest(self.form_token(cookie).encode(), given.encode())

    def _change(self, token: str, change: Callable[[Session], Session]) -> None:
        with self._lock:
            session = self._held.get(_digest(token))
            if session is not None:
                self._held[_digest(token)] = change(session)

    def _forget_ended(self, now: datetime) -> None:
        for name in [name for name, session in self._held.items() if _ended(session, now)]:
            del self._held[name]


def _ended(session: Session, now: datetime) -> bool:
    return now - session.seen >= IDLE or now - session.began >= LONGEST


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
