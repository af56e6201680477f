"""A run on the screen of who ran it: which file became which, what was replaced, what was not copied."""

from __future__ import annotations

from collections.abc import Iterator

from lienthong.deidentifying.report import Deidentified
from lienthong.deidentifying.words import ENGLISH, told

__all__ = ["lines"]

_FEW = 20


def lines(result: Deidentified) -> Iterator[str]:
    """The sentences of a run; old names of files stand here and never in the report beside the copies."""
    yield f"{len(result.files)} files, {result.records} records written anew in {result.seconds:.1f} s."
    for file in result.files[:_FEW]:
        yield f"  {file.was} -> {file.name} ({file.format}, {file.records} records)"
        if file.not_copied:
            yield f"    columns not copied: {', '.join(file.not_copied)}"
    if len(result.files) > _FEW:
        yield f"  ... and {len(result.files) - _FEW} more"
    for finding in result.refused[:_FEW]:
        yield f"Not copied: {finding.place}: {finding.message} [{finding.code}]"
    if len(result.refused) > _FEW:
        yield f"  ... and {len(result.refused) - _FEW} more, see --json"
    for item in result.left_out:
        yield f"Left out, no export: {item.name} ({item.why})."
    replaced = ", ".join(f"{kind} {count}" for kind, count in told(result.replaced, ENGLISH))
    yield f"Replaced: {replaced or 'nothing'}."
    persons, groups, small = result.groups
    yield f"Remains: {persons} persons in {groups} groups of birth year, sex and province, {small} of fewer than 5."
    yield "These are personal data still, not anonymous ones. Read REPORT.txt and the free text before you show them."
