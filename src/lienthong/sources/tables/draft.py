"""Writes a proposal as the YAML of a mapping, the confidence of each column beside it, for a person to look over."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from lienthong.core.text import fold
from lienthong.sources.tables.propose import Column, Proposal

__all__ = ["draft"]

_SEX = {
    "male": ("nam", "m", "male", "1", "trai"),
    "female": ("nữ", "nu", "f", "female", "2", "gái"),
}


def draft(proposal: Proposal) -> str:
    """The text of the drafted mapping."""
    base = proposal.file.rpartition("/")[2]
    stem = re.sub(r"[^a-z0-9]+", "-", fold(base.partition(".")[0])).strip("-") or "table"
    columns = _named(proposal.columns)
    by_concept = {column.concept: name for name, column in columns.items() if column.concept}
    lines = [
        f"# Proposed by `lienthong map propose` from {_text(base)}. Look at every line: nothing is decided.",
        "# Then run `lienthong map test` on it, take out `draft: true`, and ingest with --mapping.",
        "lienthong_mapping: 1",
        f"name: {stem[:60]}",
        'version: "1"',
        "draft: true",
    ]
    gender = next((column for column in columns.values() if column.concept == "patient.gender"), None)
    if gender is not None:
        lines += ["maps:", "  gender:", "    fold: true", "    entries:"]
        lines += [f"      {_text(word)}: {code}{note}" for word, code, note in _sexes(gender.words)]
    table = "t_" + stem.replace("-", "_") if stem[0].isdigit() else stem.replace("-", "_")
    lines += ["tables:", f"  {table}:", f"    files: [{_text(base)}]"]
    if proposal.encoding != "utf-8":
        lines.append(f"    encoding: {proposal.encoding}")
    if proposal.letters != "unicode" and proposal.letters != proposal.encoding:
        lines.append(f"    letters: {proposal.letters}")
    if proposal.separator not in ("", ","):
        lines.append(f"    separator: {'tab' if proposal.separator == chr(9) else _text(proposal.separator)}")
    if proposal.header != 1:
        lines.append(f"    header: {proposal.header}")
    if proposal.sheet:
        lines.append(f"    sheet: {_text(proposal.sheet)}")
    lines.append("    columns:")
    lines += [f"      {name}: {_column(name, column)}" for name, column in columns.items()]
    key, resources = _resources(columns, by_concept)
    lines += [f"    key: [{', '.join(f'${name}' for name in key)}]  # must tell every row apart", "    resources:"]
    lines += [f"      {line}" for line in resources]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _named(columns: tuple[Column, ...]) -> dict[str, Column]:
    """The columns by a name that a mapping allows: the header without tones, in capitals."""
    found: dict[str, Column] = {}
    for number, column in enumerate(columns, 1):
        name = re.sub(r"\W+", "_", fold(column.header)).strip("_").upper() or f"C{number}"
        name = f"C_{name}" if name[0].isdigit() else name
        while name in found:
            name += "_"
        found[name] = column
    return found


def _sexes(words: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for word in words or ("Nam", "Nữ"):
        code = next((code for code, known in _SEX.items() if fold(word) in map(fold, known)), "")
        yield word, code or "unknown", "" if code else "  # unclear: say what it means"


def _column(name: str, column: Column) -> str:
    parts = [] if name == column.header else [f"header: {_text(column.header)}"]
    if column.concept == "patient.gender":
        parts.append("type: code, map: gender")
    elif column.type in ("date", "dateTime"):
        formats = ", ".join(column.formats)
        parts.append(f"type: {column.type}, format: [{formats}]")
    elif column.type.startswith("decimal"):
        parts.append("type: decimal")
        parts += ['decimal: ","'] if column.comma else []
        parts += ["comparator: true, otherwise: text"] if column.type == "decimal-or-text" else []
    note = f"{column.concept}, {column.confidence:.2f}" if column.concept else "no proposal"
    if column.is_unsure:
        note += "; day and month may be the other way round"
    return f"{{{', '.join(parts)}}}  # {note}"


def _resources(columns: Mapping[str, Column], by: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The key columns and the resources that the proposed meanings allow."""
    patient, visit = by.get("patient.key"), by.get("encounter.key")
    own = by.get("row.key")
    key = [name for name in (patient, visit, by.get("observation.order"), own) if name]
    lines: list[str] = []
    has_person = any(name in by for name in ("patient.name", "patient.family", "patient.birthdate"))
    if has_person and (patient or own):
        lines += _patient(by, patient or own or "")
        if not visit and "observation.value" not in by:
            key = [patient or own or ""]
    elif patient and not {"row.code", "row.text"} & by.keys():
        lines += ["- resource: Patient", f"  key: [${patient}]", "  content: {}"]
    refer = f"{{$reference: Patient, $key: [${patient}]}}" if patient else ""
    at = f"{{$reference: Encounter, $key: [${visit}]}}" if visit else ""
    if visit and ("encounter.start" in by or "encounter.class" in by):
        lines += _encounter(by, visit, refer)
    value = columns.get(by.get("observation.value", ""))
    observation = partial(_observation, compared=value is not None and value.type == "decimal-or-text")
    writers: tuple[tuple[str, Callable[[Mapping[str, str], str, str], list[str]]], ...] = (
        ("observation.value", observation),
        ("condition.", _condition),
        ("medication.", _medication),
    )
    for prefix, write in writers:
        if refer and any(name in (f"{prefix}code", f"{prefix}text", prefix) for name in by):
            lines += write(by, refer, at)
            key += [by[name] for name in (f"{prefix}code", "observation.code", "observation.text") if name in by][:1]
    if not lines:
        lines = ["- resource: Basic  # nothing could be proposed: say what a row is", "  content: {}"]
    key = list(dict.fromkeys(key)) or list(columns)[:1]
    return key, lines


def _patient(by: Mapping[str, str], key: str) -> list[str]:
    name = {"text": by.get("patient.name"), "family": by.get("patient.family")}
    parts = [f"{member}: ${column}" for member, column in name.items() if column]
    parts += [f"given: [${by['patient.given']}]"] if "patient.given" in by else []
    address = [f"text: ${by['patient.address']}"] if "patient.address" in by else []
    address += [f"city: ${by['patient.city']}"] if "patient.city" in by else []
    lines = ["- resource: Patient", f"  key: [${key}]", "  content:"]
    lines += [f"    name: [{{{', '.join(parts)}}}]"] if parts else []
    for member, concept in (
        ("gender", "patient.gender"), ("birthDate", "patient.birthdate"), ("deceasedDateTime", "patient.deathdate")
    ):  # fmt: skip
        lines += [f"    {member}: ${by[concept]}"] if concept in by else []
    lines += [f"    telecom: [{{system: phone, value: ${by['patient.phone']}}}]"] if "patient.phone" in by else []
    lines += [f"    address: [{{{', '.join(address)}}}]"] if address else []
    return lines if len(lines) > 3 else [*lines[:2], "  content: {}"]


def _encounter(by: Mapping[str, str], key: str, refer: str) -> list[str]:
    period = [
        f"{name}: ${by[concept]}" for name, concept in (("start", "encounter.start"), ("end", "encounter.end"))
        if concept in by
    ]  # fmt: skip
    lines = ["- resource: Encounter", f"  key: [${key}]", "  content:", "    status: finished  # say whether all are"]
    lines.append('    class: {system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: AMB}  # say which')
    lines += [f"    subject: {refer}"] if refer else []
    lines += [f"    period: {{{', '.join(period)}}}"] if period else []
    return lines


def _coded(by: Mapping[str, str], prefix: str, system: str) -> str:
    code, text = by.get(f"{prefix}.code"), by.get(f"{prefix}.text")
    coding = f'coding: [{{system: "{system}", code: ${code}}}]' if code else ""
    return "{" + ", ".join(part for part in (coding, f"text: ${text}" if text else "") if part) + "}"


def _observation(by: Mapping[str, str], refer: str, at: str, *, compared: bool) -> list[str]:
    value, unit = by["observation.value"], by.get("observation.unit")
    when = by.get("observation.time") or by.get("row.start") or by.get("encounter.start")
    lines = ["- resource: Observation", "  content:", "    status: final"]
    lines.append(
        f"    code: {_coded(by, 'observation', 'urn:x-local:lab')}  # the system of the codes is yours to name"
    )
    lines += [f"    subject: {refer}", *([f"    encounter: {at}"] if at else [])]
    lines += [f"    effectiveDateTime: ${when}"] if when else []
    told = f", comparator: ${value}.comparator" if compared else ""
    told += f", unit: ${unit}" if unit else ""
    lines.append(f"    valueQuantity: {{$when: {{{value}: {{is: right}}}}, value: ${value}{told}}}")
    lines.append(f"    valueString: {{$when: {{{value}: {{is: wrong}}}}, $value: {{$raw: {value}}}}}")
    if "observation.range" in by:
        lines.append(f"    referenceRange: [{{text: ${by['observation.range']}}}]")
    return lines


def _condition(by: Mapping[str, str], refer: str, at: str) -> list[str]:
    code = _coded(by, "condition", "http://hl7.org/fhir/sid/icd-10")
    lines = ["- resource: Condition", "  content:", f"    code: {code}", f"    subject: {refer}"]
    return [*lines, *([f"    encounter: {at}"] if at else [])]


def _medication(by: Mapping[str, str], refer: str, at: str) -> list[str]:
    lines = ["- resource: MedicationRequest", "  content:", "    status: unknown  # say which", "    intent: order"]
    lines += [
        f"    medicationCodeableConcept: {_coded(by, 'medication', 'urn:x-local:drug')}",
        f"    subject: {refer}",
    ]
    lines += [f"    encounter: {at}"] if at else []
    when = by.get("medication.time") or by.get("row.start")
    lines += [f"    authoredOn: ${when}"] if when else []
    return lines + (
        [f"    dosageInstruction: [{{text: ${by['medication.dose']}}}]"] if "medication.dose" in by else []
    )
