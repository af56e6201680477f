"""The FHIR resources of this node: versions, batches published whole, origins, quarantine, and who may see them."""

from __future__ import annotations

from lienthong.record.batch import NO_ID, Batch
from lienthong.record.body import Stored, body_of
from lienthong.record.faults import FindingGroup, QuarantineRow
from lienthong.record.files import FileRow, RecordRow
from lienthong.record.guard import AI_LABEL, Guard, Verify, ai_guard
from lienthong.record.index import Indexed, Pending
from lienthong.record.persons import LinkPatient, LinkTables, Membership
from lienthong.record.reading import Came
from lienthong.record.record import BatchRow, Record
from lienthong.record.resolve import Unresolved
from lienthong.record.step import Prepared, prepare
from lienthong.record.summary import Counts, FindingCounts, Outcome, Published, Quarantined

__all__ = [
    "AI_LABEL",
    "NO_ID",
    "Batch",
    "BatchRow",
    "Came",
    "Counts",
    "FileRow",
    "FindingCounts",
    "FindingGroup",
    "Guard",
    "Indexed",
    "LinkPatient",
    "LinkTables",
    "Membership",
    "Outcome",
    "Pending",
    "Prepared",
    "Published",
    "QuarantineRow",
    "Quarantined",
    "Record",
    "RecordRow",
    "Stored",
    "Unresolved",
    "Verify",
    "ai_guard",
    "body_of",
    "prepare",
]
