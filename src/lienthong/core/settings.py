"""The settings of a node: `lienthong.toml`, read into frozen values and refused where it can't be meant.

Secrets never stand here: they come from the environment or from files outside the backup.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from lienthong.core.clock import zone
from lienthong.core.errors import Category, ErrorKind

__all__ = [
    "DEFAULT_TOML",
    "IDENTIFIER_PRESETS",
    "CheckSettings",
    "IdentifierSystems",
    "Settings",
    "read_settings",
    "settings_from_json",
    "settings_to_json",
]

WRONG_SETTINGS = ErrorKind(
    "settings-wrong",
    Category.INCORRECT,
    what="The settings can't be read: {why}.",
    allowed="{allowed}",
    cure="Correct lienthong.toml; `docs/settings.md` names every setting.",
)


_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class IdentifierSystems:
    """The URIs under which national identifiers stand; two guides compete in Vietnam and neither is law."""

    national_id: str
    insurance_card: str
    insurance_number: str
    passport: str


IDENTIFIER_PRESETS: Mapping[str, IdentifierSystems] = MappingProxyType(
    {
        # The ministry's draft (hl7vn/vn-core-ig): http://fhir.ehealth.gov.vn/core
        "ehealth": IdentifierSystems(
            "http://fhir.ehealth.gov.vn/core/sid/national_id",
            "http://fhir.ehealth.gov.vn/core/sid/insurance_number",
            "http://fhir.ehealth.gov.vn/core/sid/social_insurance_number",
            "http://fhir.ehealth.gov.vn/core/sid/passport_number",
        ),
        # The community's VN Core: http://fhir.hl7.org.vn/core
        "vncore": IdentifierSystems(
            "http://fhir.hl7.org.vn/core/sid/cccd",
            "http://fhir.hl7.org.vn/core/sid/bhyt",
            "http://fhir.hl7.org.vn/core/sid/bhxh",
            "http://fhir.hl7.org.vn/core/sid/passport",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What `lienthong check` is told: rules that are off, rules that only warn, the hospital's list of ICD-10.

    `icd10` is the path of a CSV, below the home; who knows the rules refuses their names that are wrong.
    """

    off: tuple[str, ...] = ()
    warn: tuple[str, ...] = ()
    icd10: str = ""


# Names as they were read in pages of the guides: for `ehealth` the ministry's continuous build 1.0.0 (2024-10), for
# `vncore` builds 0.1.0 to 0.6.0 (2026). A type whose profile was not read there claims none (docs/settings.md).
_PROFILES = {
    "ehealth": (
        "http://fhir.ehealth.gov.vn/core",
        ("Patient", "Encounter", "Practitioner", "Procedure", "MedicationRequest", "MedicationAdministration"),
    ),
    "vncore": (
        "http://fhir.hl7.org.vn/core",
        (
            *("Patient", "Encounter", "Condition", "Practitioner", "Coverage", "Claim", "MedicationRequest"),
            *("Procedure", "ServiceRequest"),
        ),
    ),
}


def _profile_name(kind: str) -> str:
    """Both guides name a profile by its type, with a hyphen between the words: `vn-core-medication-request`."""
    return "vn-core" + re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", kind)


PROFILE_PRESETS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "none": MappingProxyType({}),
        **{
            name: MappingProxyType({kind: f"{canonical}/StructureDefinition/{_profile_name(kind)}" for kind in kinds})
            for name, (canonical, kinds) in _PROFILES.items()
        },
    }
)
"""By preset: the profile that a resource of a type claims."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a node is told: its controller, source, zone, identifier systems and limits.

    `source` names exports that name none themselves (FHIR files); a claim's source is its facility's code.
    Sizes are in bytes. `step` is the number of resources that an ingest commits at once. `mappings` are the mappings
    of tables, their YAML by file name: not part of lienthong.toml, they lie in HOME/mappings.
    """

    controller: str = ""
    source: str = "main"
    offset: str = "+07:00"
    identifiers: str = "vncore"
    profiles: str = "none"
    language: str = "vi"
    step: int = 2000
    max_file_bytes: int = 8 * 1024**3
    max_record_bytes: int = 256 * 1024**2
    facilities: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    check: CheckSettings = CheckSettings()
    mappings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def systems(self) -> IdentifierSystems:
        return IDENTIFIER_PRESETS[self.identifiers]

    @property
    def profile_urls(self) -> Mapping[str, str]:
        """By type of resource: the profile that what is made of claims says it follows."""
        return PROFILE_PRESETS[self.profiles]


DEFAULT_TOML = """\
# The settings of this Lienthong node; docs/settings.md names every one. No secrets here.
controller = ""            # who answers for these data (the data controller)
source = "main"            # the name of exports that name none themselves
offset = "+07:00"          # times without a zone take this one
identifiers = "vncore"     # or "ehealth": the URIs of national identifiers
profiles = "none"          # or "ehealth", "vncore": the guide that made resources say they follow
language = "vi"            # of pages and reports: vi, en

[check]                    # rules of `lienthong check`; docs/rules.md names every one
off = []                   # rules that are not looked at
warn = []                  # rules that are no error here

[facilities]               # code = name, for the facilities of this node
"""


def read_settings(text: str | bytes) -> Settings:
    """The settings of a TOML text (bytes: in UTF-8, as in the file).

    An unknown name or a wrong value is an error that says what is allowed.
    """
    if len(text) > _LONGEST:
        raise WRONG_SETTINGS.at("lienthong.toml", why="it is too long", allowed=f"{_LONGEST:,} characters")
    try:
        data: dict[str, Any] = tomllib.loads(text if isinstance(text, str) else text.decode("utf-8"))
    except UnicodeDecodeError:
        raise WRONG_SETTINGS.at("lienthong.toml", why="it is not in UTF-8", allowed="TOML in UTF-8") from None
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        raise WRONG_SETTINGS.at("lienthong.toml", why=str(error).rstrip("."), allowed="TOML") from None
    except RecursionError:
        raise WRONG_SETTINGS.at("lienthong.toml", why="it is nested too deep", allowed="TOML") from None
    known = {item.name: item for item in fields(Settings) if item.name != "mappings"}
    for name in data:
        if name not in known:
            raise WRONG_SETTINGS.at(
                f"lienthong.toml: {name}", why="there is no such setting", allowed=", ".join(sorted(known))
            )
    defaults = Settings()
    for name, value in data.items():
        expected: type = dict if name in ("facilities", "check") else type(getattr(defaults, name))
        if not isinstance(value, expected) or isinstance(value, bool) is not (expected is bool):
            raise WRONG_SETTINGS.at(
                f"lienthong.toml: {name}", why="the value has the wrong type", allowed=expected.__name__
            )
    if "facilities" in data:
        data["facilities"] = MappingProxyType({str(code): str(name) for code, name in data["facilities"].items()})
    if "check" in data:
        data["check"] = _check(data["check"])
    settings = Settings(**data)
    _refuse_unless("identifiers", settings.identifiers in IDENTIFIER_PRESETS, ", ".join(IDENTIFIER_PRESETS))
    _refuse_unless("profiles", settings.profiles in PROFILE_PRESETS, ", ".join(PROFILE_PRESETS))
    _refuse_unless("language", settings.language in ("vi", "en"), "vi, en")
    for name in ("step", "max_file_bytes", "max_record_bytes"):
        _refuse_unless(name, getattr(settings, name) > 0, "a number above 0")
    zone(settings.offset)
    return settings


def _refuse_unless(name: str, holds: bool, allowed: str) -> None:
    if not holds:
        raise WRONG_SETTINGS.at(f"lienthong.toml: {name}", why="the value is not allowed", allowed=allowed)


def _check(table: Mapping[str, Any]) -> CheckSettings:
    """The table [check]."""
    for name, value in table.items():
        if name not in ("off", "warn", "icd10"):
            why, allowed = "there is no such setting", "icd10, off, warn"
        elif name == "icd10" and not isinstance(value, str):
            why, allowed = "the value has the wrong type", "str"
        elif name != "icd10" and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            why, allowed = "the value has the wrong type", "a list of rules' names"
        else:
            continue
        raise WRONG_SETTINGS.at(f"lienthong.toml: check.{name}", why=why, allowed=allowed)
    return CheckSettings(tuple(table.get("off", ())), tuple(table.get("warn", ())), table.get("icd10", ""))


def settings_to_json(settings: Settings) -> dict[str, Any]:
    """The settings as plain values, for another process."""
    values = {item.name: getattr(settings, item.name) for item in fields(settings)}
    check = {"off": list(settings.check.off), "warn": list(settings.check.warn), "icd10": settings.check.icd10}
    return {**values, "facilities": dict(settings.facilities), "mappings": dict(settings.mappings), "check": check}


def settings_from_json(values: Mapping[str, Any]) -> Settings:
    """The settings that `settings_to_json` gave."""
    return Settings(
        **{**values, "facilities": MappingProxyType(values["facilities"]), "check": _check(values["check"])}
    )
