"""Which resources are about a patient: FHIR's patient compartment, and the types that speak of no patient at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources

from lienthong.record.index import without_numbers

__all__ = ["ABOUT_NOBODY", "in_compartment"]

ABOUT_NOBODY = frozenset(
    {"HealthcareService", "Location", "Medication", "Organization", "Practitioner", "PractitionerRole", "Substance"}
)
"""Types that hold no patient's data; whoever may read one person's record may read these too, for their names."""


@cache
def _paths() -> Mapping[str, frozenset[str]]:
    text = (resources.files("lienthong.record") / "patient_compartment.json").read_text("utf-8")
    return {name: frozenset(paths) for name, paths in json.loads(text).items()}


def in_compartment(type_name: str, path: str) -> bool:
    """Whether a reference to a patient at this path puts the resource into the patient's compartment.

    Source: CompartmentDefinition/patient of FHIR R4, made into paths by scripts/generate_patient_compartment.py.
    """
    return without_numbers(path) in _paths().get(type_name, frozenset())
