"""`lienthong deidentify` as a user runs it: nobody is found in the copies, and they are as good as before."""

from __future__ import annotations

import base64
import csv
import json
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lienthong.core.text import fold
from lienthong.demo import hospitals
from lienthong.demo.resources import PRACTITIONERS

Lienthong = Callable[..., Any]
KEY = bytes(range(32))
SEED, VISITS = 5, 160


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hospitals")
    hospitals.write(folder, SEED, visits=VISITS)
    (folder / "key").write_bytes(KEY)
    return folder


def both(exports: Path) -> list[Path]:
    """Claims of one hospital, FHIR and HL7 v2 of the other: a third of the people are in both."""
    return [exports / "benh-vien-a", exports / "benh-vien-b"]


@pytest.fixture(scope="module")
def shown(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    to = tmp_path_factory.mktemp("copies") / "shown"
    words = ["deidentify", *both(exports), "--to", to, "--key", exports / "key", "--json"]
    command = [sys.executable, "-m", "lienthong", "--home", str(to / "home"), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3  # the planted faults that can't be read
    return to, json.loads(done.stdout)


def plain_texts(folder: Path) -> Iterator[str]:
    """All text of the files, tables in base64 opened."""
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        text = path.read_text("utf-8", "replace")
        yield path.name
        yield text
        for inner in re.findall(r"<NOIDUNGFILE>([^<]+)<", text):
            yield base64.b64decode(inner).decode("utf-8-sig", "replace")


def identities() -> tuple[set[str], set[str]]:
    """The names and homes, and the numbers and keys, of everybody who is registered, and of the staff."""
    words: set[str] = set()
    numbers: set[str] = set()
    for person in hospitals.generate(SEED, visits=VISITS).persons:
        for item in person.registrations:
            words |= {item.name, person.name.text, item.address.text, item.address.line, item.address.ward}
            numbers |= {item.key, item.national_id, item.old_id, item.card, item.card[5:], item.phone} - {""}
    for licence, name in PRACTITIONERS.values():
        words.add(name.removesuffix(" (bịa)"))
        numbers.add(licence)
    return words, numbers | {"cuulong", "92999", "01999"}


def test_nobody_is_found_in_any_byte(shown: tuple[Path, dict[str, Any]]) -> None:
    words, numbers = identities()
    texts = list(plain_texts(shown[0]))
    folded = f" {fold(' '.join(texts))} "
    assert len(words) > 100
    assert [word for word in words if re.search(rf"(?<!\w){re.escape(fold(word))}(?!\w)", folded)] == []
    digits = re.sub(r"[^0-9A-Z\n]", "", "\n".join(texts).upper())
    assert [number for number in numbers if re.sub("[^0-9A-Z]", "", number.upper()) in digits] == []


def test_the_copies_are_read_as_the_originals_were(
    exports: Path, shown: tuple[Path, dict[str, Any]], lienthong: Lienthong, tmp_path: Path
) -> None:
    """As many records, resources by type, persons and groups of linked patients."""
    said = []
    for name, folders in (("before", both(exports)), ("after", [shown[0]])):
        home = tmp_path / name
        done = lienthong("--home", home, "ingest", *folders)
        said.append((done.json["kept"], done.json["resources"]["new"], clusters(home), types(home)))
    assert said[0] == said[1]


def clusters(home: Path) -> Counter[int]:
    with sqlite3.connect(home / "record.db") as database:
        rows = database.execute("SELECT person, count(*) FROM membership GROUP BY person").fetchall()
    return Counter(count for _, count in rows)


def types(home: Path) -> dict[str, int]:
    with sqlite3.connect(home / "record.db") as database:
        return dict(database.execute("SELECT type, count(*) FROM resource GROUP BY type").fetchall())


def test_tables_and_claims_of_one_call_agree_on_everybody(
    exports: Path, lienthong: Lienthong, tmp_path: Path
) -> None:
    """A list of patients without a mapping beside the claims: the same keys, ids, cards and names, moved alike."""
    folder, to = tmp_path / "Trần Văn Bí Mật", tmp_path / "shown"
    folder.mkdir()
    before = rows(exports / "benh-vien-a", "XML1")
    fields = {"Mã bệnh nhân": "MA_BN", "Họ và tên": "HO_TEN", "Ngày sinh": "NGAY_SINH", "Giới tính": "GIOI_TINH",
              "CCCD": "SO_CCCD", "Thẻ BHYT": "MA_THE_BHYT", "Ngày vào viện": "NGAY_VAO"}  # fmt: skip
    with (folder / "Danh sách Nguyễn Văn A.csv").open("w", encoding="utf-16", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(fields)
        writer.writerows([row.get(name, "") for name in fields.values()] for row in before)
    done = lienthong("deidentify", exports / "benh-vien-a", folder, "--to", to, "--key", exports / "key")
    assert not any(finding["place"]["file"].endswith(".csv") for finding in done.json["not_copied"])
    own = next(file for file in done.json["files"] if file["format"] == "tables")
    assert own["records"] == len(before) > 10
    with (to / own["name"]).open(encoding="utf-8-sig", newline="") as file:
        after = list(csv.DictReader(file, delimiter=";"))
    claims = {row["MA_BN"]: row for row in rows(to, "XML1")}
    seen = 0
    for row in after:
        if (claim := claims.get(row["Mã bệnh nhân"])) is not None:
            seen += 1
            assert row["Họ và tên"] == claim["HO_TEN"]
            assert row["CCCD"] == claim.get("SO_CCCD", "")
            assert row["Thẻ BHYT"] == claim.get("MA_THE_BHYT", "")
    assert seen > len(after) * 0.8
    visits = {(row["MA_BN"], row["NGAY_VAO"]) for row in rows(to, "XML1")}
    assert sum((row["Mã bệnh nhân"], row["Ngày vào viện"]) in visits for row in after) > len(after) * 0.9
    report = (to / "REPORT.txt").read_text("utf-8")
    assert "Nguyễn Văn A" not in report and "Bí Mật" not in report


def test_a_mapping_is_given_and_not_kept(lienthong: Lienthong, home: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "patients.csv").write_text("Id,BIRTHDATE\n", "utf-8")
    done = lienthong("deidentify", tmp_path / "in", "--to", tmp_path / "out", "--mapping", "synthea")
    assert done.json["not_copied"][0]["code"] == "tables-column-missing"
    assert not (home / "mappings").exists()
    assert lienthong("deidentify", tmp_path / "in", "--to", tmp_path / "out2", "--mapping", "no-such").code == 2


def test_no_claim_has_more_faults_than_before(
    exports: Path, shown: tuple[Path, dict[str, Any]], lienthong: Lienthong
) -> None:
    before, after = (
        Counter(item["code"] for item in lienthong("check", folder).json["findings"])
        for folder in (exports, shown[0])
    )
    assert sum(before.values()) > 10
    assert after - before == Counter()


def rows(folder: Path, table: str) -> list[dict[str, str]]:
    """The rows of a table in the order of the files, as field and text."""
    found = []
    for path in sorted(folder.rglob("*.xml")):
        parts = re.findall(
            r"<LOAIHOSO>(\w+)</LOAIHOSO>\s*<NOIDUNGFILE>(.+?)</NOIDUNGFILE>", path.read_text("utf-8"), re.DOTALL
        )
        for name, inner in parts:
            if name == table:
                text = inner if "<" in inner else base64.b64decode(inner).decode("utf-8-sig")
                text = re.sub(r"<!\[CDATA\[(.*?)\]\]>", r"\1", text)
                found += [dict(re.findall(r"<(\w+)>([^<]*)</", part)) for part in text.split("<MA_LK>")[1:]]
    return found


SUMS = ("T_TONGCHI_BV", "T_BHTT", "GIOI_TINH", "MA_BENH_CHINH", "MATINH_CU_TRU", "SO_NGAY_DTRI", "CAN_NANG")


def test_sums_sexes_diagnoses_ages_and_lengths_of_stay_are_kept(
    exports: Path, shown: tuple[Path, dict[str, Any]]
) -> None:
    before, after = (
        {tuple(row[field] for field in SUMS): row for row in rows(folder, "XML1")}
        for folder in (exports / "benh-vien-a", shown[0])
    )
    assert len(after) > 40
    assert set(after) <= set(before)
    for key, row in after.items():
        old = before[key]
        moved = day(row["NGAY_VAO"]) - day(old["NGAY_VAO"])
        assert moved.days % 7 == 0 and -364 <= moved.days <= -7
        assert row["NGAY_VAO"][8:] == old["NGAY_VAO"][8:]
        assert day(row["NGAY_RA"]) - day(row["NGAY_VAO"]) == day(old["NGAY_RA"]) - day(old["NGAY_VAO"])
        if not row["NGAY_SINH"].startswith(("19360101", "0000")) and old["NGAY_SINH"][4:8] != "0000":
            assert day(row["NGAY_SINH"]) - day(old["NGAY_SINH"]) == moved


def day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def test_a_person_is_the_same_in_two_runs_with_one_key(exports: Path, lienthong: Lienthong, tmp_path: Path) -> None:
    """National ids that both hospitals hold are alike after each was written by itself, but for the year where one of
    them knows no more than the year of birth."""
    found = []
    for number, folder in enumerate(both(exports)):
        to = tmp_path / str(number)
        lienthong("deidentify", folder, "--to", to, "--key", exports / "key")
        found.append([set(re.findall(r"(?<![0-9])0[0-9]{11}(?![0-9])", " ".join(plain_texts(to)))), set()])
        found[-1][1] = set(re.findall(r"(?<![0-9])0[0-9]{11}(?![0-9])", " ".join(plain_texts(folder))))
    before = found[0][1] & found[1][1]
    after = {number[:3] + number[6:] for number in found[0][0]} & {number[:3] + number[6:] for number in found[1][0]}
    assert len(after) == len(before) > 10
    assert len(found[0][0] & found[1][0]) > len(before) // 2
    assert not found[0][0] & found[1][0] & before


def test_the_same_key_gives_the_same_bytes_and_another_key_others(
    exports: Path, shown: tuple[Path, dict[str, Any]], lienthong: Lienthong, tmp_path: Path
) -> None:
    folders = both(exports)
    lienthong("deidentify", *folders, "--to", tmp_path / "again", "--key", exports / "key")
    lienthong("deidentify", *folders, "--to", tmp_path / "other", "--key", tmp_path / "new-key")
    one, again, other = (
        {path.name: path.read_bytes() for path in place.iterdir()}
        for place in (shown[0], tmp_path / "again", tmp_path / "other")
    )
    assert one == again
    assert len((tmp_path / "new-key").read_bytes()) == 32
    assert (tmp_path / "new-key").stat().st_mode & 0o077 == 0
    assert all(other[name] != content for name, content in one.items() if name[0] == "0")


def test_what_cannot_be_read_is_named_and_not_copied(shown: tuple[Path, dict[str, Any]]) -> None:
    said = shown[1]
    codes = Counter(item["code"] for item in said["not_copied"])
    assert codes == {"bhyt-key-missing": 1, "bhyt-envelope-broken": 1, "json-broken": 2}
    assert [item["name"] for item in said["left_out"]] == ["benh-vien-a/GHI_CHU.txt", "benh-vien-b/so_luong.json"]
    names = {path.name for path in shown[0].iterdir()}
    assert names == {"REPORT.txt", "REPORT.json", *(item["name"] for item in said["files"])}


def test_the_report_says_what_was_done_and_names_nothing(shown: tuple[Path, dict[str, Any]]) -> None:
    report = json.loads((shown[0] / "REPORT.json").read_text("utf-8"))
    assert report["anonymous"] is False
    assert report["replaced"]["national-id"] > 50
    assert report["remains"]["groups_under_5"] > 0
    text = (shown[0] / "REPORT.txt").read_text("utf-8")
    assert "không thể chứng minh" in text and "can't be proven" in text
    assert "benh-vien" not in text and "01999" not in text + json.dumps(report)
    assert KEY.hex() not in text


def test_no_text_and_keep_facility(exports: Path, lienthong: Lienthong, tmp_path: Path) -> None:
    to = tmp_path / "shown"
    lienthong("deidentify", exports / "benh-vien-a", "--to", to, "--no-text", "--keep-facility")
    assert {row.get("DIEN_BIEN_LS", "") for row in rows(to, "XML5")} == {""}
    assert {row["MA_CSKCB"] for row in rows(to, "XML1")} == {"01999"}


@pytest.mark.parametrize("place", ["benh-vien-a", "benh-vien-a/copies", "."])
def test_copies_never_lie_among_the_exports(exports: Path, lienthong: Lienthong, place: str) -> None:
    before = sorted(exports.rglob("*"))
    done = lienthong("deidentify", exports / "benh-vien-a", "--to", exports / place)
    assert done.code == 4
    assert done.json["error"]["code"] == "deidentify-folder-in-input"
    assert sorted(exports.rglob("*")) == before


def test_a_folder_with_something_in_it_and_a_file_are_refused(
    exports: Path, lienthong: Lienthong, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    for place in (tmp_path / "full", tmp_path / "full" / "x"):
        done = lienthong("deidentify", exports / "benh-vien-a", "--to", place)
        assert (done.code, done.json["error"]["code"]) == (4, "deidentify-folder-not-empty")


def test_a_key_among_the_copies_or_of_another_length_is_refused(
    exports: Path, lienthong: Lienthong, tmp_path: Path
) -> None:
    (tmp_path / "short").write_bytes(b"x")
    for key in (tmp_path / "shown" / "key", tmp_path / "short", tmp_path):
        done = lienthong("deidentify", exports / "benh-vien-a", "--to", tmp_path / "shown", "--key", key)
        assert (done.code, done.json["error"]["code"]) == (2, "deidentify-key-wrong")
    assert not (tmp_path / "shown" / "key").exists()


def test_with_a_node_the_release_stands_in_its_log_and_a_wrong_purpose_is_refused(
    exports: Path, lienthong: Lienthong, home: Path, tmp_path: Path
) -> None:
    lienthong("ingest", exports / "benh-vien-a" / "2025-07")
    words = ("deidentify", exports / "benh-vien-a" / "2025-07", "--to", tmp_path / "shown")
    assert lienthong(*words, "--purpose", "treatment").code == 4
    assert not (tmp_path / "shown").exists()
    assert lienthong(*words).code == 3
    entries = [json.loads(line) for line in (home / "audit" / "log.ndjson").read_text("utf-8").splitlines()]
    assert [entry["outcome"] for entry in entries if entry["action"] == "release"] == ["refused", "permitted"]
