"""One evaluation from files to Run: the opening is written down, the outcomes are read, all is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from lienthong.core.clock import Clock, instant
from lienthong.core.errors import Category, ErrorKind
from lienthong.products.card import Text
from lienthong.products.evaluation import binary, coding, forecast, survival
from lienthong.products.evaluation.cases import BinaryCases, CodingCases, ForecastCases, SurvivalCases
from lienthong.products.evaluation.data import digests
from lienthong.products.evaluation.evaluable import Evaluable, Opened
from lienthong.products.evaluation.ledger import EvaluationLedger, What, no_home
from lienthong.products.evaluation.protocol import Bound, Protocol
from lienthong.products.evaluation.result import BoundFound, Findings, Leaks, Run, Sensitivity
from lienthong.products.evaluation.subsets import first_of_each, rounded, subset
from lienthong.products.measures.measure import Flags, Measure

__all__ = ["evaluate", "what_of"]

NOT_OF_PRODUCT = ErrorKind(
    "evaluation-of-another-product",
    Category.INCORRECT,
    what="The protocol is of {given}, and the card of {allowed}.",
    allowed="one name and version in both",
    cure="Correct protocol.toml or card.toml, then lock anew.",
)
WRONG_CASES = ErrorKind(
    "evaluation-cases-wrong",
    Category.INCORRECT,
    what="The cases can't be evaluated by the protocol's task '{task}': {why}.",
    allowed="{allowed}",
    cure="Correct the task in protocol.toml, or give data with such cases.",
)


@dataclass(frozen=True, slots=True)
class _Task:
    """How a task is evaluated: whole, and in short for the same measures on other cases."""

    cases: type
    evaluate: Callable[[Any, Protocol], Findings]
    main: Callable[[Any, Protocol, float], Mapping[str, Measure]]


_TASKS: Mapping[str, _Task] = {
    "binary": _Task(BinaryCases, binary.evaluate, binary.main),
    "survival": _Task(SurvivalCases, survival.evaluate, survival.main),
    "coding": _Task(CodingCases, coding.evaluate, coding.main),
    "forecast": _Task(ForecastCases, forecast.evaluate, forecast.main),
}


def what_of(evaluable: Evaluable, protocol: Protocol) -> What:
    """What is evaluated, by its digests; an error where protocol and card are of two products."""
    card = evaluable.card
    if (protocol.product, protocol.version) != (card.name, card.version):
        raise NOT_OF_PRODUCT.at(
            "protocol.toml", given=f"{protocol.product} {protocol.version}", allowed=f"{card.name} {card.version}"
        )
    return What(card.name, card.version, protocol.digest, evaluable.digest)


def evaluate(
    evaluable: Evaluable,
    protocol: Protocol,
    files: Sequence[Path],
    part: str,
    *,
    clock: Clock,
    environment: Mapping[str, Any],
    ledger: EvaluationLedger | None = None,
    by: str = "",
) -> Run:
    """The run of a product on a part of these files ("" for the whole of them).

    With the ledger of a node its status follows from what was locked and opened there; without one it explores.
    """
    what = what_of(evaluable, protocol)
    task = _TASKS.get(protocol.task)
    if task is None:
        raise WRONG_CASES.at("protocol.toml: task", task=protocol.task, why="none", allowed=", ".join(_TASKS))
    started = clock()
    known = digests(files)
    opened_at = instant(started)
    if ledger is not None:
        opened_at = ledger.opened(by, what, [file.sha256 for file in known], part)
    opened = evaluable.open(files, part, protocol.settings)
    findings, leaks = _found(task, opened, protocol)
    status = no_home()
    if ledger is not None:
        status = ledger.status(what, [file.sha256 for file in known], part, protocol.seen)
    ended = clock()
    run = Run(
        product=what.product,
        version=what.version,
        kind=evaluable.card.kind,
        title=evaluable.card.title,
        task=protocol.task,
        artefact=what.artefact,
        protocol_digest=protocol.digest,
        protocol_text=protocol.text,
        files=known,
        part=part,
        licence=evaluable.data.licence,
        findings=findings,
        leaks=leaks,
        bounds=tuple(_bound(item, findings.measures) for item in protocol.bounds),
        notes=opened.notes,
        status=status,
        environment=environment,
        opened=opened_at,
        ran=instant(ended),
        seconds=Decimal(f"{(ended - started).total_seconds():.3f}"),
    )
    if ledger is not None:
        ledger.ran(by, what, run.digest, status)
    return run


def _found(task: _Task, opened: Opened, protocol: Protocol) -> tuple[Findings, Leaks]:
    if not isinstance(opened.cases, task.cases):
        why, allowed = f"they are {type(opened.cases).__name__}", task.cases.__name__
        raise WRONG_CASES.at("protocol.toml: task", task=protocol.task, why=why, allowed=allowed)
    if not len(opened.cases):
        raise WRONG_CASES.at("data", task=protocol.task, why="there are none", allowed="at least one case")
    cases = rounded(opened.cases)
    findings = task.evaluate(cases, protocol)
    leaks, others = _leaks(opened)
    level = float(protocol.level)
    more = []
    for name, kept in others.items():
        if kept.any():
            only = subset(cases, kept)
            events = None if findings.events is None else int(_events(only).sum())
            more.append(
                Sensitivity(name, name, int(kept.sum()), events, task.main(only, protocol, level), _ONLY[name])
            )
    return replace(findings, sensitivity=(*findings.sensitivity, *more)), leaks


def _events(cases: Any) -> Flags:
    found: Flags = cases.happened if isinstance(cases, BinaryCases) else cases.event
    return found


def _leaks(opened: Opened) -> tuple[Leaks, dict[str, Flags]]:
    """What the digests of single cases show, and the cases that are left without each fault."""
    keys = opened.cases_digests
    if not keys:
        text = Text(
            "Không kiểm tra được: sản phẩm không cho biết dấu vết từng ca.",
            "Not checked: the product gives no digests of single cases.",
        )
        return Leaks(False, 0, 0, text), {}
    first = first_of_each(keys)
    new = ~_within(keys, opened.development)
    overlap, duplicates = int((~new).sum()), int((~first).sum())
    text = Text(
        f"{overlap} ca cũng có trong dữ liệu phát triển; {duplicates} ca lặp lại ca khác.",
        f"{overlap} cases also stand in the development data; {duplicates} cases repeat another.",
    )
    if not opened.development:
        text = Text(
            f"Không so được với dữ liệu phát triển (sản phẩm không cho biết); {duplicates} ca lặp lại ca khác.",
            f"Not compared with development data (the product names none); {duplicates} cases repeat another.",
        )
    others = {}
    if duplicates:
        others["without-duplicates"] = first
    if overlap:
        others["without-overlap"] = new
    return Leaks(bool(opened.development), overlap, duplicates, text), others


def _within(keys: Sequence[str], development: frozenset[str]) -> Flags:
    return np.array([key in development for key in keys], dtype=np.bool_)


def _bound(item: Bound, measures: Mapping[str, Measure]) -> BoundFound:
    found = measures.get(item.measure)
    value = None if found is None else getattr(found, item.of)
    met = None
    if value is not None:
        met = (item.at_least is None or value >= float(item.at_least)) and (
            item.at_most is None or value <= float(item.at_most)
        )
    return BoundFound(item.measure, item.of, item.at_least, item.at_most, value, met, item.reason)


_ONLY = {
    "without-duplicates": Text("Mỗi ca lặp lại chỉ tính một lần.", "Each case that is repeated counts once."),
    "without-overlap": Text(
        "Chỉ các ca không có trong dữ liệu phát triển.", "Only cases that do not stand in the development data."
    ),
}
