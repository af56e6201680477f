"""Clean claims to break: rows of invented visits, and papers that the layout asks for, as plain dicts by table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache

from lienthong.core.finding import Finding
from lienthong.core.settings import Settings
from lienthong.demo.claims import claim, totals
from lienthong.demo.hospitals import Hospitals, generate
from lienthong.demo.visits import Visit as DemoVisit
from lienthong.sources.bhyt import Choice, Examined, layout
from lienthong.sources.bhyt.examine import examine_visit
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.values import day
from lienthong.sources.bhyt.visit import Visit

Tables = dict[str, list[dict[str, str]]]
Mutation = Callable[[Tables], None]

__all__ = [
    "Mutation",
    "Tables",
    "codes",
    "day_visit",
    "examined",
    "inpatient",
    "moved",
    "outpatient",
    "paper",
    "sum_up",
]


@cache
def _hospitals() -> Hospitals:
    return generate(3, 240)


@cache
def _visit(kind: str) -> DemoVisit:
    """A visit of 2026 with two tests or more, notes and a covered drug."""
    return next(
        visit
        for visit in _hospitals().visits
        if visit.hospital == "a"
        and visit.kind == kind
        and visit.start.year == 2026
        and 3 < visit.start.day < 20
        and len({lab for lab, _ in visit.labs}) > 2
        and visit.vitals
        and visit.prescriptions
        and all(item.covered for item in visit.prescriptions)
        and visit.registration.national_id
        and len(visit.registration.national_id) == 12
        and visit.outcome != "died"
        and visit.person.benefit < 100
    )


def _tables(kind: str) -> Tables:
    return {name: [dict(row) for row in rows] for name, rows in claim(_visit(kind)).tables.items()}


def outpatient() -> Tables:
    """An examination: XML1 to XML5."""
    return _tables("exam")


def day_visit() -> Tables:
    """A visit of long illness with a follow-up."""
    return _tables("chronic")


def inpatient() -> Tables:
    """A stay: XML1 to XML5 and XML8, with a bed and a supply."""
    return _tables("inpatient")


def paper(tables: Tables, table: str, **own: str) -> dict[str, str]:
    """Adds a row of another table, with a right value in each field that it needs; gives the row."""
    summary = tables["XML1"][0]
    row: dict[str, str] = {}
    for name, field in layout.fields(table, day(summary["NGAY_RA"])).items():
        row[name] = ""
        if field.copy_of:
            row[name] = summary[field.copy_of]
        elif name in summary and name not in ("DU_PHONG", "STT"):
            row[name] = summary[name]
        if field.required and not row[name]:
            allowed = layout.allowed(field, day(summary["NGAY_RA"]))
            made = sorted(allowed)[0] if allowed else _some(field.type, summary["NGAY_RA"])
            row[name] = made[: field.max_length or None]
    row |= {"MA_LK": summary["MA_LK"]} | own
    tables.setdefault(table, []).append(row)
    if "STT" in row:
        row["STT"] = str(len(tables[table]))
    return row


def _some(kind: str, out: str) -> str:
    return {"date": out[:8], "moment": out, "birth": out, "number": "1", "money": "1"}.get(kind, "1")


def moved(text: str, **by: float) -> str:
    """A moment of a claim, so much later."""
    moment = datetime.strptime(text, "%Y%m%d%H%M") + timedelta(**by)
    return moment.strftime("%Y%m%d%H%M")


def sum_up(tables: Tables) -> None:
    """Numbers rows anew and computes the totals of XML1 again."""
    for table in ("XML2", "XML3"):
        for number, row in enumerate(tables[table], 1):
            row["STT"] = str(number)
    tables["XML1"][0] |= totals(tables)


def visit(tables: Tables, file: str = "a.xml") -> Visit:
    rows = {
        table: [Row(table, number, dict(row)) for number, row in enumerate(found, 1)]
        for table, found in tables.items()
    }
    summary = rows.pop("XML1")[0]
    return Visit("01999", "01999", summary, rows, Settings(), file)


def examined(tables: Tables, choice: Choice | None = None, file: str = "a.xml") -> Examined:
    return examine_visit(visit(tables, file), choice or Choice())


def codes(findings: tuple[Finding, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for finding in findings:
        found[finding.code] = found.get(finding.code, 0) + 1
    return found


def plus(text: str, amount: str) -> str:
    return str(Decimal(text) + Decimal(amount))
