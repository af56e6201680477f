"""Tables for other programs: each table of a page as CSV (for Excel, tones kept) and as JSON (digits kept)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.responses import Response

from lienthong.core import canonical

__all__ = ["as_csv", "as_json"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Response:
    """A CSV file with a byte order mark, without which Excel breaks Vietnamese; no cell starts a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return Response(
        out.getvalue().encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    # A spreadsheet would run a text that starts like a formula (OWASP: CSV injection); numbers stay numbers
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def as_json(value: Any) -> Response:
    """JSON with decimals to the digit."""
    return Response(canonical.encode(value), media_type="application/json")
