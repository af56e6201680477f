"""The rules of health-insurance claims, one family a file: what an insurance clerk must put right before sending.

A rule is a value (`ClaimRule`); `RULES` is all of them in the order in which they are told. To add one, add it to
its family and a mutation that breaks it to the tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lienthong.sources.bhyt.rules import (
    copies,
    diagnoses,
    duplicates,
    forms,
    identity,
    papers,
    reading,
    services,
    sums,
    tables,
    times,
)
from lienthong.sources.bhyt.rules.case import Case
from lienthong.sources.bhyt.rules.duplicates import Trace, across, trace
from lienthong.sources.bhyt.rules.rule import ClaimRule, Family, Spot, Text

__all__ = ["BY_ID", "RULES", "Case", "ClaimRule", "Family", "Spot", "Text", "Trace", "across", "trace"]

RULES: tuple[ClaimRule, ...] = (
    *reading.RULES,
    *sums.RULES,
    *times.RULES,
    *identity.RULES,
    *copies.RULES,
    *forms.RULES,
    *tables.RULES,
    *services.RULES,
    *papers.RULES,
    *diagnoses.RULES,
    *duplicates.RULES,
)

BY_ID: Mapping[str, ClaimRule] = MappingProxyType({rule.id: rule for rule in RULES})
assert len(BY_ID) == len(RULES), "two rules have one id"
