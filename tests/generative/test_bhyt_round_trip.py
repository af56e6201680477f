"""Any claim that the layouts allow, and many that they don't, becomes valid FHIR and comes back with every value."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date
from io import BufferedReader
from typing import Any

from hypothesis import HealthCheck, given, settings
from tests.generative.bhyt_claims import claims, clean

from lienthong import sources
from lienthong.core import canonical
from lienthong.core.finding import Severity
from lienthong.core.settings import Settings
from lienthong.fhir import validate
from lienthong.fhir.references import walk
from lienthong.sources.bhyt.source import SOURCE
from lienthong.sources.bhyt.visit import Visit
from lienthong.sources.bhyt.write import Shelf, claim, envelope
from lienthong.sources.converted import Converted

MADE = date(2026, 8, 15)
Tables = Mapping[str, Any]


def rows_of(data: bytes) -> dict[str, Tables]:
    """The rows that the reader finds in a file, by MA_LK."""
    stream: Any = BufferedReader(io.BytesIO(data))
    found: dict[str, Tables] = {}
    for visit in SOURCE.visits(stream, name="a.xml", sha256="", settings=Settings(), source=None):
        if not isinstance(visit, Visit):
            continue  # rejected
        first = {"XML1": [visit.summary.texts]} if visit.is_claim else {}
        lines = {table: [row.texts for row in rows] for table, rows in visit.lines.items()}
        found[visit.key] = clean({**first, **lines})
    return found


def converted(data: bytes) -> Converted:
    (item,) = sources.convert(io.BytesIO(data), name="a.xml", sha256="", settings=Settings())
    assert isinstance(item, Converted)
    return item


def stored(item: Converted) -> list[dict[str, Any]]:
    """The resources as the record gives them back: through their bytes."""
    return [canonical.parse(canonical.encode(body)) for body in item.resources]


def same(tables: Tables) -> dict[tuple[str, int, str], str]:
    """Every value by its place; MA_LK and MA_CSKCB as the key and the envelope say where the file leaves them out."""
    found: dict[tuple[str, int, str], str] = {}
    for table, rows in tables.items():
        for number, row in enumerate(rows):
            known = {} if table == "XML12" else {"MA_LK": "LK/1"}
            if table == "XML1":
                known["MA_CSKCB"] = "99999"
            found.update({(table, number, name): text for name, text in {**known, **row}.items()})
    return found


@given(claims())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_a_file_becomes_fhir_and_the_same_file_again(tables: Any) -> None:
    data = envelope("99999", [tables], MADE)
    read = rows_of(data)["LK/1"]
    assert {table: len(rows) for table, rows in read.items()} == {table: len(rows) for table, rows in tables.items()}
    item = converted(data)
    assert item.rejected is None
    back = claim(Shelf(stored(item), "+07:00"), _claim(item))
    assert same(clean(back.tables)) == same(read)
    assert not [lost for lost in back.lost if not lost.what.startswith("XML1.")]
    again = envelope("99999", [back.tables], MADE)
    assert same(rows_of(again)["LK/1"]) == same(read)


@given(claims())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_its_fhir_is_valid_and_whole(tables: Any) -> None:
    item = converted(envelope("99999", [tables], MADE))
    here = {f"{body['resourceType']}/{body['id']}" for body in item.resources}
    assert len(here) == len(item.resources)
    for body in stored(item):
        assert [finding for finding in validate(body) if finding.severity is Severity.ERROR] == []
        assert [ref.text for ref in walk(body) if ref.text and ref.text not in here] == []


def _claim(item: Converted) -> str:
    return next(f"Claim/{body['id']}" for body in item.resources if body["resourceType"] == "Claim")
