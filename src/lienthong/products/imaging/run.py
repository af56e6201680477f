"""Reads radiographs and stores what the product says as suggestions for a physician; accounts for every file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lienthong.core.clock import Clock, zone
from lienthong.core.errors import LienthongError
from lienthong.decisions.statement import content_digest
from lienthong.privacy.access import Action, Grant, require
from lienthong.products.card import Text
from lienthong.products.imaging.dicom import NO_DICOM, Radiograph, read_radiograph
from lienthong.products.imaging.fhir import resources
from lienthong.products.imaging.patients import UNMATCHED, patient_of
from lienthong.products.imaging.product import ImageProduct
from lienthong.products.imaging.report_sr import structured_report
from lienthong.products.imaging.wording import REFUSALS
from lienthong.products.suggestion import is_of, read
from lienthong.record import Record, Stored

__all__ = ["PictureRun", "Told", "run_on_pictures"]

_WITHDRAWN = (
    "Rút lại: có gợi ý mới hơn cho cùng ảnh này. / Withdrawn: there is a newer suggestion for the same picture."
)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one file: the id of the suggestion, or the code and words of why there is none."""

    file: str
    suggestion: str
    why: str
    text: Text | None

    def to_json(self) -> dict[str, Any]:
        said = {} if self.text is None else {"text": self.text.to_json()}
        return {"file": self.file, "suggestion": self.suggestion or None, "why": self.why or None} | said


@dataclass(frozen=True, slots=True)
class PictureRun:
    """What came of a run; it adds up: files = computed + all of abstained, computed = new + unchanged + decided.

    `decided` suggestions were signed before and are left as they are; `withdrawn` ones were open, of an earlier
    version of the product for the same picture.
    """

    product: str
    version: str
    digest: str
    files: int
    computed: int
    abstained: Mapping[str, int]
    new: int
    unchanged: int
    decided: int
    withdrawn: int
    told: tuple[Told, ...]

    @property
    def not_read(self) -> int:
        """How many files could not be read or given to a patient; that a product abstains is no fault."""
        return sum(self.abstained.get(why, 0) for why in (*UNMATCHED, NO_DICOM.code))

    def to_json(self) -> dict[str, Any]:
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return found | {"abstained": dict(self.abstained), "told": [item.to_json() for item in self.told]}


def run_on_pictures(
    product: ImageProduct,
    files: Iterable[Path],
    record: Record,
    grant: Grant,
    clock: Clock,
    *,
    patient: str = "",
    reports: Path | None = None,
    offset: str = "+07:00",
) -> PictureRun:
    """Reads each file and stores its suggestion; a file that can't be read stops no other.

    `patient` is the id of the Patient that a person named for all of the files, else each is matched by its tags.
    `reports` is a folder for the structured reports, one for each suggestion.
    """
    require(grant, Action.RUN_PRODUCT)
    count: Counter[str] = Counter()
    abstained: Counter[str] = Counter()
    told: list[Told] = []
    for file in files:
        said = _one(product, file, record, grant, clock, patient, reports, offset, count)
        told.append(said)
        if said.why:
            abstained[said.why] += 1
    return PictureRun(
        product=product.card.name,
        version=product.card.version,
        digest=product.digest,
        files=len(told),
        computed=len(told) - abstained.total(),
        abstained=dict(sorted(abstained.items())),
        new=count["new"],
        unchanged=count["unchanged"],
        decided=count["decided"],
        withdrawn=count["withdrawn"],
        told=tuple(told),
    )


def _one(
    product: ImageProduct,
    file: Path,
    record: Record,
    grant: Grant,
    clock: Clock,
    patient: str,
    reports: Path | None,
    offset: str,
    count: Counter[str],
) -> Told:
    def refused(why: str, text: Text | None = None) -> Told:
        return Told(file.name, "", why, text or REFUSALS[why])

    try:
        radiograph = read_radiograph(file, age_from=product.ages[0], age_to=product.ages[1])
    except LienthongError as error:
        return refused(error.code, REFUSALS["dicom-unreadable"].say(why=error.what))
    if radiograph.picture is None:
        return refused(radiograph.refusal)
    answer = product.answer(radiograph.picture)
    if not answer.inside:
        return refused("unlike-training")
    found, why = patient_of(record, grant, radiograph, patient)
    if why:
        return refused(why)
    person = record.person_of(grant, found) or found
    now = clock().astimezone(zone(offset))
    *basis, suggestion = resources(
        product, radiograph, answer, subject=f"Patient/{found}", person=person, today=now.date()
    )
    _store(record, grant, basis, suggestion, radiograph, count)
    if reports is not None:
        content = structured_report(product, radiograph, answer, now)
        (reports / f"{suggestion['id']}.dcm").write_bytes(content)
    return Told(file.name, suggestion["id"], "", None)


def _store(
    record: Record,
    grant: Grant,
    basis: list[dict[str, Any]],
    suggestion: dict[str, Any],
    radiograph: Radiograph,
    count: Counter[str],
) -> None:
    """Writes the suggestion with its basis, unless a physician has decided on it; and withdraws what it replaces."""
    mine, others = _earlier(record, grant, suggestion, radiograph)
    if mine is not None and mine.decision is not None:
        count["decided"] += 1
        return
    if mine is not None and mine.digest == content_digest(suggestion):
        count["unchanged"] += 1
        return
    count["new"] += 1
    withdrawn = []
    for other in others:
        body = other.resource()
        withdrawn.append(body | {"status": "cancelled", "note": [*body.get("note", ()), {"text": _WITHDRAWN}]})
    count["withdrawn"] += len(withdrawn)
    expected = {stored.reference: stored.version for stored in (mine, *others) if stored is not None}
    record.author(grant, [*basis, suggestion, *withdrawn], expected=expected)


def _earlier(
    record: Record, grant: Grant, suggestion: dict[str, Any], radiograph: Radiograph
) -> tuple[Stored | None, list[Stored]]:
    """This suggestion as it stands in the record, and the open ones of this product for the same picture."""
    subject = suggestion["subject"]["reference"].removeprefix("Patient/")
    product = read(suggestion).product
    mine, others = None, []
    for stored in record.pointing_at(grant, "Patient", subject):
        if stored.type != "RiskAssessment":
            continue
        body = stored.resource()
        if stored.id == suggestion["id"]:
            mine = stored
        elif (
            stored.decision is None
            and body.get("status") == "preliminary"
            and is_of(body, product)
            and any(item.given == radiograph.instance for item in read(body).inputs)
        ):
            others.append(stored)
    return mine, others
