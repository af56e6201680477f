"""What can be wrong with a FHIRPath expression beyond its syntax: kinds of error, and the place they point at.

An expression is written by its author and holds no patient's value; what it meets in a resource is never told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from lienthong.core.errors import Category, ErrorKind, LienthongError

__all__ = ["LIMIT", "MEANING", "MISSING", "RUN", "UNKNOWN", "Source"]

MEANING = ErrorKind(
    "fhirpath-meaning",
    Category.INCORRECT,
    what="The FHIRPath expression can't be right: {why}.",
    allowed="{allowed}",
    cure="Correct the expression at that place; the types are those of FHIR R4 (http://hl7.org/fhir/R4/fhirpath.html).",
)
UNKNOWN = ErrorKind(
    "fhirpath-unknown",
    Category.INCORRECT,
    what="The FHIRPath expression names {what}, which there is not.",
    allowed="{allowed}",
    cure="Correct the name at that place; upper and lower case count.",
)
RUN = ErrorKind(
    "fhirpath-run",
    Category.INCORRECT,
    what="The FHIRPath expression does not fit this resource: {why}.",
    allowed="{allowed}",
    cure="Narrow the path at that place, e.g. with .first(), .where(...) or .ofType(...), or correct the resource.",
)
LIMIT = ErrorKind(
    "fhirpath-limit",
    Category.UNSUPPORTED,
    what="The FHIRPath expression asks for too much: {why}.",
    allowed="{allowed}",
    cure="Make the expression narrower, or run it over smaller resources.",
)
MISSING = ErrorKind(
    "fhirpath-unsupported",
    Category.UNSUPPORTED,
    what="The FHIRPath expression needs {what}.",
    allowed="{allowed}",
    cure="Say it another way; profiles are checked by `fhir.validate(..., profiles=[...])`.",
)

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Source:
    """The text of an expression, and one place in it."""

    text: str
    at: int = 0

    def place(self) -> str:
        """Line and column, and what stands there."""
        line = self.text.count("\n", 0, self.at) + 1
        start = self.text.rfind("\n", 0, self.at) + 1
        rest = self.text[self.at :].splitlines()
        shown = rest[0][:_SHOWN] if rest else ""
        place = (
            f"column {self.at - start + 1}" if "\n" not in self.text else f"line {line}, column {self.at - start + 1}"
        )
        return f"{place}, at `{shown}`" if shown else place

    def error(self, kind: ErrorKind, *, allowed: str = "", **values: object) -> LienthongError:
        return kind.at(self.place(), allowed=allowed, **values)

    def meaning(self, why: str, allowed: str = "") -> LienthongError:
        return self.error(MEANING, why=why, allowed=allowed)

    def unknown(self, what: str, allowed: str = "") -> LienthongError:
        return self.error(UNKNOWN, what=what, allowed=allowed)

    def run(self, why: str, allowed: str = "") -> LienthongError:
        return self.error(RUN, why=why, allowed=allowed)

    def many(self, number: int, what: str = "one item is wanted") -> NoReturn:
        raise self.run(f"{what}, and there are {number}", "one item or none")
