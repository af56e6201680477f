"""The small cases that the tests of the OMOP rules share: places, people, visits, observations, events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lienthong.core.canonical import parse

Make = Callable[..., dict[str, Any]]
AI = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "AIAST"}]}
NATIONAL_ID = {"system": "http://fhir.hl7.org.vn/core/sid/cccd", "value": "001170000001"}
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
LOINC, ICD10 = "http://loinc.org", "http://hl7.org/fhir/sid/icd-10"
LOCAL = "http://hospital.test/codes"


def made(kind: str, key: str, person: str, **members: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": key, "subject": {"reference": f"Patient/{person}"}, **members}


def coded(*codes: tuple[str, str], text: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"coding": [{"system": system, "code": code} for system, code in codes]}
    return {**found, "text": text} if text else found


def quantity(text: str, unit: str = "mm[Hg]") -> Any:
    return parse(
        '{"value":' + text + ',"unit":"' + unit + '","system":"http://unitsofmeasure.org","code":"' + unit + '"}'
    )


def observation(key: str, person: str, **members: Any) -> dict[str, Any]:
    base = {"status": "final", "code": coded((LOINC, "8480-6")), "effectiveDateTime": "2026-01-02"}
    return made("Observation", key, person, **{**base, **members})


def encounter(key: str, person: str, **members: Any) -> dict[str, Any]:
    base = {"status": "finished", "class": {"code": "AMB"}, "period": {"start": "2026-01-02T20:00:00Z"}}
    return made("Encounter", key, person, **{**base, **members})


def places() -> list[dict[str, Any]]:
    insurer = coded(("http://terminology.hl7.org/CodeSystem/organization-type", "ins"))
    room = coded(("http://terminology.hl7.org/CodeSystem/location-physical-type", "ro"))
    ward = coded(("http://terminology.hl7.org/CodeSystem/location-physical-type", "wa"))
    home = {"line": ["1 Lê Lợi"], "district": "Quận 1", "city": "TP. HCM", "state": "Hồ Chí Minh", "country": "VN"}
    return [
        {
            "resourceType": "Organization",
            "id": "hospital",
            "name": "Bệnh viện",
            "identifier": [{"system": LOCAL, "value": "79001"}],
            "address": [home],
        },
        {"resourceType": "Organization", "id": "insurer", "name": "BHXH", "type": [insurer], "address": [home]},
        {"resourceType": "Location", "id": "ward", "name": "Khoa Nội", "physicalType": ward},
        {"resourceType": "Location", "id": "room", "name": "P. 12", "physicalType": room},
        {
            "resourceType": "Practitioner",
            "id": "doctor",
            "name": [{"family": "Trần", "given": ["Bình"]}],
            "gender": "male",
            "birthDate": "1980",
        },
    ]


def people(patient: Make) -> list[dict[str, Any]]:
    doctor, hospital = {"reference": "Practitioner/doctor"}, {"reference": "Organization/hospital"}
    return [
        patient("one-a", birthDate="1970", identifier=[NATIONAL_ID], address=[{"text": "cũ"}, {"state": "HN"}]),
        patient("one-b", birthDate="1970-02-28", identifier=[NATIONAL_ID], generalPractitioner=[doctor]),
        patient("man", gender="male", managingOrganization=hospital),
        patient("partial", birthDate="1970-02", gender="other"),
        {"resourceType": "Patient", "id": "unborn", "address": [{"text": "x"}], "deceasedBoolean": True},
        patient("p"),
        patient("dead-dated", deceasedDateTime="2026-02-03T20:00:00Z"),
        patient("dead-visit", deceasedBoolean=True),
        patient("dead-undated", deceasedBoolean=True),
        patient("alive", deceasedBoolean=False),
    ]


def visits() -> list[dict[str, Any]]:
    expired = {"dischargeDisposition": coded((LOCAL, "5"), ("http://terminology.hl7.org/CodeSystem/dd", "exp"))}
    classes = [
        encounter(f"e-{code}", "man", **{"class": {"code": code}}) for code in ("IMP", "EMER", "HH", "VR", "FLD")
    ]
    return [
        *classes,
        encounter("e-AMB", "man", period={"start": "2026-01-02T20:00:00Z", "end": "2026-01-03T08:00:00+07:00"}),
        encounter("e-cancelled", "p", status="cancelled"),
        encounter("e-open", "p", status="in-progress", location=[{"location": {"reference": "Location/ward"}}]),
        encounter("e-undated", "p", period={}),
        encounter("e-nobody", "nobody"),
        encounter(
            "e-full",
            "p",
            serviceProvider={"reference": "Organization/hospital"},
            participant=[
                {"individual": {"reference": "RelatedPerson/r"}},
                {"individual": {"reference": "Practitioner/doctor"}},
            ],
        ),
        encounter(
            "e-died", "dead-visit", period={"start": "2026-03-01", "end": "2026-03-04"}, hospitalization=expired
        ),
    ]


def observations() -> list[dict[str, Any]]:
    components = [
        {"code": coded((LOINC, "8480-6")), "valueQuantity": quantity("120")},
        {"code": coded((LOINC, "8462-4")), "valueQuantity": quantity("80.0")},
        {"code": coded((LOINC, "8867-4")), "valueString": "fast"},
    ]
    answer = coded((LOCAL, "A"), ("http://snomed.info/sct", "449868002"), text="hút thuốc")
    period = {"start": "2026-01-01", "end": "2026-01-02"}
    kinds: dict[str, Any] = {
        "valueCodeableConcept": answer,
        "valueBoolean": False,
        "valueDateTime": "2025-12",
        "valueTime": "12:30:00",
        "valuePeriod": period,
        "valueRange": {"low": quantity("1"), "high": quantity("2")},
        "valueRatio": {"numerator": quantity("1"), "denominator": quantity("128")},
        "valueSampledData": {"origin": quantity("0"), "period": 10, "dimensions": 1, "data": "1 2"},
    }
    return [
        observation("o-panel", "p", code=coded((LOINC, "85354-9")), component=components),
        observation("o-text", "p", valueString="y" * 80, performer=[{"reference": "Practitioner/doctor"}]),
        observation("o-whole", "p", valueInteger=7),
        observation("o-none", "p"),
        observation("o-unborn", "unborn", valueQuantity=quantity("120")),
        observation("o-ai", "p", status="preliminary", valueQuantity=quantity("9"), meta=AI),
        observation(
            "o-full",
            "p",
            valueQuantity={**quantity("5.4", "mmol/L"), "comparator": "<"},
            referenceRange=[{"low": quantity("3.9", "mmol/L"), "high": quantity("6.1", "mmol/L")}],
            encounter={"reference": "Encounter/e-full"},
            code=coded((LOCAL, "HATT"), (LOINC, "8480-6")),
            performer=[{"reference": "Organization/hospital"}, {"reference": "Practitioner/doctor"}],
        ),
        *(observation(f"o-{kind}", "man", **{kind: value}) for kind, value in kinds.items()),
        {
            "resourceType": "AllergyIntolerance",
            "id": "a1",
            "patient": {"reference": "Patient/p"},
            "code": coded((LOCAL, "TOM"), text="Tôm"),
            "criticality": "high",
            "recordedDate": "2026-01-05",
        },
        {
            "resourceType": "AllergyIntolerance",
            "id": "a2",
            "patient": {"reference": "Patient/p"},
            "verificationStatus": coded((VERIFICATION, "refuted")),
            "recordedDate": "2026-01-05",
        },
    ]


def events() -> list[dict[str, Any]]:
    icd = coded((ICD10, "I10"))
    drug = coded((LOCAL, "40.1"), ("http://www.nlm.nih.gov/research/umls/rxnorm", "316052"))
    supply = {"value": 7, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}
    order = {"status": "active", "authoredOn": "2026-01-02", "medicationCodeableConcept": drug}
    doctor = {"reference": "Practitioner/doctor"}
    refuted = coded((VERIFICATION, "refuted"))
    medication = {"medicationReference": {"reference": "Medication/m1"}}
    given = {"status": "completed", "effectiveDateTime": "2026-01-05", **medication}
    return [
        made(
            "Condition", "c1", "p", code=icd, onsetDateTime="2025-12", abatementDateTime="2026-02-01", recorder=doctor
        ),
        made("Condition", "c2", "p", code={"text": "x" * 80}, recordedDate="2026-01-02"),
        made("Condition", "c3", "p", code=icd, verificationStatus=refuted, onsetDateTime="2025"),
        {"resourceType": "Medication", "id": "m1", "code": drug},
        made(
            "MedicationRequest",
            "r1",
            "p",
            intent="order",
            **order,
            requester=doctor,
            dispenseRequest={"expectedSupplyDuration": supply},
        ),
        made("MedicationRequest", "r2", "p", intent="proposal", **order),
        made("MedicationRequest", "r3", "p", intent="order", doNotPerform=True, **order),
        made(
            "MedicationAdministration",
            "a1",
            "p",
            status="completed",
            effectiveDateTime="2026-01-03",
            medicationReference={"reference": "Medication/m1"},
        ),
        # of an order that is a row already, and of one that is none
        made("MedicationAdministration", "a2", "p", request={"reference": "MedicationRequest/r1"}, **given),
        made("MedicationAdministration", "a3", "p", request={"reference": "MedicationRequest/r2"}, **given),
        {
            "resourceType": "Immunization",
            "id": "i1",
            "status": "completed",
            "patient": {"reference": "Patient/p"},
            "vaccineCode": coded(("http://hl7.org/fhir/sid/cvx", "140")),
            "occurrenceDateTime": "2026-01-04",
            "lotNumber": "L1",
        },
        made(
            "Procedure",
            "x1",
            "p",
            status="completed",
            code=coded((LOCAL, "37.8")),
            performedPeriod={"start": "2026-01-06T01:00:00Z", "end": "2026-01-06T18:00:00Z"},
            performer=[{"actor": doctor}],
        ),
        made("Procedure", "x2", "p", status="not-done", code=coded((LOCAL, "37.8")), performedDateTime="2026-01-06"),
        made("Procedure", "x3", "p", status="completed", code=coded((LOCAL, "37.8"))),
    ]
