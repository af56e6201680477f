"""A feed of HL7 v2 through the command line: corrected results are versions, a repeated file changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Lienthong = Callable[..., Any]
HEAD = "MSH|^~\\&|HIS|BVA|||20260310081500||{kind}|{key}|P|2.5\rPID|1||BN1^^^BVA^MR||Nguyễn^An||19700102|M\r"
VISIT = "PV1|1|{care}|NOI^201^2^BVA||||||||||||||||V1|||||||||||||||||||||||||20260310081500{end}\r"
ORDER = "OBR|1||F1^LAB|CBC^Công thức máu^L|||20260310090000\rOBX|1|NM|718-7^Hb^LN||{value}|g/dL|||||{status}\r"


def feed(folder: Path, name: str, *messages: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes("".join(messages).encode())


def test_a_feed_from_admission_to_correction(lienthong: Lienthong, tmp_path: Path) -> None:
    exports = tmp_path / "hl7"
    admitted = HEAD.format(kind="ADT^A01", key="1") + VISIT.format(care="I", end="")
    result = HEAD.format(kind="ORU^R01", key="2") + ORDER.format(value="13.50", status="F")
    feed(exports, "1.hl7", admitted, result)
    first = lienthong("ingest", exports)
    assert first.code == 0, first.err
    assert (first.json["records"], first.json["kept"]) == (2, 2)

    again = lienthong("ingest", exports).json["resources"]
    assert (again["new"], again["updated"]) == (0, 0)

    corrected = HEAD.format(kind="ORU^R01", key="3") + ORDER.format(value="14.20", status="C")
    left = HEAD.format(kind="ADT^A03", key="4") + VISIT.format(care="I", end="|20260312100000")
    other = HEAD.format(kind="SIU^S12", key="5")
    feed(exports, "2.hl7", corrected, left, other)
    second = lienthong("ingest", exports / "2.hl7")
    assert second.code == 3
    assert second.json["quarantined"] == {"files": 0, "records": 1}
    assert (second.json["resources"]["new"], second.json["resources"]["updated"]) == (0, 2)

    assert lienthong("build").code == 0
    words = ("query", "SELECT measurement_id, value_source_value FROM omop.measurement", "--output", "csv")
    number, value = lienthong(*words, plain=True).out.splitlines()[1].split(",")
    assert value == "14.20"
    visits = lienthong("query", "SELECT visit_end_date FROM omop.visit_occurrence", "--output", "csv", plain=True)
    assert "2026-03-12" in visits.out
    reasons = lienthong("query", "SELECT record, rule FROM record.quarantine", "--output", "csv", plain=True)
    assert "5,hl7v2-type-not-read" in reasons.out
    trace = lienthong("trace", f"omop.measurement/{number}")
    assert (trace.json["origin"]["record"], trace.json["origin"]["file"].split("/")[-1]) == ("3", "2.hl7")
    assert "OBX[1]" in trace.out
