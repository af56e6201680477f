"""Makes `sources/bhyt/layout.csv`, the dated layouts of the health-insurance tables, from a list of their fields.

    python scripts/generate_bhyt_layout.py BHYT_FIELDS.csv > src/lienthong/sources/bhyt/layout.csv

The list restates the annexes of Quyết định 130/2023 and 4750/2023 and what the insurer's portal accepts. A length is
the larger of the two, so that nothing is called too long which the portal takes; a field that is not sure to be
required is not. Of the older layout (Quyết định 4210/2017) only the names are known.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

TABLES = ("XML1", "XML2", "XML3", "XML4", "XML5")
COLUMNS = ("table", "position", "field", "type", "max_length", "required", "decision", "valid_from", "valid_to")
TYPES = {
    "string": "text",
    "number": "number",
    "datetime(yyyymmddHHMM)": "moment",
    "date(yyyymmdd)": "date",
    "date list(yyyymmdd;…)": "dates",
}
# Codes that the annex calls numbers: kept as text, for they have no arithmetic (reference: "keep all codes as text").
CODES = {"GIOI_TINH", "MA_TAI_NAN", "KET_QUA_DTRI", "MA_LOAI_RV", "MA_NHOM", "PHAM_VI", "MA_PTTT", "NGUON_CTRA"} | {
    "VET_THUONG_TP",
    "PP_VO_CAM",
    "VI_TRI_TH_DVKT",
    "TAI_SU_DUNG",
}
# (table, field): the length and whether it is required by a later decision, the decision, and its first day.
CHANGES = {
    ("XML1", "MAHUYEN_CU_TRU"): ("3", "no", "districts ended on 2025-07-01", date(2025, 7, 1)),
    ("XML2", "MUC_HUONG"): ("4", "no", "1931/QĐ-BYT 2026", date(2026, 7, 1)),
    ("XML3", "MUC_HUONG"): ("4", "no", "1931/QĐ-BYT 2026", date(2026, 7, 1)),
}


def rows(fields: Path) -> Iterator[tuple[str, ...]]:
    """The rows of the layout, in the order of tables and positions."""
    with fields.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            table, _, older = row["table"].partition("@")
            if table not in TABLES or older not in ("", "4210"):
                continue
            if older:
                yield (table, row["position"], row["field"], "text", "", "no", "4210/QĐ-BYT 2017", "", "2024-06-30")
                continue
            kind = "text" if row["field"] in CODES else TYPES[row["type"]]
            kind = "number" if row["field"] == "CAN_NANG" else kind  # kilograms with a decimal point, says its rule
            lengths = [int(row[name]) for name in ("max_length", "validator_max_length") if row[name].isdigit()]
            length = str(max(lengths)) if lengths else ""
            required = "yes" if row["required"] == "yes" and row["sure"] == "yes" else "no"
            decision = "130/QĐ-BYT 2023, 4750/QĐ-BYT 2023"
            common = (table, row["position"], row["field"], kind)
            change = CHANGES.get((table, row["field"]))
            if change is None:
                yield (*common, length, required, decision, "", "")
            else:
                later, still_required, name, first = change
                yield (*common, length, required, decision, "", (first - timedelta(days=1)).isoformat())
                yield (*common, later, still_required, name, first.isoformat(), "")


def main() -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
