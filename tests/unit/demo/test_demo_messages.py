"""Hospital B's HL7 v2: what each message says, its framings, and faults where the truth says."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from lienthong.demo.hospitals import Hospitals, generate, write
from lienthong.sources import Converted, read


@pytest.fixture(scope="module")
def hospitals() -> Hospitals:
    return generate(7, 120)


def _segments(data: bytes) -> list[list[str]]:
    return [line.split("|") for line in data.decode("utf-8").split("\r") if line]


def test_each_message_names_its_patient_under_the_hospitals_authority_and_the_states(hospitals: Hospitals) -> None:
    seen = Counter[str]()
    for file in hospitals.message_files:
        if file.changes:
            continue
        for part in file.parts():
            segments = _segments(part)
            header, pid = segments[0], next(item for item in segments if item[0] == "PID")
            assert header[0] == "MSH" and header[17] == "UNICODE UTF-8" and header[11] == "2.5.1"
            seen[header[8]] += 1
            numbers = pid[3].split("~")
            assert numbers[0].endswith("^^^CUULONG&https://cuulong.example/sid/mrn&URI^MR")
            assert len(numbers) > 1, "each has a number by which it can be joined"
            assert all(item.endswith(("^^^CCCD^NI", "^^^BHYT^HC")) for item in numbers[1:])
    assert set(seen) == {
        "ADT^A28^ADT_A05", "ADT^A01^ADT_A01", "ADT^A08^ADT_A01", "ADT^A03^ADT_A03", "ORU^R01^ORU_R01",
    }  # fmt: skip
    assert seen["ADT^A01^ADT_A01"] == seen["ADT^A03^ADT_A03"]


def test_control_ids_are_the_message_and_come_in_the_order_of_time(hospitals: Hospitals) -> None:
    messages = [message for file in hospitals.message_files if not file.path.endswith("gui-lai.hl7") for message in
                file.messages if not file.changes]  # fmt: skip
    assert len({message.control for message in messages}) == len(messages)
    for file in hospitals.message_files:
        sent = [message.sent for message in file.messages]
        assert sent == sorted(sent)


def test_files_are_framed_in_each_way_and_hold_one_or_many(hospitals: Hospitals) -> None:
    framings = {file.framing for file in hospitals.message_files}
    assert framings == {"plain", "batch", "mllp", "windows"}
    sizes = [len(file.messages) for file in hospitals.message_files]
    assert min(sizes) == 1 < max(sizes)


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> list[Converted]:
    folder = tmp_path_factory.mktemp("messages")
    write(folder, 7, 120)
    return list(read(folder / "benh-vien-b" / "hl7v2"))


def test_the_reader_finds_the_planted_faults_and_nothing_else(
    hospitals: Hospitals, messages: list[Converted]
) -> None:
    def name(path: str) -> str:
        return Path(path).name

    planted = [fault for fault in hospitals.faults if fault.hospital == "b" and "hl7v2/" in fault.file]
    assert {fault.kind for fault in planted} == {
        "control-id-missing", "date-impossible", "number-wrong", "truncated-message", "wrong-character-set",
        "unknown-message-type", "sent-twice", "wrong-count",
    }  # fmt: skip
    rejected = {(name(item.origin.file), item.origin.record) for item in messages if item.rejected}
    assert rejected == {(name(item.file), item.record) for item in planted if item.effect == "quarantined"}
    found = {
        (name(finding.place.file), finding.place.record, finding.place.field)
        for item in messages
        for finding in item.findings
    }
    assert found == {(name(item.file), item.record, item.field) for item in planted if item.effect == "finding"}
    assert len(messages) == sum(len(file.messages) for file in hospitals.message_files)


def test_the_message_without_a_control_id_is_named_by_the_digest_of_its_bytes(hospitals: Hospitals) -> None:
    fault = next(item for item in hospitals.faults if item.kind == "control-id-missing")
    file = next(item for item in hospitals.message_files if item.path == fault.file)
    digests = []
    for part in file.parts():
        sent = part.strip(b"\r")
        digests.append(
            hashlib.sha256(sent.replace(b"\r", b"\r\n") if file.framing == "windows" else sent).hexdigest()
        )
    assert fault.record in digests


def test_who_died_is_dead_in_the_discharge_and_in_the_patient() -> None:
    hospitals = generate(7, 1500)
    died = [visit for visit in hospitals.visits if visit.outcome == "died" and visit.hospital == "b"]
    assert died
    discharges = {
        message.visit.number: message
        for file in hospitals.message_files
        for message in file.messages
        if message.control.endswith("A03")
    }
    fed = [visit for visit in died if visit.number in discharges]
    assert fed
    for visit in fed:
        pid = next(item for item in discharges[visit.number].segments if item.startswith("PID"))
        assert pid.endswith(f"|{visit.end:%Y%m%d%H%M%S}+0700|Y")
