"""The record's housekeeping as Arrow tables, seen by `query` as `record.<table>`; no patient's data are in them."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from lienthong.record import Record

__all__ = ["housekeeping"]

_BATCHES = pa.schema(
    [
        ("batch", pa.int64()),
        ("kind", pa.string()),
        ("source", pa.string()),
        ("actor", pa.string()),
        ("purpose", pa.string()),
        ("started_at", pa.string()),
        ("published_at", pa.string()),
        ("files", pa.int64()),
        ("records", pa.int64()),
        ("kept", pa.int64()),
        ("quarantined_files", pa.int64()),
        ("quarantined_records", pa.int64()),
        ("resources_read", pa.int64()),
        ("resources_new", pa.int64()),
        ("resources_updated", pa.int64()),
        ("resources_unchanged", pa.int64()),
    ]
)
_QUARANTINE = pa.schema(
    [
        ("batch", pa.int64()),
        ("file", pa.string()),
        ("record", pa.string()),
        ("reason", pa.string()),
        ("rule", pa.string()),
        ("since", pa.string()),
        ("source", pa.string()),
        ("resolved_batch", pa.int64()),
    ]
)
_FINDINGS = pa.schema(
    [
        (name, pa.string())
        for name in (
            "severity",
            "code",
            "message",
            "file",
            "record",
            "table",
            "row",
            "field",
            "path",
            "rule",
            "source",
            "cure",
        )
    ]
)


def housekeeping(record: Record) -> Mapping[str, pa.Table]:
    """`batches`, `quarantine` (what still lies there) and `findings` by their names."""
    batches = []
    for row in record.batches():
        done = row.summary
        batches.append(
            {
                "batch": row.id,
                "kind": row.kind,
                "source": row.source,
                "actor": row.actor,
                "purpose": row.purpose,
                "started_at": row.started_at,
                "published_at": row.published_at,
                **(
                    {
                        "files": done.files,
                        "records": done.records,
                        "kept": done.kept,
                        "quarantined_files": done.quarantined.files,
                        "quarantined_records": done.quarantined.records,
                        "resources_read": done.resources.read,
                        "resources_new": done.resources.new,
                        "resources_updated": done.resources.updated,
                        "resources_unchanged": done.resources.unchanged,
                    }
                    if done
                    else {}
                ),
            }
        )
    quarantine = [{name: getattr(row, name) for name in _QUARANTINE.names} for row in record.open_quarantine()]
    findings = [
        {
            "severity": finding.severity.value,
            "code": finding.code,
            "message": finding.message,
            **finding.place.to_json(),
            "rule": finding.rule.id,
            "source": finding.rule.source,
            "cure": finding.cure,
        }
        for finding in record.findings()
    ]
    return {
        "batches": pa.Table.from_pylist(batches, schema=_BATCHES),
        "quarantine": pa.Table.from_pylist(quarantine, schema=_QUARANTINE),
        "findings": pa.Table.from_pylist(findings, schema=_FINDINGS),
    }
