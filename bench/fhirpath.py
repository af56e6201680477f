"""The measured steps of FHIRPath: expressions compiled once and run over many resources, beside `fhirpathpy`."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fhirpathpy
from fhirpathpy.models import models

from bench.steps import Measured
from lienthong.core import canonical
from lienthong.fhir import fhirpath

__all__ = ["FHIRPATH", "megabytes"]

_RESOURCES = 300  # of each type: few enough to stay in the processor's cache for both
_ROUNDS = 3
_OUR_ROUNDS = 60  # else it would be over in a few milliseconds

# Invariants of R4 that the peer can run: its version has no hasValue() and no %resource.
_INVARIANTS = {
    "Patient": ["contact.all(name.exists() or telecom.exists() or address.exists() or organization.exists())"],
    "Observation": [
        "dataAbsentReason.empty() or value.empty()",
        "referenceRange.all(low.exists() or high.exists() or text.exists())",
        "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()",
        "code.coding.all((code.exists() or display.exists()) and system.exists())",
    ],
    "Condition": [
        "clinicalStatus.exists() or verificationStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/"
        "condition-ver-status' and code = 'entered-in-error').exists() or category.select($this='problem-list-item')"
        ".empty()",
        "abatement.empty() or clinicalStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/"
        "condition-clinical' and (code='resolved' or code='remission' or code='inactive')).exists()",
    ],
    "Encounter": ["period.start.empty() or period.end.empty() or (period.start <= period.end)"],
}
_SEARCH = {
    "Patient": [
        "Patient.name",
        "Patient.telecom.where(system='phone')",
        "Patient.deceased.exists() and Patient.deceased != false",
        "Patient.birthDate < today()",
    ],
    "Observation": [
        "Observation.code",
        "Observation.effective",
        "(Observation.value as Quantity) | (Observation.value as CodeableConcept)",
        "Observation.code | Observation.component.code",
    ],
    "Condition": ["Condition.onset.as(dateTime) | Condition.onset.as(Period)", "Condition.code"],
    "Encounter": ["Encounter.participant.individual", "Encounter.subject"],
}
_PATHS = {
    "Patient": [
        "name.where(use = 'official').given.first()",
        "address.where(city.exists()).select(city & ', ' & state)",
        "extension('http://hl7.org/fhir/us/core/StructureDefinition/us-core-race').extension.where(url = 'text')"
        ".value",
        "identifier.where(type.coding.exists(code = 'MR')).value",
    ],
    "Observation": [
        "value.ofType(Quantity).value",
        "code.coding.where(system = 'http://loinc.org').code.first()",
        "component.where(code.coding.exists(code = '8480-6')).value.ofType(Quantity).value",
        "value.ofType(Quantity).value > 100",
    ],
    "Condition": ["code.coding.first().display", "onset.ofType(dateTime)"],
    "Encounter": ["subject.reference", "type.coding.select(system & '|' & code)"],
}
Expressions = dict[str, list[str]]
_ALL = {"invariants of R4": _INVARIANTS, "search parameters of R4": _SEARCH, "paths as views have them": _PATHS}
Run = Callable[[dict[str, Any]], list[Any]]


def _resources(files: Path, kind: str) -> list[dict[str, Any]]:
    with gzip.open(files / f"{kind}.ndjson.gz") as stream:
        return [canonical.parse(line) for line, _ in zip(stream, range(_RESOURCES), strict=False)]


def _timed(files: Path, expressions: Expressions, made: Callable[[str], Run], rounds: int) -> Measured:
    jobs = list(_jobs(files, expressions, made))
    count, started = 0, time.perf_counter()
    for _ in range(rounds):
        for run, resources in jobs:
            for resource in resources:
                run(resource)
            count += len(resources)
    return count, time.perf_counter() - started


def _jobs(files: Path, expressions: Expressions, made: Callable[[str], Run]) -> Iterator[tuple[Run, Any]]:
    for kind, texts in expressions.items():
        resources = _resources(files, kind)
        for text in texts:
            run = made(text)
            run(resources[0])  # what is done once is not measured
            yield run, resources


def _peer(text: str) -> Run:
    found: Any = fhirpathpy.compile(text, model=models["r4"])
    run: Run = found
    return run


def _ours(text: str) -> Run:
    return fhirpath.compile(text)


def fhirpath_invariants_peer(files: Path, _work: Path) -> Measured:
    """Peer: `fhirpathpy`"""
    return _timed(files, _INVARIANTS, _peer, _ROUNDS)


def fhirpath_invariants(files: Path, _work: Path) -> Measured:
    """Lienthong"""
    return _timed(files, _INVARIANTS, _ours, _OUR_ROUNDS)


def fhirpath_search_peer(files: Path, _work: Path) -> Measured:
    """Peer: `fhirpathpy`"""
    return _timed(files, _SEARCH, _peer, _ROUNDS)


def fhirpath_search(files: Path, _work: Path) -> Measured:
    """Lienthong"""
    return _timed(files, _SEARCH, _ours, _OUR_ROUNDS)


def fhirpath_paths_peer(files: Path, _work: Path) -> Measured:
    """Peer: `fhirpathpy`"""
    return _timed(files, _PATHS, _peer, _ROUNDS)


def fhirpath_paths(files: Path, _work: Path) -> Measured:
    """Lienthong"""
    return _timed(files, _PATHS, _ours, _OUR_ROUNDS)


FHIRPATH = {
    "invariants of R4": (fhirpath_invariants_peer, fhirpath_invariants),
    "search parameters of R4": (fhirpath_search_peer, fhirpath_search),
    "paths as views have them": (fhirpath_paths_peer, fhirpath_paths),
}


def megabytes(files: Path, title: str) -> float:
    """How much JSON stands behind the evaluations of a group: each resource as often as it is asked."""
    sizes = {kind: sum(len(canonical.encode(item)) for item in _resources(files, kind)) for kind in _ALL[title]}
    return sum(sizes[kind] * len(texts) for kind, texts in _ALL[title].items()) * _ROUNDS / 1e6
