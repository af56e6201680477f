"""The report of an evaluation: one HTML file that a physician, a statistician and a regulator each can read.

It holds no script and asks for nothing from outside; it is made for a screen, a phone and A4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lienthong.products.card import Card, Text
from lienthong.products.evaluation.protocol import read_protocol
from lienthong.reports import dossier, figures, plain_words, sheets
from lienthong.reports.dossier import Signature
from lienthong.reports.plot import Cell
from lienthong.reports.run_file import Run
from lienthong.reports.words import Words, words

__all__ = ["evaluation"]


def evaluation(run: Run, card: Card, *, language: str = "vi", signature: Signature = Signature.NONE) -> str:
    """The report of a run of the product that the card describes, as HTML in a language (`vi` or `en`).

    `signature` is what was found when that of the run was checked. The same arguments give the same bytes.
    """
    said = words(language)
    environment = _environment(said.code)
    return environment.get_template("evaluation.html").render(
        r=_content(run, card, said, signature),
        words=said,
        style=Markup(_style()),  # noqa: S704 - our own file
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """The card in one language."""

    intended_use: str
    population: str
    users: str
    output: str
    role: str
    limits: tuple[str, ...]


def _content(run: Run, card: Card, said: Words, signature: Signature) -> dict[str, Any]:
    """All that the templates show, told."""
    protocol = read_protocol(run["protocol"]["text"])
    answered, checklist = dossier.checklist(run, said)
    multiplicity = run.get("multiplicity")
    leaks = run.get("leaks")
    return {
        "title": said.say(Text(**run["title"])),
        "version": run["version"],
        "day": said.day(str(run.get("ran", ""))),
        "digest": run["digest"],
        "mark": _mark(str(run["digest"])),
        "status": dossier.status(run, signature, said),
        # for the physician
        "card": _Told(
            said.say(card.intended_use),
            said.say(card.population),
            said.say(card.users),
            said.say(card.output),
            card.decision_role,
            tuple(said.say(limit) for limit in card.limits),
        ),
        "plain": plain_words.found(run, protocol, said),
        "plain_plots": figures.of_people(run, said),
        "fairness": plain_words.fairness(run, said),
        # for the statistician
        "protocol": dossier.protocol(protocol, run, said),
        "thresholds": sheets.thresholds(protocol, said),
        "data": dossier.data(run, said),
        "notes": [said.say(Text(**note)) for note in run.get("notes", ())],
        "bounds": sheets.bounds(run, said),
        "measures": sheets.measures(run, protocol, said),
        "plots": figures.of_performance(run, protocol, said),
        "operating": sheets.operating(run, said),
        "sample_size": sheets.sample_size(run, said),
        "comparators": sheets.comparators(run, said),
        "multiplicity": said.say(Text(**multiplicity["text"])) if multiplicity else "",
        "group_plots": figures.of_groups(run, said),
        "groups": sheets.groups(run, said),
        "groups_measures": sheets.measures_of_groups(run, said),
        "gaps": sheets.gaps(run, said),
        "sites": sheets.places(run, said),
        "missing": sheets.missing(run, said),
        "robustness_plots": figures.of_robustness(run, said),
        "sensitivity": sheets.sensitivity(run, said),
        "leaks": _leaks(leaks, said) if leaks else [said("leaks-unchecked")],
        # for the regulator
        "signature": dossier.signed(run, signature, said),
        "fingerprints": dossier.fingerprints(run, said),
        "command": dossier.command(run, protocol),
        "environment": dossier.environment(run, said),
        "licences": dossier.licences(run, card, said),
        "checklist_told": answered,
        "checklist": checklist,
        "protocol_text": run["protocol"]["text"],
    }


def _leaks(leaks: dict[str, Any], said: Words) -> list[str]:
    told = [said.say(Text(**leaks["text"]))]
    if leaks["checked"]:
        told.append(
            said("leaks-told", overlap=said.number(leaks["overlap"]), duplicates=said.number(leaks["duplicates"]))
        )
    return told


def _mark(digest: str) -> str:
    """The beginning of the digest, for the foot of each printed page; nothing that is no digest reaches the style."""
    return digest[:16] if re.fullmatch("[0-9a-f]{64}", digest) else ""


@cache
def _environment(code: str) -> Environment:
    said = words(code)
    environment = Environment(
        loader=PackageLoader("lienthong.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def told(cell: Cell) -> str:
        return "–" if cell is None else cell if isinstance(cell, str) else said.number(cell)

    environment.filters["told"] = told
    return environment


@cache
def _style() -> str:
    return (resources.files("lienthong.reports") / "templates" / "report.css").read_text("utf-8")
