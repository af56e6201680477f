"""The operator's door: one command per verb, no logic; `commands` has those that need a file of their own.

Each command imports its rooms when it runs, to start fast.
"""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from time import monotonic
from typing import Annotated, Any, NoReturn

import typer

from lienthong.commands.audit import audit
from lienthong.commands.call import Call, kept, opened
from lienthong.commands.check import check
from lienthong.commands.deidentify import deidentify
from lienthong.commands.fhirpath import fhirpath
from lienthong.commands.forecast import forecast
from lienthong.commands.mapping import app as mapping_app
from lienthong.commands.people import people
from lienthong.commands.product_evidence import evaluate, lock
from lienthong.commands.product_report import report
from lienthong.commands.validate import validate
from lienthong.core.clock import system_clock
from lienthong.core.errors import Category, ErrorKind, ExitCode, LienthongError
from lienthong.keeping.logbook import LOG, open_log, place_of

__all__ = ["app", "main"]

app = typer.Typer(
    name="lienthong",
    help="From raw hospital exports to an AI suggestion that a physician signs.",
    epilog="Options of every command, before or after it: --home DIR, --actor NAME, --purpose CODE, --json.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
view_app = typer.Typer(help="SQL-on-FHIR views.", no_args_is_help=True)
product_app = typer.Typer(help="Clinical AI products.", no_args_is_help=True)
app.add_typer(view_app, name="view")
app.add_typer(people, name="user")
app.add_typer(product_app, name="product")
app.add_typer(audit, name="audit")

FAULT = ErrorKind(
    "our-fault",
    Category.FAULT,
    what="Lienthong failed where it must not: {kind}.",
    cure="Nothing that was published is lost. Report this line to Lienthong; it holds no patient's value.",
)
MACHINE = ErrorKind(
    "machine-refused",
    Category.UNAVAILABLE,
    what="The system refused what the command needs: {why}.",
    cure="Look at the rights of the place that is named and at its disk, then run the command again.",
)
NO_ROOM = ErrorKind(
    "machine-no-space",
    Category.NO_SPACE,
    what="There is no room left on the disk: {why}.",
    cure="Make room and run the command again; what was not published is not in the record.",
)
STOPPED = ErrorKind(
    "stopped",
    Category.UNAVAILABLE,
    what="The command was stopped before its end.",
    cure="Run it again; what was not published is cleared first.",
)
_SHARED = {"--home": True, "--actor": True, "--purpose": True, "--json": False}  # option → takes a value

Paths = Annotated[list[Path], typer.Argument(help="Files or folders of exports.", show_default=False)]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port of the web pages on this machine.")]


@app.callback()
def shared(
    context: typer.Context,
    home: Annotated[
        Path, typer.Option(envvar="LIENTHONG_HOME", help="The folder of the node.", show_default=True)
    ] = Path("lienthong-home"),
    actor: Annotated[str, typer.Option(help="Who acts, for the log [default: the system's user].")] = "",
    purpose: Annotated[str, typer.Option(help="What for, for the log.")] = "data-operations",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    call = Call()
    call.home, call.actor, call.purpose, call.json = home, actor, purpose, json
    context.obj = call
    open_log(home, context.invoked_subcommand or "")


@app.command()
def ingest(
    context: typer.Context,
    paths: Paths,
    format: Annotated[str, typer.Option(help="auto, fhir, bhyt, hl7v2 or tables.")] = "auto",
    source: Annotated[str | None, typer.Option(help="Name of the source, where the export names none.")] = None,
    mapping: Annotated[
        str | None, typer.Option(metavar="FILE|NAME", help="What the columns of tables mean; kept for this node.")
    ] = None,
) -> None:
    """Exports → record: everything is kept, every fault is named."""
    from lienthong import console

    with opened(context, create=True) as node, console.progress(quiet=context.obj.json) as progress:
        done = node.ingest(paths, source=source, format=format, mapping=mapping, progress=progress)
    console.show(done, as_json=context.obj.json)
    raise typer.Exit(done.exit)


@app.command()
def build(
    context: typer.Context, engine: Annotated[str, typer.Option(help="The engine of views and OMOP.")] = "duckdb"
) -> None:
    """Record → Parquet, views, OMOP, checks: one snapshot, swapped whole."""
    from lienthong import console

    with opened(context) as node, console.progress(quiet=context.obj.json) as progress:
        built = node.build(engine=engine, progress=progress)
    console.show(built, as_json=context.obj.json)
    raise typer.Exit(ExitCode.FINDINGS if built.checks.failed else ExitCode.DONE)


@app.command()
def query(
    context: typer.Context,
    sql: Annotated[str, typer.Argument(help='SQL over omop.<table>, views.<name>, fhir."<Type>", record.<table>.')],
    output: Annotated[str, typer.Option(help="table, csv, json or parquet.")] = "table",
) -> None:
    """Ask the warehouse."""
    from lienthong.rows import show_rows

    with opened(context) as node:
        rows = node.query(sql)
    show_rows(rows, "object" if context.obj.json else output)


@view_app.command("run")
def view_run(
    context: typer.Context,
    view: Annotated[Path, typer.Argument(help="A ViewDefinition as JSON.")],
    input: Annotated[Path, typer.Option(help="FHIR files: one, a folder of them, or the home of a node.")],
    output: Annotated[
        str,
        typer.Option(help="csv, json, ndjson, parquet or table [default: by --to, else csv].", show_default=False),
    ] = "",
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Write into this file.")] = None,
) -> None:
    """Run one SQL-on-FHIR view over files, or over the warehouse of a node."""
    from lienthong.node import home_of
    from lienthong.rows import give_rows, output_of
    from lienthong.warehouse import read_view, stream_view

    definition, form = read_view(view), output_of(output, to)
    if home := home_of(input):
        context.obj.home = home
        with opened(context) as node:
            rows = node.run_view(definition)
    else:
        rows = stream_view(definition, input)
    give_rows(rows.schema, rows.batches, form, to, as_json=context.obj.json)


app.add_typer(mapping_app, name="map")
app.command("check")(check)
app.command("validate")(validate)
app.command("deidentify")(deidentify)
app.command("fhirpath")(fhirpath)


@app.command()
def retry(context: typer.Context) -> None:
    """Try the quarantined records again, after a fix."""
    from lienthong import console

    with opened(context) as node, console.progress(quiet=context.obj.json) as progress:
        done = node.retry(progress=progress)
    console.show(done, as_json=context.obj.json)
    raise typer.Exit(done.exit)


@app.command()
def trace(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="Type/id, an id, or a row such as omop.person/100.")],
) -> None:
    """From any resource or row back to its source, and forward."""
    from lienthong import console

    with opened(context) as node:
        traced = node.trace(id)
    console.show(traced, as_json=context.obj.json)


@app.command()
def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; must be empty or new.")],
    what: Annotated[str, typer.Option(help="fhir, bhyt, omop or views.")] = "fhir",
) -> None:
    """Write the record or the warehouse out as files."""
    from lienthong import console

    with opened(context) as node, console.progress(quiet=context.obj.json) as progress:
        exported = node.export(folder, what=what, progress=progress)
    console.show(exported, as_json=context.obj.json)


@app.command()
def serve(context: typer.Context, port: Port = 8080) -> None:
    """The web pages of this node, on this machine."""
    from lienthong.web.server import serve as run

    with opened(context) as node:
        node.write_signed()
        run(node, port)


@app.command()
def demo(
    context: typer.Context,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Open the web at the end.")] = True,
    port: Port = 8080,
    people: Annotated[int | None, typer.Option(min=1, max=900_000, help="How many invented people.")] = None,
    visits: Annotated[int | None, typer.Option(min=10, max=2_000_000, help="About how many visits.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same hospitals.")] = 1,
    generate: Annotated[Path | None, typer.Option(metavar="DIR", help="Only write the hospitals' exports.")] = None,
) -> None:
    """Two invented hospitals through the whole way, then the web."""
    from lienthong import console
    from lienthong.demo import hospitals, tour
    from lienthong.web.server import serve as run

    if generate:
        hospitals.write(generate, seed, people, visits=visits)
        raise typer.Exit(ExitCode.DONE)
    with tour.open_node(context.obj.home) as node:
        with console.progress(quiet=context.obj.json) as progress:
            toured = tour.take(node, people=people, visits=visits, seed=seed, progress=progress)
        console.show(toured, as_json=context.obj.json)
        if serve:
            run(node, port)


@app.command()
def backup(
    context: typer.Context,
    place: Annotated[Path | None, typer.Argument(metavar="[DIR|FILE.zip]", show_default=False)] = None,
    keys: Annotated[Path | None, typer.Option(metavar="DIR", help="Copy the keys apart, into this folder.")] = None,
) -> None:
    """Copy this node while it is used; its keys only on purpose, apart."""
    from lienthong import console
    from lienthong.keeping.backup import save

    home, grant = kept(context)
    with console.progress(quiet=context.obj.json) as progress:
        saved = save(home, place, keys, grant, clock=system_clock, progress=progress)
    console.show(saved, as_json=context.obj.json)


@app.command()
def restore(
    context: typer.Context,
    place: Annotated[Path, typer.Argument(metavar="BACKUP", help="Folder of backups, one of them, or a .zip.")],
    keys: Annotated[Path | None, typer.Option(metavar="DIR", help="Where the keys were copied to.")] = None,
) -> None:
    """Make a home from a backup; --home names it and must be empty or new."""
    from lienthong import console
    from lienthong.keeping.restore import restore as run

    with console.progress(quiet=context.obj.json) as progress:
        restored = run(place, context.obj.home, keys=keys, progress=progress)
    kept(context)  # the restored node's log says who did it
    console.show(restored, as_json=context.obj.json)


@app.command()
def upgrade(context: typer.Context) -> None:
    """Bring a home of an older Lienthong to this one, after a backup beside it."""
    from lienthong import console
    from lienthong.keeping.upgrade import upgrade as run

    home, grant = kept(context)
    with console.progress(quiet=context.obj.json) as progress:
        upgraded = run(home, grant, clock=system_clock, progress=progress)
    console.show(upgraded, as_json=context.obj.json)


@app.command()
def doctor(context: typer.Context, port: Port = 8080) -> None:
    """What is installed, missing, full, open to others or out of date, each with its cure."""
    from lienthong.keeping.doctor import examine

    report = examine(context.obj.home, clock=system_clock, port=port)
    print(json.dumps(report.to_json(), ensure_ascii=False) if context.obj.json else report.text())
    raise typer.Exit(report.exit)


@product_app.command("list")
def product_list(context: typer.Context) -> None:
    """The products of the catalogue."""
    from lienthong import console
    from lienthong.products import catalogue

    console.show(console.Listing("products", catalogue.listing()), as_json=context.obj.json)


@product_app.command("show")
def product_show(context: typer.Context, name: str) -> None:
    """The card of a product."""
    from lienthong import console
    from lienthong.products import catalogue

    console.show(catalogue.evidence(name), as_json=context.obj.json)


@product_app.command("run")
def product_run(
    context: typer.Context,
    name: str,
    files: Annotated[
        list[Path] | None, typer.Argument(help="DICOM files, for a product that reads pictures.", show_default=False)
    ] = None,
    patient: Annotated[
        str, typer.Option(metavar="ID", help="The Patient of the files, where their tags don't tell.")
    ] = "",
    reports: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a DICOM structured report for each suggestion.")
    ] = None,
) -> None:
    """Run a product on the warehouse or on pictures; its suggestions wait for a physician."""
    from lienthong.commands.run_pictures import run_pictures

    if files:
        run_pictures(context, name, files, patient, reports)

    from lienthong import console

    with opened(context) as node, console.progress(quiet=context.obj.json) as progress:
        ran = node.run_product(name, progress=progress)
    console.show(ran, as_json=context.obj.json)


product_app.command("lock")(lock)
product_app.command("evaluate")(evaluate)
product_app.command("forecast")(forecast)
product_app.command("report")(report)


def hoist(arguments: Iterable[str]) -> list[str]:
    """The arguments with the shared options first, so that they may stand before or after the command."""
    first: list[str] = []
    rest: list[str] = []
    queue = list(arguments)
    while queue:
        word = queue.pop(0)
        name, equals, _ = word.partition("=")
        if word == "--":
            rest += [word, *queue]
            break
        if name not in _SHARED:
            rest.append(word)
        elif _SHARED[name] and not equals and queue:
            first += [word, queue.pop(0)]
        else:
            first.append(word)
    return first + rest


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave with its exit code; an error is said in its own words, without a traceback."""
    words = hoist(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # the name of a file may be no text
    started = monotonic()
    try:
        _run(words)
    except SystemExit as ended:
        LOG.info("ended", extra={"facts": {"exit": ended.code, "seconds": round(monotonic() - started, 3)}})
        raise


def _run(words: list[str]) -> NoReturn:
    try:
        app(args=words, prog_name="lienthong")
    except LienthongError as error:
        _say(error, as_json="--json" in words)
    except KeyboardInterrupt:
        _say(STOPPED.at(), as_json="--json" in words)
    except BrokenPipeError:
        # the reader of our output went away: nothing to say, and nothing must be said at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.DONE)
    except OSError as error:  # what a room could not foresee of the machine is the machine's fault, not ours
        kind = NO_ROOM if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else MACHINE
        named = str(error.filename) if error.filename is not None else ""
        _say(kind.at(named, why=(error.strerror or "it says no reason").lower()), as_json="--json" in words)
    except Exception as error:  # noqa: BLE001 - the outermost door: a category, never a traceback with values
        _say(FAULT.at(place_of(error), kind=type(error).__name__), as_json="--json" in words)
    sys.exit(ExitCode.DONE)


def _say(error: LienthongError, *, as_json: bool) -> NoReturn:
    place = {"place": error.where} if error.kind is FAULT else {}  # elsewhere it may name a file
    LOG.error("error", extra={"facts": {"code": error.code, "category": error.category.name, **place}})
    if as_json:
        body: dict[str, Any] = {"error": error.to_json()}
        print(json.dumps(body, ensure_ascii=False))
    else:
        print(error.text(), file=sys.stderr)
    sys.exit(error.category.exit)
