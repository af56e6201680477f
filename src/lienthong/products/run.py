"""Runs a product on all of its age: suggestions as preliminary RiskAssessments, and an account of all without one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Protocol

import pyarrow as pa

from lienthong.core.clock import Clock, zone
from lienthong.decisions.statement import content_digest
from lienthong.privacy.access import Action, Grant, require
from lienthong.products.assessment import Assessment, Product, Row, Why
from lienthong.products.reading import age_on, day_of
from lienthong.products.suggestion import device, is_of, suggest
from lienthong.record import Record, Stored

__all__ = ["Progress", "Queries", "Run", "assessments", "run"]

_STEP = 500  # suggestions written at once, so that no reader waits
_FIELDS = tuple(Row.__dataclass_fields__)

_WITHDRAWN = (
    "Rút lại: dữ liệu trong hồ sơ đã thay đổi từ khi có gợi ý này. / "
    "Withdrawn: the record has changed since this was suggested."
)

Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, how much of it is done, and how much there is (None: not known)."""


class Queries(Protocol):
    """What a run needs of the warehouse."""

    def query(self, sql: str, extra: Mapping[str, pa.Table]) -> pa.Table: ...


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run; it adds up: people = under_age + adults, adults = computed + all of abstained, and
    computed = new + renewed + unchanged + decided.

    `adults` are all who are not known to be under the age of the product's population (18, unless its card says
    another). `missing` counts each missing input of those who have no figure for that reason. `decided` suggestions
    were signed before and are left as they are; `withdrawn` ones were still open, and their inputs have changed.
    """

    product: str
    version: str
    digest: str
    as_of: str
    people: int
    under_age: int
    adults: int
    computed: int
    abstained: Mapping[str, int]
    missing: Mapping[str, int]
    new: int
    renewed: int
    unchanged: int
    decided: int
    withdrawn: int

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {
            "abstained": dict(self.abstained),
            "missing": dict(self.missing),
        }


def run(
    product: Product,
    warehouse: Queries,
    record: Record,
    grant: Grant,
    clock: Clock,
    progress: Progress,
    *,
    offset: str = "+07:00",
) -> Run:
    """Computes, abstains and stores; run twice on the same data, the second time changes nothing.

    An open suggestion of this product that no longer follows from the record (other inputs, a death, a disease that
    excludes) is withdrawn: nobody shall sign what is out of date. What a physician has decided is never touched.
    """
    require(grant, Action.RUN_PRODUCT)
    as_of = clock().astimezone(zone(offset)).date()
    earlier = {
        stored.id: stored
        for stored in record.resources(grant, "RiskAssessment")
        if is_of(stored.resource(), product.card.name)
    }
    count: Counter[str] = Counter()
    abstained: Counter[str] = Counter({why.value: 0 for why in Why})
    missing: Counter[str] = Counter()
    writing = _Writing(record, grant, earlier, device(product))
    for rows in _people(product, warehouse, record, grant):
        count["people"] += 1
        if _under_age(rows, as_of, product.card.age_from):
            continue
        count["adults"] += 1
        progress("adults", count["adults"], None)
        assessment = product.assess(rows, as_of)
        if assessment.abstention is None:
            count["computed"] += 1
            writing.put(suggest(product, assessment))
        else:
            abstained[assessment.abstention.why.value] += 1
            if assessment.abstention.why is Why.MISSING:
                missing.update(item.name for item in assessment.missing)
    writing.finish()
    return Run(
        product=product.card.name,
        version=product.card.version,
        digest=product.digest,
        as_of=as_of.isoformat(),
        people=count["people"],
        under_age=count["people"] - count["adults"],
        adults=count["adults"],
        computed=count["computed"],
        abstained={why: number for why, number in abstained.items() if number},
        missing=dict(sorted(missing.items())),
        **writing.count,
    )


def assessments(
    product: Product, warehouse: Queries, record: Record, grant: Grant, as_of: date
) -> Iterator[Assessment]:
    """What the product says about each adult, with figure or with the reason why there is none; stores nothing."""
    require(grant, Action.RUN_PRODUCT)
    for rows in _people(product, warehouse, record, grant):
        if not _under_age(rows, as_of, product.card.age_from):
            yield product.assess(rows, as_of)


class _Writing:
    """Writes suggestions in steps, and knows which ones were there before."""

    def __init__(self, record: Record, grant: Grant, earlier: Mapping[str, Stored], made_by: dict[str, Any]) -> None:
        self._record = record
        self._grant = grant
        self._left = dict(earlier)
        self._waiting: list[dict[str, Any]] = []
        self._expected: dict[str, int] = {}
        self._device = made_by
        self.count = {"new": 0, "renewed": 0, "unchanged": 0, "decided": 0, "withdrawn": 0}

    def put(self, suggestion: dict[str, Any]) -> None:
        before = self._left.pop(suggestion["id"], None)
        if before is not None and before.decision is not None:
            self.count["decided"] += 1
            return
        if before is None:
            self.count["new"] += 1
        elif before.digest == content_digest(suggestion):
            self.count["unchanged"] += 1
            return
        else:
            self.count["renewed"] += 1
        self._write(suggestion, before)

    def finish(self) -> None:
        """Withdraws what was open and does not follow from the record any more, and writes the rest."""
        for before in self._left.values():
            resource = before.resource()
            if before.decision is None and resource["status"] == "preliminary":
                self.count["withdrawn"] += 1
                notes = [*resource.get("note", ()), {"text": _WITHDRAWN}]
                self._write({**resource, "status": "cancelled", "note": notes}, before)
        self._flush()

    def _write(self, suggestion: dict[str, Any], before: Stored | None) -> None:
        self._waiting.append(suggestion)
        if before is not None:
            self._expected[before.reference] = before.version
        if len(self._waiting) >= _STEP:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            # The Device goes with them, so that no reference is left open; when it is there, nothing is written.
            self._record.author(self._grant, [self._device, *self._waiting], expected=self._expected)
            self._waiting, self._expected = [], {}


def _people(product: Product, warehouse: Queries, record: Record, grant: Grant) -> Iterator[list[Row]]:
    """The rows of each person of the record, by the person as the record knows them now."""
    members = record.memberships(grant)
    extra = {
        "membership": pa.table(
            {
                "patient": pa.array([member.patient for member in members], pa.string()),
                "person": pa.array([member.person for member in members], pa.string()),
            }
        )
    }
    for name, codes in product.recipe.tables.items():
        extra[name] = pa.Table.from_pylist([dict(code) for code in codes])
    table = warehouse.query(product.recipe.sql, extra)
    rows = (
        Row(**{name: item[name] for name in _FIELDS if name in item})
        for batch in table.to_batches()
        for item in batch.to_pylist()
    )
    for _, group in groupby(rows, key=lambda row: row.person):
        yield list(group)


def _under_age(rows: Iterable[Row], as_of: date, age: int) -> bool:
    """Whether someone is known to be younger than this, or to have died so."""
    births = [row.value[:10] for row in rows if row.input == "birth" and day_of(row.value) is not None]
    deaths = [day for row in rows if row.input == "deceased" and (day := day_of(row.value)) is not None]
    day = min([as_of, *deaths])
    return bool(births) and all(age_on(birth, day) < age for birth in births)
