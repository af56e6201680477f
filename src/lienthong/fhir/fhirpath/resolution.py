"""The resource that a reference points to: contained, in the same Bundle, or what the caller's resolver gives.

Source: FHIR R4 4.0.1, references.html#contained, bundle.html#references; fhirpath.html#functions (resolve).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lienthong.fhir.fhirpath.plan import Env
from lienthong.fhir.fhirpath.values import Element

__all__ = ["resolve"]


def resolve(item: Any, env: Env) -> dict[str, Any] | None:
    """The resource of a Reference, uri, canonical or string; None where it can't be found."""
    value = item.value if type(item) is Element else item
    text = value.get("reference") if isinstance(value, dict) else value
    if not isinstance(text, str) or not text:
        return None
    if text.startswith("#"):
        return _contained(text[1:], env)
    return _in_bundle(text, env) or (None if env.resolver is None else env.resolver(text))


def _contained(name: str, env: Env) -> dict[str, Any] | None:
    for holder in (env.resource, env.root):
        if not isinstance(holder, dict):
            continue
        if not name:
            return holder
        for resource in _listed(holder.get("contained")):
            if resource.get("id") == name:
                return resource
    return None


def _in_bundle(text: str, env: Env) -> dict[str, Any] | None:
    root = env.resource if env.root is None else env.root
    if not isinstance(root, dict) or root.get("resourceType") != "Bundle":
        return None
    if env.addresses is None:
        env.addresses = _addresses(root)
    return env.addresses.get(text.partition("/_history/")[0])


def _addresses(bundle: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The resources of a Bundle by their fullUrl, and by Type/id where the fullUrl, if there is one, ends so."""
    found: dict[str, dict[str, Any]] = {}
    for entry in _listed(bundle.get("entry")):
        resource, address = entry.get("resource"), entry.get("fullUrl")
        if not isinstance(resource, dict):
            continue
        if isinstance(address, str):
            found.setdefault(address, resource)
        own = f"{resource.get('resourceType')}/{resource.get('id')}"
        if address is None or (isinstance(address, str) and address.endswith("/" + own)):
            found.setdefault(own, resource)
    return found


def _listed(value: Any) -> Iterator[dict[str, Any]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())
