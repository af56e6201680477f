"""The profiles of FHIR R4 itself: vital signs and others, its extensions and constrained data types.

The data are `r4_profiles.json`, made from HL7's definitions by `scripts/generate_fhir_profiles.py`; the file is read
when first asked for.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from lienthong.core import canonical
from lienthong.fhir.profiles.registry import Profiles

__all__ = ["base"]


@cache
def base() -> Profiles:
    """The profiles of FHIR R4 4.0.1, e.g. http://hl7.org/fhir/StructureDefinition/bodyweight."""
    resources: list[dict[str, Any]] = canonical.parse(Path(__file__).with_name("r4_profiles.json").read_bytes())
    return Profiles(resources)
