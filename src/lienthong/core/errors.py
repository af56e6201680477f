"""The closed list of error categories, and the one error type that carries them.

Every error says what happened, where, what is allowed, what to do next and whether a retry helps.
It never holds a patient's value: `where` names a file, record, table, row or field, never its content.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

__all__ = ["Category", "ErrorKind", "ExitCode", "LienthongError", "exit_code"]


class ExitCode(int, Enum):
    """How a command ends; where several hold, the order of `exit_code` decides."""

    DONE = 0
    FINDINGS = 1
    WRONG_CALL = 2
    QUARANTINED = 3
    REFUSED = 4
    MISSING = 5
    FAULT = 70


class _Meaning(NamedTuple):
    exit: ExitCode
    http: int
    issue: str  # code of FHIR's OperationOutcome.issue (value set issue-type)
    retry: bool


class Category(Enum):
    """What kind of thing went wrong: the whole list, mapped to exit code, HTTP status and FHIR issue type."""

    INCORRECT = _Meaning(ExitCode.WRONG_CALL, 400, "invalid", False)
    NOT_FOUND = _Meaning(ExitCode.WRONG_CALL, 404, "not-found", False)
    UNSUPPORTED = _Meaning(ExitCode.WRONG_CALL, 422, "not-supported", False)
    UNREADABLE = _Meaning(ExitCode.QUARANTINED, 422, "structure", False)
    FORBIDDEN = _Meaning(ExitCode.REFUSED, 403, "forbidden", False)
    CONFLICT = _Meaning(ExitCode.REFUSED, 409, "conflict", False)
    MISSING = _Meaning(ExitCode.MISSING, 424, "incomplete", False)
    BUSY = _Meaning(ExitCode.MISSING, 503, "lock-error", True)
    UNAVAILABLE = _Meaning(ExitCode.MISSING, 503, "transient", True)
    NO_SPACE = _Meaning(ExitCode.MISSING, 507, "no-store", True)
    FAULT = _Meaning(ExitCode.FAULT, 500, "exception", False)

    # Two categories may mean the same to a shell; without this Enum would make the second an alias.
    def __new__(cls, *meaning: Any) -> Category:
        member = object.__new__(cls)
        member._value_ = (len(cls.__members__), *meaning)
        return member

    @property
    def meaning(self) -> _Meaning:
        return _Meaning(*self.value[1:])

    @property
    def exit(self) -> ExitCode:
        return self.meaning.exit

    @property
    def http(self) -> int:
        return self.meaning.http

    @property
    def issue(self) -> str:
        return self.meaning.issue


_ORDER = (
    ExitCode.FAULT,
    ExitCode.WRONG_CALL,
    ExitCode.MISSING,
    ExitCode.REFUSED,
    ExitCode.QUARANTINED,
    ExitCode.FINDINGS,
)


def exit_code(*codes: ExitCode) -> ExitCode:
    """The one exit code of several outcomes, by the order of DESIGN section 5: 70, 2, 5, 4, 3, 1, 0."""
    return next((code for code in _ORDER if code in codes), ExitCode.DONE)


class LienthongError(Exception):
    """An error with its category and the sentences a person needs; made by `ErrorKind.at`."""

    def __init__(self, kind: ErrorKind, where: str, what: str, allowed: str, cure: str) -> None:
        self.kind = kind
        self.category = kind.category
        self.code = kind.code
        self.where = where
        self.what = what
        self.allowed = allowed
        self.cure = cure
        super().__init__(self.text())

    @property
    def retry(self) -> bool:
        """Whether the same call may succeed later without any change."""
        return self.category.meaning.retry

    def text(self) -> str:
        """The whole message on a few lines, as the command line and the pages show it."""
        lines = [f"{self.what} [{self.code}]"]
        if self.where:
            lines.append(f"  where:   {self.where}")
        if self.allowed:
            lines.append(f"  allowed: {self.allowed}")
        lines.append(f"  next:    {self.cure}" + (" A retry may help." if self.retry else ""))
        return "\n".join(lines)

    @staticmethod
    def from_json(value: dict[str, Any]) -> LienthongError:
        """The error that another process has written with `to_json`."""
        what, allowed, cure = value["what"], value["allowed"], value["cure"]
        kind = ErrorKind(value["code"], Category[value["category"].upper()], what, cure, allowed)
        return LienthongError(kind, value["where"], what, allowed, cure)

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "category": self.category.name.lower(),
            "what": self.what,
            "where": self.where,
            "allowed": self.allowed,
            "cure": self.cure,
            "retry": self.retry,
        }


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """One kind of error, declared once at the top of the module that raises it; `docs/errors.md` lists them all.

    `what`, `allowed` and `cure` are templates: `{name}` is filled by the keyword arguments of `at`.
    """

    code: str
    category: Category
    what: str
    cure: str
    allowed: str = ""

    def at(self, where: str = "", **values: object) -> LienthongError:
        """The error to raise, at a place that names no patient's value."""
        what, allowed, cure = (text.format(**values) for text in (self.what, self.allowed, self.cure))
        return LienthongError(self, where, what, allowed, cure)
