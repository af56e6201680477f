"""Files are found in a stable order, told apart by content, and no file can stop or hang the others."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import socket
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lienthong import sources
from lienthong.core.errors import LienthongError
from lienthong.core.settings import Settings
from lienthong.sources import LeftOut
from lienthong.sources.intake import installed

PATIENT = b'{"resourceType":"Patient","id":"1"}'


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return file.getvalue()


def only(items: Any) -> Any:
    (item,) = items
    return item


def test_installed_sources_are_the_entry_points() -> None:
    assert {"bhyt", "fhir"} <= set(installed())
    assert all(isinstance(source, sources.Source) for source in installed().values())


def test_find_gives_each_file_once_in_a_stable_order(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    (folder / "b").mkdir(parents=True)
    for name in ("z.json", "a.json", "b/c.json"):
        (folder / name).write_bytes(PATIENT)
    found = list(sources.find([folder / "z.json", folder, folder]))
    assert [(item.name, item.given) for item in found] == [
        ("z.json", True),
        ("export/a.json", False),
        ("export/b/c.json", False),
    ]


def test_find_refuses_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LienthongError) as error:
        list(sources.find([tmp_path / "nothing"]))
    assert error.value.code == "path-not-found"
    assert "Check the path." in error.value.text()


def test_links_to_folders_are_followed_but_never_in_a_ring(tmp_path: Path) -> None:
    inside, beside = tmp_path / "inside", tmp_path / "beside"
    inside.mkdir()
    beside.mkdir()
    (inside / "a.json").write_bytes(PATIENT)
    (beside / "b.json").write_bytes(PATIENT)
    (inside / "ring").symlink_to(inside, target_is_directory=True)
    (inside / "linked").symlink_to(beside, target_is_directory=True)
    assert [found.name for found in sources.find([inside])] == ["inside/a.json", "inside/linked/b.json"]


def test_a_folder_that_cant_be_opened_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    scan = os.scandir

    def refuse(path: str) -> Any:
        if os.path.basename(path) == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    (item,) = sources.read(tmp_path)
    assert item.rejected is not None
    assert item.rejected.place.file == f"{tmp_path.name}/closed"


@contextmanager
def not_as_root(folder: Path) -> Iterator[None]:
    """Root may read everything: the tests of rights run as nobody, who may look into `folder`."""
    if os.geteuid() != 0:
        yield
        return
    opened = [(path, path.stat().st_mode) for path in (folder, *folder.parents)]
    for path, mode in opened:
        path.chmod(mode | 0o055)  # nobody has still the group of root
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        for path, mode in opened:
            path.chmod(mode)


@pytest.mark.parametrize("kind", ["pipe", "socket", "dangling", "unreadable"])
def test_what_is_no_plain_file_is_rejected_and_never_waited_for(tmp_path: Path, kind: Any) -> None:
    path = tmp_path / "odd"
    server = socket.socket(socket.AF_UNIX)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        server.bind(str(path))
    elif kind == "dangling":
        path.symlink_to(tmp_path / "gone")
    else:
        path.write_bytes(PATIENT)
        path.chmod(0)
    (tmp_path / "whole.json").write_bytes(PATIENT)
    with not_as_root(tmp_path):
        results = list(sources.read(tmp_path))
    server.close()
    rejected = only(item for item in results if item.rejected)
    assert rejected.origin.record == ""
    assert rejected.rejected.code in ("file-not-plain", "file-not-opened")
    assert rejected.rejected.cure
    assert [item.resources[0]["resourceType"] for item in results if item.resources] == ["Patient"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("README.md", b'# Export\n```\n{"resourceType": "Patient"}\n```\n'),
        ("counts.json", b'{"Patient": 3}'),
        ("log.ndjson", b'{"eventId":"a","eventDetail":{"resourceType":"Patient"}}\n{"eventId":"b"}\n'),
        ("LICENSE", b"Apache License"),
        ("list.csv", b"a,b\n1,2\n"),
        ("feed.xml", b"<rss><channel/></rss>"),
        ("page.html", b"<!DOCTYPE html><html></html>"),
        ("list.json", b"[1, 2]"),
        ("null.json", b"null"),
        (".DS_Store", b"\0\0\0\1Bud1"),
        ("empty", b""),
    ],
)
def test_what_is_no_export_is_left_out_of_a_folder_but_rejected_where_it_was_given(
    read_bytes: Any, name: Any, data: Any
) -> None:
    left = only(read_bytes(data, name, given=False))
    assert isinstance(left, LeftOut)
    assert left.name == name
    assert left.why
    rejected = only(read_bytes(data, name, given=True))
    assert not isinstance(rejected, LeftOut)
    assert rejected.origin.record == ""
    assert rejected.rejected.place.file == name


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.json", PATIENT[:20], "json-broken"),
        ("a.json", b"\x8f\x02random", "json-broken"),
        ("a.ndjson", b"\x8f\x02random", "json-broken"),
        ("a.ndjson", b"", "file-broken"),
        ("a.ndjson", b"\n \n", "file-broken"),
        ("a.ndjson", b"{no\n{json\n", "json-broken"),
        ("a.xml", b"\x8f\x02random", "file-broken"),
        ("a.xml", b"<GIAMDINHHS><THONGTINHOSO>", "bhyt-envelope-broken"),
        ("a.gz", b"\x8f\x02random", "file-broken"),
        ("a.gz", gzip.compress(PATIENT, mtime=0)[:-12], "archive-damaged"),
        ("a.zip", b"\x8f\x02random", "file-broken"),
        ("a.zip", b"PK\x03\x04random", "archive-damaged"),
        ("a.zip", zipped(), "file-no-export"),
        ("a.json", b'{"resourceType":"Bundle","type":"collection","x":' + b"[" * 100_000, "json-broken"),
        ("a.json", b"[" * 100_000 + b"]" * 100_000, "json-broken"),
        ("a.json", "{}".encode("utf-16"), "json-not-utf8"),
        ("a.json", b'[{"resourceType":"Patient"}]', "json-broken"),
        ("a.xml", b'<Patient xmlns="http://hl7.org/fhir"><id value="1"/></Patient>', "fhir-xml-not-read"),
        ("a.tar", b"x" * 257 + b"ustar", "archive-unknown"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c", "archive-unknown"),
    ],
)
@pytest.mark.parametrize("given", [True, False])
def test_a_broken_export_is_rejected_as_a_file(read_bytes: Any, name: Any, data: Any, code: Any, given: Any) -> None:
    item = only(read_bytes(data, name, given=given))
    assert not isinstance(item, LeftOut)
    assert (item.origin.record, item.resources) == ("", ())
    assert item.rejected.code == code
    assert item.rejected.place.file == name
    assert item.rejected.cure


def test_gzip_with_several_members_is_read_to_its_end(read_bytes: Any) -> None:
    data = gzip.compress(PATIENT + b"\n") + gzip.compress(b'{"resourceType":"Patient","id":"2"}\n')
    assert [item.origin.record for item in read_bytes(data, "a.ndjson.gz")] == ["line 1", "line 2"]


def test_a_cut_gzip_keeps_the_lines_before_the_cut(read_bytes: Any) -> None:
    lines = b"".join(
        b'{"resourceType":"Patient","id":"%d","x":"%s"}\n' % (n, os.urandom(2000).hex().encode()) for n in range(1500)
    )
    packed = gzip.compress(lines)
    items = read_bytes(packed[: len(packed) // 2], "a.ndjson.gz")
    assert len(items) > 100
    assert all(item.rejected is None for item in items[:-2])
    assert items[-1].rejected.code == "archive-damaged"
    assert items[-1].origin.record.endswith("to the end")


def test_each_member_of_a_zip_is_read_by_itself(read_bytes: Any) -> None:
    data = zipped(a__json=PATIENT, README__md=b"text", b__json=b"{broken", inner__zip=zipped(c__json=PATIENT))
    items = read_bytes(data, "all.zip")
    assert [type(item).__name__ for item in items] == ["Converted", "LeftOut", "Converted", "Converted"]
    assert items[0].origin.file == "all.zip/a.json"
    assert items[2].rejected.place.file == "all.zip/b.json"
    assert items[3].rejected.code == "archive-nested"


def test_a_zip_without_an_export_is_rejected_only_where_it_was_given(read_bytes: Any) -> None:
    data = zipped(README__md=b"text")
    assert [type(item) for item in read_bytes(data, "a.zip", given=False)] == [LeftOut]
    given = read_bytes(data, "a.zip", given=True)
    assert given[-1].rejected.code == "file-no-export"


def test_a_member_with_a_password_is_rejected(read_bytes: Any) -> None:
    data = bytearray(zipped(a__json=PATIENT))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert only(read_bytes(bytes(data), "a.zip")).rejected.code == "archive-damaged"


def test_bombs_are_refused(read_bytes: Any) -> None:
    bomb = gzip.compress(b'{"resourceType":"Patient","x":"' + b"a" * (80 << 20), 9)
    assert only(read_bytes(bomb, "a.json.gz")).rejected.code == "archive-bomb"
    small = Settings(max_file_bytes=1000)
    lines = b'{"resourceType":"Patient","id":"1"}\n' * 100
    assert only(read_bytes(gzip.compress(lines), "a.ndjson.gz", settings=small)).rejected.code == "file-too-large"
    two = zipped(a__json=PATIENT + b" " * 700, b__json=PATIENT + b" " * 700)
    codes = [item.rejected and item.rejected.code for item in read_bytes(two, "a.zip", settings=small)]
    assert codes == [None, "file-too-large"]


def test_a_zip_that_claims_a_huge_directory_is_refused(read_bytes: Any) -> None:
    data = bytearray(zipped(a__json=PATIENT))
    end = data.rindex(b"PK\x05\x06")
    data[end + 12 : end + 16] = (200 << 20).to_bytes(4, "little")
    assert only(read_bytes(bytes(data), "a.zip")).rejected.code == "archive-bomb"


def test_the_format_can_be_told_and_a_wrong_one_is_a_wrong_call(read_bytes: Any) -> None:
    assert only(read_bytes(PATIENT, "whatever", format="fhir")).resources
    assert only(read_bytes(PATIENT, "a.json", format="bhyt")).rejected.code == "bhyt-envelope-other"
    with pytest.raises(LienthongError) as error:
        read_bytes(PATIENT, "a.json", format="hl7")
    assert error.value.code == "format-unknown"
    assert "bhyt" in error.value.allowed


def test_findings_never_quote_the_file(read_bytes: Any) -> None:
    secret = "Nguyễn Bí Mật"
    for data in (
        f'{{"resourceType":"Patient","name":"{secret}'.encode(),
        f'{{"resourceType":"{secret}"}}'.encode(),
        f'{{"resourceType":"Patient"}} {secret}'.encode(),
        f"<GIAMDINHHS><{secret}>".encode(),
    ):
        item = only(read_bytes(data, "a.json" if data[:1] == b"{" else "a.xml"))
        assert secret not in json.dumps(item.rejected.to_json(), ensure_ascii=False)


def test_read_reads_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(PATIENT)
    (tmp_path / "notes.txt").write_text("no export")
    (item,) = sources.read(tmp_path)
    assert item.origin.sha256 == hashlib.sha256(PATIENT).hexdigest()
    assert item.resources[0]["resourceType"] == "Patient"
