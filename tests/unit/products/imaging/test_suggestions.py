"""From DICOM files to suggestions in the record: preliminary, labelled, of the right patient; SR beside them."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom
import pytest
from PIL import Image
from tests.unit.products.conftest import Hospital
from tests.unit.products.imaging.invented import INSTANCE, STUDY, chest, dicom

from lienthong.decisions import Verdict
from lienthong.fhir import validate
from lienthong.privacy.access import Action
from lienthong.products.imaging.dicom import Radiograph, read_radiograph
from lienthong.products.imaging.fhir import resources
from lienthong.products.imaging.product import Answer, ImageProduct
from lienthong.products.imaging.report_sr import structured_report
from lienthong.products.imaging.run import PictureRun, run_on_pictures
from lienthong.products.suggestion import read

FOLDER = Path(__file__).parents[4] / "catalogue" / "pneumonia-xray"
CHILD = {
    "resourceType": "Patient",
    "id": "child",
    "identifier": [{"system": "urn:h", "value": "BN0042"}],
    "birthDate": "2023-03-10",
    "gender": "female",
}
OTHER = CHILD | {"id": "other", "identifier": [{"system": "urn:h", "value": "BN0043"}], "birthDate": "2022-01-01"}


@pytest.fixture(scope="module")
def product() -> ImageProduct:
    return ImageProduct(FOLDER)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a hospital with two children and one physician, made once."""
    home = tmp_path_factory.mktemp("ward")
    found = Hospital(home)
    found.feed([CHILD, OTHER])
    found.add_physician()
    found.record.close()
    return home


@pytest.fixture
def ward(template: Path, tmp_path: Path) -> Iterator[Hospital]:
    shutil.copytree(template, tmp_path / "home")
    found = Hospital(tmp_path / "home")
    yield found
    found.record.close()


def run(ward: Hospital, product: ImageProduct, *files: Path, **given: Any) -> PictureRun:
    return run_on_pictures(product, files, ward.record, ward.grant(Action.RUN_PRODUCT), ward.clock, **given)


def answered(product: ImageProduct, file: Path) -> tuple[Radiograph, Answer]:
    radiograph = read_radiograph(file, age_from=1, age_to=5)
    assert radiograph.picture is not None
    return radiograph, product.answer(radiograph.picture)


@pytest.mark.parametrize("opacity", [0.4, 1.0])
def test_what_is_written_is_valid_preliminary_and_labelled(
    tmp_path: Path, product: ImageProduct, opacity: float
) -> None:
    radiograph, answer = answered(product, dicom(tmp_path / "a.dcm", chest(opacity=opacity)))
    written = resources(product, radiograph, answer, subject="Patient/child", person="p", today=date(2026, 11, 23))
    assert [item["resourceType"] for item in written] == [
        "Device",
        "Observation",
        "DiagnosticReport",
        "RiskAssessment",
    ]
    for item in written:
        assert [finding for finding in validate(item) if finding.severity.value == "error"] == []
    for item in written[1:]:
        assert item["status"] == "preliminary"
        assert item["meta"]["security"][0]["code"] == "AIAST"
    report, suggestion = written[2], read(written[3])
    assert report["imagingStudy"][0]["identifier"]["value"] == f"urn:oid:{STUDY}"
    assert "sandbox" in report["conclusion"]
    assert suggestion.risk is not None
    assert float(suggestion.risk) == pytest.approx(answer.probability, abs=1e-4)
    assert suggestion.sentence is not None
    assert "Not verified" in suggestion.sentence.en
    assert "Chưa được bác sĩ xác nhận" in suggestion.sentence.vi
    assert written == resources(
        product, radiograph, answer, subject="Patient/child", person="p", today=date(2026, 11, 23)
    )
    # No name, number or birth date of the patient is copied out of the file.
    text = str(written)
    for value in ("Nguyễn", "BN0042", "20230310", "2023-03-10"):
        assert value not in text


def test_a_map_that_holds_is_shown_as_a_picture_and_a_small_one(tmp_path: Path, product: ImageProduct) -> None:
    radiograph, answer = answered(product, dicom(tmp_path / "a.dcm", chest(opacity=1.0)))
    assert answer.evidence.faithful
    written = resources(product, radiograph, answer, subject="Patient/child", person="p", today=date(2026, 11, 23))
    (form,) = written[2]["presentedForm"]
    content = base64.b64decode(form["data"])
    assert Image.open(BytesIO(content)).size == (224, 224)
    assert len(content) < 30_000


def test_a_structured_report_is_read_back_and_says_the_same(tmp_path: Path, product: ImageProduct) -> None:
    radiograph, answer = answered(product, dicom(tmp_path / "a.dcm"))
    made = datetime(2026, 11, 23, 8, 15)
    content = structured_report(product, radiograph, answer, made)
    assert content == structured_report(product, radiograph, answer, made)
    found: Any = highdicom.sr.srread(BytesIO(content))
    assert (found.CompletionFlag, found.VerificationFlag, found.PreliminaryFlag) == (
        "PARTIAL",
        "UNVERIFIED",
        "PRELIMINARY",
    )
    assert (found.PatientID, found.StudyInstanceUID, found.ContentDate) == ("BN0042", STUDY, "20261123")
    assert (found.Modality, str(found.PatientName)) == ("SR", "Nguyễn^Ân")
    report = found.content
    (group,) = report.get_image_measurement_groups()
    assert group.source_images[0].referenced_sop_instance_uid == INSTANCE
    (measured,) = group.get_measurements()
    assert measured.value == pytest.approx(answer.probability, abs=1e-4)
    observers = report.get_observer_contexts()
    assert [observer.observer_type.meaning for observer in observers] == ["Device"]
    assert observers[0].observer_identifying_attributes.name == "pneumonia-xray"


def test_a_run_stores_one_suggestion_and_a_second_run_changes_nothing(
    ward: Hospital, product: ImageProduct, tmp_path: Path
) -> None:
    file = dicom(tmp_path / "a.dcm")
    first = run(ward, product, file)
    assert (first.files, first.computed, first.new, first.not_read) == (1, 1, 1, 0)
    state = ward.record.state()
    again = run(ward, product, file)
    assert (again.new, again.unchanged) == (0, 1)
    assert ward.record.state() == state
    stored = ward.suggestions()["child"]
    assert stored.id == first.told[0].suggestion
    assert stored.resource()["status"] == "preliminary"


def test_a_physician_has_the_last_word_and_a_later_run_leaves_it(
    ward: Hospital, product: ImageProduct, tmp_path: Path
) -> None:
    file = dicom(tmp_path / "a.dcm")
    run(ward, product, file)
    signed = ward.decide(Verdict.REJECT, of="child", reason="Tim to, phổi sáng")
    assert signed.resource()["status"] == "cancelled"
    again = run(ward, product, file)
    assert (again.new, again.decided) == (0, 1)
    assert ward.suggestions()["child"].digest == signed.digest


def test_a_new_version_withdraws_the_open_suggestion_of_the_same_picture(
    ward: Hospital, product: ImageProduct, tmp_path: Path
) -> None:
    file = dicom(tmp_path / "a.dcm")
    old = run(ward, product, file).told[0].suggestion
    for item in FOLDER.iterdir():
        if item.is_file():
            (tmp_path / item.name).write_bytes(item.read_bytes())
    card = tmp_path / "card.toml"
    card.write_text(card.read_text("utf-8").replace('version = "1.0.0"', 'version = "1.0.1"'), "utf-8")
    ran = run(ward, ImageProduct(tmp_path), file)
    assert (ran.new, ran.withdrawn) == (1, 1)
    grant = ward.grant(Action.READ_WORKLIST)
    assert ward.record.read(grant, "RiskAssessment", old).resource()["status"] == "cancelled"
    other = run(ward, ImageProduct(tmp_path), dicom(tmp_path / "b.dcm", SOPInstanceUID="2.25.999"))
    assert (other.new, other.withdrawn) == (1, 0)


@pytest.mark.parametrize(
    ("tags", "named", "why"),
    [
        ({}, "", ""),
        ({"PatientID": "BN9999"}, "", "patient-not-found"),
        ({"PatientID": None}, "", "patient-not-found"),
        ({"PatientBirthDate": "20230311"}, "", "patient-contradicts"),
        ({"PatientSex": "M"}, "", "patient-contradicts"),
        ({"PatientBirthDate": None, "PatientAge": "003Y"}, "", "patient-contradicts"),
        ({"PatientBirthDate": None, "PatientAge": "003Y"}, "child", ""),
        ({"PatientID": None}, "child", ""),
        ({}, "other", "patient-contradicts"),
        ({}, "nobody", "patient-not-found"),
    ],
)
def test_a_picture_goes_to_nobody_but_its_patient(
    ward: Hospital, product: ImageProduct, tmp_path: Path, tags: dict[str, Any], named: str, why: str
) -> None:
    ran = run(ward, product, dicom(tmp_path / "a.dcm", **tags), patient=named)
    assert ran.told[0].why == why
    assert bool(ran.told[0].suggestion) == (why == "")
    assert set(ward.suggestions()) == (set() if why else {"child"})


def test_one_bad_file_stops_no_other_and_all_are_accounted_for(
    ward: Hospital, product: ImageProduct, tmp_path: Path
) -> None:
    good, broken = dicom(tmp_path / "a.dcm"), tmp_path / "b.dcm"
    broken.write_bytes(b"nothing")
    (tmp_path / "sr").mkdir()
    inverted = dicom(tmp_path / "c.dcm", 1 - chest(), SOPInstanceUID="2.25.5")
    side = dicom(tmp_path / "d.dcm", ViewPosition="LL")
    ran = run(ward, product, broken, inverted, good, side, reports=tmp_path / "sr")
    assert ran.abstained == {"dicom-unreadable": 1, "not-frontal": 1, "unlike-training": 1}
    assert (ran.files, ran.computed, ran.not_read) == (4, 1, 1)
    assert [file.stem for file in (tmp_path / "sr").iterdir()] == [ran.told[2].suggestion]
    said = ran.to_json()
    assert said["told"][1]["text"]["vi"].startswith("Ảnh không giống")
    assert "BN0042" not in str(said)
