"""From DICOM to a small grey picture: what is no frontal chest of a child is refused with its reason, not guessed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless
from tests.unit.products.imaging.invented import chest, dicom

from lienthong.core.errors import LienthongError
from lienthong.products.imaging.dicom import Radiograph, read_radiograph, small
from lienthong.products.imaging.wording import REFUSALS


def read(file: Path) -> Radiograph:
    return read_radiograph(file, age_from=1, age_to=5)


def test_a_frontal_chest_of_a_child_is_read(tmp_path: Path) -> None:
    found = read(dicom(tmp_path / "a.dcm"))
    assert (found.refusal, found.age, found.view, found.rows) == ("", 3, "AP", 280)
    assert found.picture is not None
    assert found.picture.shape == (28, 28)
    assert found.picture.dtype == np.uint8


@pytest.mark.parametrize(
    "tags",
    [
        {"PhotometricInterpretation": "MONOCHROME1"},
        {"bits": 8},
        {"bits": 16},
        {"RescaleSlope": 2, "RescaleIntercept": -1024},
        {"WindowCenter": 2048, "WindowWidth": 4096},
        {"RescaleSlope": 2, "RescaleIntercept": -1000, "WindowCenter": 3096, "WindowWidth": 8192},
        {"BodyPartExamined": "THORAX"},
        {"Modality": "DX", "PresentationIntentType": "FOR PRESENTATION"},
        {"PatientOrientation": ["L", "F"]},
        {"PatientBirthDate": None, "PatientAge": "003Y"},
        {"PatientBirthDate": None, "PatientAge": "040M"},
        {"ViewPosition": "PA"},
    ],
)
def test_however_the_pixels_are_stored_the_picture_is_the_same(tmp_path: Path, tags: dict[str, Any]) -> None:
    plain = read(dicom(tmp_path / "a.dcm")).picture
    other = read(dicom(tmp_path / "b.dcm", **tags))
    assert other.refusal == ""
    assert plain is not None
    assert other.picture is not None
    assert np.abs(plain.astype(int) - other.picture.astype(int)).max() <= 1


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"Modality": "CT"}, "not-a-radiograph"),
        ({"Modality": None}, "not-a-radiograph"),
        ({"BodyPartExamined": "HAND"}, "not-a-chest"),
        ({"BodyPartExamined": None}, "not-a-chest"),
        ({"ViewPosition": "LL"}, "not-frontal"),
        ({"ViewPosition": None}, "not-frontal"),
        ({"PatientBirthDate": "19700101"}, "age-out-of-range"),
        ({"PatientBirthDate": "20260301"}, "age-out-of-range"),
        ({"PatientBirthDate": None}, "age-unknown"),
        ({"PatientBirthDate": "20270101"}, "age-unknown"),
        ({"PatientBirthDate": None, "PatientAge": "3"}, "age-unknown"),
        ({"PatientBirthDate": None, "PatientAge": "011M"}, "age-out-of-range"),
        ({"PresentationIntentType": "FOR PROCESSING"}, "not-for-presentation"),
        ({"PatientOrientation": ["R", "F"]}, "not-upright"),
        ({"PatientOrientation": ["L", "H"]}, "not-upright"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "not-grey"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, "not-grey"),
        ({"NumberOfFrames": 2}, "more-than-one-picture"),
        ({"Rows": 30000, "Columns": 30000}, "pixels-not-decodable"),
        ({"Rows": 10}, "too-small"),
        ({"Columns": 279}, "pixels-not-decodable"),
        ({"PixelData": b"\0" * 10}, "pixels-not-decodable"),
        ({"PixelData": None}, "pixels-not-decodable"),
        ({"WindowCenter": 1, "WindowWidth": 0}, "pixels-not-decodable"),
    ],
)
def test_what_it_is_not_made_for_is_refused_with_the_reason(tmp_path: Path, tags: dict[str, Any], why: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = dicom(tmp_path / "a.dcm", **tags)
    found = read(file)
    assert found.refusal == why
    assert found.picture is None


def test_an_empty_picture_is_refused(tmp_path: Path) -> None:
    assert read(dicom(tmp_path / "a.dcm", np.full((280, 280), 0.5))).refusal == "picture-is-empty"


def test_points_that_were_never_exposed_do_not_shift_the_grey_levels(tmp_path: Path) -> None:
    grey = np.clip(chest(), 0.01, 1)
    plain = read(dicom(tmp_path / "a.dcm", grey)).picture
    wide = np.zeros((280, 400))
    wide[:, 60:340] = grey
    padded = read(dicom(tmp_path / "b.dcm", wide, PixelPaddingValue=0)).picture
    assert plain is not None
    assert padded is not None
    assert np.abs(plain.astype(int) - padded.astype(int)).max() <= 1


def test_a_compressed_picture_is_read(tmp_path: Path) -> None:
    plain = read(dicom(tmp_path / "a.dcm")).picture
    dataset = pydicom.dcmread(tmp_path / "a.dcm")
    dataset.compress(RLELossless)
    dataset.save_as(tmp_path / "b.dcm")
    other = read(tmp_path / "b.dcm").picture
    assert plain is not None
    assert (plain == other).all()


def cut(content: bytes) -> bytes:
    return content[:300]


@pytest.mark.parametrize(
    "spoil",
    [lambda content: b"", lambda content: b"no DICOM at all", lambda content: content[128:], cut],
    ids=["empty", "text", "no preamble", "cut"],
)
def test_what_is_no_dicom_is_one_clear_error(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    file = dicom(tmp_path / "a.dcm")
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(LienthongError) as caught:
        read(file)
    assert caught.value.code == "dicom-unreadable"
    assert "BN0042" not in caught.value.text()


def test_a_deflated_file_is_not_unfolded(tmp_path: Path) -> None:
    """It may unfold to anything; so its transfer syntax is refused before."""
    dataset = pydicom.dcmread(dicom(tmp_path / "a.dcm"))
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(tmp_path / "b.dcm")
    with pytest.raises(LienthongError, match="transfer syntax"):
        read(tmp_path / "b.dcm")


def test_any_byte_may_be_wrong_and_nothing_breaks(tmp_path: Path) -> None:
    """500 files with random bytes in their tags: each is a picture, a refusal or one kind of error."""
    content = dicom(tmp_path / "a.dcm", chest(80)).read_bytes()
    random = np.random.Generator(np.random.PCG64(1))
    file, seen = tmp_path / "b.dcm", set()
    for _ in range(500):
        spoilt = bytearray(content)
        for place in random.integers(128, 900, random.integers(1, 5)):
            spoilt[place] = random.integers(0, 256)
        file.write_bytes(bytes(spoilt))
        try:
            seen.add(read(file).refusal)
        except LienthongError as error:
            seen.add(error.code)
    assert {"", "dicom-unreadable", "not-a-chest"} <= seen
    assert seen - {"dicom-unreadable"} <= {*REFUSALS, ""}


def test_small_takes_the_centre_square() -> None:
    grey = np.zeros((100, 60))
    grey[20:80] = 1
    assert (small(grey) == 255).all()
