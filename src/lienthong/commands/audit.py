"""`lienthong audit`: the log of who did what with whose data, verified, proven, witnessed and read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lienthong.commands.call import opened
from lienthong.core.clock import instant, system_clock
from lienthong.core.errors import Category, ErrorKind, ExitCode
from lienthong.core.finding import Finding, Severity

if TYPE_CHECKING:
    from lienthong.privacy.audit.checkpoint import Checkpoint
    from lienthong.privacy.audit.notes import VerifyingKey

__all__ = ["audit"]

audit = typer.Typer(
    help="The log of who did what with whose data: verified, proven, witnessed and read.", no_args_is_help=True
)

NOT_EMPTY = ErrorKind(
    "audit-folder-taken",
    Category.CONFLICT,
    what="The folder to write the log into is not empty.",
    allowed="a folder that is empty or not there yet",
    cure="Name another folder.",
)
WRONG_PROOF = ErrorKind(
    "audit-proof-wrong",
    Category.CONFLICT,
    what="The proof does not hold: it is not of what this log's key signed.",
    cure="Keep the file as evidence, and ask the node for a proof again.",
)
WRONG_DAY = ErrorKind(
    "audit-since-wrong",
    Category.INCORRECT,
    what="--since can't be read.",
    allowed="a date or an instant (UTC unless it says its offset) such as 2026-11-23 or 2026-11-23T08:15:00Z",
    cure="Give one of them.",
)

Key = Annotated[
    str | None,
    typer.Option("--key", metavar="KEY|FILE", help="The log's public key [default: the log.pub beside the entries]."),
]


@audit.command("verify")
def verify(
    context: typer.Context,
    log: Annotated[
        list[Path] | None,
        typer.Option("--log", metavar="DIR|FILE", help="An exported log: needs no node, no data and no secret."),
    ] = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A checkpoint that another party kept.")
    ] = None,
    witness: Annotated[
        list[str] | None, typer.Option(metavar="KEY|FILE", help="Public key of a witness that must have co-signed.")
    ] = None,
    key: Key = None,
    proof: Annotated[Path | None, typer.Option(metavar="FILE", help="A proof, with --key or --log.")] = None,
) -> None:
    """Whether the log is the one that was signed; without --log also decisions, people and kept files."""
    from lienthong import console
    from lienthong.privacy.audit.files import read_key, verify_files

    given = read_key(key) if key else None
    witnesses = [read_key(item) for item in witness or ()]
    if proof is not None:
        _prove(proof, given or _public(log or []))
        if not log:
            console.show(console.Listing("findings", ()), as_json=context.obj.json)
            return
    if log:
        verified = verify_files(log, checkpoint or [], given, witnesses)
        console.show(verified, as_json=context.obj.json)
        raise typer.Exit(_exit(verified.findings))
    with opened(context) as node:
        found = list(node.verify_audit())
        if checkpoint or witnesses or given:
            outside = verify_files([node.home / "audit"], checkpoint or [], given or node.log.key, witnesses)
            known = {(item.code, item.place) for item in found}
            wrong = [item for item in outside.findings if item.severity is Severity.ERROR]
            found += [item for item in wrong if (item.code, item.place) not in known]
    console.show(console.Listing("findings", found), as_json=context.obj.json)
    raise typer.Exit(ExitCode.FINDINGS if found else ExitCode.DONE)


@audit.command("checkpoint")
def checkpoint(
    context: typer.Context,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Write it into this file.")] = None,
    since: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Prove that it adds to this earlier one; --to has the proof.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep a checkpoint that another party has co-signed.")
    ] = None,
) -> None:
    """Sign what the log is now, for others to keep and co-sign."""
    from lienthong.privacy.access import Action
    from lienthong.privacy.audit.files import read_checkpoint
    from lienthong.privacy.audit.leaf import walk
    from lienthong.privacy.audit.own import read_lines
    from lienthong.privacy.audit.proof import prove_consistent

    older = read_checkpoint(since) if since else None
    cosigned = read_checkpoint(keep) if keep else None
    with opened(context) as node:
        node.permit(Action.READ_LOG)
        if cosigned is not None:
            node.log.keep(cosigned)
        signed = cosigned or node.log.checkpoint()
        if older is not None:
            moment = node.log.snapshot()
            proof = prove_consistent(older, walk(read_lines(node.log.path, moment.size)), signed)
            _write(context, proof.to_json(), to)
            return
    _give(context, signed, to)


@audit.command("prove")
def prove(
    context: typer.Context,
    sequence: Annotated[int, typer.Argument(help="Which entry, as `audit show` counts them from 0.")],
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Write the proof into this file.")] = None,
) -> None:
    """The proof that an entry is in the log, for somebody who has only the log's public key."""
    from lienthong.privacy.access import Action
    from lienthong.privacy.audit.leaf import walk
    from lienthong.privacy.audit.own import read_lines
    from lienthong.privacy.audit.proof import prove_included

    with opened(context) as node:
        node.permit(Action.READ_LOG)
        signed = node.log.checkpoint()
        moment = node.log.snapshot()
        proof = prove_included(sequence, walk(read_lines(node.log.path, moment.size)), signed)
    _write(context, proof.to_json(), to)


@audit.command("export")
def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; must be empty or new.")],
) -> None:
    """Write the log for an auditor: entries, checkpoints and the public key; no salt and no secret."""
    from lienthong import console
    from lienthong.privacy.access import Action
    from lienthong.privacy.audit.files import verify_files
    from lienthong.privacy.audit.own import read_lines
    from lienthong.privacy.audit.verify import CHECKPOINTS, LEAVES, PUBLIC

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NOT_EMPTY.at(str(folder))
    with opened(context) as node:
        node.permit(Action.READ_LOG)
        node.log.checkpoint()
        moment = node.log.snapshot()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (folder / LEAVES).open("wb") as lines:
            lines.writelines(read_lines(node.log.path, moment.size))
        (folder / CHECKPOINTS).write_bytes(moment.checkpoints)
        (folder / PUBLIC).write_text(f"{node.log.key}\n", "utf-8")
    verified = verify_files([folder], [], None, [])
    console.show(verified, as_json=context.obj.json)
    raise typer.Exit(_exit(verified.findings))


@audit.command("show")
def show(
    context: typer.Context,
    person: Annotated[str, typer.Option(metavar="ID", help="Only what was done with this person's data.")] = "",
    since: Annotated[str, typer.Option(metavar="DATE", help="Only from this day or instant on.")] = "",
    fhir: Annotated[bool, typer.Option("--fhir", help="FHIR AuditEvents, one a line.")] = False,
) -> None:
    """Who did what, for which purpose; with --person who used this person's data."""
    from lienthong.privacy.access import NODE, Action, one_person
    from lienthong.privacy.audit.event import audit_event

    first = _instant(since) if since else ""
    with opened(context) as node:
        node.permit(Action.READ_LOG, one_person(person) if person else NODE)
        found: Iterator[dict[str, Any]] = node.log.of_person(person) if person else node.log.entries()
        chosen = (entry for entry in found if entry["time"] >= first)
        origin = node.log.key.name
        if fhir:
            for entry in chosen:
                print(json.dumps(audit_event(entry, origin, person=person), ensure_ascii=False))
        elif context.obj.json:
            print(json.dumps({"entries": list(chosen)}, ensure_ascii=False))
        else:
            for entry in chosen:
                print(_line(entry))


@audit.command("witness")
def witness(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Who witnesses, such as university.example/audit.")],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The private key; keep it from everybody.")],
) -> None:
    """For another party: make a key to co-sign checkpoints with; the public half is printed, to be published."""
    from lienthong.privacy.audit.witness import make_key

    public = make_key(to, name, os.urandom(32))
    print(json.dumps({"key": str(public), "file": str(to)}) if context.obj.json else str(public))


@audit.command("cosign")
def cosign(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="The checkpoint; the co-signature is added in it.", show_default=False)
    ],
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="Your private key, of `audit witness`.")],
    log_key: Annotated[
        str, typer.Option("--log-key", metavar="KEY|FILE", help="The log's public key, as you know it.")
    ],
    proof: Annotated[
        Path | None, typer.Option(metavar="FILE", help="That it adds to the last one that you co-signed.")
    ] = None,
) -> None:
    """For another party: co-sign a checkpoint, if the log has only grown since the last one; needs no node."""
    from lienthong.privacy.audit.files import read_checkpoint, read_key
    from lienthong.privacy.audit.proof import Consistency, read_proof
    from lienthong.privacy.audit.witness import cosign as run
    from lienthong.privacy.audit.witness import memory_of, read_signing_key

    step = read_proof(_bytes(proof)) if proof else None
    seconds = int(system_clock().timestamp())
    done = run(
        read_checkpoint(file),
        read_key(log_key),
        read_signing_key(key),
        memory_of(key),
        step if isinstance(step, Consistency) else None,
        seconds,
    )
    _give(context, done, file)


def _public(places: list[Path]) -> VerifyingKey:
    from lienthong.privacy.audit.files import KEY_NEEDED, read_key
    from lienthong.privacy.audit.verify import PUBLIC

    for place in places:
        if (place / PUBLIC).is_file():
            return read_key(str(place / PUBLIC))
    raise KEY_NEEDED.at("--key")


def _prove(path: Path, key: VerifyingKey) -> None:
    from lienthong.privacy.audit.proof import read_proof

    if not read_proof(_bytes(path)).holds(key):
        raise WRONG_PROOF.at(str(path))


def _bytes(path: Path) -> bytes:
    from lienthong.privacy.audit.proof import NO_PROOF

    try:
        return path.read_bytes()
    except OSError:
        raise NO_PROOF.at(str(path)) from None


def _exit(findings: tuple[Finding, ...]) -> ExitCode:
    wrong = any(item.severity is Severity.ERROR for item in findings)
    return ExitCode.FINDINGS if wrong else ExitCode.DONE


def _give(context: typer.Context, signed: Checkpoint, to: Path | None) -> None:
    if to is not None:
        to.write_text(str(signed), "utf-8")
    if context.obj.json:
        print(json.dumps({"size": signed.size, "root": signed.root.hex(), "checkpoint": str(signed)}))
    elif to is None:
        print(str(signed), end="")
    else:
        print(f"{to}: {signed.size} entries, {len(signed.signatures)} signatures.")


def _write(context: typer.Context, proof: dict[str, Any], to: Path | None) -> None:
    if to is not None:
        to.write_text(json.dumps(proof, ensure_ascii=False, indent=1) + "\n", "utf-8")
        if not context.obj.json:
            print(f"{to}: proof of {len(proof['path'])} hashes.")
            return
    print(json.dumps(proof, ensure_ascii=False, indent=None if context.obj.json else 1))


def _instant(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WRONG_DAY.at("--since") from None
    return instant(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _line(entry: dict[str, Any]) -> str:
    facts = " ".join(f"{name}={value}" for name, value in entry.get("facts", {}).items())
    whose = "a person" if entry["scope"] == "person" else "the node"
    parts = (
        entry["sequence"],
        entry["time"],
        entry["actor"],
        entry["purpose"],
        entry["action"],
        whose,
        entry["outcome"],
    )
    return "  ".join([*map(str, parts), *([facts] if facts else [])])
