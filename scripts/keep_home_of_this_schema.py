"""Keeps a small home of the present schema for the tests of later upgrades; run it before the schema is raised.

Writes tests/fixtures/homes/schema-<n>.zip: invented patients of the demo, one file that is quarantined, a physician
and a signed decision. The secrets in it are as invented as the patients. The warehouse is left out: it is rebuilt.
"""

from __future__ import annotations

import random
import sys
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from lienthong.core.actors import Actor, Role
from lienthong.decisions.statement import Verdict
from lienthong.demo import hospitals
from lienthong.node import Node
from lienthong.privacy.access import Action
from lienthong.record.schema import SCHEMA_VERSION

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "homes"
PASSWORD, PASSPHRASE = "mot-mat-khau-bia", "mot-cau-de-ky-bia"  # of a home that holds invented people only
PHYSICIAN = "bs.an"
PEOPLE, SEED = 4, 5
LEFT_OUT = ("warehouse", "logs")


def clock() -> datetime:
    """A moment that stands still, so that two runs differ in nothing but chance names of drafts."""
    return datetime(2026, 11, 23, 8, 15, tzinfo=UTC)


def make(home: Path, exports: Path) -> None:
    """A node with what an upgrade may touch: batches, findings, quarantine, persons, a signed decision."""
    hospitals.write(exports, SEED, PEOPLE)
    broken = exports / "broken.ndjson"
    broken.write_text('{"resourceType":"Patient","id":"whole"}\n{"resourceType":"Patient",\n', encoding="utf-8")
    chance = random.Random(SEED).randbytes
    with Node(home, actor=Actor("tester", operator=True), clock=clock, random=chance) as node:
        node.ingest([exports / "benh-vien-a"])
        node.ingest([exports / "benh-vien-b"], source="cuu-long")
        node.ingest([broken])
        node.build()
        node.run_product("cvd-risk")
        node.add_person(
            PHYSICIAN,
            display="BS. An",
            roles=[Role.PHYSICIAN],
            licence="000001/BIA-CCHN",
            password=PASSWORD,
            passphrase=PASSPHRASE,
        )
        actor = node.people.sign_in(PHYSICIAN, PASSWORD)
        assert actor is not None
    with Node(home, actor=actor, purpose="treatment", clock=clock) as node:
        grant = node.permit(Action.READ_WORKLIST)
        suggestions = [item.id for item in node.record.resources(grant, "RiskAssessment")]
        node.decide(suggestions[0], Verdict.ACCEPT, passphrase=PASSPHRASE)


def main() -> int:
    """Write the zip, or refuse when the home of this schema is kept already."""
    target = FOLDER / f"schema-{SCHEMA_VERSION}.zip"
    if target.exists():
        sys.stderr.write(f"{target} is kept already: a schema that was given out does not change\n")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        make(home, Path(folder) / "exports")
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as kept:
            for path in sorted(home.rglob("*")):
                name = path.relative_to(home)
                if path.is_file() and name.parts[0] not in LEFT_OUT:
                    kept.writestr(zipfile.ZipInfo(name.as_posix(), (2026, 11, 23, 8, 15, 0)), path.read_bytes(),
                                  zipfile.ZIP_DEFLATED)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
