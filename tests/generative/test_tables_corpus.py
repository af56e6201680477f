"""The corpus of the fuzzed reader of tables, replayed: changed and broken files, each read to its end and told.

`tests/fixtures/tables` holds invented tables with the changes that once broke the reader, or nearly did.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from lienthong import sources
from lienthong.core.settings import Settings
from lienthong.reading import validated
from lienthong.sources import Converted

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
