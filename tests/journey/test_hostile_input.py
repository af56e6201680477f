"""Hostile and broken files through the command line: each is kept or quarantined, named, and the rest is kept."""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
import socket
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.journey.hostile import (
    GOOD,
    SECRET,
    Node,
    Said,
    balanced,
    bundle,
    claim,
    envelope,
    gzip_of,
    patient,
    text,
    zipped,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def node(home: Path) -> Node:
    return Node(home)


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """A folder with one good file; what is hostile goes beside it."""
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "zz-good.ndjson").write_text(GOOD)
    return folder


def rules_by_file(node: Node) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in node.faults():
        assert SECRET not in json.dumps(row, ensure_ascii=False)
        found.setdefault(row["file"].partition("/")[2], set()).add(row["rule"])
    return found


def taken(node: Node, exports: Path, *, seconds: float = 60) -> Said:
    """The exports are read, the counts balance, the good file is kept."""
    said = node.attack("ingest", exports, seconds=seconds)
    counts = balanced(said)
    assert counts["resources"]["new"] >= 2
    with closing(sqlite3.connect(node.home / "record.db")) as database:
        for table in ("finding", "quarantine"):
            rows = database.execute(f"SELECT count(*) FROM {table} WHERE finding LIKE ?", (f"%{SECRET}%",))
            assert rows.fetchone() == (0,), f"a {table} tells a patient's value"
    return said


def write(folder: Path, files: dict[str, bytes | str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)


def test_empty_and_truncated_files(node: Node, exports: Path) -> None:
    whole = envelope(claim("LK1"), claim("LK2"))
    cut_base64 = whole.replace("</NOIDUNGFILE>", "!</NOIDUNGFILE>", 1)
    packed = zipped(("a.json", text(patient()).encode()), ("b.ndjson", GOOD.encode()))
    write(
        exports,
        {
            "empty.json": b"",
            "empty.ndjson": b"",
            "empty.xml": b"",
            "empty.zip": b"",
            "empty.gz": b"",
            "empty.ndjson.gz": gzip.compress(b""),
            "none.zip": zipped(),
            "blank.json": b" \n \n",
            "cut.json": text(patient())[:-9],
            "cut-bundle.json": text(bundle(*(patient(f"b{n}") for n in range(9))))[:-30],
            "cut.ndjson": text(patient("n1")) + "\n" + text(patient("n2"))[:-20],
            "cut.ndjson.gz": gzip.compress(GOOD.replace("good", "gz").encode() * 50)[:-12],
            "cut.zip": packed[:-30],
            "cut-inside.zip": packed[:60] + packed[70:],
            "cut.xml": whole[: len(whole) // 2 + 300],
            "cut-first.xml": whole[:300],
            "cut-base64.xml": cut_base64,
            "cut-base64-short.xml": whole.replace("=</NOIDUNGFILE>", "</NOIDUNGFILE>").replace("I", "", 1),
        },
    )
    said = taken(node, exports)
    assert said.code == 3
    rules = rules_by_file(node)
    missing = set(os.listdir(exports)) - {name.split("/")[0] for name in rules}
    assert missing - {"zz-good.ndjson", "cut-base64-short.xml"} == set(), missing
    node.still_works()


def test_wrong_encodings(node: Node, exports: Path) -> None:
    vietnamese = {**patient("e1"), "address": [{"city": "Đà Nẵng"}]}
    xml = envelope(claim("LK1", DIA_CHI="Đường Lê Lợi"))
    write(
        exports,
        {
            "utf16.json": text(vietnamese).encode("utf-16"),
            "utf16le.json": text(vietnamese).encode("utf-16-le"),
            "utf32.json": text(vietnamese).encode("utf-32"),
            "utf16.ndjson": (text(vietnamese) + "\n" + text(vietnamese)).encode("utf-16"),
            "latin1.json": text({**patient("e2"), "address": [{"city": "Café"}]}).encode("latin-1"),
            "mixed.ndjson": text(patient("m1")).encode()
            + b"\n"
            + text({**patient("m2"), "address": [{"city": "Café"}]}).encode("latin-1")
            + b"\n"
            + text(patient("m3")).encode()
            + b"\n",
            "bom.json": b"\xef\xbb\xbf" + text(patient("bom")).encode(),
            "utf16.xml": xml.replace("utf-8", "utf-16").encode("utf-16"),
            "wrong-label.xml": xml.replace('encoding="utf-8"', 'encoding="utf-16"').encode(),
            "no-such-encoding.xml": xml.replace('encoding="utf-8"', 'encoding="klingon"').encode(),
            "odd.xml": xml.encode("utf-16")[:-1],
            "tcvn.xml": xml.encode("cp1258", "replace"),
        },
    )
    said = taken(node, exports)
    rules = rules_by_file(node)
    for name in ("utf16.json", "utf16le.json", "utf32.json", "utf16.ndjson"):
        assert rules[name] == {"json-not-utf8"}, name
    assert rules["latin1.json"] == {"json-broken"}
    assert rules["mixed.ndjson"] == {"json-broken"}
    assert "bom.json" not in rules and "utf16.xml" not in rules
    assert said.json["quarantined"]["records"] >= 1
    node.still_works()


def test_random_bytes_and_nul_bytes(node: Node, exports: Path) -> None:
    chance = random.Random(3)
    endings = ["", ".json", ".ndjson", ".jsonl", ".xml", ".gz", ".zip", ".json.gz", ".txt", ".hl7"]
    files: dict[str, bytes | str] = {f"random{ending}": chance.randbytes(3000) for ending in endings}
    files |= {f"gzipped{ending}.gz": gzip.compress(chance.randbytes(3000)) for ending in (".json", ".ndjson", ".xml")}
    magic = {"a.gz": b"\x1f\x8b\x08", "b.zip": b"PK\x03\x04", "c.zip": b"PK\x05\x06", "d.json": b"{", "e.xml": b"<"}
    files |= {f"magic-{name}": begin + chance.randbytes(500) for name, begin in magic.items()}
    files |= {
        "nul.json": text(patient("nul", language="x")).replace('"x"', '"v\0i"'),
        "nul-between.json": text(patient("nul2")).replace(",", ",\0"),
        "nul-escaped.json": text(patient("nul3", address=[{"city": "a\0b"}])),
        "nul-id.json": text(patient("a\0b")),
        "nul.ndjson": text(patient("n1")) + "\n\0\n" + text(patient("n2")) + "\0\n" + text(patient("n3")) + "\n",
        "nuls.json": b"\0" * 5000,
        "nul.xml": envelope(claim("LK1", DIA_CHI="a\0b"), claim("LK\0" + "2")),
        "nul-outside.xml": envelope(claim("LK3")).replace("<HOSO>", "\0<HOSO>").encode(),
    }
    write(exports, files)
    taken(node, exports)
    rules = rules_by_file(node)
    for name in ("random.json", "random.ndjson", "random.zip", "random.gz", "magic-a.gz", "magic-b.zip", "nuls.json"):
        assert rules.get(name), name
    assert rules["nul.ndjson"] == {"json-broken"}
    node.still_works()


def test_bombs(node: Node, exports: Path, tmp_path: Path) -> None:
    zeros = b" " * (1 << 20)

    def deflated() -> Iterator[bytes]:
        yield b'{"resourceType":"Patient","name":[{"text":"' + SECRET.encode() + b'"}],"x":"'
        for _ in range(1500):
            yield zeros
        yield b'"}'

    gzip_of(exports / "bomb.json.gz", deflated())
    with (
        zipfile.ZipFile(exports / "bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("a.json", "w", force_zip64=True) as member,
    ):
        for piece in deflated():
            member.write(piece)
    inner = zipped(("a.json", text(patient()).encode()))
    write(
        exports,
        {
            "nested.zip": zipped(("inner.zip", inner), ("good.json", text(patient("beside-nested")).encode())),
            "nested.gz": gzip.compress(gzip.compress(text(patient()).encode())),
            "zip-in.gz": gzip.compress(inner),
            "paths.zip": zipped(
                ("../../../../up.json", text(patient("up")).encode()),
                ("/absolute.json", text(patient("absolute")).encode()),
                ("C:\\windows.json", text(patient("windows")).encode()),
                ("a\nb\x1b[31m.json", text(patient("newline")).encode()),
                ("x" * 5000 + ".json", text(patient("long")).encode()),
            ),
        },
    )
    said = taken(node, exports, seconds=90)
    rules = rules_by_file(node)
    assert rules["bomb.json.gz"] & {"archive-bomb", "record-too-large"}
    assert rules["bomb.zip"] & {"archive-bomb", "record-too-large"}
    assert rules["nested.zip"] == {"archive-nested"}
    assert rules["nested.gz"] == rules["zip-in.gz"] == {"archive-nested"}
    assert not list(tmp_path.glob("**/up.json")) and not Path("/absolute.json").exists()
    assert said.json["resources"]["new"] == 2 + 1 + 5
    node.still_works()


def test_a_zip_of_a_hundred_thousand_members(node: Node, exports: Path) -> None:
    with zipfile.ZipFile(exports / "many.zip", "w") as archive:
        for number in range(100_001):
            archive.writestr(str(number), b"")
    said = taken(node, exports, seconds=90)
    assert said.json["quarantined"]["files"] == 1
    assert rules_by_file(node)["many.zip"] == {"archive-bomb"}


def test_xml_with_entities_and_the_like(node: Node, exports: Path) -> None:
    passwd = Path("/etc/passwd").read_text().splitlines()[0]
    laughs = '<!ENTITY a "ha">' + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12))
    doctypes = {
        "entity.xml": f'<!DOCTYPE GIAMDINHHS [<!ENTITY x "{SECRET}">]>',
        "external.xml": '<!DOCTYPE GIAMDINHHS [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        "network.xml": '<!DOCTYPE GIAMDINHHS SYSTEM "http://127.0.0.1:9/x.dtd">',
        "parameter.xml": '<!DOCTYPE GIAMDINHHS [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>',
        "laughs.xml": f"<!DOCTYPE GIAMDINHHS [{laughs}]>",
    }
    declared = '<?xml version="1.0" encoding="utf-8"?>'
    files: dict[str, bytes | str] = {
        name: envelope(claim("LK1", DIA_CHI="&x;"), head=declared + doctype) for name, doctype in doctypes.items()
    }
    for name, doctype in doctypes.items():  # inside of a table, where lxml reads it
        inside = doctype.replace("GIAMDINHHS", "TONG_HOP") + (
            f"<TONG_HOP><MA_LK>IN-{name}</MA_LK><MA_BN>B</MA_BN><HO_TEN>{SECRET}</HO_TEN><DIA_CHI>&x;&m;</DIA_CHI>"
            "<NGAY_VAO>202506010800</NGAY_VAO><MA_BENH_CHINH>I10</MA_BENH_CHINH></TONG_HOP>"
        )
        packed = base64.b64encode(inside.encode()).decode()
        files["inside-" + name] = envelope(
            f"<HOSO><FILEHOSO><LOAIHOSO>XML1</LOAIHOSO><NOIDUNGFILE>{packed}</NOIDUNGFILE></FILEHOSO></HOSO>"
        )
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    files["xinclude.xml"] = envelope(claim("LK-XI", DIA_CHI=include))
    files["deep.xml"] = envelope(claim("LK-DEEP", DIA_CHI="<a>" * 100_000 + "</a>" * 100_000))
    files["deep-outside.xml"] = declared + "<GIAMDINHHS>" * 200_000
    files["comments.xml"] = declared + "<!-- -->" * 200_000 + envelope(claim("LK-C"), head="")
    files["attributes.xml"] = envelope(claim("LK-A")).replace("<HOSO>", "<HOSO " + 'a="b" ' * 100_000 + ">")
    files["references.xml"] = envelope(claim("LK-R", DIA_CHI="&#0;&#xFFFF;&#99999999;" * 20_000))
    write(exports, files)
    taken(node, exports, seconds=90)
    rules = rules_by_file(node)
    for name in doctypes:
        assert rules[name] == {"xml-doctype"}, name
    written = node.attack("export", node.home.parent / "out").json
    assert written
    for path in (node.home.parent / "out").iterdir():
        assert passwd not in path.read_text(), path.name
    node.still_works()


def _with(key: str, extension: str) -> str:
    return text(patient(key, extension="HERE")).replace('"HERE"', extension)


def _measured(key: str, value: str) -> str:
    code = {"text": SECRET}
    content = {
        "resourceType": "Observation",
        "id": key,
        "status": "final",
        "code": code,
        "valueQuantity": {"value": 0},
    }
    return text(content).replace('"value": 0', f'"value": {value}')


def test_json_that_is_deep_or_odd(node: Node, exports: Path) -> None:
    deep = 100_000
    nested = "[" * deep + "]" * deep
    objects = '{"extension":[' * deep + "]}" * deep
    extension = '{"url":"u","extension":[' * 3000 + '{"url":"u","valueString":"x"}' + "]}" * 3000
    contained = '{"resourceType":"Patient","contained":[' * 300 + "]}" * 300
    bundles = '{"resourceType":"Bundle","type":"collection","entry":[{"resource":' * 300 + "{}" + "}]}" * 300
    odd_ids = ["../../../etc/passwd", "/etc/passwd", "a/b", "..", "%00", "'; DROP TABLE x--", "a" * 5000, "é", " "]
    odd_types = ["../Patient", "patient", "Pa\0tient", "", 5, None, ["Patient"], {"a": 1}, "DomainResource"]
    numbers = ["1e999999999", "-1e-999999999", "1e99999999999999999999", "9" * 10_000, "0." + "1" * 10_000, "1E400"]
    numbers += ["-0", "1.10", "9" * 5000 + ".5", "NaN", "Infinity"]
    entries = f'{{"resource":{_with("d3", nested)}}},{{"resource":{text(patient("beside-deep"))}}}'
    bad_line = '{"resourceType":"Patient",BAD' + SECRET
    write(
        exports,
        {
            "deep.json": nested,
            "deep-objects.json": _with("d1", objects),
            "deep.ndjson": "\n".join([_with("d2", nested), text(patient("after-deep")), nested]),
            "deep-entry.json": f'{{"resourceType":"Bundle","type":"collection","entry":[{entries}]}}',
            "deep-extension.ndjson": _with("d4", f"[{extension}]") + "\n" + text(patient("next")) + "\n",
            "deep-contained.json": contained,
            "deep-bundles.json": bundles,
            "deep-string.json": text(patient("d5", implicitRules=nested, language=objects)),
            "twice.json": '{"resourceType":"Patient","resourceType":"Observation","id":"t","id":"t2","gender":"x"}',
            "surrogate.json": text(patient("s1")).replace(SECRET, "\\ud800" + SECRET),
            "surrogate-id.json": text(patient("ID")).replace("ID", "\\udfff"),
            "surrogate-raw.json": text(patient("s2")).replace(SECRET, "\ud800" + SECRET),
            "surrogate-name.json": text(patient("s3", odd=1)).replace("odd", "\\ud800"),
            "numbers.ndjson": "\n".join(_measured(f"n{place}", value) for place, value in enumerate(numbers)),
            "integer.json": text(patient("i1", multipleBirthInteger=1)).replace(": 1}", ": " + "9" * 10_000 + "}"),
            "ids.ndjson": "\n".join(text(patient(key)) for key in odd_ids),
            "types.ndjson": "\n".join(text({"resourceType": kind, "id": "x"}) for kind in odd_types),
            "shapes.ndjson": "\n".join(["null", "5", '"a"', "[]", "{}", "true", "[{}]", '{"resourceType":"Bundle"}']),
            "scalars.json": "5",
            "one-bad-line.ndjson": f"{GOOD.replace('good', 'one')}{bad_line}\n{GOOD.replace('good', 'two')}",
        },
    )
    said = taken(node, exports, seconds=90)
    rules = rules_by_file(node)
    for name in (
        "deep-objects.json",
        "deep.ndjson",
        "deep-entry.json",
        "deep-extension.ndjson",
        "deep-contained.json",
    ):
        assert rules.get(name), name
    assert rules["one-bad-line.ndjson"] == {"json-broken"}
    assert said.json["quarantined"]["records"] > 5
    found = node.attack("query", 'SELECT count(*) AS n FROM fhir."Patient"').json["rows"][0]["n"]
    assert found >= 9
    node.still_works()


def test_one_line_of_two_gigabytes(node: Node, exports: Path) -> None:
    chance = random.Random(5)
    piece = chance.randbytes(1 << 13).hex().encode() * 64  # packs well, and below the bound of a bomb

    def line() -> Iterator[bytes]:
        yield text(patient("before")).encode() + b"\n"
        yield b'{"resourceType":"Patient","id":"long","name":[{"text":"' + SECRET.encode() + b'"}],"x":"'
        for _ in range(2 << 10):
            yield piece
        yield b'"}\n'
        yield text(patient("after")).encode() + b"\n"

    gzip_of(exports / "long.ndjson.gz", line())
    with (exports / "sparse.json").open("wb") as file:
        file.write(b'{"resourceType":"Patient","x":"')
        file.truncate(1 << 30)
    said = taken(node, exports, seconds=120)
    rules = rules_by_file(node)
    assert rules["long.ndjson.gz"] == {"record-too-large"}, rules
    assert rules["sparse.json"] == {"record-too-large"}
    assert said.json["resources"]["new"] == 4


def test_what_is_no_plain_file(node: Node, exports: Path) -> None:
    os.mkfifo(exports / "pipe.json")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(exports / "socket.json"))
        (exports / "dangling.json").symlink_to(exports / "nowhere")
        (exports / "loop.json").symlink_to(exports / "loop.json")
        (exports / "null.json").symlink_to("/dev/null")
        (exports / "zero.json").symlink_to("/dev/zero")
        (exports / "again").symlink_to(exports, target_is_directory=True)
        folder = exports / "deep"
        for number in range(200):
            folder = folder / str(number)
        folder.mkdir(parents=True)
        (folder / "deepest.json").write_text(text(patient("deepest")))
        odd_names = [b"new\nline.json", b"bad-\xff\xfe.json", b"x" * 250 + b".json", b"esc\x1b[31m.json", b"-rf.json"]
        for number, odd_name in enumerate(odd_names):
            with open(os.fsencode(exports) + b"/" + odd_name, "wb") as file:
                file.write(text(patient(f"name{number}")).encode())
        said = taken(node, exports)
    rules = rules_by_file(node)
    for name in ("pipe.json", "socket.json", "dangling.json", "loop.json", "null.json", "zero.json"):
        assert rules[name] == {"file-not-plain"}, name
    assert said.json["resources"]["new"] == 2 + 1 + len(odd_names)
    checked = node.attack("validate", exports)
    assert checked.code == 1
    for word in ("pipe.json", "dangling.json"):
        assert node.attack("ingest", exports / word).code == 3
    node.still_works()


def test_large_but_lawful_content(node: Node, exports: Path) -> None:
    """A million items, a hundred thousand rows, cycles and doubles: kept, within the memory."""
    items = ",".join(f'{{"system":"s","value":"{number}"}}' for number in range(1_000_000))
    group = {"resourceType": "Group", "id": "big", "type": "person", "actual": True, "identifier": []}
    put = {"method": "PUT", "url": "Patient/x"}
    entries = [
        {"fullUrl": "urn:uuid:1", "resource": patient("x", birthDate=f"19{year}"), "request": put}
        for year in (60, 61, 61)
    ]
    drug = "<CHI_TIET_THUOC><MA_LK>LK1</MA_LK><STT>{}</STT><MA_THUOC>40.1</MA_THUOC><TEN_THUOC>T</TEN_THUOC>"
    rows = "".join(f"{drug.format(number)}</CHI_TIET_THUOC>" for number in range(100_000))
    write(
        exports,
        {
            "million.json": text(group).replace("[]", f"[{items}]"),
            "doubles.json": text({"resourceType": "Bundle", "type": "transaction", "entry": entries}),
            "cycle.ndjson": "\n".join(
                text({"resourceType": "Organization", "id": own, "name": "n", "partOf": {"reference": other}})
                for own, other in (("a", "Organization/b"), ("b", "Organization/a"), ("c", "Organization/c"))
            ),
            "linked.ndjson": "\n".join(
                text(patient(own, link=[{"other": {"reference": f"Patient/{other}"}, "type": "replaced-by"}]))
                for own, other in (("l1", "l2"), ("l2", "l1"), ("l3", "l3"))
            ),
            "claim.xml": envelope(claim("LK1", tables=[("XML2", f"<DSACH>{rows}</DSACH>")])),
        },
    )
    said = taken(node, exports, seconds=120)
    assert said.json["resources"]["new"] > 100_000, said.out
    node.still_works()
