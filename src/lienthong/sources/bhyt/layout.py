"""The layouts of the health-insurance tables as dated data: which fields a row has on a date, and of what form.

The data are `layouts.csv`, made by `scripts/generate_bhyt_layouts.py`. Source: the annexes of Quyết định 130/2023 and
4750/2023, table XML13 of 3176/2024, the change of 1931/2026, and the tables of 4210/2017 (ended on 2024-06-30), of
which neither lengths nor required fields are known. `fields(table, on)` is what a row has on a day.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType

from lienthong.terminology import valuesets

__all__ = [
    "OLDER",
    "OLDER_ENDS",
    "OLDER_TABLES",
    "PATHS",
    "TABLES",
    "Condition",
    "Field",
    "allowed",
    "fields",
    "is_known",
    "is_older",
    "names",
    "versions",
]

OLDER = "4210/QĐ-BYT 2017"
OLDER_ENDS = date(2024, 6, 30)
"""The last day on which claims were sent in the tables of 4210/2017."""

# The elements of a table's XML, from its root to its row; where a table has one row the root is the row. Of XML12 no
# elements are published, for it is typed into the portal (Quyết định 130, article 3.3): these are what programs use.
PATHS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "XML0": ("CHI_TIEU_TRANG_THAI_KCB", "DSACH_TRANG_THAI_KCB", "TRANG_THAI_KCB"),
        "XML1": ("TONG_HOP",),
        "XML2": ("CHITIEU_CHITIET_THUOC", "DSACH_CHI_TIET_THUOC", "CHI_TIET_THUOC"),
        "XML3": ("CHITIEU_CHITIET_DVKT_VTYT", "DSACH_CHI_TIET_DVKT", "CHI_TIET_DVKT"),
        "XML4": ("CHITIEU_CHITIET_DICHVUCANLAMSANG", "DSACH_CHI_TIET_CLS", "CHI_TIET_CLS"),
        "XML5": ("CHITIEU_CHITIET_DIENBIENLAMSANG", "DSACH_CHI_TIET_DIEN_BIEN_BENH", "CHI_TIET_DIEN_BIEN_BENH"),
        "XML6": (
            "CHI_TIEU_HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS",
            "DSACH_HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS",
            "HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS",
        ),
        "XML7": ("CHI_TIEU_DU_LIEU_GIAY_RA_VIEN",),
        "XML8": ("CHI_TIEU_DU_LIEU_TOM_TAT_HO_SO_BENH_AN",),
        "XML9": ("CHI_TIEU_DU_LIEU_GIAY_CHUNG_SINH", "DSACH_GIAYCHUNGSINH", "DU_LIEU_GIAY_CHUNG_SINH"),
        "XML10": ("CHI_TIEU_DU_LIEU_GIAY_NGHI_DUONG_THAI",),
        "XML11": ("CHI_TIEU_DU_LIEU_GIAY_CHUNG_NHAN_NGHI_VIEC_HUONG_BAO_HIEM_XA_HOI",),
        "XML12": ("DSACH_GIAM_DINH_Y_KHOA", "GIAM_DINH_Y_KHOA"),
        "XML13": ("CHI_TIEU_GIAYCHUYENTUYEN",),
        "XML14": ("CHI_TIEU_GIAYHEN_KHAMLAI",),
        "XML15": ("CHI_TIEU_DIEUTRI_BENHLAO", "DSACH_CHITIET_DIEUTRI_BENHLAO", "CHITIET_DIEUTRI_BENHLAO"),
    }
)
TABLES = tuple(PATHS)
"""Every table of Quyết định 130 and 4750, XML0 to XML15."""

OLDER_TABLES = TABLES[1:6]
"""The tables that 4210/2017 has, XML1 to XML5."""

_CONDITION = re.compile(r"([\w,]+) (empty|present|=|<>)(?: ([\w,]+))?")


@dataclass(frozen=True, slots=True)
class Condition:
    """When a field must be there: while `names` are all empty or present, or the first has (`=`) or lacks a value."""

    names: tuple[str, ...]
    holds: str  # empty, present, =, <>
    values: frozenset[str] = frozenset()

    def __call__(self, texts: Mapping[str, str]) -> bool:
        found = [texts.get(name, "").strip() for name in self.names]
        match self.holds:
            case "empty":
                return not any(found)
            case "present":
                return all(found)
            case "=":
                return found[0] in self.values
            case _:
                return bool(found[0]) and found[0] not in self.values


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One field of a table, as one decision has it.

    `type`: `text`, `code`, `number`, `money` (đồng), `date` (yyyymmdd), `moment` (yyyymmddHHMM) or `birth` (either,
    unknown parts as zeros). `decimals`: how many an amount is rounded to, None where nothing is said.
    `max_length` is the annex's, `accepted_length` what the insurer's portal takes (0: any). `required` holds for
    every row; `condition` says when a field is required that is not always. `separator`: of a list in the field.
    `codes`: a short list of the field's own; `value_set`: the name of a dated one (terminology); `allowed` asks both.
    `system`: the code list that the codes are of, named by a field. `copy_of`: the field of XML1 that it must equal.
    `is_sure`: False where the official text was not seen.
    """

    table: str
    position: int
    name: str
    type: str
    decimals: int | None
    max_length: int
    accepted_length: int
    required: bool
    condition: Condition | None
    separator: str
    codes: frozenset[str]
    value_set: str
    system: str
    copy_of: str
    decision: str
    valid_from: date | None
    valid_to: date | None
    is_sure: bool
    vi: str
    en: str

    def is_required(self, texts: Mapping[str, str]) -> bool:
        """Whether a row with these texts must have the field."""
        return self.required or (self.condition is not None and self.condition(texts))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _condition(text: str) -> Condition | None:
    match = _CONDITION.fullmatch(text)
    if match is None:
        return None
    return Condition(tuple(match[1].split(",")), match[2], frozenset((match[3] or "").split(",")) - {""})


def _field(row: Mapping[str, str]) -> Field:
    return Field(
        row["table"],
        int(row["position"]),
        row["field"],
        row["type"],
        int(row["decimals"]) if row["decimals"] else None,
        int(row["max_length"] or 0),
        int(row["accepted_length"] or 0),
        row["required"] == "yes",
        _condition(row["required"]),
        row["separator"],
        frozenset(row["codes"].split(";")) - {""},
        row["value_set"],
        row["system"],
        row["copy_of"],
        row["decision"],
        _day(row["valid_from"]),
        _day(row["valid_to"]),
        row["sure"] == "yes",
        row["vi"],
        row["en"],
    )


@cache
def _all() -> Mapping[tuple[str, bool], tuple[Field, ...]]:
    """The fields of every version by table, and whether they are of the older line."""
    found: dict[tuple[str, bool], list[Field]] = {}
    with Path(__file__).with_name("layouts.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            field = _field(row)
            found.setdefault((field.table, field.decision == OLDER), []).append(field)
    return {key: tuple(sorted(value, key=lambda field: field.position)) for key, value in found.items()}


@cache
def _changes() -> tuple[date, ...]:
    """The days on which any layout of the newer line begins, the first one first."""
    newer = (field for (_, is_old), every in _all().items() if not is_old for field in every)
    return tuple(sorted({field.valid_from for field in newer if field.valid_from is not None}))


@cache
def _version(table: str, day: date) -> Mapping[str, Field]:
    found = {
        field.name: field
        for field in _all().get((table, False), ())
        if (field.valid_from is None or field.valid_from <= day) and (field.valid_to is None or day <= field.valid_to)
    }
    return MappingProxyType(found)


@cache
def _older(table: str) -> Mapping[str, Field]:
    return MappingProxyType({field.name: field for field in _all().get((table, True), ())})


@cache
def _on(table: str, number: int) -> Mapping[str, Field]:
    return _version(table, _changes()[max(number - 1, 0)])


def fields(table: str, on: date | None = None, *, older: bool = False) -> Mapping[str, Field]:
    """The fields of a table by name, in their order, as they hold on a date; without one, as they hold latest.

    Before 2023-09-01 they are as Quyết định 130 first has them. `older`: of 4210/2017 instead.
    """
    if older:
        return _older(table)
    changes = _changes()
    return _on(table, len(changes) if on is None else sum(change <= on for change in changes))


def versions(table: str, name: str) -> tuple[Field, ...]:
    """Every version of a field, older line first; empty for a name that no version of the table has."""
    every = (*_all().get((table, True), ()), *_all().get((table, False), ()))
    return tuple(field for field in every if field.name == name)


@cache
def names(table: str) -> frozenset[str]:
    """The names of all fields that any version of a table has."""
    return frozenset(field.name for is_old in (True, False) for field in _all().get((table, is_old), ()))


def is_known(table: str, name: str) -> bool:
    """Whether any version of a table has a field of this name."""
    return name in names(table)


@cache
def _telling() -> Mapping[str, frozenset[str]]:
    """Names by which a row is known to be of 4210/2017: those that its table has only there."""
    newer = {table: {field.name for field in _all()[table, False]} for table in OLDER_TABLES}
    return {table: frozenset(_older(table)) - newer[table] for table in OLDER_TABLES}


def is_older(table: str, texts: Mapping[str, str]) -> bool:
    """Whether a row is in the older layout: it has more names that only 4210/2017 has than only the newer line."""
    telling = _telling().get(table, frozenset())
    if telling.isdisjoint(texts):
        return False
    newer = fields(table).keys() - _older(table).keys()
    return len(telling & texts.keys()) > len(newer & texts.keys())


def allowed(field: Field, on: date | None) -> frozenset[str] | None:
    """The codes that a field may have on a date; None where nothing is known, or no list holds yet on that day."""
    if field.codes:
        return field.codes
    if not field.value_set:
        return None
    return _listed(field.value_set, on)


def _listed(name: str, on: date | None) -> frozenset[str] | None:
    every = valuesets.concepts(name)
    if not every or not all(concept.confirmed for concept in every):
        return None
    return frozenset(_valid(name, on)) or None


def _valid(name: str, on: date | None) -> Iterator[str]:
    for concept in valuesets.concepts(name):
        if valuesets.lookup(name, concept.code, on) is not None:
            yield concept.code
