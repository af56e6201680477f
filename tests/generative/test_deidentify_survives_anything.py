"""Files broken in any way are written anew, or named and not copied; nothing else happens, and no copy is broken."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.sources.table_cases import SMALL, records

from lienthong.core.errors import LienthongError
from lienthong.core.finding import Finding
from lienthong.core.settings import Settings
from lienthong.demo import hospitals
from lienthong.demo.bhyt import Dialect, claim_file
from lienthong.demo.bundles import entry_url
from lienthong.demo.claims import claim
from lienthong.demo.messages import of_visits
from lienthong.privacy.circles import Circles
from lienthong.privacy.replacer import Replacer
from lienthong.sources.bhyt.deidentify import BhytDeidentifier
from lienthong.sources.bhyt.source import SOURCE as BHYT
from lienthong.sources.deidentify import Deidentifier
from lienthong.sources.fhir.deidentify import FhirDeidentifier
from lienthong.sources.fhir.source import SOURCE as FHIR
from lienthong.sources.hl7v2.deidentify import Hl7v2Deidentifier
from lienthong.sources.hl7v2.source import SOURCE as HL7V2
from lienthong.sources.tables.deidentify import TablesDeidentifier

KEY = bytes(range(32))


@cache
def claims() -> bytes:
    visits = [item for item in hospitals.generate(3, visits=60).visits if item.hospital == "a"][:2]
    return claim_file([claim(item) for item in visits], date(2026, 1, 1), Dialect(plain=True, cdata=False))


@cache
def messages() -> bytes:
    visits = [item for item in hospitals.generate(3, visits=60).visits if item.hospital == "b" and item.labs][:1]
    return b"".join(message.data() for message in of_visits(tuple(visits)))


@cache
def bundle() -> bytes:
    url = entry_url("Patient", "x")
    patient = {
        "resourceType": "Patient",
        "name": [{"text": "Lò Thị Mơ", "family": "Lò", "given": ["Thị", "Mơ"]}],
        "identifier": [{"system": "http://fhir.hl7.org.vn/core/sid/cccd", "value": "079185012345"}],
        "birthDate": "1985-02-03",
        "address": [{"text": "12 Hoa Mơ", "line": ["12 Hoa Mơ"]}],
        "contact": [{"name": {"text": "Trần Bình"}}],
    }
    note = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": url}}
    entry = [{"fullUrl": url, "resource": patient}, {"resource": {**note, "note": [{"text": "Mơ 17/05/2024"}]}}]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entry}, ensure_ascii=False).encode()


def wounded(whole: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    data = bytearray(whole)
    for at, length, new in cuts:
        begin = at % (len(data) + 1)
        data[begin : begin + length] = new
    return bytes(data)


wounds = st.lists(
    st.tuples(
        st.integers(0, 1 << 20),
        st.integers(0, 60),
        st.one_of(
            st.binary(max_size=6),
            st.sampled_from(
                [b"<", b"&", b'"', b"{", b"[", b"|", b"^", b"\\", b"\r", b"null", b"\xc2\xb2\xc2\xb2", b"9" * 30]
            ),
        ),
    ),
    min_size=1,
    max_size=6,
)


def written(made: Deidentifier, data: bytes, name: str = "x", own: Settings | None = None) -> tuple[bytes, int]:
    """The copy of a file, and how many records it says to hold."""
    circles, out, count, own = Circles(), io.BytesIO(), 0, own or Settings()

    def stream() -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(data), 1 << 20)

    try:
        for _ in made.learn(stream(), name=name, settings=own, circles=circles, this_year=2026):
            pass
    except LienthongError:
        pass
    circles.close()
    try:
        for item in made.rewrite(stream(), out, name=name, settings=own, replacer=Replacer(KEY, circles)):
            count += item is None
            if isinstance(item, Finding):
                assert "Mơ" not in item.message
    except LienthongError:
        return b"", 0
    return out.getvalue(), count


def read_back(source: object, data: bytes, *, all_kept: bool = True) -> int:
    convert: Callable[..., object] = source.convert  # type: ignore[attr-defined]
    stream = io.BufferedReader(io.BytesIO(data), 1 << 20)
    items = list(convert(stream, name="x", sha256="", settings=Settings(), source=None))  # type: ignore[call-overload]
    assert not all_kept or all(getattr(item, "rejected", None) is None for item in items)
    return len(items)


PEOPLE = (
    "MA_BN;HO_TEN;NGAY_SINH;PHAI;SO_CON\r\n"
    'BN079185;Lò Thị Mơ;05/03/1960;Nữ;2\r\nBN079186;"Vàng; A ""Pháo""";1930;Nam;\r\n'
).encode()


@settings(max_examples=250, deadline=None)
@given(wounds, st.sampled_from(["people.csv", "x.csv"]))
def test_tables(cuts: list[tuple[int, int, bytes]], name: str) -> None:
    data = PEOPLE if name == "people.csv" else PEOPLE.replace(b"HO_TEN", "Họ tên".encode())
    tables = Settings(mappings={"small.yaml": SMALL})
    copy, count = written(TablesDeidentifier(), wounded(data, cuts), name, tables)
    if count and name == "people.csv":
        assert len(records(copy)) == count
    assert count or not copy or b"Th\xe1\xbb\x8b" not in copy


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(wounds)
def test_claims(cuts: list[tuple[int, int, bytes]]) -> None:
    copy, count = written(BhytDeidentifier(), wounded(claims(), cuts))
    if count:
        assert read_back(BHYT, copy) >= count


@settings(max_examples=250, deadline=None)
@given(wounds)
def test_fhir(cuts: list[tuple[int, int, bytes]]) -> None:
    copy, count = written(FhirDeidentifier(), wounded(bundle(), cuts))
    if count and copy:
        assert read_back(FHIR, copy) == count


@settings(max_examples=250, deadline=None)
@given(wounds)
def test_messages(cuts: list[tuple[int, int, bytes]]) -> None:
    copy, count = written(Hl7v2Deidentifier(), wounded(messages(), cuts))
    if count:
        assert read_back(HL7V2, copy, all_kept=False) == count
