"""TRIPOD+AI: which items a report of an evaluation answers, computed from what the run and the card hold."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from lienthong.products.card import Text

__all__ = ["EVIDENCE", "Answer", "Item", "Judged", "items", "judge"]


class Answer(StrEnum):
    """Whether a report answers an item."""

    COVERED = "covered"
    PARTLY = "partly"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the checklist: what it asks for, the evidence that answers it, where that stands (keys of words)."""

    id: str
    asks: Text
    needs: tuple[str, ...]
    where: tuple[str, ...]
    partly: Text | None


@dataclass(frozen=True, slots=True)
class Judged:
    """An item with its answer."""

    item: Item
    answer: Answer


def _has(run: Mapping[str, Any], name: str) -> bool:
    return bool(run.get(name))


def _of_kind(run: Mapping[str, Any], kind: str) -> bool:
    return any(item["kind"] == kind for item in run.get("sensitivity", ()))


EVIDENCE: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "artefact": lambda run: _has(run, "artefact"),
    "card": lambda run: _has(run, "product"),  # a product without a whole card can't be loaded
    "dates": lambda run: (
        any(site["attribute"] == "year" for site in run.get("sites", ())) or "by_month" in run.get("curves", {})
    ),
    "disturbed": lambda run: _of_kind(run, "disturbed"),
    "environment": lambda run: _has(run, "environment"),
    "events": lambda run: run.get("events") is not None,
    "files": lambda run: bool(run.get("data", {}).get("files")),
    "groups": lambda run: _has(run, "groups"),
    "leaks": lambda run: bool(run.get("leaks", {}).get("checked")),
    "licence": lambda run: bool(run.get("data", {}).get("licence")),
    "lock": lambda run: bool(run.get("status", {}).get("lock")),
    "measures": lambda run: _has(run, "measures"),
    "missing": lambda run: _has(run, "missing"),
    "multiplicity": lambda run: _has(run, "multiplicity"),
    "n": lambda run: _has(run, "n"),
    "notes": lambda run: _has(run, "notes"),
    "outcome": lambda run: _has(run, "protocol"),
    "part": lambda run: bool(run.get("data", {}).get("part")),
    "plots": lambda run: _has(run, "curves"),
    "protocol": lambda run: _has(run, "protocol"),
    "sample-size": lambda run: _has(run, "sample_size"),
    "sites": lambda run: (
        any(site["attribute"] != "year" for site in run.get("sites", ())) or "by_place" in run.get("curves", {})
    ),
    "thresholds": lambda run: _has(run, "operating"),
    "utility": lambda run: bool({"decision", "decision_at"} & set(run.get("curves", {}))),
}
"""What a run may hold, by the names that `tripod_ai.toml` uses."""


@cache
def items() -> tuple[Item, ...]:
    """The items that a report on an evaluation is asked for."""
    text = (resources.files("lienthong.reports") / "tripod_ai.toml").read_text("utf-8")
    return tuple(
        Item(
            item["id"],
            Text.read(item["asks"], f"tripod_ai.toml: {item['id']}"),
            tuple(item.get("needs", ())),
            tuple(item.get("where", ())),
            Text.read(item["partly"], f"tripod_ai.toml: {item['id']}") if "partly" in item else None,
        )
        for item in tomllib.loads(text)["item"]
    )


def judge(run: Mapping[str, Any]) -> Sequence[Judged]:
    """Every item with its answer: all its evidence is there, some of it, or none."""
    return [Judged(item, _answer(item, run)) for item in items()]


def _answer(item: Item, run: Mapping[str, Any]) -> Answer:
    there = [EVIDENCE[need](run) for need in item.needs]
    if not any(there):
        return Answer.ABSENT
    return Answer.COVERED if all(there) and item.partly is None else Answer.PARTLY
