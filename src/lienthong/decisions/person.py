"""A person who works on this node: names, roles with their licences and dates, and keys, as the events made them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from lienthong.core.actors import Role

__all__ = ["Entitlement", "Key", "Person", "fold"]


@dataclass(frozen=True, slots=True)
class Entitlement:
    """That a person may act in a role: the licence, the days on which it holds, and when it was given and taken back.

    `given` and `withdrawn` are instants: an entitlement never reaches back before it was given.
    """

    role: Role
    licence: str
    valid_from: date
    valid_to: date | None
    given: str
    withdrawn: str = ""

    def holds(self, instant: str, on: date) -> bool:
        """Whether it holds at an instant, which is the local day `on`."""
        known = self.given <= instant and not (self.withdrawn and self.withdrawn <= instant)
        return known and self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Key:
    """A public signing key and the time in which it was the person's own (`ended` is empty while it is)."""

    fingerprint: str
    public: bytes
    made: str
    ended: str = ""

    def holds(self, instant: str) -> bool:
        return self.made <= instant and not (self.ended and self.ended <= instant)


@dataclass(frozen=True, slots=True)
class Person:
    """A person by sign-in name, with all that was ever true of their entitlements and keys."""

    name: str
    display: str
    added: str
    retired: str = ""
    entitlements: tuple[Entitlement, ...] = ()
    keys: tuple[Key, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The person as a list shows it; the key by its fingerprint."""
        return {
            "name": self.name,
            "display": self.display,
            "added": self.added,
            "retired": self.retired,
            "roles": [
                {
                    "role": item.role.value,
                    "licence": item.licence,
                    "valid_from": item.valid_from.isoformat(),
                    "valid_to": item.valid_to.isoformat() if item.valid_to else "",
                    "withdrawn": item.withdrawn,
                }
                for item in self.entitlements
            ],
            "key": self.key.fingerprint if self.key else "",
        }

    @property
    def active(self) -> bool:
        return not self.retired

    @property
    def key(self) -> Key | None:
        """The key with which the person signs now."""
        return next((key for key in self.keys if not key.ended), None)

    def roles(self, instant: str, on: date) -> frozenset[Role]:
        """The roles that hold at an instant, which is the local day `on`."""
        return frozenset(item.role for item in self.entitlements if self._here(instant) and item.holds(instant, on))

    def licence(self, role: Role, instant: str, on: date) -> str | None:
        """The licence number under which a role is held at an instant; None when it is not held."""
        held = (item for item in self.entitlements if item.role is role and item.holds(instant, on))
        return next((item.licence for item in held), None) if self._here(instant) else None

    def _here(self, instant: str) -> bool:
        return self.added <= instant and not (self.retired and self.retired <= instant)


def fold(events: Iterable[Mapping[str, Any]]) -> dict[str, Person]:
    """The people as the events made them, oldest first."""
    people: dict[str, Person] = {}
    for event in events:
        name, time = event["name"], event["time"]
        person = people.get(name)
        match event["kind"]:
            case "added":
                person = Person(name, event["display"], time)
            case "entitled" if person:
                given = Entitlement(
                    Role(event["role"]),
                    event["licence"],
                    date.fromisoformat(event["valid_from"]),
                    date.fromisoformat(event["valid_to"]) if event["valid_to"] else None,
                    time,
                )
                person = replace(person, entitlements=(*_ended(person, given.role, time), given))
            case "withdrawn" if person:
                person = replace(person, entitlements=_ended(person, Role(event["role"]), time))
            case "key" if person:
                ended = tuple(key if key.ended else replace(key, ended=time) for key in person.keys)
                key = Key(event["fingerprint"], bytes.fromhex(event["public"]), time)
                person = replace(person, keys=(*ended, key))
            case "password" if person:
                pass
            case "retired" if person:
                person = replace(person, retired=time)
            case kind:
                raise ValueError(f"no event of people: {kind}")
        people[name] = person
    return people


def _ended(person: Person, role: Role, time: str) -> tuple[Entitlement, ...]:
    """The entitlements with those of this role ended: the newest word about a role counts."""
    return tuple(
        replace(item, withdrawn=time) if item.role is role and not item.withdrawn else item
        for item in person.entitlements
    )
