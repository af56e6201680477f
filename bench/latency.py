"""How long one patient takes at the bedside: each product on one patient again and again, in this process.

The target of DESIGN: under 100 ms at the median for a Cox model or an additive one, under 500 ms for an X-ray.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.steps import node
from lienthong.products import catalogue
from lienthong.products.assessment import Row
from lienthong.products.suggestion import suggest

__all__ = ["LATENCIES", "table"]

Acts = Iterator[tuple[str, Callable[[], object], int]]
"""What is measured: its title, one call of it, and how often it is called."""

_LOINC = "http://loinc.org"
_FINDINGS: dict[str, dict[str, Any]] = {
    "21893-3": {"valueInteger": 4},
    "21889-1": {"valueQuantity": {"value": 31, "unit": "mm"}},
    "44648-4": {"valueCodeableConcept": {"coding": [{"system": _LOINC, "code": "LA27825-1"}]}},
    "85337-4": {"valueCodeableConcept": {"coding": [{"system": _LOINC, "code": "LA6576-8"}]}},
    "85339-0": {"valueCodeableConcept": {"coding": [{"system": _LOINC, "code": "LA6577-6"}]}},
}


def breast_survival(_suites: Path, work: Path) -> Acts:
    """One woman's findings to a suggestion: from her rows, and from the warehouse of a node that knows her alone."""
    day, subject = (date.today() - timedelta(days=30)).isoformat(), {"reference": "Patient/her"}
    patient = {"resourceType": "Patient", "id": "her", "gender": "female", "birthDate": "1970-06-15"}
    cancer = {
        "resourceType": "Condition",
        "id": "cancer",
        "subject": subject,
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "C50.9"}]},
    }
    observations = [
        {
            "resourceType": "Observation",
            "id": code,
            "status": "final",
            "subject": subject,
            "effectiveDateTime": day,
            "code": {"coding": [{"system": _LOINC, "code": code}]},
            **value,
        }
        for code, value in _FINDINGS.items()
    ]
    file = work / "her.ndjson"
    file.write_text("".join(json.dumps(item) + "\n" for item in (patient, cancer, *observations)), "utf-8")
    product = catalogue.load("breast-survival")
    values = {"nodes": "4", "size": "31", "grade": "grade-3", "er": "positive", "pgr": "negative"}
    rows = [
        Row("her", name, "Patient/her", f"Observation/{name}", value, {"size": "mm"}.get(name, ""), day, "final")
        for name, value in values.items()
    ]
    facts = {"birth": "1970-06-15", "sex": "female", "breast-cancer": "C50.9"}
    rows += [Row("her", name, "Patient/her", "Patient/her", value) for name, value in facts.items()]
    today = datetime.now(UTC).date()
    title = "breast-survival: from one woman's rows to a suggestion"
    yield title, lambda: suggest(product, product.assess(rows, today)), 300
    with node(work) as made:
        made.ingest([file])
        made.build()
        title = "breast-survival: the same from the warehouse of a node, compared with its record"
        yield title, lambda: made.run_product("breast-survival"), 15


LATENCIES = (breast_survival,)


def table(suites: Path, work: Path) -> list[str]:
    """The section of RESULTS.md: medians and 95th percentiles, after one call that is not counted."""
    rows = []
    for number, of in enumerate(LATENCIES):
        folder = work / str(number)
        folder.mkdir(parents=True)
        for title, act, count in of(suites, folder):
            act()
            taken = []
            for _ in range(count):
                started = time.perf_counter()
                act()
                taken.append((time.perf_counter() - started) * 1000)
            ninety_five = statistics.quantiles(taken, n=20)[-1]
            rows.append(f"| {title} | {statistics.median(taken):,.1f} | {ninety_five:,.1f} | {count} |")
    head = ["## One patient at the bedside", "", "In one process, one call after the other.", ""]
    return [*head, "| what | median ms | 95th percentile ms | calls |", "|---|--:|--:|--:|", *rows, ""]
