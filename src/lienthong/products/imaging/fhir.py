"""What a product says of a radiograph as FHIR: Observation, DiagnosticReport and RiskAssessment, all preliminary.

Each is labelled as said by an AI (AIAST). The RiskAssessment is the suggestion that a physician decides on, in the
form of every product here; the report and the observation are its basis. The study is named by its UID, as
`urn:oid:` in the system urn:dicom:uid (R4, ImagingStudy.identifier).
"""

from __future__ import annotations

import base64
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from lienthong.core.ids import resource_id
from lienthong.products.assessment import Assessment, Input
from lienthong.products.card import Text
from lienthong.products.imaging.dicom import Radiograph
from lienthong.products.imaging.pictures import SIDE
from lienthong.products.imaging.product import Answer, ImageProduct
from lienthong.products.imaging.saliency import map_of
from lienthong.products.imaging.wording import SENTENCES
from lienthong.products.suggestion import AI_LABEL, SOURCE, device, suggest

__all__ = ["resources", "seen_map"]

_DICOM = "urn:dicom:uid"
_RISK = Decimal("0.0001")
_SIZE, _COLOURS = (
    224,
    48,
)  # points on each side of the picture that is shown; few colours, since it lies in the record


def resources(
    product: ImageProduct, radiograph: Radiograph, answer: Answer, *, subject: str, person: str, today: date
) -> list[dict[str, Any]]:
    """Device, Observation, DiagnosticReport and RiskAssessment of one answer; the same answer gives the same ids.

    `subject` is `Patient/<id>`, `person` the person's id in the record. `today` dates a picture that bears no date.
    """
    index = radiograph.taken or today
    key = f"{product.card.name}|{product.digest}|{radiograph.instance}|{subject}"
    performed = device(product)
    observation = _observation(product, radiograph, answer, key, subject, index, performed["id"])
    report = _report(product, radiograph, answer, key, subject, index, observation["id"])
    basis = (f"DiagnosticReport/{report['id']}", f"Observation/{observation['id']}")
    assessment = _assessment(product, radiograph, answer, subject, person, index, basis)
    return [performed, observation, report, suggest(product, assessment)]


def seen_map(radiograph: Radiograph, answer: Answer) -> bytes:
    """The small picture with the evidence over it, as PNG: red speaks for pneumonia, blue against it."""
    assert radiograph.picture is not None, "an answer is about a picture"
    grey = np.repeat(radiograph.picture[:, :, None], 3, axis=2).astype(np.float64)
    evidence = map_of(answer.evidence)
    strength = np.abs(evidence) / max(float(np.abs(evidence).max()), 1e-9)
    colour = np.where(evidence[:, :, None] > 0, (220.0, 30.0, 30.0), (40.0, 90.0, 220.0))
    share = (0.55 * strength)[:, :, None]
    mixed = np.clip(np.round(grey * (1 - share) + colour * share), 0, 255).astype(np.uint8)
    stream = BytesIO()
    large = Image.fromarray(mixed).resize((_SIZE, _SIZE), Image.Resampling.BICUBIC)
    large.quantize(_COLOURS, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _observation(
    product: ImageProduct, radiograph: Radiograph, answer: Answer, key: str, subject: str, index: date, device_id: str
) -> dict[str, Any]:
    card = product.card
    return {
        "resourceType": "Observation",
        "id": resource_id(SOURCE, "Observation", key),
        "meta": {"security": [dict(AI_LABEL)]},
        "status": "preliminary",
        "category": [_coded("http://terminology.hl7.org/CodeSystem/observation-category", "imaging", "Imaging")],
        "code": {
            "coding": [{"system": "urn:x-lienthong:products", "version": card.version, "code": card.name}],
            "text": _joined(card.title),
        },
        "subject": {"reference": subject},
        "effectiveDateTime": index.isoformat(),
        "valueQuantity": {
            "value": Decimal(f"{answer.probability:.6f}").quantize(_RISK),
            "system": "http://unitsofmeasure.org",
            "code": "1",
        },
        "method": {"text": card.citation},
        "device": {"reference": f"Device/{device_id}"},
        "derivedFrom": [_image(radiograph)],
        "note": [{"text": _joined(text)} for text in answer.sentences()],
    }


def _report(
    product: ImageProduct,
    radiograph: Radiograph,
    answer: Answer,
    key: str,
    subject: str,
    index: date,
    observation: str,
) -> dict[str, Any]:
    report: dict[str, Any] = {
        "resourceType": "DiagnosticReport",
        "id": resource_id(SOURCE, "DiagnosticReport", key),
        "meta": {"security": [dict(AI_LABEL)]},
        "status": "preliminary",
        "category": [_coded("http://terminology.hl7.org/CodeSystem/v2-0074", "RAD", "Radiology")],
        "code": _coded("http://loinc.org", "18748-4", "Diagnostic imaging study"),
        "subject": {"reference": subject},
        "effectiveDateTime": index.isoformat(),
        "result": [{"reference": f"Observation/{observation}"}],
        "imagingStudy": [_image(radiograph)],
        "conclusion": "\n".join(_joined(text) for text in (*answer.sentences(), *product.card.limits)),
    }
    if answer.evidence.faithful:
        data = base64.b64encode(seen_map(radiograph, answer)).decode("ascii")
        title = "Bản đồ bằng chứng của AI / Map of the AI's evidence"
        report["presentedForm"] = [{"contentType": "image/png", "data": data, "title": title}]
    return report


def _assessment(
    product: ImageProduct,
    radiograph: Radiograph,
    answer: Answer,
    subject: str,
    person: str,
    index: date,
    basis: tuple[str, ...],
) -> Assessment:
    shown = SENTENCES["shown"].say(
        view=radiograph.view,
        rows=str(radiograph.rows),
        columns=str(radiograph.columns),
        age=str(radiograph.age),
        side=str(SIDE),
    )
    figure, *others = answer.sentences()
    view = [SENTENCES["posteroanterior"]] if radiograph.view == "PA" else []
    told = Text(" ".join(text.vi for text in (figure, *others)), " ".join(text.en for text in (figure, *others)))
    return Assessment(
        person=person,
        subject=subject,
        index=index,
        risk=Decimal(f"{answer.probability:.6f}").quantize(_RISK),
        abstention=None,
        inputs=(
            Input(
                name="picture",
                label=SENTENCES["picture"],
                value=None,
                unit="",
                shown=shown,
                given=radiograph.instance,
                given_unit="",
                time=index.isoformat(),
                references=basis,
            ),
        ),
        limits=(*view, *product.card.limits),
        sentence=told,
    )


def _image(radiograph: Radiograph) -> dict[str, Any]:
    return {"type": "ImagingStudy", "identifier": {"system": _DICOM, "value": f"urn:oid:{radiograph.study}"}}


def _coded(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _joined(text: Text) -> str:
    return f"{text.vi} / {text.en}"
