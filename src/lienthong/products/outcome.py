"""What a physician's verdict makes of a suggestion, and the Provenance that carries the signature; pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lienthong.core.errors import Category, ErrorKind
from lienthong.core.ids import resource_id
from lienthong.decisions.statement import Signed, Verdict
from lienthong.products.suggestion import SOURCE, read

__all__ = ["outcome_of", "provenance_of"]

WRONG_CHANGE = ErrorKind(
    "decision-change-wrong",
    Category.INCORRECT,
    what="A change names the physician's own probability, and only a change does.",
    allowed="a probability from 0 to 1, other than the suggested one",
    cure="Give your own estimate, or accept or reject the suggestion.",
)

NO_CHANGE = ErrorKind(
    "decision-score-unchangeable",
    Category.INCORRECT,
    what="A score is a sum of recorded values: it can't be given another figure.",
    allowed="accept or reject",
    cure="Reject the score with a reason; a wrong value is corrected where it was recorded, and scored anew.",
)

_STATUS = {Verdict.ACCEPT: "final", Verdict.CHANGE: "final", Verdict.REJECT: "cancelled"}
_WORDS = {
    Verdict.ACCEPT: "Chấp nhận / Accepted",
    Verdict.CHANGE: "Sửa / Changed",
    Verdict.REJECT: "Từ chối / Rejected",
}
_PEOPLE = "urn:x-lienthong:people"
_PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_SIGNATURE = "urn:iso-astm:E1762-95:2013"


def outcome_of(
    suggestion: Mapping[str, Any], verdict: Verdict, reason: str, change: Decimal | None, *, name: str, licence: str
) -> dict[str, Any]:
    """The RiskAssessment as decided: final or cancelled, with the physician's note; the AI label stays.

    `change` is the physician's own probability (0 to 1), for the verdict change only; the product's figure is kept
    beside it and in the version before. A score can't be changed.
    """
    if (verdict is Verdict.CHANGE) != (change is not None):
        raise WRONG_CHANGE.at("change")
    meta = {key: value for key, value in suggestion["meta"].items() if key not in ("versionId", "lastUpdated")}
    words = f"{_WORDS[verdict]}: {reason.strip()}" if reason.strip() else _WORDS[verdict]
    decided = {
        **suggestion,
        "meta": meta,
        "status": _STATUS[verdict],
        "note": [*suggestion.get("note", ()), {"authorString": f"{name} ({licence})", "text": words}],
    }
    if change is not None:
        said = read(suggestion)
        if said.score is not None:
            raise NO_CHANGE.at("change")
        before = said.risk
        if not change.is_finite() or not 0 <= change <= 1 or change == before:
            raise WRONG_CHANGE.at("change")
        first, *others = suggestion["prediction"]
        rest = {key: value for key, value in first.items() if key != "rationale"}
        decided["prediction"] = [
            {**rest, "probabilityDecimal": (change * 100).quantize(Decimal("0.01"))},
            *others,
        ]
        mark = {
            "url": "urn:x-lienthong:changed",
            "extension": [
                {"url": "by", "valueString": name},
                *([] if before is None else [{"url": "original", "valueDecimal": before}]),
            ],
        }
        decided["extension"] = [*suggestion.get("extension", ()), mark]
    return decided


def provenance_of(signed: Signed, outcome: Mapping[str, Any], display: str) -> dict[str, Any]:
    """Who made the outcome what it is: the product, the physician, and the physician's signature over it.

    The signature's data is the canonical JSON of the signed statement, with which anyone who has the physician's
    public key can check it.
    """
    statement = signed.statement
    physician = {
        "identifier": {"system": _PEOPLE, "value": statement.signer},
        "display": f"{display} ({statement.licence})",
    }
    product = outcome["performer"]
    return {
        "resourceType": "Provenance",
        "id": resource_id(SOURCE, "Provenance", f"{statement.subject}/{signed.sequence}"),
        "target": [{"reference": statement.subject}],
        "recorded": statement.time,
        "activity": {"text": _WORDS[statement.verdict]},
        "agent": [
            {"type": {"coding": [{"system": _PARTICIPANT, "code": "assembler"}]}, "who": product},
            {"type": {"coding": [{"system": _PARTICIPANT, "code": "verifier"}]}, "who": physician},
        ],
        "entity": [
            {
                "role": "revision",
                "what": {
                    "identifier": {"system": "urn:x-lienthong:sha256", "value": statement.digest},
                    "display": f"{statement.subject} version {statement.version}",
                },
            }
        ],
        "signature": [
            {
                "type": [
                    {"system": _SIGNATURE, "code": "1.2.840.10065.1.12.1.5", "display": "Verification Signature"}
                ],
                "when": statement.time,
                "who": physician,
                "targetFormat": "application/fhir+json",
                "sigFormat": "application/json",
                "data": base64.b64encode(signed.to_bytes()).decode("ascii"),
            }
        ],
    }
