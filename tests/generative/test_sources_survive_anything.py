"""Any change of a file gives records, rejections or a file left out; never an error, and never a patient's value."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong import sources
from lienthong.core import canonical
from lienthong.core.settings import Settings
from lienthong.sources import Converted, LeftOut

LIMITS = Settings(max_file_bytes=20 << 20, max_record_bytes=5 << 20)
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": "s", "value": "SECRET-1"}],
    "name": [{"text": "SECRET-NAME", "given": ["SECRET-NAME"]}],
    "meta": {"versionId": "1"},
    "contained": [{"resourceType": "Organization", "id": "o"}],
    "managingOrganization": {"reference": "#o"},
}
BUNDLE = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {"fullUrl": "urn:uuid:1", "resource": PATIENT, "request": {"method": "POST", "url": "Patient"}},
        {
            "fullUrl": "http://a.example/fhir/Observation/2",
            "resource": {
                "resourceType": "Observation",
                "id": "2",
                "subject": {"reference": "urn:uuid:1"},
                "valueQuantity": {"value": 1.5},
            },
        },
    ],
}
DOCUMENT = json.dumps(BUNDLE, indent=1).encode()
LINES = (json.dumps(PATIENT) + "\n" + json.dumps(BUNDLE) + "\n").encode()
many = settings(max_examples=150, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def changed(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes with some cut, copied, flipped or replaced."""
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, max(0, len(data) - 1)))
        end = min(len(data), begin + draw(st.integers(0, 40)))
        piece = draw(
            st.one_of(
                st.just(b""),
                st.binary(max_size=8),
                st.sampled_from(
                    [b"{", b"[", b'"', b"<", b"&", b"]]>", b"\0", b"\xff\xfe", b"null", b"1e9999", b"\\ud800"]
                ),
                st.just(data[begin:end] * 2),
            )
        )
        data = data[:begin] + piece + data[end:]
        if draw(st.booleans()) and draw(st.booleans()):
            data = data[: draw(st.integers(0, len(data)))]
    return data


def check(data: bytes, name: str, secrets: tuple[str, ...] = ()) -> None:
    for is_given in (True, False):
        items = list(sources.convert(io.BytesIO(data), name=name, sha256="", settings=LIMITS, given=is_given))
        assert items
        for item in items:
            assert isinstance(item, (Converted, LeftOut))
            if isinstance(item, LeftOut):
                assert not is_given or item.name != name
                continue
            assert not (item.rejected and item.resources)
            findings = [*item.findings, *([item.rejected] if item.rejected else [])]
            told = json.dumps([[f.message, f.cure, f.place.table, f.place.field, f.rule.to_json()] for f in findings])
            assert [secret for secret in secrets if json.dumps(secret)[1:-1] in told] == []
            for body in item.resources:
                canonical.encode(body)


@many
@given(changed(DOCUMENT))
def test_documents(data: Any) -> None:
    check(data, "a.json", ("SECRET-1", "SECRET-NAME"))


@many
@given(changed(LINES))
def test_lines(data: Any) -> None:
    check(data, "a.ndjson", ("SECRET-1", "SECRET-NAME"))


@many
@given(st.binary(max_size=400), st.sampled_from(["a", "a.json", "a.ndjson", "a.xml", "a.gz", "a.zip"]))
def test_random_bytes(data: Any, name: Any) -> None:
    check(data, name)


@cache
def _packed() -> tuple[bytes, bytes]:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", DOCUMENT)
        archive.writestr("b/c.ndjson", LINES)
    return gzip.compress(LINES), file.getvalue()


@many
@given(st.data())
def test_archives(data: Any) -> None:
    gz, packed = _packed()
    check(data.draw(changed(gz)), "a.ndjson.gz")
    check(data.draw(changed(packed)), "a.zip")


any_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["resourceType", "id", "entry", "resource", "type", "fullUrl", "meta", "identifier", "subject"]
            ),
            inner | st.sampled_from(["Bundle", "Patient", "batch", "urn:uuid:1"]),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@many
@given(any_json)
def test_json_of_any_shape(value: Any) -> None:
    check(json.dumps(value).encode(), "a.json")
    check(json.dumps({"resourceType": "Bundle", "type": "batch", "entry": value}).encode(), "a.json")
    check(json.dumps({"resourceType": "Patient", "identifier": value, "meta": value, "id": value}).encode(), "a.json")


@cache
def _sample(path: Path) -> tuple[bytes, tuple[str, ...]]:
    """A sample with its tables as plain XML, so that changes reach the fields, and the values of its patients."""
    data = path.read_bytes()
    plain = re.sub(
        rb"<NOIDUNGFILE>(.*?)</NOIDUNGFILE>",
        lambda match: b"<NOIDUNGFILE>" + base64.b64decode(match[1]).split(b"?>", 1)[1] + b"</NOIDUNGFILE>",
        data,
        flags=re.DOTALL,
    )
    text = plain.decode()
    names = ("HO_TEN", "SO_CCCD", "MA_THE_BHYT", "NGAY_SINH", "DIA_CHI", "CHAN_DOAN_RV", "LY_DO_VV", "MA_BENH_CHINH")
    values = {value for name in names for value in re.findall(rf"<{name}>(?:<!\[CDATA\[)?([^<\]]{{4,}})", text)}
    return plain, tuple(sorted(values))


@pytest.mark.suite
@many
@given(data=st.data())
def test_claims_changed_inside(suites: Callable[[str], Path], data: Any) -> None:
    plain, secrets = _sample(suites("bhyt_samples") / "synthetic_two_records.xml")
    check(data.draw(changed(plain)), "a.xml", secrets)


@pytest.mark.suite
@many
@given(data=st.data())
def test_claims_changed_outside(suites: Callable[[str], Path], data: Any) -> None:
    path = suites("bhyt_samples") / "synthetic_outpatient.xml"
    _, secrets = _sample(path)
    check(data.draw(changed(path.read_bytes())), "a.xml", secrets)
