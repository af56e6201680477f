"""Profiles: StructureDefinitions from files and FHIR packages, and what a resource must fulfil to conform to them."""

from __future__ import annotations

from lienthong.fhir.profiles.base import base
from lienthong.fhir.profiles.checking import check
from lienthong.fhir.profiles.constraint import Profile
from lienthong.fhir.profiles.loading import load
from lienthong.fhir.profiles.package import Package
from lienthong.fhir.profiles.registry import Profiles

__all__ = ["Package", "Profile", "Profiles", "base", "check", "load"]
