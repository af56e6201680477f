"""The corpus of the fuzzed reader of tables, replayed: changed and broken files, each read to its end and told.

`tests/fixtures/tables` holds invented tables with the changes that once broke the reader, or nearly did.
`tables_corpus.json` has one input for each kind of outcome of a fuzzer that grew them from these (Atheris, eleven
minutes in one run, 88,878 inputs): a CSV in an encoding, a part of a workbook, or a whole one.
"""

from __future__ import annotations

import base64
import io
import json
import time
import zipfile
import zlib
from pathlib import Path

import pytest

from lienthong import sources
from lienthong.core.errors import LienthongError
from lienthong.core.settings import Settings
from lienthong.privacy.circles import Circles
from lienthong.privacy.replacer import Replacer
from lienthong.reading import validated
from lienthong.sources import Converted
from lienthong.sources.tables.deidentify import TablesDeidentifier

CORPUS = Path(__file__).parent.parent / "fixtures" / "tables"
FILES = sorted(path for path in CORPUS.iterdir() if path.suffix != ".yaml")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1258", "tcvn3", "vni", "viscii"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_read_to_its_end(path: Path, encoding: str) -> None:
    mapping = (CORPUS / "mapping.yaml").read_text("utf-8")
    mapping = mapping.replace('separator: ";"', f'separator: ";"\n    encoding: {encoding}')
    settings = Settings(mappings={"small.yaml": mapping})
    items = list(sources.convert(io.BytesIO(path.read_bytes()), name=path.name, sha256="", settings=settings))
    assert items
    for item in items:
        assert isinstance(item, Converted)
        seen = validated(item)
        assert bool(seen.resources) != bool(seen.rejected)


def test_what_broke_the_reader_costs_a_cell() -> None:
    settings = Settings(mappings={"small.yaml": (CORPUS / "mapping.yaml").read_text("utf-8")})
    for name, cells in (("people_far_day.xlsx", 1), ("people_nan.xlsx", 1), ("people_unreadable_list.csv", 1)):
        items = list(sources.read(CORPUS / name, settings=settings))
        rejected = [item.rejected.code for item in items if item.rejected]
        assert rejected == (["tables-key-missing"] if name.endswith(".xlsx") else []), (
            name
        )  # a row of a formula alone
        bad = [finding for item in items for finding in item.findings if finding.code == "tables-cell-unreadable"]
        assert len(bad) == cells, name


def with_part(part: str, data: bytes) -> bytes:
    """A workbook with other bytes in one of its parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(CORPUS / "people_style.xlsx") as whole, zipfile.ZipFile(out, "w") as made:
        for name in whole.namelist():
            made.writestr(name, data if name == part else whole.read(name))
    return out.getvalue()


def given(kind: str, data: bytes) -> tuple[str, bytes, Settings]:
    """The name, the bytes and the settings of one input of the fuzzer."""
    mapping = (CORPUS / "mapping.yaml").read_text("utf-8")
    first, _, rest = kind.partition(" ")
    if first == "csv":
        encoding, _, short = rest.partition(" ")
        more = f"\n    encoding: {encoding}" + ("\n    short_rows: true" if short else "")
        mapping = mapping.replace('separator: ";"', 'separator: ";"' + more)
        return "people.csv", data, Settings(mappings={"small.yaml": mapping})
    whole = with_part(rest, data) if first == "part" else data
    return "people.xlsx", whole, Settings(mappings={"small.yaml": mapping})


def opened(data: bytes) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(data), 1 << 20)


def test_what_a_fuzzer_found_is_read_told_and_made_showable() -> None:
    inputs = json.loads((CORPUS.parent / "tables_corpus.json").read_text("ascii"))
    assert len(inputs) > 50
    outcomes: set[str] = set()
    began = time.monotonic()
    for kind, text in inputs:
        name, data, settings = given(kind, zlib.decompress(base64.b64decode(text)))
        for item in sources.convert(io.BytesIO(data), name=name, sha256="", settings=settings):
            assert isinstance(item, Converted)
            seen = validated(item)
            assert bool(seen.resources) != bool(seen.rejected)
            outcomes.add(seen.rejected.code if seen.rejected else "kept")
        made, circles, out = TablesDeidentifier(), Circles(), io.BytesIO()
        try:
            for _ in made.learn(opened(data), name=name, settings=settings, circles=circles, this_year=2026):
                pass
            circles.close()
            replacer = Replacer(bytes(32), circles)
            count = sum(
                item is None
                for item in made.rewrite(opened(data), out, name=name, settings=settings, replacer=replacer)
            )
        except LienthongError:
            continue
        if count:
            again = list(sources.convert(io.BytesIO(out.getvalue()), name=name, sha256="", settings=settings))
            assert len(again) >= count or name.endswith(".xlsx")
    assert {
        "kept",
        "tables-key-missing",
        "tables-row-width",
        "tables-quote-open",
        "tables-workbook-broken",
    } <= outcomes
    assert time.monotonic() - began < 60  # seconds; a few are usual
