"""The reports beside copies: each language in its own words, columns named, nothing of a file's own name."""

from __future__ import annotations

import re
from pathlib import Path

from lienthong import sources
from lienthong.deidentifying.report import Deidentified, Written, report_json, report_text
from lienthong.deidentifying.words import ENGLISH, VIETNAMESE
from lienthong.sources.bhyt.deidentify import KINDS as BHYT
from lienthong.sources.fhir.showable import rules
from lienthong.sources.hl7v2.deidentify import KINDS as HL7V2
from lienthong.sources.tables.showable import KINDS as TABLES


def kinds() -> set[str]:
    """All kinds that a run may count: those of the rules, and those that the code names itself."""
    folder = Path(sources.__file__).parent
    noted = {
        kind for path in folder.rglob("*.py") for kind in re.findall(r'note\("([^"]+)"\)', path.read_text("utf-8"))
    }
    return {*BHYT, *HL7V2, *TABLES, *rules().types.values(), *rules().paths.values(), *noted, "unknown-sheet"}


def test_every_kind_has_a_word_in_both_languages() -> None:
    assert len(kinds()) > 50
    assert kinds() - VIETNAMESE.keys() == set()
    assert VIETNAMESE.keys() == ENGLISH.keys()


def test_the_vietnamese_part_names_no_kind_in_english() -> None:
    counted = dict.fromkeys(sorted(kinds()), 7)
    file = Written("0001.csv", "Lò Thị Mơ.csv", "tables", 3, counted, ("Tên", "F"))
    result = Deidentified((file,), (), (), (3, 2, 2), {}, 1.0)
    text = report_text(result)
    vietnamese, _, english = text.partition("\n----\n")
    words = set(re.findall(r"^ {4}(.+): \d+$", vietnamese, re.MULTILINE))
    assert words == set(VIETNAMESE.values())
    assert set(re.findall(r"^ {4}(.+): \d+$", english, re.MULTILINE)) == set(ENGLISH.values())
    assert all(not re.search(r"\b(name|date|card|token|text|staff|key|removed|unknown)\b", word) for word in words)
    assert "cột không sao chép: Tên, F" in vietnamese and "columns not copied: Tên, F" in english
    assert "Mơ" not in text and "Mơ" not in str(report_json(result))
