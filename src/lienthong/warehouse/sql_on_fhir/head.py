"""What a ViewDefinition says of itself, checked: members, name, status, FHIR versions, constants, claimed profiles.

Source: SQL on FHIR v2, StructureDefinition ViewDefinition (constraints sql-name, sql-expressions), the profiles
ShareableViewDefinition and TabularViewDefinition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lienthong.fhir import schema
from lienthong.warehouse.sql_on_fhir.paths import WRONG_VIEW, constant_value
from lienthong.warehouse.sql_on_fhir.plan import Literal

__all__ = ["SQL_NAME", "check_head", "check_members", "check_profiles", "constants", "list_of", "named", "object_of"]

SQL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ANYWHERE = frozenset({"id", "extension", "modifierExtension"})
_RESOURCE = frozenset({"resourceType", "meta", "implicitRules", "language", "text", "contained"})
_METADATA = frozenset(
    [
        "url",
        "identifier",
        "version",
        "versionAlgorithmString",
        "versionAlgorithmCoding",
        "name",
        "title",
        "status",
        "experimental",
        "date",
        "publisher",
        "contact",
        "description",
        "useContext",
        "jurisdiction",
        "purpose",
        "copyright",
        "copyrightLabel",
        "approvalDate",
        "lastReviewDate",
        "effectivePeriod",
        "topic",
        "author",
        "editor",
        "reviewer",
        "endorser",
        "relatedArtifact",
    ]
)
_VIEW = _RESOURCE | _METADATA | {"resource", "profile", "fhirVersion", "constant", "select", "where"}
_STATUS = ("draft", "active", "retired", "unknown")
_VIEW_TYPES = ("ViewDefinition", "https://sql-on-fhir.org/ig/StructureDefinition/ViewDefinition")
_R4 = "4.0."


def object_of(value: object, place: str) -> Mapping[str, Any]:
    """The value as an object; `view-wrong` where it is none."""
    if not isinstance(value, Mapping):
        raise WRONG_VIEW.at(place, why="an object must stand here", allowed="{...}")
    return value


def list_of(owner: Mapping[str, Any], name: str, place: str) -> list[Any]:
    """A member as a list, empty where it is not there; `view-wrong` where it is no list."""
    value = owner.get(name, [])
    if not isinstance(value, list):
        raise WRONG_VIEW.at(f"{place}.{name}".lstrip("."), why="a list must stand here", allowed="[...]")
    return value


def check_members(owner: Mapping[str, Any], known: frozenset[str], place: str) -> None:
    """`view-wrong` at a member that the specification does not know, such as one misspelt."""
    for name in owner:
        if name not in known and name not in _ANYWHERE and not name.startswith("_"):
            where = f"{place}.{name}".lstrip(".")
            raise WRONG_VIEW.at(where, why="there is no such member", allowed=", ".join(sorted(known)))


def named(owner: Mapping[str, Any], place: str, what: str) -> str:
    """The name of a column, constant or view, as SQL takes it (constraint sql-name)."""
    name = owner.get("name")
    if not isinstance(name, str) or not SQL_NAME.fullmatch(name):
        why = f"a {what} needs a name of letters, digits and underscores that starts with a letter"
        raise WRONG_VIEW.at(f"{place}.name".lstrip("."), why=why, allowed=SQL_NAME.pattern)
    return name


def check_head(view: Mapping[str, Any]) -> str:
    """Checks what the view says of itself; gives its resource type."""
    check_members(view, _VIEW, "")
    if view.get("resourceType", "ViewDefinition") not in _VIEW_TYPES:
        raise WRONG_VIEW.at("resourceType", why="it is no ViewDefinition", allowed="ViewDefinition")
    if "name" in view:
        named(view, "", "view")
    if view.get("status", "active") not in _STATUS:
        raise WRONG_VIEW.at("status", why="there is no such status", allowed=", ".join(_STATUS))
    versions = list_of(view, "fhirVersion", "")
    if versions and not any(str(version).startswith(_R4) for version in versions):
        raise WRONG_VIEW.at("fhirVersion", why="it is made for another version of FHIR", allowed="4.0.1")
    resource = view.get("resource")
    if not isinstance(resource, str) or resource not in schema.resource_types():
        raise WRONG_VIEW.at("resource", why="it names no resource type of FHIR R4", allowed="e.g. Patient")
    return resource


def constants(view: Mapping[str, Any]) -> dict[str, Literal]:
    """The constants by name, each with the type and the checked value that it is given."""
    found: dict[str, Literal] = {}
    for number, item in enumerate(list_of(view, "constant", "")):
        place = f"constant[{number}]"
        constant = object_of(item, place)
        name = named(constant, place, "constant")
        if name in found:
            raise WRONG_VIEW.at(f"{place}.name", why=f"two constants are named '{name}'", allowed="unique names")
        values = [key for key in constant if key.startswith("value")]
        if len(values) != 1:
            raise WRONG_VIEW.at(place, why=f"the constant '{name}' needs one value", allowed="e.g. valueString")
        check_members(constant, frozenset({"name", *values}), place)
        type_name = values[0][5:6].lower() + values[0][6:]
        if not (schema.is_primitive(type_name) or type_name == "integer64"):
            why, allowed = "there is no such primitive type", "e.g. valueCode"
            raise WRONG_VIEW.at(f"{place}.{values[0]}", why=why, allowed=allowed)
        value = constant_value(constant[values[0]], type_name)
        if value is None or (isinstance(value, str) and not _fits(value, type_name)):
            raise WRONG_VIEW.at(f"{place}.{values[0]}", why=f"the value is no {type_name}", allowed=type_name)
        found[name] = Literal(value, type_name)
    return found


def _fits(value: str, type_name: str) -> bool:
    pattern = schema.primitive_pattern(type_name)
    return not pattern or re.fullmatch(pattern, value) is not None


def check_profiles(view: Mapping[str, Any]) -> None:
    """The demands of the profiles that the view claims in `meta.profile`; `view-wrong` at what breaks one."""
    claimed = list_of(object_of(view.get("meta", {}), "meta"), "profile", "meta")
    profiles = {str(address).partition("|")[0].rpartition("/")[2] for address in claimed}
    if "ShareableViewDefinition" in profiles:
        for name in ("url", "name", "fhirVersion"):
            if not view.get(name):
                raise WRONG_VIEW.at(name, why=f"a shareable view has a {name}", allowed="a value")
    for place, column in _columns(view, ""):
        if "ShareableViewDefinition" in profiles and not column.get("type"):
            raise WRONG_VIEW.at(
                f"{place}.type", why="each column of a shareable view has a type", allowed="e.g. code"
            )
        if "TabularViewDefinition" in profiles and column.get("collection"):
            why = "a tabular view has no collections"
            raise WRONG_VIEW.at(f"{place}.collection", why=why, allowed="false")


def _columns(owner: Mapping[str, Any], place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name in ("column", "select", "unionAll"):
        for number, item in enumerate(owner.get(name, [])):
            where = f"{place}.{name}[{number}]".lstrip(".")
            if name == "column":
                yield where, item
            else:
                yield from _columns(item, where)
