"""Every expression of HL7's FHIRPath R4 tests is read, and what the suite calls a syntax error is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from lienthong.core.errors import LienthongError
from lienthong.fhir.fhirpath import parse

# The grammar gives a time of day no offset (FHIRPath N1, appendix B, TIME), so these are refused before they run.
REFUSED_EARLIER = {"@T14:34:28Z.is(Time)", "@T14:34:28+10:00.is(Time)"}


@pytest.mark.suite
def test_the_whole_grammar_is_read(suites: Callable[[str], Path]) -> None:
    file = suites("fhirpath_r4_tests") / "r4" / "fhirpath" / "tests-fhir-r4.xml"
    wrong, read = [], 0
    for test in etree.parse(file).iter("test"):
        expression = test.find("expression")
        assert expression is not None
        text = expression.text or ""
        refused = expression.get("invalid") == "syntax" or text in REFUSED_EARLIER
        try:
            parse(text)
        except LienthongError:
            read += refused
            if not refused:
                wrong.append(text)
        else:
            read += not refused
            if refused:
                wrong.append(text)
    assert not wrong
    assert read >= 778
