"""The one seam to persons' data: who may do what, for which purpose; every answer is logged (DESIGN 3.6)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Protocol

from lienthong.core.actors import Actor, Purpose, Role
from lienthong.core.actors import purpose as purpose_of
from lienthong.core.clock import Clock
from lienthong.core.errors import Category, ErrorKind

__all__ = ["NODE", "Action", "Grant", "Policy", "PolicyRule", "Witness", "one_person", "permit", "require"]

NODE = "node"
_PERSON = "person:"

REFUSED = ErrorKind(
    "access-refused",
    Category.FORBIDDEN,
    what="'{actor}' may not {action} for the purpose {purpose}{why}.",
    allowed="{allowed}",
    cure="Ask {ask}. The refusal is in the access log.",
)
WRONG_SCOPE = ErrorKind(
    "access-scope-wrong",
    Category.INCORRECT,
    what="A grant can't have this scope.",
    allowed="'node', or 'person:' and the id of a person",
    cure="Give one of them as scope.",
)
WRONG_GRANT = ErrorKind(
    "access-grant-wrong",
    Category.FORBIDDEN,
    what="A grant to {given} does not allow this.",
    allowed="a grant to {allowed}",
    cure="Ask privacy.access.permit for the action that is meant.",
)


class Action(StrEnum):
    """What an actor may do; the closed list."""

    INGEST = "ingest"
    BUILD = "build"
    QUERY = "query"
    EXPORT = "export"
    RELEASE = "release"  # write data out that may be shown outside: de-identified files
    TRACE = "trace"
    READ_PERSON = "read-person"
    READ_IDENTIFIERS = "read-identifiers"
    READ_WORKLIST = "read-worklist"
    READ_FINDINGS = "read-findings"
    READ_LOG = "read-log"  # who did what with whose data; proofs and checkpoints too
    DECIDE = "decide"
    RUN_PRODUCT = "run-product"
    MANAGE_PEOPLE = "manage-people"
    KEEP_NODE = "keep-node"  # back up, restore, upgrade


_BY_PERMIT = object()


@dataclass(frozen=True, slots=True)
class Grant:
    """The proof that `permit` said yes: to whom, what for, to do what, about whom. Only `permit` makes one."""

    actor: Actor
    purpose: Purpose
    action: Action
    scope: str
    made_by: InitVar[object] = None

    def __post_init__(self, made_by: object) -> None:
        if made_by is not _BY_PERMIT:
            raise TypeError("only privacy.access.permit makes a Grant")

    def covers(self, person: str) -> bool:
        """Whether this grant is about the person with this id."""
        return self.scope in (NODE, one_person(person))


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule of the policy: who, for which purposes, may do which actions, between which days."""

    id: str
    who: str
    purposes: frozenset[Purpose]
    actions: frozenset[Action]
    valid_from: date
    valid_to: date | None

    def holds(self, actor: Actor, on: date) -> bool:
        """Whether the rule is in force on this day and speaks of this actor."""
        if on < self.valid_from or (self.valid_to is not None and on > self.valid_to):
            return False
        return actor.operator if self.who == "operator" else Role(self.who) in actor.roles


@dataclass(frozen=True, slots=True)
class Policy:
    """The dated rules, the actions that need one person, and whom to ask about each action."""

    rules: tuple[PolicyRule, ...]
    one_person: frozenset[Action]
    ask: Mapping[Action, str]

    @staticmethod
    def from_toml(text: str) -> Policy:
        """The policy of a TOML text; an unknown role, purpose or action in it is a ValueError."""
        data: dict[str, Any] = tomllib.loads(text)
        rules = tuple(
            PolicyRule(
                id=rule["id"],
                who=rule["who"] if rule["who"] == "operator" else Role(rule["who"]).value,
                purposes=frozenset(Purpose(code) for code in rule["purposes"]),
                actions=frozenset(Action(code) for code in rule["actions"]),
                valid_from=rule["valid_from"],
                valid_to=rule.get("valid_to"),
            )
            for rule in data["rule"]
        )
        ask = {action: data["ask"][action.value] for action in Action}
        return Policy(rules, frozenset(Action(code) for code in data["one_person"]), ask)

    def allows(self, actor: Actor, purpose: Purpose, action: Action, on: date) -> bool:
        return any(
            action in rule.actions and purpose in rule.purposes and rule.holds(actor, on) for rule in self.rules
        )

    def allowed(self, action: Action) -> str:
        """Who may do this and for what, in words for an error."""
        return "; ".join(
            f"{rule.who} for {' or '.join(sorted(rule.purposes))}" for rule in self.rules if action in rule.actions
        )


@cache
def _shipped_policy() -> Policy:
    return Policy.from_toml((resources.files("lienthong.privacy") / "policy.toml").read_text("utf-8"))


def one_person(person: str) -> str:
    """The scope that names one person."""
    return _PERSON + person


class Witness(Protocol):
    """Who writes down what was asked and answered: the access log of a node."""

    @property
    def clock(self) -> Clock:
        """What time it is, and which day for the policy."""

    def append(self, *, actor: str, purpose: str, action: str, scope: str, outcome: str) -> None:
        """Writes one answer down."""


def permit(actor: Actor, purpose: Purpose | str, action: Action, *, scope: str = NODE, log: Witness) -> Grant:
    """A grant to do this, or a `forbidden` error that says who may and whom to ask; both are logged first.

    `scope` is `node` or `person:<id>`. The day on which the policy is read is that of the log's clock.
    """
    given = purpose_of(purpose)
    if scope != NODE and not (scope.startswith(_PERSON) and len(scope) > len(_PERSON)):
        raise WRONG_SCOPE.at(action.value)
    policy = _shipped_policy()
    allowed = policy.allows(actor, given, action, log.clock().date())
    why = ""
    if allowed and action in policy.one_person and scope == NODE:
        allowed, why = False, " for the whole node: this action names one person"
    log.append(
        actor=actor.name,
        purpose=given.value,
        action=action.value,
        scope=scope,
        outcome="permitted" if allowed else "refused",
    )
    if not allowed:
        raise REFUSED.at(
            action.value,
            actor=actor.name,
            action=action.value.replace("-", " "),
            purpose=given.value,
            why=why,
            allowed=policy.allowed(action),
            ask=policy.ask[action],
        )
    return Grant(actor, given, action, scope, _BY_PERMIT)


def require(grant: Grant, *actions: Action, person: str | None = None) -> None:
    """Refuses unless the grant is to one of these actions and, where one is named, about this person."""
    if not isinstance(grant, Grant) or grant.action not in actions or (person and not grant.covers(person)):
        given = grant.action.value if isinstance(grant, Grant) else "nothing"
        raise WRONG_GRANT.at(
            "person" if person else "", given=given, allowed=" or ".join(action.value for action in actions)
        )
