"""An invented hospital for the pages: FHIR resources made by hand, and a desk that answers from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any

from lienthong.core.actors import Actor, Role
from lienthong.core.errors import Category, ErrorKind
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.settings import IDENTIFIER_PRESETS
from lienthong.products import catalogue
from lienthong.products.card import Text
from lienthong.record import Counts, FindingCounts, FindingGroup, Published, Quarantined, RecordRow
from lienthong.web.desk import (
    BatchRow,
    FilePage,
    FileRow,
    IngestPage,
    PatientPage,
    QuarantineRow,
    ResourceOrigin,
    ResourcePage,
    Wish,
    WorklistPage,
    WorklistRow,
)
from lienthong.web.measurements import findings_of, grouped, panels_of
from lienthong.web.person import age_on, name_of, person_of, sex_of
from lienthong.web.suggestion import Input, Reason, SignedView, SuggestionView, card_of, frequency_of
from lienthong.web.timeline import summary_of, timeline_of
from lienthong.web.worklist import page_of

ZONE = timezone(timedelta(hours=7))
NOW = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)
SYSTEMS = IDENTIFIER_PRESETS["vncore"]
PHYSICIAN = Actor("bs.lan", frozenset({Role.PHYSICIAN}))
ENGINEER = Actor("ks.minh", frozenset({Role.DATA_ENGINEER}))
NAMES = ["Nguyễn Thị Hồng Đào", "Trần Văn Đức", "Lê Quốc Huy", "Phạm Thị Mỹ Duyên", "Hoàng Anh Tuấn", "Đặng Thị Ánh"]

REFUSED = ErrorKind(
    "access-refused", Category.FORBIDDEN, what="'{name}' may not read this.", cure="Ask the treating physician."
)
WRONG_PASSPHRASE = ErrorKind("passphrase-wrong", Category.FORBIDDEN, what="Wrong.", cure="Type it again.")
STALE = ErrorKind("suggestion-changed", Category.CONFLICT, what="It has a newer version.", cure="Load it again.")
NOT_FOUND = ErrorKind("person-not-found", Category.NOT_FOUND, what="There is no such person.", cure="Begin again.")


def observation(id: str, loinc: str, words: str, value: str, unit: str, when: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc, "display": words}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": when,
        "valueQuantity": {"value": Decimal(value), "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"},
        **more,
    }


def pressure(id: str, systolic: str, diastolic: str, when: str, encounter: str) -> dict[str, Any]:
    def part(code: str, words: str, value: str) -> dict[str, Any]:
        return {
            "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": words}]},
            "valueQuantity": {"value": Decimal(value), "unit": "mmHg", "code": "mm[Hg]"},
        }

    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}], "text": "Huyết áp"},
        "encounter": {"reference": f"Encounter/{encounter}"},
        "effectiveDateTime": when,
        "component": [part("8480-6", "Systolic", systolic), part("8462-4", "Diastolic", diastolic)],
    }


def encounter(id: str, kind: str, start: str, end: str, reason: str) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": id,
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": kind},
        "reasonCode": [{"text": reason}],
        "serviceProvider": {"display": "Bệnh viện Đa khoa Sông Hồng"},
        "period": {"start": start, "end": end},
    }


def condition(id: str, words: str, encounter: str, onset: str, status: str = "active") -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": id,
        "clinicalStatus": {"coding": [{"code": status}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": {"text": words},
        "encounter": {"reference": f"Encounter/{encounter}"},
        "onsetDateTime": onset,
    }


def medicine(id: str, words: str, encounter: str, when: str, dose: str, status: str = "active") -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": id,
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": {"text": words},
        "encounter": {"reference": f"Encounter/{encounter}"},
        "authoredOn": when,
        "dosageInstruction": [{"text": dose}],
    }


PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"use": "official", "text": "Nguyễn Thị Hồng Đào", "family": "Nguyễn", "given": ["Thị", "Hồng", "Đào"]}],
    "gender": "female",
    "birthDate": "1962-03-08",
    "identifier": [
        {"system": SYSTEMS.national_id, "value": "001162012345"},
        {"system": SYSTEMS.insurance_card, "value": "GD4010123456789"},
        {"system": "urn:x-lienthong:01001:Patient", "value": "BN000417"},
    ],
}

RESOURCES: list[dict[str, Any]] = [
    PATIENT,
    {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "criticality": "high",
        "code": {"text": "Penicillin"},
        "recordedDate": "2019-05-02",
    },
    encounter("e1", "AMB", "2024-03-11T08:10:00+07:00", "2024-03-11T09:00:00+07:00", "Khám định kỳ tăng huyết áp"),
    encounter("e2", "IMP", "2025-06-02T14:20:00+07:00", "2025-06-07T10:00:00+07:00", "Viêm phổi"),
    encounter("e3", "AMB", "2026-11-03T07:45:00+07:00", "2026-11-03T08:30:00+07:00", "Khám định kỳ tăng huyết áp"),
    condition("c1", "Tăng huyết áp vô căn (nguyên phát)", "e1", "2024-03-11"),
    condition("c2", "Đái tháo đường týp 2", "e3", "2021-08"),
    condition("c3", "Viêm phổi, tác nhân không xác định", "e2", "2025-06-02", "resolved"),
    medicine("m1", "Amlodipin 5 mg", "e1", "2024-03-11", "Uống 1 viên mỗi sáng"),
    medicine("m2", "Metformin 500 mg", "e3", "2026-11-03", "Uống 1 viên, 2 lần mỗi ngày, sau ăn"),
    medicine("m3", "Ceftriaxon 1 g", "e2", "2025-06-02", "Tiêm tĩnh mạch 2 g mỗi ngày", "completed"),
    {
        "resourceType": "Procedure",
        "id": "x1",
        "status": "completed",
        "code": {"text": "Chụp X-quang ngực thẳng"},
        "encounter": {"reference": "Encounter/e2"},
        "performedDateTime": "2025-06-02T15:00:00+07:00",
    },
    {
        "resourceType": "DiagnosticReport",
        "id": "d1",
        "status": "final",
        "code": {"text": "X-quang ngực"},
        "encounter": {"reference": "Encounter/e2"},
        "effectiveDateTime": "2025-06-02T16:00:00+07:00",
        "conclusion": "Đám mờ thùy dưới phổi phải. Bóng tim không to.",
    },
    {
        "resourceType": "Observation",
        "id": "s1",
        "status": "final",
        "code": {"text": "Tình trạng hút thuốc", "coding": [{"system": "http://loinc.org", "code": "72166-2"}]},
        "effectiveDateTime": "2026-11-03",
        "valueCodeableConcept": {"text": "Chưa bao giờ hút"},
    },
    pressure("bp1", "148", "92", "2024-03-11T08:20:00+07:00", "e1"),
    pressure("bp2", "139", "86", "2024-09-20T08:20:00+07:00", "e1"),
    pressure("bp3", "126", "80", "2025-06-07T08:00:00+07:00", "e2"),
    pressure("bp4", "151", "93", "2026-11-03T08:00:00+07:00", "e3"),
    observation("ch1", "2093-3", "Cholesterol", "5.9", "mmol/L", "2024-03-11T09:00:00+07:00"),
    observation("ch2", "2093-3", "Cholesterol", "6.2", "mmol/L", "2026-11-03T09:00:00+07:00"),
    observation("hd1", "2085-9", "HDL", "1.10", "mmol/L", "2024-03-11T09:00:00+07:00"),
    observation("hd2", "2085-9", "HDL", "0.98", "mmol/L", "2026-11-03T09:00:00+07:00"),
    observation("bm1", "39156-5", "BMI", "26.4", "kg/m2", "2026-11-03T08:00:00+07:00"),
    observation("pu1", "8867-4", "Pulse", "78", "/min", "2024-03-11T08:20:00+07:00"),
    observation("pu2", "8867-4", "Pulse", "104", "/min", "2025-06-02T14:30:00+07:00"),
    observation("pu3", "8867-4", "Pulse", "82", "/min", "2026-11-03T08:00:00+07:00"),
    observation(
        "cr1",
        "2160-0",
        "Creatinin",
        "81",
        "umol/L",
        "2026-11-03T09:00:00+07:00",
        referenceRange=[{"low": {"value": Decimal("53")}, "high": {"value": Decimal("97")}}],
    ),
    observation("k1", "2823-3", "Kali máu", "4.1", "mmol/L", "2026-11-03T09:00:00+07:00"),
    observation("err", "2823-3", "Kali máu", "41", "mmol/L", "2026-11-03T09:00:00+07:00")
    | {"status": "entered-in-error"},
]

SENTENCE = Text(
    "Trong 100 người có các yếu tố như vậy, khoảng 28 người sẽ có biến cố trong 10 năm kể từ 03/11/2026.",
    "Of 100 people with such risk factors, about 28 will have an event within 10 years from 2026-11-03.",
)


def reason(vi: str, en: str, value: str, effect: str, ratio: str) -> Reason:
    told = Text(
        f"{vi}: {value} – nguy cơ bằng {ratio.replace('.', ',')} lần mức tham chiếu (bình thường)",
        f"{en}: {value} – {ratio} times the hazard of the reference (normal)",
    )
    return Reason(Text(vi, en), Text(value, value), Decimal(effect), Decimal(ratio), told)


SUGGESTION = SuggestionView(
    id="s-0",
    version="1",
    status="preliminary",
    product=Text("Nguy cơ tim mạch 10 năm", "Ten-year cardiovascular risk"),
    product_version="1.0.0",
    sentence=SENTENCE,
    frequency=frequency_of(Decimal("0.2794"), 10),
    reasons=(
        reason("Đái tháo đường", "Diabetes", "có", "0.692", "2.00"),
        reason("Huyết áp tâm thu", "Systolic blood pressure", "151 mmHg", "0.649", "1.91"),
        reason("Tuổi", "Age", "64 tuổi", "0.575", "1.78"),
        reason("Cholesterol toàn phần", "Total cholesterol", "239,7 mg/dL", "0.348", "1.42"),
        reason("Cholesterol HDL", "HDL cholesterol", "53 mg/dL", "-0.068", "0.93"),
        reason("Hút thuốc", "Smoking", "không", "0", "1.00"),
    ),
    inputs=(
        Input(
            Text("Huyết áp tâm thu", "Systolic blood pressure"),
            Text("151 mmHg", "151 mmHg"),
            "",
            "mm[Hg]",
            "2026-11-03",
            ("Observation/bp4",),
        ),
        Input(
            Text("Cholesterol toàn phần", "Total cholesterol"),
            Text("239,7 mg/dL", "239.7 mg/dL"),
            "6.2",
            "mmol/L",
            "2026-11-03",
            ("Observation/ch2",),
        ),
        Input(Text("Giới tính", "Sex"), Text("nữ", "female"), "", "", "", ("Patient/p1",)),
    ),
    missing=(Text("Đang điều trị: chưa có trong hồ sơ", "Treatment: not in the record"),),
    limits=(
        Text("Chưa kiểm định cho người Việt Nam: con số có thể sai lệch.", "Not validated for Vietnam."),
        Text("Bài báo không cho khoảng tin cậy của từng cá nhân.", "The paper gives no interval for an individual."),
    ),
    since=NOW - timedelta(hours=3),
    card=card_of(catalogue.load("cvd-risk").card),
    signed=(),
)

BATCH = BatchRow(3, "01001", "ks.minh", NOW - timedelta(hours=4))
FILE = FileRow(1, "claims-2026-11.xml", "bhyt", 48213, "c0" * 32, 40, 2, False)


class FixtureDesk:
    """Answers from the invented hospital; keeps what it was asked to decide and to reveal."""

    zone: tzinfo = ZONE
    controller = "Bệnh viện Đa khoa Sông Hồng"
    language = "vi"

    def __init__(self) -> None:
        self.suggestion = SUGGESTION
        self.revealed: list[tuple[str, str]] = []
        self.decided: list[Wish] = []
        self.gone: set[str] = set()
        self.is_empty = False

    def sign_in(self, name: str, password: str) -> Actor | None:
        people = {actor.name: actor for actor in (PHYSICIAN, ENGINEER)}
        return people.get(name) if password == "đúng mật khẩu" else None

    def present(self, actor: Actor) -> Actor | None:
        return None if actor.name in self.gone else actor

    def display(self, actor: Actor) -> str:
        return {"bs.lan": "BS. Vũ Ngọc Lan", "ks.minh": "KS. Đỗ Minh"}[actor.name]

    def worklist(self, actor: Actor, *, search: str, page: int, size: int) -> WorklistPage:
        self._physician(actor)
        rows = [] if self.is_empty else [self._row(place) for place in range(60)]
        return page_of(rows, search=search, page=page, size=size)

    def patient(self, actor: Actor, person: str, *, visits: int, revealed: bool) -> PatientPage:
        self._physician(actor)
        if person != "person-0":
            raise NOT_FOUND.at("person")
        groups, others = grouped(panels_of(RESOURCES, zone=ZONE, gender="female", is_adult=True))
        return PatientPage(
            person_of(person, RESOURCES, now=NOW, zone=ZONE, systems=SYSTEMS, revealed=revealed),
            () if self.is_empty else (self.suggestion,),
            summary_of(RESOURCES, zone=ZONE),
            findings_of(RESOURCES, zone=ZONE),
            groups,
            others,
            timeline_of(RESOURCES, zone=ZONE, page=visits, size=10),
        )

    def reveal(self, actor: Actor, person: str) -> None:
        self._physician(actor)
        self.revealed.append((actor.name, person))

    def check(self, actor: Actor, wish: Wish) -> None:
        self._physician(actor)
        if wish.version != self.suggestion.version or not self.suggestion.is_open:
            raise STALE.at("suggestion")

    def decide(self, actor: Actor, wish: Wish, passphrase: str) -> None:
        self.check(actor, wish)
        if passphrase != "cụm mật khẩu ký":
            raise WRONG_PASSPHRASE.at("passphrase")
        self.decided.append(wish)
        signed = SignedView(
            wish.verdict.value,
            wish.reason,
            frequency_of(Decimal(wish.change) / 100, 10) if wish.change else None,
            "BS. Vũ Ngọc Lan",
            "012345/HNO-CCHN",
            NOW,
            wish.version,
            "9f" * 32,
            "ed25519:7c1b",
            17,
            "ab" * 32,
            True,
        )
        self.suggestion = replace(self.suggestion, status="final", version="2", signed=(signed,))

    def ingest(self, actor: Actor, batch: int | None) -> IngestPage | None:
        if self.is_empty:
            return None
        rule = Rule("bhyt-xml1-sex", "GIOI_TINH is 1, 2 or 3", "Quyết định 3176/QĐ-BYT", "2025-01-01")
        finding = Finding(
            Severity.ERROR,
            "bhyt-code-unknown",
            "The code is not in the list.",
            Place(FILE.name, "LK0007", "XML1", "7", "GIOI_TINH"),
            rule,
            "Write 1 (male), 2 (female) or 3 (not known).",
        )
        summary = Published(
            3,
            files=2,
            records=842,
            kept=840,
            resources=Counts(1893, 1890, 2, 1),
            quarantined=Quarantined(0, 2),
            findings=FindingCounts(5, 12, 0),
            left_out=(("README.txt", "no export"),),
        )
        return IngestPage(
            BATCH,
            (BATCH, BatchRow(2, "fhir-lab", "ks.minh", NOW - timedelta(days=1))),
            summary,
            (FILE, FileRow(2, "lab.ndjson", "fhir", 190213, "c1" * 32, 800, 0, False)),
            (FindingGroup(Severity.ERROR, finding.code, 5, (finding,)),),
            (QuarantineRow(FILE.name, "LK0031", "MA_LK is empty.", "bhyt-no-key", "2026-11-23T04:15:00Z", False),),
        )

    def file(self, actor: Actor, batch: int, file: int, *, page: int) -> FilePage:
        rows = tuple(RecordRow(f"LK{n:04}", (f"Patient/p{n}", f"Encounter/e{n}")) for n in range(1, 21))
        return FilePage(BATCH, FILE, rows, page, 3)

    def resource(self, actor: Actor, type: str, id: str) -> ResourcePage:
        if (type, id) != ("Patient", "p1"):
            raise NOT_FOUND.at("resource")
        origin = ResourceOrigin("01001", FILE.name, "LK0001", "XML1[1]")
        return ResourcePage(type, id, "1", "", PATIENT, "de" * 32, (origin,))

    def _physician(self, actor: Actor) -> None:
        if Role.PHYSICIAN not in actor.roles:
            raise REFUSED.at("person", name=actor.name)

    def _row(self, place: int) -> WorklistRow:
        patient = {**PATIENT, "name": [{"text": NAMES[place % len(NAMES)]}]}
        return WorklistRow(
            f"s-{place}",
            f"person-{place}",
            name_of(patient),
            age_on(f"{1962 + place % 30}-03-08", NOW.date()),
            sex_of(patient),
            Decimal(60 - place) / 100,
            frequency_of(Decimal(60 - place) / 100, 10),
            SUGGESTION.product,
            tuple(reason.label for reason in SUGGESTION.reasons[:3]),
            NOW - timedelta(hours=3 + place),
        )
