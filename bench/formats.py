"""The measured steps of the other formats: health-insurance XML (visits) and HL7 v2 (messages), with their peers."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from pathlib import Path

import hl7
from hl7apy.core import Message
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_message
from lxml import etree

from bench.steps import Measured, node
from lienthong import checking, sources
from lienthong.core.errors import LienthongError
from lienthong.core.settings import Settings
from lienthong.demo import hospitals
from lienthong.demo.exports import ClaimFile
from lienthong.reading import validated
from lienthong.sources.bhyt import SOURCE
from lienthong.sources.hl7v2.message import parse

__all__ = ["BHYT", "DAY", "HL7V2", "write_copies", "write_day"]

MOST_HL7APY = 300  # messages; it parses some forty a second


def write_copies(samples: Path, folder: Path, visits: int) -> None:
    """Copies of the given sample claims under keys of their own, 100 visits in a file."""
    hosos = [
        etree.tostring(hoso)
        for path in sorted(samples.glob("*.xml"))
        for hoso in etree.fromstring(path.read_bytes()).iter("HOSO")
    ]
    head = b"<GIAMDINHHS><THONGTINDONVI><MACSKCB>99999</MACSKCB></THONGTINDONVI><THONGTINHOSO>"
    folder.mkdir(parents=True)
    for start in range(0, visits, 100):
        copies = b"".join(_copy(hosos[number % len(hosos)], number) for number in range(start, start + 100))
        (folder / f"{start:06d}.xml").write_bytes(
            head
            + b"<SOLUONGHOSO>100</SOLUONGHOSO><DANHSACHHOSO>"
            + copies
            + b"</DANHSACHHOSO></THONGTINHOSO></GIAMDINHHS>"
        )


def _copy(hoso: bytes, number: int) -> bytes:
    root = etree.fromstring(hoso)
    for content in root.iter("NOIDUNGFILE"):
        text = base64.b64decode(content.text or "").decode()
        text = re.sub(r"(<MA_(?:LK|BN)>)[^<]*", rf"\g<1>K{number:07d}", text)
        content.text = base64.b64encode(text.encode()).decode()
    return etree.tostring(root)


def _claims(files: Path) -> Iterator[bytes]:
    for path in sorted(files.rglob("*.xml")):
        yield path.read_bytes()


def bhyt_bare(files: Path, _work: Path) -> Measured:
    """Floor: lxml parses the envelope and each inner table, nothing else."""
    count, started = 0, time.perf_counter()
    for data in _claims(files):
        try:
            root = etree.fromstring(data)
        except etree.XMLSyntaxError:  # the planted faults
            continue
        for record in root.iter("HOSO"):
            for content in record.iter("NOIDUNGFILE"):
                try:
                    etree.fromstring(base64.b64decode(content.text or ""))
                except etree.XMLSyntaxError:
                    continue
            count += 1
    return count, time.perf_counter() - started


def bhyt_convert(files: Path, _work: Path) -> Measured:
    """Ours: visits read, converted to FHIR and validated."""
    count, started = 0, time.perf_counter()
    for item in sources.read(files):
        count += bool(validated(item).resources)
    return count, time.perf_counter() - started


def bhyt_ingest(files: Path, work: Path) -> Measured:
    """Ours: file → kept, converted, validated, recorded, linked, published."""
    with node(work) as made:
        started = time.perf_counter()
        done = made.ingest([files])
        return done.published.kept, time.perf_counter() - started


def _messages(files: Path) -> list[str]:
    """Every message of the files, with the line ends that the standard demands."""
    found: list[str] = []
    for path in sorted(files.rglob("*.hl7")):
        text = path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\r").replace("\n", "\r")
        found += ["MSH|" + part.strip("\r\x0b\x1c") + "\r" for part in text.split("MSH|")[1:]]
    return found


def hl7_bare(files: Path, _work: Path) -> Measured:
    """Floor: split into segments, fields, repetitions and components, nothing else."""
    messages = _messages(files)
    started = time.perf_counter()
    for text in messages:
        for line in text.split("\r"):
            for field in line.split("|"):
                for item in field.split("~"):
                    item.split("^")
    return len(messages), time.perf_counter() - started


def hl7_parse(files: Path, _work: Path) -> Measured:
    """Ours: parsed, every item of every field read once."""
    messages = _messages(files)
    count, started = 0, time.perf_counter()
    for text in messages:
        try:
            message = parse(text)
        except LienthongError:
            continue
        for segment in message.segments:
            for number in range(1, segment.raw.count("|") + 1):
                segment.items(number)
        count += 1
    return count, time.perf_counter() - started


def hl7_python_hl7(files: Path, _work: Path) -> Measured:
    """Peer: python-hl7 parses."""
    messages = _messages(files)
    count, started = 0, time.perf_counter()
    for text in messages:
        try:
            hl7.parse(text)
        except (hl7.HL7Exception, ValueError):
            continue
        count += 1
    return count, time.perf_counter() - started


def hl7_hl7apy(files: Path, _work: Path) -> Measured:
    """Peer: hl7apy parses (300 messages)."""
    messages = _messages(files)[:MOST_HL7APY]
    count, started = 0, time.perf_counter()
    for text in messages:
        try:
            parsed: Message = parse_message(text, find_groups=False)
            parsed.children  # noqa: B018 - its fields are read when asked for
        except (HL7apyException, AttributeError):
            continue
        count += 1
    return count, time.perf_counter() - started


def hl7_convert(files: Path, _work: Path) -> Measured:
    """Ours: messages read, converted to FHIR and validated."""
    count, started = 0, time.perf_counter()
    for item in sources.read(files, format="hl7v2"):
        count += bool(validated(item).resources)
    return count, time.perf_counter() - started


def hl7_ingest(files: Path, work: Path) -> Measured:
    """Ours: file → kept, converted, validated, recorded, linked, published."""
    with node(work) as made:
        started = time.perf_counter()
        done = made.ingest([files], source="bench", format="hl7v2")
        return done.published.kept, time.perf_counter() - started


def bhyt_rows(files: Path, _work: Path) -> Measured:
    """Ours: visits read to rows, nothing else."""
    count, started = 0, time.perf_counter()
    for path in sorted(files.rglob("*.xml")):
        with path.open("rb") as stream:
            try:
                for _ in SOURCE.visits(stream, name=path.name, sha256="", settings=Settings(), source=None):
                    count += 1
            except LienthongError:  # the planted faults
                continue
    return count, time.perf_counter() - started


def bhyt_check(files: Path, work: Path) -> Measured:
    """Ours: `lienthong check`, all rules, two processes."""
    started = time.perf_counter()
    report = checking.check([files], work)
    return report.records, time.perf_counter() - started


def write_day(folder: Path, visits: int) -> None:
    """The claims of so many invented visits to hospital A, with its faults, in files of 25."""
    made = hospitals.generate(1, visits=2 * visits)
    written = 0
    for file in made.claim_files:
        if isinstance(file, ClaimFile) and written < visits:
            path = folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.data())
            written += len(file.visits)


BHYT = (bhyt_bare, bhyt_convert, bhyt_ingest)
DAY = (bhyt_bare, bhyt_rows, bhyt_check)
HL7V2 = (hl7_bare, hl7_parse, hl7_python_hl7, hl7_hl7apy, hl7_convert, hl7_ingest)
