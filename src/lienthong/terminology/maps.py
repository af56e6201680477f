"""Maps from one code system to another, each row with the first day on which it holds."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

__all__ = ["encounter_class"]

_FILE = Path(__file__).parent / "data" / "encounter_class.csv"


@cache
def _classes() -> Mapping[str, tuple[str, date | None]]:
    with _FILE.open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: (row["class"], date.fromisoformat(row["valid_from"]) if row["valid_from"] else None)
            for row in csv.DictReader(file)
        }


def encounter_class(care: str, on: date | None) -> str | None:
    """HL7's class of encounter (v3-ActCode: AMB, IMP, HH, VR, FLD) for a MA_LOAI_KCB; None where it is not known."""
    found, valid_from = _classes().get(care, (None, None))
    return None if valid_from is not None and on is not None and on < valid_from else found
