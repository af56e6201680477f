"""What else an ADT message says of a patient: AllergyIntolerance (AL1) and Coverage (IN1)."""

from __future__ import annotations

import hashlib
from typing import Any

from lienthong.sources.hl7v2 import maps
from lienthong.sources.hl7v2.conversion import Conversion, filled
from lienthong.sources.hl7v2.datatypes import absent, concept, identifier, mapped
from lienthong.sources.hl7v2.message import Segment
from lienthong.sources.hl7v2.parties import organization
from lienthong.terminology import systems

__all__ = ["add_allergy", "add_coverage"]

_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"


def add_allergy(al1: Segment, patient: dict[str, Any], patient_key: str, conversion: Conversion) -> None:
    """The AllergyIntolerance of an AL1, whose key is that of the patient and the allergen's code."""
    code = concept(al1.item(3), conversion)
    reactions = [{"text": item.text} for item in al1.items(5) if item.text]
    if code is None and not reactions:
        return
    kind = al1.code(2).upper()
    category = maps.target("AllergyCategory", kind)
    content = filled(
        clinicalStatus={"coding": [{"system": _CLINICAL, "code": "active"}]},
        type=maps.target("AllergyType", kind),
        category=[category] if category else None,
        criticality=maps.target("AllergyCriticality", al1.code(4).upper()),
        code=code,
        patient=patient,
        onsetDateTime=conversion.moment(al1, 6),
        reaction=[{"manifestation": reactions}] if reactions else None,
    )
    what = al1.code(3) or hashlib.sha256(al1.item(3).text.encode("utf-8")).hexdigest()[:32]
    key = conversion.single_key("AllergyIntolerance", f"{patient_key}/AL1/{what}")
    fields = {"category": "2", "code": "3", "criticality": "4", "reaction": "5", "onsetDateTime": "6"}
    conversion.add("AllergyIntolerance", key, al1, content, fields)


def add_coverage(in1: Segment, patient: dict[str, Any], patient_key: str, conversion: Conversion) -> None:
    """The Coverage of an IN1; its key has no number of a card or policy (DESIGN 3.3)."""
    payers = [found for item in in1.items(4) if (found := organization(item, in1, 4, conversion, at=5, telephone=7))]
    if not payers:
        company = identifier(in1.item(3), conversion) if in1.field(3) else None
        payers = [{"identifier": company}] if company else [absent()]
    policy = in1.whole(36) or in1.text(49)
    classes = [
        {"type": {"coding": [{"system": systems.COVERAGE_CLASS, "code": code}]}, **content}
        for code, content in (
            ("group", filled(value=in1.whole(8), name=in1.text(9))),
            ("plan", filled(value=in1.code(2), name=in1.item(2).part(2))),
        )
        if "value" in content
    ]
    kind = in1.code(2).upper()
    number = filled(system=_card_system(kind, conversion), value=policy) if policy else None
    content = filled(
        identifier=[number] if number else None,
        status="active",
        type=mapped_type(in1, conversion),
        subscriberId=policy,
        beneficiary=patient,
        relationship=mapped("Relationship", in1.code(17), conversion, "0063", in1.item(17)),
        period=filled(start=conversion.moment(in1, 12), end=conversion.moment(in1, 13)),
        payor=payers,
        **{"class": classes},
    )
    parts = (in1.code(2), in1.code(3), in1.code(12))
    key = conversion.single_key("Coverage", "/".join([patient_key, "IN1", *(part for part in parts if part)]))
    fields = {"identifier": "36", "payor": "4", "period": "12", "type": "15", "relationship": "17"}
    conversion.add("Coverage", key, in1, content, fields)


def mapped_type(in1: Segment, conversion: Conversion) -> dict[str, Any] | None:
    """The type of plan (IN1-15, table 0086)."""
    return concept(in1.item(15), conversion, maps.table("0086"))


def _card_system(plan: str, conversion: Conversion) -> str:
    """The system of a policy number: that of the insurance card where the plan is the health insurance of Vietnam."""
    return conversion.settings.systems.insurance_card if plan == "BHYT" else ""
