"""The RCP's NEWS2 chart written out value by value, apart from the product's data: the oracle of its tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from lienthong.products.assessment import Row

AS_OF = date(2026, 11, 23)
TIME = "2026-11-20T08:00:00+07:00"

# Each column of the chart as it is printed: the lowest and the highest value of each box, both within it.
RESPIRATION = [(0, 8, 3), (9, 11, 1), (12, 20, 0), (21, 24, 2), (25, 120, 3)]
SPO2_1 = [(1, 91, 3), (92, 93, 2), (94, 95, 1), (96, 100, 0)]
SPO2_2_AIR = [(1, 83, 3), (84, 85, 2), (86, 87, 1), (88, 92, 0), (93, 100, 0)]
SPO2_2_OXYGEN = [(1, 83, 3), (84, 85, 2), (86, 87, 1), (88, 92, 0), (93, 94, 1), (95, 96, 2), (97, 100, 3)]
SYSTOLIC = [(0, 90, 3), (91, 100, 2), (101, 110, 1), (111, 219, 0), (220, 350, 3)]
PULSE = [(0, 40, 3), (41, 50, 1), (51, 90, 0), (91, 110, 1), (111, 130, 2), (131, 350, 3)]
TENTHS = [(200, 350, 3), (351, 360, 1), (361, 380, 0), (381, 390, 1), (391, 460, 2)]  # temperature
OXYGEN = {"air": 0, "oxygen": 2}
CONSCIOUSNESS = {"alert": 0, "confusion": 3, "voice": 3, "pain": 3, "unresponsive": 3}

WORST = {
    "respiration": 3,
    "spo2": 3,
    "oxygen": 2,
    "systolic": 3,
    "pulse": 3,
    "consciousness": 3,
    "temperature": 3,
}
UNITS = {"respiration": "/min", "spo2": "%", "systolic": "mm[Hg]", "pulse": "/min", "temperature": "Cel"}
NORMAL = {
    "respiration": "16",
    "spo2": "97",
    "oxygen": "air",
    "systolic": "120",
    "pulse": "70",
    "consciousness": "alert",
    "temperature": "37.0",
}


def box(column: list[tuple[int, int, int]], value: int) -> int:
    (points,) = [points for low, high, points in column if low <= value <= high]
    return points


def points(name: str, given: str, *, oxygen: str = "air", scale: int = 1) -> int:
    """The points of one given value, by looking into the printed chart."""
    if name == "oxygen":
        return OXYGEN[given]
    if name == "consciousness":
        return CONSCIOUSNESS[given]
    if name == "temperature":
        return box(TENTHS, int((Decimal(given) * 10).quantize(Decimal(1), ROUND_HALF_UP)))
    value = int(Decimal(given).quantize(Decimal(1), ROUND_HALF_UP))
    if name == "spo2":
        return box(SPO2_1 if scale == 1 else SPO2_2_AIR if oxygen == "air" else SPO2_2_OXYGEN, value)
    return box({"respiration": RESPIRATION, "systolic": SYSTOLIC, "pulse": PULSE}[name], value)


def response(total: int, single: int) -> str:
    """The response as chart 2 names it."""
    if total >= 7:
        return "high"
    if total >= 5:
        return "medium"
    if single == 3:
        return "low-medium"
    return "low" if total else "minimum"


def edges(column: list[tuple[int, int, int]]) -> Iterator[int]:
    """Every boundary of a column and one step to each side of it."""
    first, last = column[0][0], column[-1][1]
    for low, high, _ in column:
        for edge in (low - 1, low, low + 1, high - 1, high, high + 1):
            if first <= edge <= last:
                yield edge


def row(name: str, value: str, *, time: str = TIME, unit: str | None = None, **more: str) -> Row:
    unit = UNITS.get(name, "") if unit is None else unit
    return Row("p", name, "Patient/a", f"Observation/{name}", value, unit, time, "final", **more)


def rows(values: dict[str, str], *, scale: int = 1, birth: str = "1960-02-03") -> list[Row]:
    """A person with these parameters at one time; scale 2 by an active order."""
    found = [row(name, value) for name, value in values.items()]
    found.append(Row("p", "birth", "Patient/a", "Patient/a", birth))
    if scale == 2:
        ordered = "2026-11-19T10:00:00+07:00"
        found.append(Row("p", "scale-2", "Patient/a", "ServiceRequest/o", "spo2-target-88-92", "", ordered, "active"))
    return found
