"""The register of products as people read it: which AI is here, for what, at which risk, and on what evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol

from lienthong.core.errors import LienthongError
from lienthong.products.card import Text
from lienthong.products.evaluation.evidence import Evidence, Figure, SignedRun
from lienthong.products.evaluation.status import Word
from lienthong.reports import labels
from lienthong.reports.words import words
from lienthong.web.texts import Language, mark

__all__ = [
    "KINDS",
    "RISKS",
    "ROLES",
    "Entry",
    "Shelf",
    "Standing",
    "data_of",
    "entry",
    "not_shown",
    "plain",
    "register",
]

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "published-equation": mark("Published equation"),
        "published-score": mark("Published score"),
        "cox-model": mark("Survival model (Cox)"),
        "image-classifier": mark("Neural network on pictures"),
        "regional-forecast": mark("Forecast for regions"),
    }
)
"""What each kind of product is called (a message id); the kind of a plug-in stands as it is."""

RISKS: Mapping[str, str] = MappingProxyType(
    {"low": mark("Low risk"), "medium": mark("Medium risk"), "high": mark("High risk")}
)
ROLES: Mapping[str, str] = MappingProxyType(
    {
        "informs": mark("It informs; the physician decides."),
        "augments": mark("It adds to the physician's own judgement and replaces none of it."),
    }
)


class Shelf(Protocol):
    """Where products stand; `products.catalogue` is one."""

    def names(self) -> list[str]: ...

    def evidence(self, name: str) -> Evidence:
        """The card with its verified runs, or an error that says what does not hold."""


class Standing(StrEnum):
    """What stands behind a product's figures; BROKEN: its card or evidence does not hold, so no figure counts."""

    CONFIRMATORY = "confirmatory"
    EXPLORATORY = "exploratory"
    NONE = "none"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Entry:
    """One product: its evidence, or the problem that it has instead (never both)."""

    name: str
    evidence: Evidence | None
    problem: LienthongError | None = None

    @property
    def figure(self) -> Figure | None:
        """The main figure: the one that the card states first."""
        return self.evidence.figures[0] if self.evidence and self.evidence.figures else None

    @property
    def run(self) -> SignedRun | None:
        """The run of the main figure; without one, a run that confirms before one that explores."""
        if self.evidence is None or not self.evidence.runs:
            return None
        figure = self.figure
        if figure is not None:
            return next(run for run in self.evidence.runs if run.file == f"{figure.run}.json")
        return min(self.evidence.runs, key=lambda run: (run.status != Word.CONFIRMATORY, run.file))

    @property
    def standing(self) -> Standing:
        if self.problem is not None:
            return Standing.BROKEN
        return Standing(self.run.status.value) if self.run is not None else Standing.NONE

    @property
    def bounds(self) -> int:
        """How many bounds were set before the run."""
        return len(self.run.body["bounds"]) if self.run is not None else 0

    @property
    def unmet(self) -> int:
        """How many of them the run has not shown to be met."""
        return sum(1 for _ in _unmet(self.run)) if self.run is not None else 0


def entry(shelf: Shelf, name: str) -> Entry:
    """The product of this name; one whose card or evidence does not hold tells that itself."""
    try:
        return Entry(name, shelf.evidence(name))
    except LienthongError as error:
        return Entry(name, None, error)


def register(shelf: Shelf) -> tuple[Entry, ...]:
    """All products of the shelf, in the order of their names."""
    return tuple(entry(shelf, name) for name in shelf.names())


def not_shown(run: SignedRun, speech: Language) -> list[str]:
    """What the run did not show: bounds that are not met, others that it does not beat; then its own remarks."""
    said = words(speech.code)
    told = []
    for bound in _unmet(run):
        found = speech.gettext(mark("no figure")) if bound["found"] is None else said.number(bound["found"])
        limits = [
            f"{sign} {said.exact(bound[end])}"
            for sign, end in (("≥", "at_least"), ("≤", "at_most"))
            if bound[end] is not None
        ]
        sentence = speech.gettext(
            mark("%(measure)s, %(of)s: %(found)s; the bound set beforehand (%(limits)s) is not met.")
        )
        values = {
            "measure": labels.measure(bound["measure"], said),
            "of": said(f"bound-{bound['of']}").lower(),
            "found": found,
            "limits": ", ".join(limits),
        }
        told.append(f"{sentence % values} {speech.say(Text(**bound['reason']))}")
    for other in run.body["comparators"]:
        if other["beaten"] is not True:
            sentence = speech.gettext(mark("Not shown to be better, by the margin set beforehand, than: %(name)s."))
            told.append(sentence % {"name": labels.comparator(other["name"], said)})
    return [*told, *(speech.say(Text(**note)) for note in run.body["notes"])]


def data_of(recipe: Mapping[str, Any], speech: Language) -> list[tuple[str, str]]:
    """What data.toml says of the data, each with its heading (a message id); of what has another shape, nothing."""
    told = []
    for name, heading in (
        ("files", mark("Files")),
        ("licence", mark("Licence of the data")),
        ("layout", mark("Layout of the files")),
        ("get", mark("Where to get them")),
    ):
        value = recipe.get(name)
        if isinstance(value, Mapping):
            value = value.get(speech.code)
        if isinstance(value, list):
            value = ", ".join(map(str, value))
        if isinstance(value, str) and value:
            told.append((heading, value))
    return told


def plain(item: Entry, speech: Language) -> dict[str, Any]:
    """A row of the register for other programs, its words in the reader's language."""
    row: dict[str, Any] = {"name": item.name, "evidence": item.standing.value}
    if item.evidence is not None:
        card, figure = item.evidence.card, item.figure
        row |= {
            "version": card.version,
            "title": speech.say(card.title),
            "intended_use": speech.say(card.intended_use),
            "kind": card.kind,
            "risk_class": card.risk_class,
            "decision_role": card.decision_role,
            "owner": card.owner,
            "measure": figure.measure if figure else None,
            "value": figure.value if figure else None,
            "low": figure.low if figure else None,
            "high": figure.high if figure else None,
            "figure": speech.say(figure.text) if figure else None,
            "bounds": item.bounds,
            "bounds_unmet": item.unmet,
        }
    if item.problem is not None:
        row |= {"error": item.problem.code, "message": item.problem.text()}
    return row


def _unmet(run: SignedRun) -> Iterator[Mapping[str, Any]]:
    """The bounds that are not met, or of which nobody can tell."""
    return (bound for bound in run.body["bounds"] if bound["met"] is not True)
