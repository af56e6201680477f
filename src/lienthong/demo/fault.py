"""What a planted fault is: its kind, its place as a Finding has it, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CLAIM_FAULTS", "Fault"]

# Kinds that only the rules of claims see: nothing in them keeps a record from being kept whole.
CLAIM_FAULTS = frozenset(
    {
        "sum-wrong",
        "line-amount-wrong",
        "fund-share-wrong",
        "done-before-order",
        "payment-before-out",
        "row-number-repeated",
        "service-twice",
        "diagnosis-repeated",
        "scope-wrong",
        "performer-missing",
        "settlement-early",
    }
)
_SEEN_BY = {
    "corrected-claim": "record",
    "sent-twice": "record",
    "dangling-reference": "record",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One planted fault.

    `effect` is what must come of it: `quarantined` (nothing of the record or file is kept), `finding` (kept, and the
    finding names the place), `left-out` (no export), `unchanged` (sent twice) or `updated` (a new version of a
    claim). `scope` is record or file. The place is as a Finding has it; "" where it has none. `seen_by` says what it
    takes to see it: `reading` (the record alone), `record` (what else is kept) or `claim-rules` (`lienthong check`).
    `rule` is the rule of claims that must find it, "" where none does.
    """

    kind: str
    hospital: str
    file: str
    effect: str
    scope: str
    record: str = ""
    table: str = ""
    row: str = ""
    field: str = ""
    path: str = ""
    note: str = ""
    rule: str = ""

    @property
    def seen_by(self) -> str:
        return "claim-rules" if self.kind in CLAIM_FAULTS else _SEEN_BY.get(self.kind, "reading")
