"""The people of this node: what they may act as and since when, how they sign in, and with what key they sign."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lienthong.core import canonical
from lienthong.core.actors import Actor, Role
from lienthong.core.clock import Clock, instant, zone
from lienthong.core.errors import Category, ErrorKind
from lienthong.core.finding import Finding
from lienthong.core.text import nfc
from lienthong.decisions import passphrase as phrases
from lienthong.decisions.attempts import FREE, Attempts
from lienthong.decisions.attempts import SCHEMA as ATTEMPTS
from lienthong.decisions.passphrase import Cost
from lienthong.decisions.person import Person, fold
from lienthong.decisions.store import Chain, Store
from lienthong.privacy.access import Action, Grant, require
from lienthong.privacy.keys import node_key

__all__ = ["People"]

_SIGNERS = frozenset({Role.PHYSICIAN, Role.EVALUATOR})
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")

WRONG_NAME = ErrorKind(
    "person-name-wrong",
    Category.INCORRECT,
    what="This can't be a sign-in name.",
    allowed="2 to 64 of the letters a-z, digits, '.', '_', '@' and '-', beginning with a letter or digit",
    cure="Choose another one; the display name may be any text.",
)
NAME_TAKEN = ErrorKind(
    "person-name-taken",
    Category.CONFLICT,
    what="There is a person named '{name}' already (also a retired one keeps the name).",
    cure="Choose another name.",
)
UNKNOWN = ErrorKind(
    "person-unknown",
    Category.NOT_FOUND,
    what="There is no person named '{name}' on this node.",
    cure="See `lienthong user list`.",
)
RETIRED = ErrorKind(
    "person-retired",
    Category.CONFLICT,
    what="'{name}' is retired.",
    cure="Add the person again under a new name; what was signed under the old one stays valid.",
)
NO_LICENCE = ErrorKind(
    "licence-missing",
    Category.INCORRECT,
    what="A physician is entitled with the number of the licence to practise and the days on which it is valid.",
    allowed="a licence number, and a first day that is not after the last one",
    cure="Give --licence, --valid-from and --valid-to.",
)
NO_SIGNER = ErrorKind(
    "signing-key-for-signers",
    Category.FORBIDDEN,
    what="'{name}' is entitled neither as a physician nor as an evaluator today, and nobody else signs.",
    cure="Ask the operator of this node to entitle the person: `lienthong user entitle {name}`.",
)
NO_EVALUATOR = ErrorKind(
    "evaluator-not-entitled",
    Category.FORBIDDEN,
    what="'{name}' is not entitled as an evaluator today, and only evaluators sign locks and runs.",
    cure="Ask the operator of this node: `lienthong user entitle {name} --role evaluator`, then `user key {name}`.",
)
WRONG_PASSPHRASE = ErrorKind(
    "passphrase-wrong",
    Category.FORBIDDEN,
    what="The signing passphrase is wrong (wrong ones in a row: {count}).",
    allowed="{free} tries, then a wait that grows with each further one",
    cure="Type it again; if it is lost, ask the operator of this node for a new signing key.",
)
WAIT = ErrorKind(
    "passphrase-wait",
    Category.BUSY,
    what="Too many wrong signing passphrases in a row; the next try is looked at in {seconds} seconds.",
    cure="Wait; if the passphrase is lost, ask the operator of this node for a new signing key.",
)
TAMPERED = ErrorKind(
    "people-tampered",
    Category.CONFLICT,
    what="The list of people was changed outside of Lienthong; no signature is accepted until this is cleared up.",
    cure="Run `lienthong audit verify` and put HOME/decisions.db back from the last backup.",
)

_ACCOUNTS = "CREATE TABLE IF NOT EXISTS account (name TEXT PRIMARY KEY, password TEXT NOT NULL) STRICT;"


class People:
    """The people of a node, in `database` (HOME/decisions.db); wrapped signing keys lie in `keys`/people.

    What a person is and may do is a chain of sealed events; only password hashes and counts of failed tries are kept
    as plain rows. `offset` is the facility's: licence days are local days.
    """

    def __init__(
        self,
        database: Path,
        keys: Path,
        clock: Clock,
        *,
        offset: str = "+07:00",
        random: Callable[[int], bytes] = os.urandom,
        cost: Cost | None = None,
    ) -> None:
        self.clock = clock
        self._store = Store(database)
        self.seal_key = node_key(keys, "decisions", random)
        self._events = Chain(self._store, "people_event", self.seal_key)
        self._events.create()
        self._store.create(_ACCOUNTS + ATTEMPTS)
        self._attempts = Attempts(self._store, clock)
        self._folder = keys / "people"
        self._zone = zone(offset)
        self._random = random
        self._cost = cost or Cost()
        self._hasher = PasswordHasher(self._cost.passes, self._cost.memory, self._cost.lanes)
        self._nobody = self._hasher.hash(random(16).hex())
        self._known: tuple[tuple[int, str], dict[str, Person]] | None = None

    @property
    def store(self) -> Store:
        return self._store

    @property
    def chain(self) -> Chain:
        """The events that all about people is made of."""
        return self._events

    def add(self, grant: Grant, name: str, display: str, *, password: str) -> Person:
        """A new person without any role yet."""
        name = _normal(name)
        if not _NAME.fullmatch(name):
            raise WRONG_NAME.at("name")
        phrases.check(password, "password")
        hashed = self._hasher.hash(_plain(password))
        with self._store.write() as connection:
            if name in self._all(connection):
                raise NAME_TAKEN.at("name", name=name)
            self._say(connection, grant, "added", name, display=nfc(display).strip() or name)
            connection.execute("INSERT INTO account VALUES (?, ?)", (name, hashed))
        return self.get(name)

    def entitle(
        self,
        grant: Grant,
        name: str,
        role: Role,
        *,
        licence: str = "",
        valid_from: date | None = None,
        valid_to: date | None = None,
    ) -> Person:
        """Gives a role, or gives it anew with other dates; a physician needs a licence number."""
        first = valid_from or self._day(self.clock())
        if (role is Role.PHYSICIAN and not licence.strip()) or (valid_to and valid_to < first):
            raise NO_LICENCE.at("licence")
        with self._store.write() as connection:
            self._active(connection, name)
            self._say(
                connection,
                grant,
                "entitled",
                _normal(name),
                role=role.value,
                licence=licence.strip(),
                valid_from=first.isoformat(),
                valid_to=valid_to.isoformat() if valid_to else "",
            )
        return self.get(name)

    def withdraw(self, grant: Grant, name: str, role: Role) -> Person:
        """Takes a role back from now on; what was signed before stays valid."""
        with self._store.write() as connection:
            self._active(connection, name)
            self._say(connection, grant, "withdrawn", _normal(name), role=role.value)
        return self.get(name)

    def retire(self, grant: Grant, name: str) -> Person:
        """Ends a person's work here: no sign-in and no signature from now on; what was signed before stays valid."""
        with self._store.write() as connection:
            self._active(connection, name)
            self._say(connection, grant, "retired", _normal(name))
        return self.get(name)

    def set_password(self, grant: Grant, name: str, password: str) -> None:
        phrases.check(password, "password")
        hashed = self._hasher.hash(_plain(password))
        with self._store.write() as connection:
            self._active(connection, name)
            self._say(connection, grant, "password", _normal(name))
            connection.execute("UPDATE account SET password = ? WHERE name = ?", (hashed, _normal(name)))

    def make_key(self, grant: Grant, name: str, passphrase: str) -> Person:
        """A new signing key for a physician or evaluator, who types the passphrase; an older key ends."""
        phrases.check(passphrase, "passphrase")
        name = _normal(name)
        private = Ed25519PrivateKey.from_private_bytes(self._random(32))
        public = private.public_key().public_bytes_raw()
        with self._store.write() as connection:
            person = self._active(connection, name)
            now = self.clock()
            if not _SIGNERS & person.roles(instant(now), self._day(now)):
                raise NO_SIGNER.at("name", name=name)
            self._say(connection, grant, "key", name, fingerprint=phrases.fingerprint(public), public=public.hex())
            # Within the transaction: the key that the store names is on the disk before it is named.
            phrases.wrap(self._folder / f"{name}.json", name, private, passphrase, self._random, self._cost)
        self._attempts.clear("sign", name)
        return self.get(name)

    def list(self) -> list[Person]:
        """All people, retired ones too, by name."""
        with self._store.read() as connection:
            return sorted(self._all(connection).values(), key=lambda person: person.name)

    def get(self, name: str) -> Person:
        """The person with this sign-in name, or a not-found error."""
        person = self.find(name)
        if person is None:
            raise UNKNOWN.at("name", name=_normal(name))
        return person

    def find(self, name: str) -> Person | None:
        with self._store.read() as connection:
            return self._all(connection).get(_normal(name))

    def sign_in(self, name: str, password: str) -> Actor | None:
        """The actor with the roles that hold today, or None: the same, and as slowly, for whatever reason."""
        name = _normal(name)
        waiting = self._attempts.wait("sign-in", name) > 0
        with self._store.read() as connection:
            person = self._all(connection).get(name)
            row = connection.execute("SELECT password FROM account WHERE name = ?", (name,)).fetchone()
        right = _fits(self._hasher, row[0] if row else self._nobody, _plain(password))
        if waiting:
            return None
        if not right or person is None or not person.active:
            self._attempts.failed("sign-in", name)
            return None
        self._attempts.clear("sign-in", name)
        return self.actor(person)

    def wait(self, name: str) -> int:
        """Seconds until a sign-in with this name is looked at again; known and unknown names behave alike."""
        return self._attempts.wait("sign-in", _normal(name))

    def actor(self, person: Person) -> Actor:
        """The person as an actor, with the roles that hold now."""
        now = self.clock()
        return Actor(person.name, person.roles(instant(now), self._day(now)))

    def licence(self, name: str, moment: str) -> str | None:
        """The licence under which a person was a physician at an instant; None if not."""
        person = self.find(name)
        return person.licence(Role.PHYSICIAN, moment, self._day(_moment(moment))) if person else None

    def unlock(self, name: str, passphrase: str) -> Ed25519PrivateKey:
        """The person's own signing key; a wrong passphrase is refused with the number of wrong ones in a row."""
        waiting = self._attempts.wait("sign", name)
        if waiting > 0:
            raise WAIT.at("passphrase", seconds=waiting)
        private = phrases.unwrap(self._folder / f"{name}.json", name, passphrase)
        if private is None:
            count = self._attempts.failed("sign", name)
            raise WRONG_PASSPHRASE.at("passphrase", count=count, free=FREE)
        self._attempts.clear("sign", name)
        return private

    def evaluator_key(self, name: str, passphrase: str) -> Ed25519PrivateKey:
        """The signing key of a person who is entitled as an evaluator today, for locks and runs of evaluations."""
        person = self.get(name)
        if Role.EVALUATOR not in self.actor(person).roles:
            raise NO_EVALUATOR.at("name", name=person.name)
        private = self.unlock(person.name, passphrase)
        if person.key is None or person.key.public != private.public_key().public_bytes_raw():
            raise phrases.NO_KEY.at(f"keys/people/{person.name}.json", name=person.name)
        return private

    def verify(self) -> Iterator[Finding]:
        """What is wrong with the chain of events."""
        yield from self._events.verify()

    def _all(self, connection: Any) -> dict[str, Person]:
        head = self._events.head(connection)
        if self._known is not None and self._known[0] == head:
            return self._known[1]
        entries = list(self._events.entries(connection))
        if not all(self._events.whole(entry) for entry in entries):
            raise TAMPERED.at("decisions.db: people_event")
        people = fold(entry.value() for entry in entries)
        self._known = (head, people)
        return people

    def _active(self, connection: Any, name: str) -> Person:
        person = self._all(connection).get(_normal(name))
        if person is None:
            raise UNKNOWN.at("name", name=_normal(name))
        if not person.active:
            raise RETIRED.at("name", name=person.name)
        return person

    def _say(self, connection: Any, grant: Grant, kind: str, name: str, **facts: str) -> None:
        require(grant, Action.MANAGE_PEOPLE)
        event = {"kind": kind, "name": name, "time": instant(self.clock()), "by": grant.actor.name, **facts}
        self._events.append(connection, canonical.encode(event))

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _normal(name: str) -> str:
    return nfc(name).strip().lower()


def _plain(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _fits(hasher: PasswordHasher, hashed: str, password: str) -> bool:
    try:
        return hasher.verify(hashed, password.encode("utf-8", "surrogatepass"))
    except (VerifyMismatchError, InvalidHashError):
        return False
