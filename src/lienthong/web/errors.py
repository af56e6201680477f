"""An error as a page tells it, in the reader's language: what happened, what to do next, and whom to ask.

The rooms' errors are written in English for operators. Those that a person meets on a page are told here in words
that are translated; any other one is told by its category, with its own text as a detail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lienthong.core.errors import Category, LienthongError
from lienthong.web.texts import mark

__all__ = ["Told", "told"]


@dataclass(frozen=True, slots=True)
class Told:
    """A problem for a page: `heading`, `what` and `cure` are message ids, `detail` the operator's text."""

    status: int
    heading: str
    what: str
    cure: str
    mood: str = "care"
    code: str = ""
    detail: str = ""

    @staticmethod
    def no_page(status: int) -> Told:
        if status == 405:
            return Told(
                405,
                mark("This is not possible here"),
                mark("This address does not take such a request."),
                mark("Go back and use the buttons of the page."),
            )
        return Told(
            404,
            mark("There is no such page"),
            mark("The address is mistyped, or what it led to is gone."),
            mark("Check the address, or begin at the start."),
        )

    @property
    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "what": self.what, "cure": self.cure}


_HEADINGS: Mapping[Category, tuple[str, str, str, str]] = {
    Category.INCORRECT: (
        mark("This could not be done as asked"),
        mark("Something in the request is missing or can't be meant so. Nothing was changed."),
        mark("Go back, correct it and try again."),
        "care",
    ),
    Category.NOT_FOUND: (
        mark("This is not in the record"),
        mark("What the address names is not in this record, or no longer."),
        mark("Begin at the start; if it should be there, ask a data engineer whether its export has come."),
        "care",
    ),
    Category.FORBIDDEN: (
        mark("This is not open to you"),
        mark("The rules of this node do not allow you to see or to do this. The refusal is in the access log."),
        mark("If you need it for your work, ask the operator of this node to entitle you."),
        "alarm",
    ),
    Category.CONFLICT: (
        mark("Somebody was quicker, or something has changed"),
        mark("What you acted upon is no longer as you saw it. Nothing was changed."),
        mark("Load the page again, look at what is there now, and decide anew if that is still needed."),
        "care",
    ),
    Category.BUSY: (
        mark("Please wait a moment"),
        mark("The record is busy, or too many wrong tries were made in a row."),
        mark("Wait a minute and try again."),
        "care",
    ),
    Category.MISSING: (
        mark("Something is not there yet"),
        mark("A part of this node that the page needs has not been installed or built."),
        mark("Ask the operator of this node; the details say what is missing."),
        "care",
    ),
    Category.FAULT: (
        mark("Lienthong has made a mistake"),
        mark("The page could not be made because of a fault in Lienthong. Your data are safe."),
        mark(
            "Try once more; if it fails again, tell the operator of this node the time and the address of the page."
        ),
        "alarm",
    ),
}

_BY_CODE: Mapping[str, tuple[str, str]] = {
    "form-stale": (
        mark("The form is too old or was not made by this server, so nothing was done."),
        mark("Go back, load the page again and send the form once more."),
    ),
    "passphrase-wrong": (
        mark("The signing passphrase is wrong. Nothing was signed."),
        mark(
            "Type it again. It is not your sign-in password. If it is lost, ask the operator for a new signing key."
        ),
    ),
    "passphrase-wait": (
        mark("Too many wrong signing passphrases in a row. Nothing was signed."),
        mark("Wait a minute and try again. If it is lost, ask the operator of this node for a new signing key."),
    ),
    "decision-not-entitled": (
        mark("Only a physician whose licence is valid on this node may decide. Nothing was signed."),
        mark("Ask the operator of this node to enter your licence."),
    ),
}


def told(error: LienthongError) -> Told:
    """The error for a page; the operator's own text stays as a detail."""
    heading, what, cure, mood = _HEADINGS.get(error.category, _HEADINGS[Category.INCORRECT])
    if error.category in (Category.UNAVAILABLE, Category.NO_SPACE):
        heading, what, cure, mood = _HEADINGS[Category.MISSING]
    if error.code in _BY_CODE:
        what, cure = _BY_CODE[error.code]
    return Told(error.category.http, heading, what, cure, mood, error.code, error.text())
