"""Writes resources as files: NDJSON, transaction Bundles with urn:uuid and conditional references, gzip and zip.

The bytes of packed files hold no time and no name of the machine, so that they too are the same for a seed.
"""

from __future__ import annotations

import gzip
import io
import uuid
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from lienthong.demo.resources import LICENCE, PRACTITIONERS, Resource
from lienthong.fhir.references import walk

__all__ = ["entry_url", "gzipped", "json_line", "transaction", "zipped"]

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_NAMESPACE = uuid.UUID("8f0f5f6e-9d0c-5d7b-9e63-6375756c6f6e")  # of the invented hospital's bundles


def json_line(resource: Resource) -> bytes:
    """A resource as JSON in the order in which the hospital's program writes it; decimals keep their digits."""
    return _ENCODER.encode(resource)


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=6, mtime=0)


def zipped(members: Iterable[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return buffer.getvalue()


def entry_url(resource_type: str, own: str) -> str:
    """The fullUrl of a resource in a transaction: the same for the same resource, whenever it is sent."""
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, f'{resource_type}/{own}')}"


def transaction(resources: Sequence[Resource], made: datetime) -> bytes:
    """A transaction that creates these resources.

    They carry no ids: references among them are urn:uuid, and a Practitioner is named by the licence
    (`Practitioner?identifier=...`), as a sender does that does not know the receiver's ids.
    """
    urls = {f"{item['resourceType']}/{item['id']}": entry_url(item["resourceType"], item["id"]) for item in resources}
    for number, (licence, _) in PRACTITIONERS.items():
        urls[f"Practitioner/CL-BS{number}"] = f"Practitioner?identifier={LICENCE}|{licence}"
    entries: list[dict[str, Any]] = []
    for item in resources:
        url = urls[f"{item['resourceType']}/{item['id']}"]
        resource = {name: value for name, value in item.items() if name != "id"}
        for reference in walk(resource):
            if reference.text in urls:
                reference.holder["reference"] = urls[reference.text]
        entries.append(
            {"fullUrl": url, "resource": resource, "request": {"method": "POST", "url": item["resourceType"]}}
        )
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "timestamp": f"{made:%Y-%m-%dT%H:%M:%S}+07:00",
        "entry": entries,
    }
    return msgspec.json.format(_ENCODER.encode(bundle), indent=1) + b"\n"
