"""A small hospital with its real rooms (record, warehouse, people, ledger), for runs and decisions."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lienthong import identity
from lienthong.core.actors import Actor, Role
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.decisions import Ledger, People, Verdict, verify_outcome
from lienthong.decisions.passphrase import Cost
from lienthong.privacy.access import Action, Grant, permit
from lienthong.privacy.access_log import AccessLog
from lienthong.products import catalogue
from lienthong.products.decide import decide
from lienthong.products.run import Run, run
from lienthong.record import Record, Stored, ai_guard
from lienthong.warehouse import Warehouse

PASSPHRASE = "trời xanh mây trắng"
OPERATOR = Actor("op", operator=True)
PHYSICIAN = Actor("bs.lan", frozenset({Role.PHYSICIAN}))


def patient(id: str, birth: str, gender: str = "female", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id, "birthDate": birth, "gender": gender, **more}


def observation(id: str, of: str, code: str, value: str, unit: str, day: str = "2026-05-01") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "subject": {"reference": f"Patient/{of}"},
        "effectiveDateTime": day,
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "valueQuantity": {
            "value": Decimal(value),
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
    }


def panel(id: str, of: str, systolic: str, day: str = "2026-05-01") -> dict[str, Any]:
    """A blood pressure as it mostly comes: a panel with components."""
    quantity = {"value": Decimal(systolic), "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "subject": {"reference": f"Patient/{of}"},
        "effectiveDateTime": day,
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "component": [
            {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}, "valueQuantity": quantity}
        ],
    }


def smoking(id: str, of: str, answer: str, day: str = "2026-05-01") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "subject": {"reference": f"Patient/{of}"},
        "effectiveDateTime": day,
        "code": {"coding": [{"system": "http://loinc.org", "code": "72166-2"}]},
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": answer}]},
    }


def condition(id: str, of: str, system: str, code: str) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": id,
        "subject": {"reference": f"Patient/{of}"},
        "onsetDateTime": "2020-01-01",
        "code": {"coding": [{"system": system, "code": code}]},
    }


def order(id: str, of: str, name: str) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": id,
        "status": "completed",
        "intent": "order",
        "subject": {"reference": f"Patient/{of}"},
        "authoredOn": "2026-04-20",
        "medicationCodeableConcept": {"text": name},
    }


def measured(of: str, *, tc: str = "180", hdl: str = "47", systolic: str = "124", smoker: bool = True) -> list[Any]:
    """The first worked example of the paper, unless told otherwise."""
    return [
        panel(f"{of}-bp", of, systolic),
        observation(f"{of}-tc", of, "2093-3", tc, "mg/dL"),
        observation(f"{of}-hdl", of, "2085-9", hdl, "mg/dL"),
        smoking(f"{of}-smoking", of, "449868002" if smoker else "266919005"),
    ]


RESOURCES = [
    patient("woman", "1965-03-01"),
    *measured("woman"),
    patient("man", "1973-03-01", "male"),
    *measured("man", tc="161", hdl="55", systolic="125", smoker=False),
    condition("man-diabetes", "man", "http://hl7.org/fhir/sid/icd-10", "E11.9"),
    order("man-drug", "man", "Amlodipin 5 mg"),
    patient("no-lipids", "1970-01-01"),
    panel("no-lipids-bp", "no-lipids", "130"),
    patient("child", "2015-01-01"),
    patient("dead", "1960-01-01", deceasedDateTime="2026-06-01"),
    *measured("dead"),
    patient("heart", "1960-01-01"),
    *measured("heart"),
    condition("heart-mi", "heart", "http://snomed.info/sct", "22298006"),
    patient("old", "1940-01-01"),
    *measured("old"),
    patient("strange", "1960-01-01"),
    *measured("strange", hdl="140"),
]


@dataclass
class Hospital:
    """One node's rooms over a folder, with a clock that the test moves."""

    home: Path
    now: datetime = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)
    people: People = field(init=False)
    ledger: Ledger = field(init=False)
    record: Record = field(init=False)
    warehouse: Warehouse = field(init=False)
    log: AccessLog = field(init=False)

    def __post_init__(self) -> None:
        self.log = AccessLog(self.home / "audit", b"k" * 32, self.clock, durable=False)
        self.people = People(self.home / "decisions.db", self.home / "keys", self.clock, cost=Cost(1, 8, 1))
        self.ledger = Ledger(self.home / "decisions.db", self.people, self.clock)
        guard = ai_guard(verify_outcome(self.people))
        self.record = Record.open(self.home / "record.db", clock=self.clock, guard=guard)
        self.warehouse = Warehouse(self.home / "warehouse", self.clock)

    def clock(self) -> datetime:
        return self.now

    def grant(self, action: Action, scope: str = "node") -> Grant:
        if action in (Action.DECIDE, Action.READ_WORKLIST):
            return permit(PHYSICIAN, "treatment", action, scope=scope, log=self.log)
        return permit(OPERATOR, "data-operations", action, scope=scope, log=self.log)

    def feed(self, resources: list[dict[str, Any]], name: str = "export.ndjson") -> None:
        """Reads resources in as an export and builds the warehouse."""
        grant = self.grant(Action.INGEST)
        digest = hashlib.sha256(repr(resources).encode()).hexdigest()
        with self.record.begin(grant, source="test") as batch:
            file = batch.file(name, digest, 1, "fhir")
            for number, resource in enumerate(resources):
                batch.put(file, Origin("test", name, digest, str(number)), [resource])
            identity.link(self.record, grant, Settings(), batch)
            batch.publish()
        self.warehouse.build(self.record, self.grant(Action.BUILD))

    def run(self, name: str = "cvd-risk") -> Run:
        product = catalogue.load(name)
        grant = self.grant(Action.RUN_PRODUCT)
        return run(product, self.warehouse, self.record, grant, self.clock, lambda _what, _done, _total: None)

    def suggestions(self) -> dict[str, Stored]:
        """The suggestions by the Patient they are about."""
        stored = self.record.resources(self.grant(Action.READ_WORKLIST), "RiskAssessment")
        return {item.resource()["subject"]["reference"].removeprefix("Patient/"): item for item in stored}

    def add_physician(self, name: str = "bs.lan") -> None:
        grant = self.grant(Action.MANAGE_PEOPLE)
        self.people.add(grant, name, "BS. Nguyễn Thị Lan", password="mat khau dai")
        self.people.entitle(grant, name, Role.PHYSICIAN, licence="012345/HCM-CCHN")
        self.people.make_key(grant, name, PASSPHRASE)

    def decide(self, verdict: Verdict = Verdict.ACCEPT, of: str = "woman", **given: Any) -> Stored:
        stored = self.suggestions()[of]
        return decide(
            self.record,
            self.ledger,
            self.people,
            given.get("grant") or self.grant(Action.DECIDE),
            stored.id,
            verdict,
            given.get("reason", ""),
            given.get("change"),
            given.get("passphrase", PASSPHRASE),
            seen=given.get("seen"),
        )


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two folders of a node, made once: with eight patients and one physician, and the same after a run."""
    built = tmp_path_factory.mktemp("built")
    found = Hospital(built)
    found.feed(RESOURCES)
    found.add_physician()
    found.record.close()
    done = tmp_path_factory.mktemp("ran") / "home"
    shutil.copytree(built, done)
    found = Hospital(done)
    found.run()
    found.record.close()
    return built, done


@pytest.fixture
def hospital(templates: tuple[Path, Path], tmp_path: Path) -> Iterator[Hospital]:
    """A hospital with eight patients, built, and one physician."""
    yield from _copy(templates[0], tmp_path)


@pytest.fixture
def ran(templates: tuple[Path, Path], tmp_path: Path) -> Iterator[Hospital]:
    """The same hospital after cvd-risk has run."""
    yield from _copy(templates[1], tmp_path)


def _copy(template: Path, folder: Path) -> Iterator[Hospital]:
    shutil.copytree(template, folder / "home")
    found = Hospital(folder / "home")
    yield found
    found.record.close()
