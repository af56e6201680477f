"""Invented chests and DICOM files: drawn here from ellipses, from no patient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, ComputedRadiographyImageStorage, ExplicitVRLittleEndian

STUDY, SERIES, INSTANCE = "2.25.101", "2.25.102", "2.25.103"


def chest(side: int = 280, opacity: float = 0.4, seed: int = 7) -> NDArray[np.float64]:
    """A drawn chest, 0 (air) to 1 (bone), side × side: two lungs, a heart, ribs; `opacity` fills a lower zone."""
    y, x = np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side), indexing="ij")

    def soft(inside: NDArray[np.float64], width: float = 0.12) -> NDArray[np.float64]:
        return 1 / (1 + np.exp((inside - 1) / width))

    body = 0.35 + 0.3 * soft((x / 0.98) ** 2 + (y / 1.3) ** 2)
    lungs = soft(((x + 0.47) / 0.3) ** 2 + ((y + 0.1) / 0.72) ** 2, 0.25)
    lungs = lungs + soft(((x - 0.47) / 0.3) ** 2 + ((y + 0.1) / 0.72) ** 2, 0.25)
    heart = soft(((x - 0.12) / 0.34) ** 2 + ((y - 0.25) / 0.38) ** 2, 0.3)
    spine = soft((x / 0.14) ** 2 + (y / 1.5) ** 4, 0.3)
    belly = soft(((y - 1.1) / 0.45) ** 2 + (x / 2) ** 2, 0.2)
    ribs = 0.05 * np.sin(9 * np.pi * (y - 0.25 * np.abs(x))) + 0.04 * np.sin(7 * np.pi * x) * np.cos(5 * np.pi * y)
    corners = 0.25 * soft((np.abs(x) - 1) ** 2 / 0.04 + (y + 1) ** 2 / 0.1, 0.3)
    consolidated = opacity * soft(((x - 0.5) / 0.28) ** 2 + ((y - 0.3) / 0.35) ** 2, 0.4)
    grey = (
        body - 0.25 * np.clip(lungs - consolidated, 0, 1) + 0.1 * heart + 0.07 * spine + 0.15 * belly + ribs - corners
    )
    noise = np.random.Generator(np.random.PCG64(seed)).normal(0, 0.01, grey.shape)
    return np.asarray(np.clip(grey + noise, 0, 1))


def dicom(file: Path, grey: NDArray[np.float64] | None = None, *, bits: int = 12, **tags: Any) -> Path:
    """A computed radiograph of a drawn chest of a child of three; `tags` are put in, or taken out where None."""
    grey = chest() if grey is None else grey
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = UID(INSTANCE)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(str(file), {}, file_meta=meta, preamble=b"\0" * 128)
    top = 2**bits - 1
    stored = np.round((1 - grey if tags.get("PhotometricInterpretation") == "MONOCHROME1" else grey) * top)
    given: dict[str, Any] = {
        "SOPClassUID": ComputedRadiographyImageStorage,
        "SOPInstanceUID": INSTANCE,
        "StudyInstanceUID": STUDY,
        "SeriesInstanceUID": SERIES,
        "Modality": "CR",
        "BodyPartExamined": "CHEST",
        "ViewPosition": "AP",
        "PatientID": "BN0042",
        "PatientName": "Nguyễn^Ân",
        "SpecificCharacterSet": "ISO_IR 192",
        "PatientBirthDate": "20230310",
        "PatientSex": "F",
        "StudyDate": "20261101",
        "StudyTime": "081500",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": grey.shape[0],
        "Columns": grey.shape[1],
        "BitsAllocated": 8 if bits <= 8 else 16,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": 0,
        "PixelData": stored.astype(np.uint8 if bits <= 8 else np.uint16).tobytes(),
    } | tags
    for name, value in given.items():
        if value is not None:
            setattr(dataset, name, value)
    dataset.save_as(file, enforce_file_format=True)
    return file
