"""FHIR XML as FHIR JSON, for suites whose inputs are XML. Source: FHIR R4 4.0.1, xml.html and json.html."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree

from lienthong.fhir import schema
from lienthong.fhir.primitives import JsonKind, json_kind


def read(path: Path) -> dict[str, Any]:
    """The resource of an XML file."""
    return _resource(etree.parse(path).getroot())


def _name(node: etree._Element) -> str:
    return etree.QName(node).localname


def _resource(node: etree._Element) -> dict[str, Any]:
    return {"resourceType": _name(node), **_members(node, _name(node))}


def _members(node: etree._Element, type_name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if node.get("id") is not None:
        found["id"] = node.get("id")
    if node.get("url") is not None:
        found["url"] = node.get("url")
    for child in node:
        if isinstance(child.tag, str):
            _add(found, child, type_name)
    return found


def _add(found: dict[str, Any], node: etree._Element, type_name: str) -> None:
    name = _name(node)
    element = schema.element(type_name, name)
    assert element is not None, f"{type_name}.{name}"
    if name == "div":
        found[name] = etree.tostring(node, encoding="unicode", with_tail=False)
        return
    (code,) = element.types
    value, extra = _value(node, code)
    if not element.is_list:
        if value is not None:
            found[name] = value
        if extra:
            found["_" + name] = extra
        return
    if value is not None or schema.is_primitive(code):
        found.setdefault(name, []).append(value)
    if schema.is_primitive(code):
        found.setdefault("_" + name, []).append(extra)


def _value(node: etree._Element, code: str) -> tuple[Any, dict[str, Any] | None]:
    if code == "Resource":
        return _resource(node[0]), None
    if not schema.is_primitive(code):
        return _members(node, code), None
    text = node.get("value")
    extra = _members(node, code) or None
    if text is None:
        return None, extra
    kind = json_kind(code)
    if kind is JsonKind.BOOLEAN:
        return text == "true", extra
    if kind is JsonKind.INTEGER:
        return int(text), extra
    if kind is JsonKind.DECIMAL:
        return (int(text) if text.lstrip("-").isdigit() else Decimal(text)), extra
    return text, extra
