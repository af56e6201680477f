"""Anchors of this store in the audit log: the ends of its chains, told at each act, compared when both are verified.

The chains are sealed with the node's key, so that who holds it could write them anew; the log has been seen by others
(docs/decisions/018-audit-log.md), and a chain that is not the one it was told of is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.decisions.store import Chain

__all__ = ["anchors", "unanchored"]


def anchors(chains: Mapping[str, Chain]) -> dict[str, str | int]:
    """The facts of an act: number and hash of the newest entry of each chain, by its name, where it has one."""
    facts: dict[str, str | int] = {}
    for name, chain in chains.items():
        with chain.store.read() as connection:
            number, digest = chain.head(connection)
        if number:
            facts |= {name: number, f"{name}_hash": digest}
    return facts


def unanchored(entries: Iterable[Mapping[str, Any]], chains: Mapping[str, Chain]) -> list[Finding]:
    """What the log was told of the chains and they do not say: one finding for each chain, at the first place."""
    hashes: dict[str, dict[int, str]] = {}
    for name, chain in chains.items():
        with chain.store.read() as connection:
            hashes[name] = {entry.sequence: entry.hash for entry in chain.entries(connection)}
    found: dict[str, Finding] = {}
    for entry in entries:
        facts = entry.get("facts", {})
        for name, known in hashes.items():
            told = facts.get(f"{name}_hash")
            if told is not None and name not in found and known.get(facts.get(name, 0)) != told:
                found[name] = _finding(chains[name], name, entry["sequence"], facts.get(name))
    return list(found.values())


def _finding(chain: Chain, name: str, sequence: int, row: object) -> Finding:
    return Finding(
        Severity.ERROR,
        "decisions-not-anchored",
        f"The chain of {name} is not the one that entry {sequence} of the audit log was told of.",
        Place(file="decisions.db", table=chain.table, row=str(row)),
        Rule("decisions-anchors", "The store of decisions is the one that the audit log speaks of", "DESIGN 3.4"),
        "It was put back or written anew: keep the file, and compare it with the backups from before that entry.",
    )
