"""Rewrites one FHIR resource so that it can be shown, element by element, by the schema and `deidentify.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from lienthong.core.settings import IDENTIFIER_PRESETS
from lienthong.fhir import schema
from lienthong.privacy.pseudonyms import Pseudonyms
from lienthong.privacy.replacer import Someone

__all__ = ["Rules", "Showable", "kind_of_identifier", "last_part", "name_of", "rules"]

_REFERENCE = re.compile(
    r"(?:(https?://\S+?)/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.\-]{1,64})(?:/_history/[A-Za-z0-9.\-]{1,64})?"
)
_ASKED = re.compile(r"([A-Z][A-Za-z]+)\?identifier=([^|&%]+)\|([^|&%]+)")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_FACILITY = re.compile(r"[0-9]{2}[0-9A-Z]{3}")
_PREFIXES = frozenset({"BS.", "BS", "ThS.", "TS.", "PGS.", "GS.", "ĐD.", "DS.", "Dr.", "Mr.", "Mrs.", "Ms."})
_HIDDEN = "đã ẩn"
_STAFF = frozenset({"Practitioner", "PractitionerRole"})
_PLACES = frozenset({"Organization", "Location", "HealthcareService"})
_NATIONAL = {
    **{preset.national_id: "national-id" for preset in IDENTIFIER_PRESETS.values()},
    **{preset.passport: "national-id" for preset in IDENTIFIER_PRESETS.values()},
    **{preset.insurance_card: "card" for preset in IDENTIFIER_PRESETS.values()},
    **{preset.insurance_number: "card" for preset in IDENTIFIER_PRESETS.values()},
}
_TYPED = {"NI": "national-id", "NNVNM": "national-id", "PPN": "national-id", "HC": "card", "MC": "card", "SS": "card"}


@dataclass(frozen=True, slots=True)
class Rules:
    """`deidentify.toml`: the kind of a type, of a path; the extensions and the addresses that stay."""

    types: Mapping[str, str]
    paths: Mapping[str, str]
    extensions: frozenset[str]
    addresses: tuple[str, ...]


@cache
def rules() -> Rules:
    """The rules of this format."""
    data = tomllib.loads(Path(__file__).with_name("deidentify.toml").read_text("utf-8"))
    types, paths = (
        {name: kind for kind, names in data[part].items() for name in names} for part in ("types", "paths")
    )
    return Rules(types, paths, frozenset(data["extensions"]["kept"]), tuple(data["addresses"]["kept"]))


def name_of(value: Mapping[str, Any]) -> str:
    """A HumanName as it is said in Vietnam: family, middle, given; its text where it has no parts."""
    given = value.get("given")
    parts = [value.get("family"), *(given if isinstance(given, list) else [])]
    said = " ".join(part for part in parts if isinstance(part, str) and part)
    text = value.get("text")
    return said or (text if isinstance(text, str) else "")


def kind_of_identifier(value: Mapping[str, Any]) -> str:
    """`national-id`, `card` or empty: by its system, or by its type (table 0203 of HL7 v2)."""
    found = _NATIONAL.get(str(value.get("system")), "")
    kind = value.get("type")
    codings = kind.get("coding") if isinstance(kind, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        if not found and isinstance(coding, dict):
            found = _TYPED.get(str(coding.get("code")), "")
    return found


def last_part(reference: str) -> str:
    """`Type/id` of a relative or absolute reference; a urn or a fragment as it is."""
    match = _REFERENCE.fullmatch(reference)
    return f"{match[2]}/{match[3]}" if match else reference


class Showable:
    """One resource (with those in it) by the replacements of its record; `removed` counts what no rule names."""

    def __init__(self, someone: Someone, sex: str = "") -> None:
        self._someone = someone
        self._pseudonyms: Pseudonyms = someone.replacer.pseudonyms
        self._sex = sex
        self._rules = rules()
        self._owner = ""

    def resource(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """The resource anew; its resourceType must be one of R4."""
        outer, self._owner = self._owner, str(value["resourceType"])
        made = {"resourceType": self._owner, **self._members(value, self._owner)}
        self._owner = outer
        return made

    def _members(self, value: Mapping[str, Any], type_name: str) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, item in value.items():
            if name == "resourceType":
                continue
            if name[:1] == "_":
                new = self._beside(item)
            else:
                element = schema.element(type_name, name)
                if element is None or len(element.types) != 1 or name not in element.json_names:
                    self._someone.note("unknown-element")
                    continue
                kind = self._rules.paths.get(f"{element.owner}.{element.choice or element.name}", "")
                new = self._value(item, element.types[0], kind, element.is_list, element.name)
            if new is not None:
                made[name] = new
        return made

    def _value(self, value: Any, type_name: str, kind: str, is_list: bool, name: str) -> Any:
        """The new value of an element; None where nothing of it is copied."""
        if kind == "removed":
            self._someone.note("removed")
            return None
        if is_list:
            if not isinstance(value, list):
                self._someone.note("unknown-element")
                return None
            found = [self._value(item, type_name, kind, False, name) for item in value]
            if schema.is_primitive(type_name):  # a place in a list of primitives has its companion in `_name`
                return found if any(item is not None for item in found) else None
            return [item for item in found if item is not None] or None
        if value is None:
            return None
        if isinstance(value, dict):
            return self._complex(value, type_name)
        if schema.is_primitive(type_name) and isinstance(value, str | bool | int | Decimal):
            return self._primitive(value, type_name, kind or self._rules.types.get(type_name, "removed"))
        self._someone.note("unknown-element")
        return None

    def _complex(self, value: dict[str, Any], type_name: str) -> Any:
        if schema.is_primitive(type_name):
            self._someone.note("unknown-element")
            return None
        if type_name == "Resource" or type_name in schema.resource_types():
            return self.resource(value) if value.get("resourceType") in schema.resource_types() else None
        kind = self._rules.types.get(type_name, "")
        if kind == "removed":
            self._someone.note("removed")
            return None
        if type_name == "Extension":
            return self._extension(value)
        made = self._members(value, type_name)
        match kind:
            case "name":
                self._name(value, made)
            case "address":
                self._address(value, made)
            case "telecom":
                self._telecom(value, made)
            case "identifier":
                self._identifier(value, made)
            case "reference":
                self._reference(value, made)
            case "file":
                made = {name: item for name, item in made.items() if name in ("contentType", "language", "creation")}
                self._someone.note("removed")
        return made or None

    def _beside(self, value: Any) -> Any:
        """The companion of a primitive: its extensions that stay."""
        if isinstance(value, list):
            found = [self._beside(item) for item in value]
            return found if any(found) else None
        items = value.get("extension") if isinstance(value, dict) else None
        kept = [self._extension(item) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        kept = [item for item in kept if item is not None]
        return {"extension": kept} if kept else None

    def _extension(self, value: dict[str, Any], *, inner: bool = False) -> dict[str, Any] | None:
        url = value.get("url")
        if not isinstance(url, str) or not (inner or url in self._rules.extensions):
            self._someone.note("extension")
            return None
        made = self._members(
            {name: item for name, item in value.items() if name not in ("url", "extension")}, "Extension"
        )
        items = value.get("extension")
        parts = (
            [self._extension(item, inner=True) for item in items if isinstance(item, dict)]
            if isinstance(items, list)
            else []
        )
        parts = [part for part in parts if part is not None]
        return {"url": url, **({"extension": parts} if parts else {}), **made} if made or parts else None

    def _primitive(self, value: Any, type_name: str, kind: str) -> Any:
        someone = self._someone
        if not isinstance(value, str):
            return value if kind == "kept" else None
        new: str
        match kind:
            case "kept":
                return value if type_name == "time" else None
            case "code" if " " in value:  # no code of FHIR's own lists has a blank
                new = someone.text(value)
            case "code" | "catalogue":
                new, kind = someone.scrubber.only_known(value), "catalogue"
            case "date":
                new = someone.iso(value)
            case "birth":
                new = someone.birth(value) if type_name == "date" else someone.iso(value)
            case "text":
                new = someone.text(value)
            case "address-of":
                new = self._uri(value)
            case "key":
                new = self._key(value)
            case "facility":
                new = value if someone.replacer.keep_facility else f"Cơ sở {self._pseudonyms.token(value, 6)}"
            case "card":
                new = self._pseudonyms.card(value)
            case "token":
                new = self._pseudonyms.token(value)
            case _:
                new = ""
        if new != value:
            someone.note(kind)
        return new or None

    def _key(self, text: str) -> str:
        """An id of FHIR: a UUID stays one."""
        return self._pseudonyms.uuid(text.lower()) if _UUID.fullmatch(text) else self._pseudonyms.token(text)

    def _uri(self, text: str) -> str:
        """An address: that of a standard stays, a reference leads to the new key, any other is replaced whole."""
        if text.startswith(self._rules.addresses):
            return text
        if text.startswith("#"):
            return "#" + self._key(text[1:])
        if text.startswith("urn:uuid:"):
            return "urn:uuid:" + self._key(text[9:])
        if text.startswith("urn:oid:") or re.fullmatch(r"[0-2](\.[0-9]+)+", text):
            number = self._pseudonyms.whole("oid", text.removeprefix("urn:oid:"), 10**18)
            return ("urn:oid:" if text.startswith("urn") else "") + f"2.25.{number}"
        match = _REFERENCE.fullmatch(text)
        if match and match[2] in schema.resource_types():
            base = f"https://{self._pseudonyms.token(match[1], 10).lower()}.invalid/" if match[1] else ""
            return f"{base}{match[2]}/{self._key(match[3])}"
        if text in schema.resource_types():
            return text  # the url of a request that posts
        if self._someone.replacer.keep_facility and "?" not in text:
            return text
        return self._pseudonyms.address_of(text)

    def _asked(self, kind: str, system: str, value: str) -> str:
        """A conditional reference by identifier, as the identifier itself becomes."""
        owner, self._owner = self._owner, kind
        made: dict[str, Any] = {}
        self._identifier({"system": system, "value": value}, made)
        self._owner = owner
        return f"{kind}?identifier={self._uri(system)}|{made.get('value', '')}"

    def _name(self, value: dict[str, Any], made: dict[str, Any]) -> None:
        said = name_of(value)
        new = self._pseudonyms.name(said, "" if self._owner in _STAFF else self._sex)
        for part in ("text", "family", "given", "prefix", "suffix"):
            made.pop(part, None)
        words = new.split()
        if value.get("text"):
            made["text"] = new
        if value.get("family") and words:
            made["family"] = words.pop(0)
        if isinstance(value.get("given"), list) and words:
            count = min(len(value["given"]), len(words))
            made["given"] = [*words[: count - 1], " ".join(words[count - 1 :])] if count else words
        prefixes = value.get("prefix")
        if isinstance(prefixes, list) and prefixes and all(item in _PREFIXES for item in prefixes):
            made["prefix"] = prefixes
        self._someone.note("name")

    def _address(self, value: dict[str, Any], made: dict[str, Any]) -> None:
        lines = value.get("line")
        said = value.get("text") or ", ".join(map(str, lines) if isinstance(lines, list) else ())
        state, country = value.get("state"), value.get("country")
        for part in ("text", "line", "city", "district", "postalCode", "state", "country"):
            made.pop(part, None)
        if said:
            made["text" if value.get("text") else "line"] = new = self._pseudonyms.address(str(said))
            if not value.get("text"):
                made["line"] = [new]
        made.update(
            {name: item for name, item in (("state", state), ("country", country)) if isinstance(item, str) and item}
        )
        self._someone.note("address")

    def _telecom(self, value: dict[str, Any], made: dict[str, Any]) -> None:
        text = value.get("value")
        if isinstance(text, str) and text:
            if value.get("system") in ("email", "url", "other"):
                made["value"] = f"{self._pseudonyms.token(text).lower()}@example.invalid"
            else:
                made["value"] = self._pseudonyms.phone(text) or self._pseudonyms.token(text)
        self._someone.note("phone")

    def _identifier(self, value: dict[str, Any], made: dict[str, Any]) -> None:
        text = value.get("value")
        if not isinstance(text, str) or not text:
            made.pop("value", None)
            return
        kind = kind_of_identifier(value)
        if kind == "national-id":
            made["value"] = self._pseudonyms.national_id(text)
        elif kind == "card":
            made["value"] = self._pseudonyms.card(text)
        elif self._owner in _STAFF:
            made["value"] = self._pseudonyms.licence(text)
        elif self._owner in _PLACES and _FACILITY.fullmatch(text):
            made["value"] = self._pseudonyms.facility(text)
        elif self._owner in _PLACES and self._someone.replacer.keep_facility:
            made["value"] = text
        else:
            made["value"] = self._pseudonyms.token(" ".join(text.split()))
        self._someone.note(kind or "identifier")

    def _reference(self, value: dict[str, Any], made: dict[str, Any]) -> None:
        made.pop("display", None)
        text = value.get("reference")
        made.pop("reference", None)
        if isinstance(text, str) and (asked := _ASKED.fullmatch(text)):
            made["reference"] = self._asked(asked[1], asked[2], asked[3])
            self._someone.note("reference")
        elif isinstance(text, str) and text and "?" not in text:
            made["reference"] = self._uri(text)
            self._someone.note("reference")
        if not made and value:
            made["display"] = _HIDDEN
