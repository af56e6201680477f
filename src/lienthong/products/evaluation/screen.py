"""A run as a person reads it in a terminal; the report with its plots is another room's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lienthong.products.evaluation.evidence import SignedRun

__all__ = ["Evaluated", "Locked", "agree", "compared", "is_known", "lines"]

_SHARE, _LEAST = Decimal("0.001"), Decimal("0.0001")  # how far figures may lie apart that only a processor moved


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A run as JSON, and how it stands to the signed runs of the catalogue.

    `equals` is {"file", "digest", "signer", "status"} of the signed run with the same digest. Of a signed run of the
    same data, artefact and protocol with another digest, the file stands in `agrees` where the figures are the same
    but for their last digits (`agree`), in `differs` where they are others; `broken` says why the signed runs
    that ship do not hold for this product as it is now; `written` where the run was written to.
    """

    body: Mapping[str, Any]
    equals: Mapping[str, str] | None = None
    agrees: str = ""
    differs: str = ""
    broken: str = ""
    written: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            **self.body,
            "equals": self.equals,
            "agrees": self.agrees,
            "differs": self.differs,
            "broken": self.broken,
            "written": self.written,
        }


@dataclass(frozen=True, slots=True)
class Locked:
    """A signed lock, and where it was written to."""

    body: Mapping[str, Any]
    written: str

    def to_json(self) -> dict[str, Any]:
        return {**self.body, "written": self.written}


def compared(body: Mapping[str, Any], runs: Iterable[SignedRun], broken: str, written: str) -> Evaluated:
    """The run beside the signed ones of the catalogue."""
    equals, agrees, differs = None, "", ""
    for run in runs:
        if run.digest == body["digest"]:
            equals = {
                "file": run.file,
                "digest": run.digest,
                "signer": run.signer.name,
                "fingerprint": run.signer.fingerprint,
                "status": run.status.value,
            }
        elif all(run.body[name] == body[name] for name in ("artefact", "protocol", "data")):
            if agree(run.body, body):
                agrees = run.file
            else:
                differs = run.file
    return Evaluated(body, equals, agrees, differs, broken, written)


def agree(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two runs say the same: numbers of cases, verdicts, and each measure within 0.1 % (or 0.0001).

    Networks are computed in single precision, in an order that each kind of processor chooses for itself; what moves
    there in the seventh digit may show in the sixth of a figure.
    """
    counted = all(one[name] == other[name] for name in ("n", "events", "abstained"))
    judged = [[item["met"] for item in run["bounds"]] for run in (one, other)]
    beaten = [[item["beaten"] for item in run["comparators"]] for run in (one, other)]
    named = one["measures"].keys() == other["measures"].keys()
    return (
        counted
        and named
        and judged[0] == judged[1]
        and beaten[0] == beaten[1]
        and all(_near(one["measures"][name], other["measures"][name]) for name in one["measures"])
    )


def _near(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    for part in ("value", "low", "high"):
        first, second = one[part], other[part]
        if (first is None) != (second is None):
            return False
        if first is not None and abs(first - second) > max(_SHARE * abs(first), _LEAST):
            return False
    return True


def is_known(digests: Iterable[str], runs: Iterable[SignedRun]) -> bool:
    """Whether these are, byte for byte, the data of a signed run: the product's own, however they were named."""
    given = sorted(digests)
    return any(given == sorted(file["sha256"] for file in run.body["data"]["files"]) for run in runs)


def lines(evaluated: Evaluated) -> Iterator[str]:
    """What is said of a run."""
    run = evaluated.body
    events = "" if run["events"] is None else f", {run['events']:,} events"
    abstained = f", {run['abstained']:,} without a figure" if run["abstained"] else ""
    part = f" ({run['data']['part']})" if run["data"]["part"] else ""
    files = ", ".join(file["name"] for file in run["data"]["files"])
    yield f"{run['product']} {run['version']} on {files}{part}: {run['n']:,} cases{events}{abstained}."
    status = run["status"]
    yield f"{status['word'].capitalize()}: {status['reason']['en']}"
    yield f"  {status['reason']['vi']}"
    for name, measure in run["measures"].items():
        yield f"  {name:<24} {_shown(measure)}"
    for item in run["comparators"]:
        verdict = {True: "the product is better", False: "not shown to be better", None: "not judged"}[item["beaten"]]
        yield f"Against {item['name']}: {verdict}" + (f", by {item['measure']}." if item["measure"] else ".")
        for name, measure in item["differences"].items():
            yield f"  {name:<24} {_shown(measure)}"
    for item in run["bounds"]:
        word = {True: "met", False: "NOT met", None: "can't be judged"}[item["met"]]
        asked = (("at_least", "≥"), ("at_most", "≤"))
        limits = [f"{sign} {item[key]}" for key, sign in asked if item[key] is not None]
        yield f"Bound {item['measure']} ({item['of']}) {' and '.join(limits)}: {word}."
    for item in run["groups"]:
        events = "" if item["events"] is None else f", {item['events']} events"
        word = item["word"] or "(not known)"
        yield f"Group {item['attribute']} = {word}: n {item['n']}{events}: {item['verdict']}."
    for item in run["sensitivity"]:
        first = next(((name, found) for name, found in item["measures"].items() if found["value"] is not None), None)
        told = f", {first[0]} {_shown(first[1])}" if first else ""
        yield f"On {item['name']} ({item['kind']}): n {item['n']}{told}"
    for item in run["sample_size"]:
        word = "enough" if item["powered"] else "TOO FEW"
        yield f"Sample size for {item['for']}: {item['needed']:,} cases, {item['needed_events']:,} events: {word}."
    yield f"Leaks: {run['leaks']['text']['en']}"
    for note in run["notes"]:
        yield f"Note: {note['en']}"
    yield f"Digest {run['digest']}."
    if evaluated.equals:
        equal = evaluated.equals
        yield f"It equals the signed run {equal['digest']} of {equal['signer']} ({equal['file']}, {equal['status']})."
    if evaluated.agrees:
        yield f"It agrees with the signed run {evaluated.agrees} but for last digits: another kind of processor."
    if evaluated.differs:
        yield f"IT DIFFERS from the signed run {evaluated.differs} of the same data, artefact and protocol."
    if evaluated.broken:
        yield f"The shipped evidence does not count: {evaluated.broken}"
    if evaluated.written:
        yield f"Written to {evaluated.written}."


def _shown(measure: Mapping[str, Any]) -> str:
    if measure["value"] is None:
        return f"- ({measure['method']})"
    low, high = measure["low"], measure["high"]
    interval = "" if low is None or high is None else f"  ({low:f} to {high:f})"
    return f"{measure['value']:f}{interval}"
