"""How long one patient takes at the bedside: each product on one patient again and again, in this process.

The target of DESIGN: under 100 ms at the median for a Cox model or an additive one, under 500 ms for an X-ray.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, ComputedRadiographyImageStorage, ExplicitVRLittleEndian

from bench.steps import node
from lienthong.products import catalogue
from lienthong.products.assessment import Row
from lienthong.products.imaging.dicom import read_radiograph
from lienthong.products.imaging.pictures import Picture
from lienthong.products.imaging.product import ImageProduct
from lienthong.products.imaging.run import PictureRun, run_on_pictures
from lienthong.products.suggestion import suggest

__all__ = ["LATENCIES", "table"]

Acts = Iterator[tuple[str, Callable[[], object], int]]
"""What is measured: its title, one call of it, and how often it is called."""

_PICTURES = 21
_LOINC = "http://loinc.org"
_FINDINGS: dict[str, dict[str, Any]] = {
    "21893-3": {"valueInteger": 4},
    "21889-1": {"valueQuantity": {"value": 31, "unit": "mm"}},
    "44648-4": {"valueCodeableConcept": {"coding": [{"system": _LOINC, "code": "LA27825-1"}]}},
    "85337-4": {"valueCodeableConcept": {"coding": [{"system": _LOINC, "code": "LA6576-8"}]}},
    "85339-0": {"valueCodeableConcept": {"coding": [{"system": _LOINC, "code": "LA6577-6"}]}},
}


def breast_survival(_suites: Path, work: Path) -> Acts:
    """One woman's findings to a suggestion: from her rows, and from the warehouse of a node that knows her alone."""
    day, subject = (date.today() - timedelta(days=30)).isoformat(), {"reference": "Patient/her"}
    patient = {"resourceType": "Patient", "id": "her", "gender": "female", "birthDate": "1970-06-15"}
    cancer = {
        "resourceType": "Condition",
        "id": "cancer",
        "subject": subject,
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "C50.9"}]},
    }
    observations = [
        {
            "resourceType": "Observation",
            "id": code,
            "status": "final",
            "subject": subject,
            "effectiveDateTime": day,
            "code": {"coding": [{"system": _LOINC, "code": code}]},
            **value,
        }
        for code, value in _FINDINGS.items()
    ]
    file = work / "her.ndjson"
    file.write_text("".join(json.dumps(item) + "\n" for item in (patient, cancer, *observations)), "utf-8")
    product = catalogue.load("breast-survival")
    values = {"nodes": "4", "size": "31", "grade": "grade-3", "er": "positive", "pgr": "negative"}
    rows = [
        Row("her", name, "Patient/her", f"Observation/{name}", value, {"size": "mm"}.get(name, ""), day, "final")
        for name, value in values.items()
    ]
    facts = {"birth": "1970-06-15", "sex": "female", "breast-cancer": "C50.9"}
    rows += [Row("her", name, "Patient/her", "Patient/her", value) for name, value in facts.items()]
    today = datetime.now(UTC).date()
    title = "breast-survival: from one woman's rows to a suggestion"
    yield title, lambda: suggest(product, product.assess(rows, today)), 300
    with node(work) as made:
        made.ingest([file])
        made.build()
        title = "breast-survival: the same from the warehouse of a node, compared with its record"
        yield title, lambda: made.run_product("breast-survival"), 15


def pneumonia_xray(_suites: Path, work: Path) -> Acts:
    """A radiograph of usual size (2,048 x 2,500 points, drawn) to a stored suggestion: first reading, then whole."""
    files = [_radiograph(work / f"{number}.dcm", number) for number in range(_PICTURES)]
    child = {
        "resourceType": "Patient",
        "id": "child",
        "identifier": [{"system": "urn:bench", "value": "1"}],
        "birthDate": "2023-03-10",
    }
    patients = work / "child.ndjson"
    patients.write_text(json.dumps(child) + "\n", "utf-8")
    product = ImageProduct(catalogue.folder("pneumonia-xray"))
    title = "pneumonia-xray: from a DICOM file to probability, evidence and its test"
    yield title, lambda: product.answer(_picture(files[0])), 30
    with node(work) as made:
        made.ingest([patients])
        left = iter(files)

        def act() -> PictureRun:
            ran = run_on_pictures(product, [next(left)], made.record, made.permit_run(), made.clock)
            assert ran.new == 1, "a new picture gives a new suggestion"
            return ran

        yield "pneumonia-xray: from a DICOM file to the stored suggestion", act, _PICTURES - 1


def _picture(file: Path) -> Picture:
    picture = read_radiograph(file, age_from=1, age_to=5).picture
    assert picture is not None
    return picture


def _radiograph(file: Path, number: int) -> Path:
    """A drawn chest with noise, 12 bits in 16, of a child of three; each file another picture."""
    rows, columns = 2500, 2048
    y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    lungs = sum(np.exp(-((((x - side) / 0.26) ** 2 + ((y + 0.1) / 0.55) ** 2) ** 2)) for side in (-0.45, 0.45))
    heart = np.exp(-((((x - 0.12) / 0.35) ** 2 + ((y - 0.25) / 0.4) ** 2) ** 2))
    ribs = 0.04 * np.sin(28 * (y - 0.25 * np.abs(x))) + 0.04 * np.sin(22 * x) * np.cos(16 * y)
    random = np.random.Generator(np.random.PCG64(number))
    grey = 0.62 - 0.2 * lungs + 0.15 * heart + 0.12 * y + ribs + random.normal(0, 0.01, y.shape)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = UID(f"2.25.{1000 + number}")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(str(file), {}, file_meta=meta, preamble=b"\0" * 128)
    tags: dict[str, Any] = {
        "SOPClassUID": ComputedRadiographyImageStorage,
        "SOPInstanceUID": f"2.25.{1000 + number}",
        "StudyInstanceUID": "2.25.1",
        "SeriesInstanceUID": "2.25.2",
        "Modality": "CR",
        "BodyPartExamined": "CHEST",
        "ViewPosition": "AP",
        "PatientID": "1",
        "PatientBirthDate": "20230310",
        "StudyDate": "20261101",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "PixelData": np.round(np.clip(grey, 0, 1) * 4095).astype(np.uint16).tobytes(),
    }
    for name, value in tags.items():
        setattr(dataset, name, value)
    dataset.save_as(file, enforce_file_format=True)
    return file


LATENCIES = (breast_survival, pneumonia_xray)


def table(suites: Path, work: Path) -> list[str]:
    """The section of RESULTS.md: medians and 95th percentiles, after one call that is not counted."""
    rows = []
    for number, of in enumerate(LATENCIES):
        folder = work / str(number)
        folder.mkdir(parents=True)
        for title, act, count in of(suites, folder):
            act()
            taken = []
            for _ in range(count):
                started = time.perf_counter()
                act()
                taken.append((time.perf_counter() - started) * 1000)
            ninety_five = statistics.quantiles(taken, n=20)[-1]
            rows.append(f"| {title} | {statistics.median(taken):,.1f} | {ninety_five:,.1f} | {count} |")
    head = ["## One patient at the bedside", "", "In one process, one call after the other.", ""]
    return [*head, "| what | median ms | 95th percentile ms | calls |", "|---|--:|--:|--:|", *rows, ""]
