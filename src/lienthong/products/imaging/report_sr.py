"""What a product says of a radiograph as a DICOM structured report (TID 1500), with the AI as Device observer.

The report is partial, preliminary and unverified: only a person verifies. It names the picture that was read and
carries the same figure as the FHIR Observation.
"""

from __future__ import annotations

import uuid
import warnings
from copy import copy
from datetime import datetime
from io import BytesIO

from highdicom import UID
from highdicom import sr as templates
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from lienthong.core.errors import Category, ErrorKind
from lienthong.core.ids import resource_id
from lienthong.products.imaging.dicom import Radiograph
from lienthong.products.imaging.product import Answer, ImageProduct
from lienthong.products.suggestion import SOURCE

__all__ = ["structured_report"]

NO_REPORT = ErrorKind(
    "dicom-report-not-possible",
    Category.INCORRECT,
    what="No structured report can be written about this picture: {why}.",
    allowed="a picture with UIDs of its study, series and instance",
    cure="Ask for the picture from where it came; the suggestion in the record is not touched.",
)

_SCHEME = "99LIENTHONG"  # codes of our own begin with 99 (PS3.3, 8.2)
_PROBABILITY = Code("PNEU-PROB", _SCHEME, "Probability of pneumonia")
_LEANING = Code("LEANING", _SCHEME, "Leaning at the locked threshold")
_TOWARDS = Code("TOWARDS", _SCHEME, "Towards pneumonia")
_NOT_TOWARDS = Code("NOT-TOWARDS", _SCHEME, "Not towards pneumonia; rules out nothing")
# Not "Pneumonia" itself: a viewer would show it as found, whatever the figure says.
_PNEUMONIA = Code("PNEU-ASSESSMENT", _SCHEME, "Assessment for pneumonia")
_CHEST_FILM = Code("399208008", "SCT", "Plain chest X-ray")
# Attributes that a report takes over from its picture, and that may be empty there (type 2).
_MAY_BE_EMPTY = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber"),
    *("StudyID", "StudyDate", "StudyTime", "ReferringPhysicianName"),
)


def structured_report(product: ImageProduct, radiograph: Radiograph, answer: Answer, made: datetime) -> bytes:
    """The report as a DICOM file (Comprehensive SR); its UIDs are the same for the same answer."""
    card, picture = product.card, copy(radiograph.dataset)
    for name in _MAY_BE_EMPTY:
        if name not in picture:
            setattr(picture, name, "")
    key = f"{card.name}|{product.digest}|{radiograph.instance}"
    observer = templates.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=templates.DeviceObserverIdentifyingAttributes(
            uid=_uid("Device", f"{card.name}|{product.digest}"),
            name=card.name,
            manufacturer_name=card.owner,
            model_name=card.name,
            serial_number=product.digest[:16],
        ),
    )
    algorithm = templates.AlgorithmIdentification(name=card.name, version=card.version)
    leaning = templates.QualitativeEvaluation(_LEANING, _TOWARDS if answer.positive else _NOT_TOWARDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they may quote values of the file
            group = templates.MeasurementsAndQualitativeEvaluations(
                tracking_identifier=templates.TrackingIdentifier(uid=_uid("Group", key), identifier=card.name),
                finding_type=_PNEUMONIA,
                algorithm_id=algorithm,
                measurements=[templates.Measurement(_PROBABILITY, round(answer.probability, 4), codes.UCUM.NoUnits)],
                qualitative_evaluations=[leaning],
                source_images=[templates.SourceImageForMeasurementGroup.from_source_image(picture)],
            )
            report = templates.MeasurementReport(
                observation_context=templates.ObservationContext(observer_device_context=observer),
                procedure_reported=_CHEST_FILM,
                imaging_measurements=[group],
            )
            document = templates.ComprehensiveSR(
                evidence=[picture],
                content=report[0],
                series_instance_uid=_uid("Series", key),
                series_number=9001,
                series_description="AI, not verified",
                sop_instance_uid=_uid("Report", key),
                instance_number=1,
                manufacturer=card.owner,
                is_complete=False,
                is_final=False,
                is_verified=False,
            )
            for name in ("Content", "InstanceCreation", "Series"):
                setattr(document, f"{name}Date", made.strftime("%Y%m%d"))
                setattr(document, f"{name}Time", made.strftime("%H%M%S"))
            for equipment in document.ContributingEquipmentSequence:
                setattr(equipment, "ContributionDateTime", made.strftime("%Y%m%d%H%M%S"))  # noqa: B010 - a text, as above
            document.SpecificCharacterSet = "ISO_IR 192"  # the patient's name may have Vietnamese letters
            stream = BytesIO()
            document.save_as(stream, enforce_file_format=True)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NO_REPORT.at("DICOM SR", why=f"its tags do not suffice ({type(error).__name__})") from None
    return stream.getvalue()


def _uid(kind: str, key: str) -> UID:
    """A UID below 2.25 from a UUID (PS3.5, B.2)."""
    return UID(f"2.25.{uuid.UUID(resource_id(SOURCE, kind, key)).int}")
