"""One DICOM radiograph as a small grey picture, or the reason why it is none that the product may read.

Files are hostile input: size, points and transfer syntax are bounded before anything is decoded, and no value of a
file stands in an error. The pixel chain is PS3.3 C.11: rescale, window, then black for air whatever the photometric
interpretation says; then the centre square, made small.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut
from pydicom.sr.codedict import codes

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.products.imaging.pictures import SIDE, Picture
from lienthong.products.measures.measure import Flags, Numbers

__all__ = ["Radiograph", "Refusal", "read_radiograph"]

NO_DICOM = ErrorKind(
    "dicom-unreadable",
    Category.UNREADABLE,
    what="This file can't be read as a DICOM picture: {why}.",
    allowed="{allowed}",
    cure="Send the picture again from where it came; the file is not changed and nothing is stored.",
)

# Its warnings quote values of the file; what is wrong with a file is told by our own errors.
logging.getLogger("pydicom").setLevel(logging.CRITICAL)
_LOG = logging.getLogger(__name__)

_MOST_BYTES = 256 << 20
_MOST_POINTS = 100_000_000
_LEAST_SIDE = 64
# What can be decoded with what is installed, in bounded memory: a deflated file may unfold to anything.
_SYNTAXES = frozenset(
    {
        uid.ImplicitVRLittleEndian,
        uid.ExplicitVRLittleEndian,
        uid.ExplicitVRBigEndian,
        uid.RLELossless,
        uid.JPEGBaseline8Bit,
        uid.JPEG2000Lossless,
        uid.JPEG2000,
        uid.JPEGLSLossless,
        uid.JPEGLSNearLossless,
    }
)
_NAMED_BY = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
_UID = re.compile(r"[0-9]+(\.[0-9]+)*", re.ASCII)
_RADIOGRAPHS = ("CR", "DX", "DR")
_CHEST = ("CHEST", "THORAX")
_CHEST_CODES = ("51185008", "T-D3000", "43799004")  # thorax, the same in SNOMED RT, chest
_VIEWS = {
    "AP": codes.cid4010.AnteroPosterior,
    "PA": codes.cid4010.PosteroAnterior,
}
_IN_A_YEAR = {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}
_ENOUGH = 18  # two to this power
_DARK, _BRIGHT = 0.5, 99.5  # percentiles, where the file names no window


class Refusal:
    """Why a picture is not read: codes that stand in an abstention."""

    MODALITY = "not-a-radiograph"
    BODY_PART = "not-a-chest"
    VIEW = "not-frontal"
    AGE_UNKNOWN = "age-unknown"
    AGE = "age-out-of-range"
    RAW = "not-for-presentation"
    ORIENTATION = "not-upright"
    COLOUR = "not-grey"
    FRAMES = "more-than-one-picture"
    TOO_SMALL = "too-small"
    PIXELS = "pixels-not-decodable"
    EMPTY = "picture-is-empty"


@dataclass(frozen=True, slots=True)
class Radiograph:
    """A picture of a file and what its tags say of it; `picture` is None where `refusal` says why.

    `patient`, `birth` and `sex` are of the patient and belong in no message; `dataset` has everything but the pixels.
    """

    study: str
    series: str
    instance: str
    sop_class: str
    patient: str
    birth: date | None
    sex: str
    taken: date | None
    age: int | None
    view: str
    rows: int
    columns: int
    picture: Picture | None
    refusal: str
    dataset: FileDataset = field(repr=False)


def read_radiograph(file: Path, *, age_from: int, age_to: int) -> Radiograph:
    """The radiograph of a file for a product whose population is that old (full years, both ends included).

    Raises `dicom-unreadable` where the file is no DICOM or is cut off.
    """
    if file.stat().st_size > _MOST_BYTES:
        raise NO_DICOM.at(file.name, why="it is too large", allowed=f"at most {_MOST_BYTES} bytes")
    content = file.read_bytes()
    with _reading(file.name):
        dataset = _tags(file, content)
        if not all(_UID.fullmatch(_word(dataset, name)) for name in _NAMED_BY):
            raise NO_DICOM.at(file.name, why="it does not say which picture it is", allowed=", ".join(_NAMED_BY))
        found = _described(dataset, age_from, age_to)
    if found.refusal:
        return found
    picture, refusal = _picture(content, found)
    return replace(found, picture=picture, refusal=refusal)


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """The door to the reader of DICOM: whatever it raises on a broken file becomes one error without a value."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they may quote values of the file
            yield
    except LienthongError:
        raise
    except (InvalidDicomError, EOFError):
        raise NO_DICOM.at(name, why="it is no DICOM file, or is cut off", allowed="a DICOM file (PS3.10)") from None
    except Exception as error:  # noqa: BLE001 - the door to a reader of another maker, whose errors quote the file
        why = f"a part of it is broken ({type(error).__name__})"
        raise NO_DICOM.at(name, why=why, allowed="a DICOM file (PS3.10)") from None


def _tags(file: Path, content: bytes) -> FileDataset:
    """Everything before the pixels; the transfer syntax is looked at first, so that nothing is unfolded unasked."""
    meta = pydicom.filereader.read_file_meta_info(file)
    syntax = meta.get("TransferSyntaxUID")
    if syntax not in _SYNTAXES:
        allowed = ", ".join(sorted(str(item.name) for item in _SYNTAXES))
        raise NO_DICOM.at(file.name, why="its transfer syntax is missing or not read here", allowed=allowed)
    return pydicom.dcmread(BytesIO(content), stop_before_pixels=True)


def _described(dataset: FileDataset, age_from: int, age_to: int) -> Radiograph:
    birth, taken = _day(dataset, "PatientBirthDate"), _day(dataset, "AcquisitionDate", "ContentDate", "StudyDate")
    rows, columns = _whole(dataset, "Rows"), _whole(dataset, "Columns")
    age = _age(dataset, birth, taken)
    view = _view(dataset)
    refusal = _refusal(dataset, age, view, age_from, age_to) or _size(rows, columns)
    return Radiograph(
        study=_word(dataset, "StudyInstanceUID"),
        series=_word(dataset, "SeriesInstanceUID"),
        instance=_word(dataset, "SOPInstanceUID"),
        sop_class=_word(dataset, "SOPClassUID"),
        patient=_word(dataset, "PatientID"),
        birth=birth,
        sex=_word(dataset, "PatientSex"),
        taken=taken,
        age=age,
        view=view,
        rows=rows,
        columns=columns,
        picture=None,
        refusal=refusal,
        dataset=dataset,
    )


def _refusal(dataset: FileDataset, age: int | None, view: str, age_from: int, age_to: int) -> str:
    """Why the tags rule the picture out, the plainest reason first; "" where they don't. Nothing is assumed."""
    if _word(dataset, "Modality").upper() not in _RADIOGRAPHS:
        return Refusal.MODALITY
    if not _is_chest(dataset):
        return Refusal.BODY_PART
    if not view:
        return Refusal.VIEW
    if _word(dataset, "PresentationIntentType").upper() == "FOR PROCESSING":
        return Refusal.RAW
    orientation = dataset.get("PatientOrientation")
    if orientation and [str(item).upper()[:1] for item in orientation] != ["L", "F"]:
        return Refusal.ORIENTATION
    if age is None:
        return Refusal.AGE_UNKNOWN
    if not age_from <= age <= age_to:
        return Refusal.AGE
    if _whole(dataset, "SamplesPerPixel", 1) != 1 or not _word(dataset, "PhotometricInterpretation").startswith(
        "MONO"
    ):
        return Refusal.COLOUR
    return "" if _whole(dataset, "NumberOfFrames", 1) == 1 else Refusal.FRAMES


def _size(rows: int, columns: int) -> str:
    if min(rows, columns) < _LEAST_SIDE:
        return Refusal.TOO_SMALL
    return "" if rows * columns <= _MOST_POINTS else Refusal.PIXELS


def _is_chest(dataset: FileDataset) -> bool:
    if _word(dataset, "BodyPartExamined").upper() in _CHEST:
        return True
    return any(str(item.get("CodeValue")) in _CHEST_CODES for item in dataset.get("AnatomicRegionSequence") or ())


def _view(dataset: FileDataset) -> str:
    """AP or PA; "" for any other view, and where the file doesn't say."""
    word = _word(dataset, "ViewPosition").upper()
    if word:
        return word if word in _VIEWS else ""
    for item in dataset.get("ViewCodeSequence") or ():
        for name, code in _VIEWS.items():
            if str(item.get("CodeValue")) == code.value:
                return name
    return ""


def _age(dataset: FileDataset, birth: date | None, taken: date | None) -> int | None:
    """Full years, by the dates or else by the age that the file states (AS: 018M); None where neither is there."""
    if birth is not None and taken is not None and birth <= taken:
        return taken.year - birth.year - ((taken.month, taken.day) < (birth.month, birth.day))
    stated = re.fullmatch(r"(\d{3})([DWMY])", _word(dataset, "PatientAge").upper(), re.ASCII)
    if stated is None:
        return None
    return int(int(stated[1]) / _IN_A_YEAR[stated[2]])


def _picture(content: bytes, found: Radiograph) -> tuple[Picture | None, str]:
    """The small picture of a whole file whose tags have been looked at, or why there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they may quote values of the file
            dataset = pydicom.dcmread(BytesIO(content))
            if _is_of_other_length(dataset):
                return None, Refusal.PIXELS
            stored = dataset.pixel_array
            outside = _padding(dataset, stored)
            # The window counts in units of the rescaled values; a table of values wants the stored whole numbers.
            shown = np.asarray(apply_voi_lut(apply_modality_lut(stored, dataset), dataset, index=0), np.float64)
    except Exception as error:  # noqa: BLE001 - the door to decoders of other makers: a broken file may end in any error
        _LOG.info("pixels can't be decoded: %s", type(error).__name__)
        return None, Refusal.PIXELS
    if stored.shape != (found.rows, found.columns):
        return None, Refusal.PIXELS
    inside = shown[~outside] if outside.any() else shown
    if not inside.size or not np.isfinite(inside).all():
        return None, Refusal.EMPTY
    # Of a large picture a part of the points tells the percentiles; an odd step keeps to no column.
    some = inside.ravel()[:: inside.size >> _ENOUGH | 1]
    low, high = np.percentile(some, (_DARK, _BRIGHT))
    if high <= low:
        return None, Refusal.EMPTY
    unit = np.clip((shown - low) / (high - low), 0, 1)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        unit = 1 - unit
    unit[outside] = 0
    return small(unit), ""


def _is_of_other_length(dataset: FileDataset) -> bool:
    """Whether plain pixels are fewer or more than the tags say: with another width it would be sheared."""
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return False
    expected = int(dataset.Rows) * int(dataset.Columns) * int(dataset.BitsAllocated) // 8
    return len(dataset.PixelData) not in (expected, expected + expected % 2)


def _padding(dataset: FileDataset, stored: NDArray[Any]) -> Flags:
    """Which points were never exposed: filled with the value that the file names for it, or a range of them."""
    value = dataset.get("PixelPaddingValue")
    if not isinstance(value, int):
        return np.zeros(stored.shape, bool)
    other = dataset.get("PixelPaddingRangeLimit")
    low, high = sorted((value, other if isinstance(other, int) else value))
    return np.asarray((stored >= low) & (stored <= high))


def small(unit: Numbers) -> Picture:
    """The centre square of a picture (0 black, 1 white) at SIDE × SIDE, bicubic as in MedMNIST."""
    rows, columns = unit.shape
    side = min(rows, columns)
    top, left = (rows - side) // 2, (columns - side) // 2
    square = Image.fromarray(unit[top : top + side, left : left + side].astype(np.float32))
    resized = np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float64)
    return np.clip(np.round(resized * 255), 0, 255).astype(np.uint8)


def _word(dataset: FileDataset, name: str) -> str:
    value = dataset.get(name)
    return value.strip() if isinstance(value, str) else ""


def _whole(dataset: FileDataset, name: str, otherwise: int = 0) -> int:
    value = dataset.get(name)
    return int(value) if isinstance(value, int | float | str) and str(value).strip().isdigit() else otherwise


def _day(dataset: FileDataset, *names: str) -> date | None:
    for name in names:
        text = _word(dataset, name)
        if re.fullmatch(r"\d{8}", text, re.ASCII):
            try:
                return date(int(text[:4]), int(text[4:6]), int(text[6:]))
            except ValueError:
                continue
    return None
