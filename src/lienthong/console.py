"""How results look in a terminal: one JSON object for programs, sentences and tables for people, bars for waiting."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from lienthong import pipeline
from lienthong.checking import Report
from lienthong.checking.resources import Checked
from lienthong.checking.screen import lines as check_lines
from lienthong.core.finding import Finding, Severity
from lienthong.deidentifying import Deidentified
from lienthong.deidentifying.screen import lines as deidentified_lines
from lienthong.demo.tour import Toured
from lienthong.keeping.backup import LEFT_OUT, Saved
from lienthong.keeping.keys import WARNING
from lienthong.keeping.logbook import LOG, counts
from lienthong.keeping.restore import Restored
from lienthong.keeping.upgrade import Upgraded
from lienthong.privacy.audit.verify import Verified
from lienthong.products.evaluation.screen import Evaluated
from lienthong.products.evaluation.screen import lines as evaluated_lines
from lienthong.products.run import Run
from lienthong.rows import plain
from lienthong.warehouse import Built
from lienthong.warehouse.export import Exported
from lienthong.warehouse.trace import Traced

__all__ = ["Listing", "Shown", "progress", "show"]

_MOST = 20  # findings shown to a person; --json has all
_PLACES = 3  # of findings that say the same


class Shown(Protocol):
    """A result that can be shown as JSON."""

    def to_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Listing:
    """Several things under one name: people, products, findings."""

    name: str
    items: Sequence[Any]

    def to_json(self) -> dict[str, Any]:
        return {self.name: [item if isinstance(item, Mapping) else item.to_json() for item in self.items]}


@contextmanager
def progress(*, quiet: bool) -> Iterator[pipeline.Progress]:
    """Bars on standard error while a terminal looks; nothing otherwise."""
    terminal = Console(stderr=True)
    if quiet or not terminal.is_terminal:
        yield pipeline.quiet
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=terminal, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def step(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield step


def show(result: Shown, *, as_json: bool) -> None:
    """The result on standard output, and its counts in the log."""
    body = result.to_json()
    LOG.info("result", extra={"facts": counts(body)})
    if as_json:
        print(json.dumps(body, ensure_ascii=False, default=plain))
        return
    terminal = Console(soft_wrap=True, highlight=False, markup=False)
    for part in told(result):
        terminal.print(part)


@singledispatch
def told(result: Shown) -> Iterator[Text | Table | str]:
    """The sentences and tables of a result; by default its JSON as lines of name and value."""
    yield from _lines(result.to_json())


def _lines(value: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    for name, item in value.items():
        if isinstance(item, Mapping):
            yield f"{indent}{name}:"
            yield from _lines(item, indent + "  ")
        elif isinstance(item, Sequence) and not isinstance(item, str):
            yield f"{indent}{name}:" + ("" if item else " none")
            for one in item:
                if isinstance(one, Mapping):
                    yield from _lines(one, indent + "  ")
                    yield ""
                else:
                    yield f"{indent}  {one}"
        else:
            yield f"{indent}{name}: {item}"


@told.register
def _deidentified(result: Deidentified) -> Iterator[Text | Table | str]:
    yield from deidentified_lines(result)


@told.register
def _ingested(result: pipeline.Ingested) -> Iterator[Text | Table | str]:
    said = result.to_json()
    resources, quarantined, findings = said["resources"], said["quarantined"], said["findings"]
    yield (
        f"{said['files']} files, {said['records']} records = {said['kept']} kept"
        f" + {quarantined['records']} quarantined ({quarantined['files']} files quarantined whole)."
    )
    yield (
        f"{resources['read']} resources = {resources['new']} new + {resources['updated']} updated"
        f" + {resources['unchanged']} unchanged."
    )
    yield f"Findings: {findings['error']} errors, {findings['warning']} warnings, {findings['information']} to know."
    for item in result.left_out:
        yield f"Left out, no export: {item.name} ({item.why})."
    if quarantined["files"] or quarantined["records"]:
        yield 'Why: lienthong query "SELECT file, record, reason FROM record.quarantine"; then lienthong retry.'
    yield f"Batch {said['batch']}, {said['seconds']:.1f} s."


@told.register
def _checked(result: Checked) -> Iterator[Text | Table | str]:
    counted = Counter(finding.severity for finding in result.findings)
    faulty = len(
        {(item.place.file, item.place.record) for item in result.findings if item.severity is Severity.ERROR}
    )
    yield f"{result.files} files, {result.records:,} resources, {result.seconds:.1f} s."
    yield (
        f"{counted[Severity.ERROR]:,} errors in {faulty:,} resources, {counted[Severity.WARNING]:,} warnings, "
        f"{counted[Severity.INFORMATION]:,} notes."
    )
    yield from _by_rule(result.findings)
    for item in result.left_out:
        yield f"Left out, no export: {item.name} ({item.why})."


def _by_rule(findings: Sequence[Finding]) -> Iterator[str]:
    """What is said many times is said once, the worst and most frequent first, with its first places."""
    groups: dict[tuple[Severity, str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.severity, finding.code, finding.message), []).append(finding)
    order = list(Severity)
    ranked = sorted(groups.values(), key=lambda same: (order.index(same[0].severity), -len(same)))
    for same in ranked[:_MOST]:
        first = same[0]
        count = f" ({len(same):,} times)" if len(same) > 1 else ""
        yield f"{first.severity.value:<11} {first.message} [{first.code}]{count}"
        for finding in same[:_PLACES]:
            yield f"            at:   {finding.place}"
        if len(same) > _PLACES:
            yield f"                  ... and {len(same) - _PLACES:,} places more"
        if first.cure:
            yield f"            cure: {first.cure}"
        if first.rule is not None:
            yield f"            rule: {first.rule.source}"
    if len(ranked) > _MOST:
        yield f"... and {len(ranked) - _MOST} kinds of findings more; --json has them all."


@told.register
def _report(result: Report) -> Iterator[Text | Table | str]:
    yield from check_lines(result)


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings[:_MOST]:
        yield f"{finding.severity.value:<11} {finding.message} [{finding.code}]"
        yield f"            at:   {finding.place}"
        if finding.cure:
            yield f"            cure: {finding.cure}"
    if len(findings) > _MOST:
        yield f"... and {len(findings) - _MOST} more; --json has them all."


@told.register
def _listed(result: Listing) -> Iterator[Text | Table | str]:
    findings = [item for item in result.items if isinstance(item, Finding)]
    if findings or result.name == "findings":
        yield f"{len(findings)} findings." if findings else "No finding: everything is as it was written."
        yield from _findings(findings)
    else:
        yield from _lines(result.to_json())


@told.register
def _verified(result: Verified) -> Iterator[Text | Table | str]:
    yield f"{result.size:,} entries, {result.checkpoints:,} checkpoints; signed up to entry {result.signed:,}."
    yield f"Key: {result.key}"
    for witness in result.witnesses:
        yield f"Witnessed by {witness.name}: {witness.size:,} entries, {witness.time}"
    yield (
        f"{len(result.findings)} findings." if result.findings else "No finding: the log is the one that was signed."
    )
    yield from _findings(result.findings)


@told.register
def _built(result: Built) -> Iterator[Text | Table | str]:
    table = Table("table", "rows", title=f"Snapshot {result.snapshot}")
    table.columns[1].justify = "right"
    for name, rows in result.tables.items():
        if name.startswith("omop."):
            table.add_row(name, f"{rows:,}")
    yield table
    if result.left_out:
        table = Table("resource", "resources", "not in OMOP because", title="Left out, by reason")
        table.columns[1].justify = "right"
        for item in result.left_out:
            table.add_row(item.source, f"{item.resources:,}", item.reason)
        yield table
    yield f"{result.checks.run} checks, {result.checks.failed} failed; {result.seconds:.1f} s."


@told.register
def _ran(result: Run) -> Iterator[Text | Table | str]:
    abstained = " + ".join(f"{number} {why}" for why, number in result.abstained.items())
    people = f"{result.under_age} under age, {result.adults} adults"
    yield f"{result.product} {result.version} on {result.people} people: {people}"
    yield f"  = {result.computed} computed" + (f" + {abstained}" if abstained else "") + "."
    for name, number in result.missing.items():
        yield f"  missing {name}: {number}"
    yield (
        f"Suggestions: {result.new} new, {result.renewed} renewed, {result.unchanged} unchanged,"
        f" {result.decided} decided before, {result.withdrawn} withdrawn. Each waits for a physician."
    )


@told.register
def _evaluated(result: Evaluated) -> Iterator[Text | Table | str]:
    yield from evaluated_lines(result)


@told.register
def _traced(result: Traced) -> Iterator[Text | Table | str]:
    yield f"{result.asked} is {result.resource}"
    for came in result.origins:
        yield f"  from {came.file}, record {came.record}" + (f", {came.field}" if came.field else "")
        yield f"       version {came.version}, batch {came.batch}, file SHA-256 {came.sha256}"
        for path, place in came.fields.items():
            yield f"       {path} <- {place}"
    for name in result.forward:
        yield f"  gave {name}"


@told.register
def _exported(result: Exported) -> Iterator[Text | Table | str]:
    for name, rows in result.files.items():
        yield f"{name}: {rows:,}"
    yield f"Written to {result.folder}."


@told.register
def _saved(result: Saved) -> Iterator[Text | Table | str]:
    if taken := result.backup:
        yield f"Backup of {taken.taken_at}: {taken.place}"
        yield f"{taken.files:,} files, {taken.bytes:,} bytes; {taken.copied:,} of the kept files were new here."
        for name, why in LEFT_OUT.items():
            yield f"Not in it: {name} ({why})."
        yield f"The keys lie in {taken.keys}."
    if copied := result.keys:
        yield f"Keys: {copied.keys:,} in {copied.place}, {copied.new:,} of them new. {WARNING}"
        if copied.no_more:
            yield f"{copied.no_more:,} keys lie there that the node has no more."


@told.register
def _restored(result: Restored) -> Iterator[Text | Table | str]:
    yield f"Restored as of {result.taken_at}: {result.home}"
    yield f"{result.files:,} files, {result.bytes:,} bytes, {result.keys:,} keys; {result.seconds:.1f} s."
    for sentence in result.not_working:
        yield f"Without keys: {sentence}."
    yield f"Next: {result.next}."


@told.register
def _upgraded(result: Upgraded) -> Iterator[Text | Table | str]:
    if result.backup is None:
        yield f"Nothing to do: schema {result.now}."
    else:
        yield f"Schema {result.found} -> {result.now}; {result.seconds:.1f} s."
        yield f"The backup of before: {result.backup}"


@told.register
def _toured(result: Toured) -> Iterator[Text | Table | str]:
    yield f"Two invented hospitals: {result.folder}"
    for name, done in result.ingested.items():
        yield ""
        yield f"Hospital {name.upper()}:"
        yield from told(done)
    yield ""
    yield from told(result.built)
    yield ""
    for ran in result.ran:
        yield from told(ran)
        yield ""
    table = Table("sign in as", "who", "password", "passphrase for signing", title="Invented staff")
    for account in result.accounts:
        table.add_row(account.name, account.display, account.password, account.passphrase or "-")
    yield table
