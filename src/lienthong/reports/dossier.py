"""What a regulator looks up in a run: what was fixed, who vouches, which bytes, how it is repeated."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from lienthong.products.card import Card, Text
from lienthong.products.evaluation.protocol import Protocol
from lienthong.reports.checklist import Answer, judge
from lienthong.reports.figures import unit
from lienthong.reports.run_file import Run
from lienthong.reports.sheet import Fact, Sheet
from lienthong.reports.words import Words

__all__ = [
    "Signature",
    "Signed",
    "Status",
    "checklist",
    "command",
    "data",
    "environment",
    "fingerprints",
    "licences",
    "protocol",
    "signed",
    "status",
]

_MOODS = {"none": "care", "holds": "fine", "foreign": "care", "broken": "alarm"}


class Signature(Enum):
    """What was found when the signature of a run was checked."""

    NONE = "none"
    HOLDS = "holds"
    FOREIGN = "foreign"  # it holds, but the card names another key
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Signed:
    """The signature in words, with how it is shown."""

    told: str
    mood: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """What a run may claim to be: a code, how it is shown, its word and the reason."""

    code: str
    mood: str
    sign: str
    word: str
    reason: str


def protocol(fixed: Protocol, run: Run, words: Words) -> list[Fact]:
    """What the protocol fixed."""
    task = f"task-{run['task']}"
    found = [
        Fact(words("task"), words(task) if words.has(task) else run["task"]),
        Fact(words("outcome"), words.say(fixed.outcome)),
        Fact(words("level"), words.percent(fixed.level, 0)),
        Fact(words("resamples"), words.number(fixed.resamples)),
        Fact(words("seed"), str(fixed.seed)),
    ]
    if fixed.times:
        times = ", ".join(words.exact(time) for time in fixed.times)
        found.append(Fact(words("times"), f"{times} {unit(fixed, words)}"))
    if fixed.subgroups.attributes:
        least = words(
            "groups-rule-told",
            n=words.number(fixed.subgroups.min_n),
            events=words.number(fixed.subgroups.min_events),
        )
        found.append(Fact(words("groups-rule"), least))
    if fixed.seen is not None:
        found.append(Fact(words("seen"), words.say(fixed.seen)))
    return found


def data(run: Run, words: Words) -> list[Fact]:
    """The data by name, part, licence and size."""
    given = run["data"]
    found = [
        Fact(words("data-file"), ", ".join(item["name"] for item in given["files"])),
        Fact(words("data-part"), given["part"] or words("data-whole")),
        Fact(words("cases"), words.number(run["n"])),
    ]
    if run["events"] is not None:
        share = f" ({words.percent(Decimal(run['events']) / run['n'])})" if run["n"] else ""
        found.append(Fact(words("events"), words.number(run["events"]) + share))
    if run.get("abstained"):
        found.append(Fact(words("abstained"), words.number(run["abstained"])))
    found.append(Fact(words("licence"), _licence(run, words)))
    return found


def signed(run: Run, checked: Signature, words: Words) -> Signed:
    """Who vouches for the run, and whether that was true when the report was made."""
    by: Mapping[str, Any] = run.get("signature") or {}
    facts = (
        (
            Fact(words("signed-by"), str(by.get("signer", "–"))),
            Fact(words("signed-at"), str(by.get("time", "–"))),
            Fact(words("signed-key"), str(by.get("fingerprint", "–")), code=True),
        )
        if by
        else ()
    )
    return Signed(words(f"signature-{checked.value}"), _MOODS[checked.value], facts)


def fingerprints(run: Run, words: Words) -> list[Fact]:
    """The digests of all that a run rests on."""
    return [
        Fact(words("run-digest"), run["digest"], code=True),
        Fact(words("protocol"), run["protocol"]["digest"], code=True),
        Fact(words("artefact"), run["artefact"], code=True),
        *(Fact(f"{words('data')}: {item['name']}", item["sha256"], code=True) for item in run["data"]["files"]),
        Fact(words("lock"), run["status"].get("lock") or words("none"), code=bool(run["status"].get("lock"))),
    ]


def command(run: Run, fixed: Protocol) -> str:
    """The command that repeats the run: on the product's own data, or on files that the user names."""
    words = ["lienthong product evaluate", run["product"]]
    part = run["data"]["part"]
    if part != fixed.part:
        words += [f"--data {shlex.quote(item['name'])}" for item in run["data"]["files"]]
        words += [f"--part {shlex.quote(part)}"] if part else []
    return " ".join([*words, "--json"])


def environment(run: Run, words: Words) -> list[Fact]:
    """On what the run was made."""
    given: Mapping[str, Any] = run.get("environment") or {}
    found = [
        Fact(words(name), str(given[name]))
        for name in ("lienthong", "python", "system")
        if given.get(name) is not None
    ]
    found += [
        Fact(words("package", name=name), str(version)) for name, version in (given.get("packages") or {}).items()
    ]
    for name in ("opened", "ran"):
        if run.get(name):
            found.append(Fact(words(name), str(run[name])))
    return found


def licences(run: Run, card: Card, words: Words) -> list[Fact]:
    """Whose the product is, from which source, and under which licence the data."""
    source = f"{card.citation} {f'doi:{card.doi}' if card.doi else ''}"
    return [
        Fact(words("owner"), card.owner),
        Fact(words("risk-class"), words(f"risk-{card.risk_class}")),
        Fact(words("source"), source.strip()),
        Fact(words("licence"), _licence(run, words)),
    ]


def checklist(run: Run, words: Words) -> tuple[str, Sheet]:
    """TRIPOD+AI, item by item, and how many of them the report answers."""
    judged = judge(run)
    rows = []
    for each in judged:
        where = ", ".join(words(key) for key in each.item.where) if each.answer is not Answer.ABSENT else ""
        why = words.say(each.item.partly) if each.item.partly is not None else ""
        if not where and not why:
            why = words("checklist-lacks")
        rows.append(
            (
                each.item.id,
                words.say(each.item.asks),
                words(each.answer.value),
                "; ".join(part for part in (where, why) if part),
            )
        )
    count = {answer: sum(each.answer is answer for each in judged) for answer in Answer}
    told = words(
        "checklist-told",
        covered=count[Answer.COVERED],
        of=len(judged),
        partly=count[Answer.PARTLY],
        absent=count[Answer.ABSENT],
    )
    columns = (words("item"), words("asks"), words("verdict"), words("where"))
    return told, Sheet(words("checklist-caption"), columns, tuple(rows), whole=frozenset({2}))


def status(run: Run, checked: Signature, words: Words) -> Status:
    """What a run may claim: a status stands beside its digest, so that only a signature that holds vouches for it."""
    if checked is Signature.BROKEN:
        return Status("broken", "alarm", "✗", words("status-broken"), words("status-broken-reason"))
    if run["status"]["word"] == "confirmatory" and checked is not Signature.HOLDS:
        return Status("unproven", "care", "?", words("status-unproven"), words("status-unproven-reason"))
    word = "confirmatory" if run["status"]["word"] == "confirmatory" else "exploratory"
    mood, sign = ("fine", "✓") if word == "confirmatory" else ("care", "◐")
    return Status(word, mood, sign, words(f"status-{word}"), words.say(Text(**run["status"]["reason"])))


def _licence(run: Run, words: Words) -> str:
    """The licence as the recipe tells it; that of data which a user gave is no licence's own words."""
    given = str(run["data"]["licence"])
    return words("own-data") if given == words.sentences["own-data"].en else given
