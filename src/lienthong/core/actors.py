"""Who acts and what for: every read of a person's data and every act names an actor and a purpose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lienthong.core.errors import Category, ErrorKind

__all__ = ["Actor", "Purpose", "Role", "purpose"]

UNKNOWN_PURPOSE = ErrorKind(
    "purpose-unknown",
    Category.INCORRECT,
    what="The purpose '{given}' is not one of the purposes of use.",
    allowed="{allowed}",
    cure="Give one of them with --purpose.",
)


class Role(StrEnum):
    """What a person is entitled to act as."""

    PHYSICIAN = "physician"
    DATA_ENGINEER = "data-engineer"
    STEWARD = "steward"
    BOARD = "board"
    EVALUATOR = "evaluator"  # signs protocols and runs of evaluations, never a suggestion


class Purpose(StrEnum):
    """Why data are used (after HL7 v3 ActReason, PurposeOfUse)."""

    TREATMENT = "treatment"
    OPERATIONS = "data-operations"
    QUALITY = "quality"
    PAYMENT = "payment"
    RESEARCH = "research"
    TRAINING = "training"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or program that acts, by name; `roles` are those a sign-in or an operator's shell has proven.

    `operator` marks the operator of the machine: whoever may run commands on the node's files.
    """

    name: str
    roles: frozenset[Role] = frozenset()
    operator: bool = False


def purpose(code: str) -> Purpose:
    """The purpose with this code, or an error that lists the codes."""
    try:
        return Purpose(code)
    except ValueError:
        allowed = ", ".join(item.value for item in Purpose)
        raise UNKNOWN_PURPOSE.at("--purpose", given=code, allowed=allowed) from None
