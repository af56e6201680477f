"""HL7 v2 taken apart: delimiters, escapes, fields, places, dates, encodings, frames and batches."""

from __future__ import annotations

import io
from typing import Any

import pytest

from lienthong.core.errors import LienthongError
from lienthong.sources.hl7v2 import maps, times
from lienthong.sources.hl7v2.framing import Batch, Piece, decode, is_hl7v2, pieces
from lienthong.sources.hl7v2.message import NOTHING, parse

HEAD = "MSH|^~\\&|HIS|BVA|||20260310081500+0700||ADT^A01|M1|P|2.5"


def parts(data: bytes, limit: int = 1 << 20) -> tuple[list[Piece], Batch]:
    batch = Batch()
    return list(pieces(io.BufferedReader(io.BytesIO(data)), limit, batch)), batch


def test_fields_components_repetitions_and_subcomponents() -> None:
    message = parse(HEAD + '\rPID|1|""|A&B^C^D~E||Nguyễn^An\r')
    pid = message.first("PID")
    assert pid is not None
    assert (message.kind, message.event, message.key) == ("ADT", "A01", "M1")
    assert (message.header.field(1), message.header.field(2), message.header.text(3)) == ("|", "^~\\&", "HIS")
    assert [item.part(1) for item in pid.items(3)] == ["A", "E"]
    assert (pid.item(3).part(1, 2), pid.item(3).part(2), pid.item(3).part(9), pid.item(3).part(2, 2)) == (
        "B",
        "C",
        "",
        "",
    )
    assert pid.item(3).inner(1).part(2) == "B"
    assert pid.item(3).text == "A B C D"
    assert (pid.field(2), pid.items(2), pid.item(2), pid.field(99)) == ("", [], NOTHING, "")
    assert message.first("PV1") is None
    assert len(message.all("PID")) == 1


def test_a_message_names_its_own_delimiters() -> None:
    message = parse("MSH$*%!?$HIS$BVA$$$2026$$ORU*R01$M2$P$2.3\rPID$1$$A?X*B%C!S!D")
    pid = message.first("PID")
    assert pid is not None
    assert (message.kind, message.event) == ("ORU", "R01")
    assert pid.item(3).part(1, 2) == "X"
    assert [item.part(1) for item in pid.items(3)] == ["A", "C*D"]


@pytest.mark.parametrize("head", ["MSH|^~\\\\&|HIS", "MSH|^~\\&#|HIS", "MSH|^~|HIS", "MSH||HIS"])
def test_delimiters_that_are_doubled_further_or_missing(head: str) -> None:
    message = parse(f"{head}\rPID|1||A&B^C~D\\S\\E")
    pid = message.first("PID")
    assert pid is not None
    assert (pid.item(3).part(1, 2), pid.items(3)[1].part(1)) == ("B", "D^E")


@pytest.mark.parametrize("head", ["MSH", "MSHA^~\\&A", "MSH|^^\\&|", "MSH|a~\\&|", "MSH ^~\\& ", "PID|1"])
def test_a_header_without_delimiters_is_an_error_that_says_what_is_allowed(head: str) -> None:
    with pytest.raises(LienthongError) as caught:
        parse(head)
    assert caught.value.code == "hl7v2-header-broken"
    assert "|^~\\&" in caught.value.text()


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"one\.br\two", "one\ntwo"),
        (r"one\.sp2\two", "one\n\ntwo"),
        (r"one\.in+4\two", "one two"),
        (r"\H\bold\N\ plain", "bold plain"),
        (r"caf\XC3A9\ ", "café"),
        (r"bell\X07\ .", "bell ."),
        (r"\Xzz\left", "left"),
        (r"\C2842\\M261B\\Z1\x", "x"),
        (r"C:\temp\new", r"C:\temp\new"),
        ("open \\ end", "open \\ end"),
        ("e\u0301", "\u00e9"),
        ('""', ""),
    ],
)
def test_escapes_are_undone(raw: str, meant: str) -> None:
    pid = parse(f"{HEAD}\rPID|{raw}").first("PID")
    assert pid is not None
    assert pid.text(1) == meant


def test_line_ends_loose_lines_and_blanks_before_a_segment() -> None:
    message = parse(HEAD + "\r\nPID|1\n\n OBX|1|TX|||first\nsecond line\r  \rOBX|2|TX|||x\rZ1|no\r")
    assert [segment.name for segment in message.segments] == ["MSH", "PID", "OBX", "OBX"]
    assert message.loose == 2
    assert message.segments[2].text(5) == "first\nsecond line"
    assert [segment.place for segment in message.segments] == ["MSH", "PID", "OBX[1]", "OBX[2]"]


def test_every_field_knows_where_it_stands() -> None:
    text = HEAD + "\r\nPID|1||A^B|x"
    message = parse(text)
    pid = message.first("PID")
    assert pid is not None
    begin, end = pid.span(3)
    assert text[begin:end] == "A^B"
    assert [text[slice(*message.header.span(number))] for number in (1, 2, 3, 9, 12)] == [
        "|",
        "^~\\&",
        "HIS",
        "ADT^A01",
        "2.5",
    ]
    assert pid.span(40) == (len(text), len(text))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026", "2026"),
        ("202603", "2026-03"),
        ("20260310", "2026-03-10"),
        ("2026031008", "2026-03-10T08:00:00+07:00"),
        ("202603100815", "2026-03-10T08:15:00+07:00"),
        ("20260310081530.1234", "2026-03-10T08:15:30.1234+07:00"),
        ("20260310081530-0500", "2026-03-10T08:15:30-05:00"),
        ("20260310081530Z", "2026-03-10T08:15:30Z"),
        ("20260230", None),
        ("00000101", None),
        ("202613", None),
        ("202603102460", None),
        ("20260310081530+1500", None),
        ("10/03/2026", None),
        ("", None),
        ("٢٠٢٦", None),
    ],
)
def test_dates_keep_their_precision(text: str, meant: str | None) -> None:
    assert times.to_moment(text, "+07:00") == meant
    assert times.to_date(text) == (None if meant is None else meant[:10])


def test_instants_times_and_zones() -> None:
    assert times.to_instant("20260310", "+07:00") is None
    assert times.to_instant("202603100815", "+07:00") == "2026-03-10T08:15:00+07:00"
    assert [times.to_time(text) for text in ("0815", "081530.5", "08", "2500", "0860", "x")] == [
        "08:15:00",
        "08:15:30.5",
        "08:00:00",
        None,
        None,
        None,
    ]
    assert [
        times.offset_of(text) for text in ("20260310081500-0500", "20260310081500", "20260310", "202603100815Z")
    ] == [
        "-05:00",
        None,
        None,
        "Z",
    ]


def test_code_systems_and_authorities_have_uris() -> None:
    assert maps.code_system("LN", "a") == "http://loinc.org"
    assert maps.code_system("I10", "a") == "http://hl7.org/fhir/sid/icd-10"
    assert maps.code_system("HL70078", "a") == "http://terminology.hl7.org/CodeSystem/v2-0078"
    assert maps.code_system("2.16.840.1.113883.6.1", "a") == "urn:oid:2.16.840.1.113883.6.1"
    assert maps.code_system("my list", "a") == "urn:x-lienthong:a:codes:my-list"
    assert maps.code_system("", "a") == ""
    assert maps.authority_system("N", "1.2.3", "ISO", "a") == "urn:oid:1.2.3"
    assert maps.authority_system("N", "bva.vn", "DNS", "a") == "urn:x-lienthong:dns:bva.vn"
    assert maps.authority_system("Khoa A", "", "", "a") == "urn:x-lienthong:a:authority:Khoa-A"
    assert maps.authority_system("", "", "", "a") == ""


def test_maps_are_those_of_hl7_and_what_they_leave_open_has_a_meaning() -> None:
    assert [maps.target("Sex", code) for code in ("F", "M", "A", "X")] == ["female", "male", "other", ""]
    assert [maps.target("ObservationStatus", code) for code in "FCPXRN"] == [
        "final",
        "corrected",
        "preliminary",
        "cancelled",
        "preliminary",
        "",
    ]
    assert maps.concept_of("EncounterClass", "I") == (
        "IMP",
        "http://terminology.hl7.org/CodeSystem/v3-ActCode",
        "inpatient encounter",
    )
    assert maps.concept_of("Interpretation", "HH") is not None


MESSAGE = HEAD.encode() + b"\rPID|1"


@pytest.mark.parametrize(
    "data",
    [
        MESSAGE + b"\r" + MESSAGE + b"\r",
        b"\x0b" + MESSAGE + b"\r\x1c\r\x0b" + MESSAGE + b"\r\x1c\r",
        b"\xef\xbb\xbf" + MESSAGE + b"\n\n" + MESSAGE,
        b"FHS|^~\\&|x\rBHS|^~\\&|x\r" + MESSAGE + b"\r" + MESSAGE + b"\rBTS|2\rFTS|1\r",
        b" \r\n" + MESSAGE + b"\n  " + MESSAGE,
        (MESSAGE + b"\r" + MESSAGE).decode().encode("utf-16"),
        (MESSAGE + b"\r" + MESSAGE).decode().encode("utf-16-be"),
        (MESSAGE + b"\r" + MESSAGE).decode().encode("utf-32"),
    ],
)
def test_files_are_parted_into_messages(data: bytes) -> None:
    assert is_hl7v2(data[:1000])
    found, batch = parts(data)
    assert [decode(piece) for piece in found] == [MESSAGE.decode()] * 2
    assert [piece.number for piece in found] == [1, 2]
    assert not batch.outside
    assert batch.announced == (2 if b"BTS" in data else None)


def test_pieces_know_their_offset_across_chunks() -> None:
    big = MESSAGE + b"\rOBX|1|ED|||" + b"A" * (1 << 20) + b"\r"
    found, _ = parts(big * 3, limit=1 << 22)
    assert [piece.start for piece in found] == [0, len(big), 2 * len(big)]
    assert all(piece.data == big.rstrip() for piece in found)


def test_a_message_beyond_the_limit_is_let_go_and_the_next_is_read() -> None:
    big = MESSAGE + b"\rOBX|1|ED|||" + b"A" * (3 << 20) + b"\r"
    found, _ = parts(MESSAGE + b"\r" + big + MESSAGE, limit=1 << 20)
    assert [piece.data is None for piece in found] == [False, True, False]
    assert found[2].data == MESSAGE


def test_text_before_the_first_message_is_noticed() -> None:
    found, batch = parts(b"some notes\r\n" + MESSAGE)
    assert batch.outside
    assert [piece.data for piece in found] == [MESSAGE]


@pytest.mark.parametrize(
    ("named", "codec"),
    [
        ("", "utf-8"),
        ("UNICODE UTF-8", "utf-8"),
        ("8859/1", "iso8859-1"),
        ("8859/15~UNICODE", "iso8859-15"),
        ("GB 18030-2000", "gb18030"),
        ("ascii", "ascii"),
    ],
)
def test_character_sets_are_those_that_the_message_names(named: str, codec: str) -> None:
    text = f"{HEAD}||||||{named}\rPID|1||||{'Müller' if codec != 'ascii' else 'Muller'}"
    assert decode(Piece(1, 0, text.encode(codec))) == text


@pytest.mark.parametrize(
    ("named", "data", "code"),
    [
        ("", "Müller".encode("latin-1"), "hl7v2-charset-wrong"),
        ("UNICODE UTF-8", b"\xff", "hl7v2-charset-wrong"),
        ("UNICODE UTF-16", b"x", "hl7v2-charset-wrong"),
        ("ISO IR87", b"x", "hl7v2-charset-unknown"),
    ],
)
def test_a_wrong_character_set_is_refused_and_says_what_to_do(named: str, data: bytes, code: str) -> None:
    with pytest.raises(LienthongError) as caught:
        decode(Piece(1, 0, f"{HEAD}||||||{named}\rPID|1||||".encode() + data))
    assert caught.value.code == code
    assert "MSH-18" in caught.value.text()


def test_utf_16_that_says_it_is_something_else_is_refused() -> None:
    found, _ = parts(f"{HEAD}||||||8859/1\rPID|1".encode("utf-16"))
    with pytest.raises(LienthongError, match="hl7v2-charset-wrong"):
        decode(found[0])


@pytest.mark.parametrize("head", [b"", b"MSH", b"MSHA", b"MSH x", b"xMSH|", b"{}", b"M\0S", b"PID|1"])
def test_what_is_no_hl7_v2(head: Any) -> None:
    assert not is_hl7v2(head)
