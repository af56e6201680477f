"""`lienthong validate`: resources against FHIR R4, its invariants and profiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lienthong.core.finding import Finding

__all__ = ["validate"]


def validate(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files or folders of exports.", show_default=False)],
    mapping: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="A mapping, or the name of a shipped one, for tables; it is not kept."),
    ] = None,
    profile: Annotated[
        list[str] | None, typer.Option(metavar="URL|FILE", help="Check against this profile too; may be repeated.")
    ] = None,
    package: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A FHIR package or folder with profiles; repeatable.")
    ] = None,
    must_support: Annotated[
        bool, typer.Option("--must-support", help="List must-support elements that are not given.")
    ] = False,
    no_invariants: Annotated[
        bool, typer.Option("--no-invariants", help="Structure, bindings and references alone; twice as quick.")
    ] = False,
    advice: Annotated[
        bool, typer.Option("--advice", help="Tell what R4 recommends, and which extensions nobody here knows, too.")
    ] = False,
    outcomes: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write an OperationOutcome for each resource too (NDJSON).")
    ] = None,
) -> None:
    """Check resources against FHIR R4 and profiles, as they stand in the files; nothing is stored."""
    from lienthong import console
    from lienthong.checking import resources
    from lienthong.commands import guides
    from lienthong.core.settings import Settings
    from lienthong.sources.tables import kept

    settings = kept.known(Settings(), context.obj.home / "mappings", mapping)
    known = guides.opened(profile or (), package or (), must_support=must_support)
    with console.progress(quiet=context.obj.json) as progress, _told(outcomes) as told:
        checked = resources.look(
            paths, settings, known=known, invariants=not no_invariants, advice=advice, told=told, progress=progress
        )
    console.show(checked, as_json=context.obj.json)
    raise typer.Exit(checked.exit)


@contextmanager
def _told(path: Path | None) -> Iterator[Callable[[str, str, Sequence[Finding]], None]]:
    """Writes an OperationOutcome for each resource into a new file, which stands there whole or not at all."""
    from lienthong.core import canonical
    from lienthong.core.errors import Category, ErrorKind
    from lienthong.fhir.outcome import operation_outcome

    if path is None:
        yield lambda _file, _record, _findings: None
        return
    draft = path.with_name(path.name + ".part")
    unwritable = ErrorKind(
        "outcomes-unwritable",
        Category.INCORRECT,
        what="The file for the OperationOutcomes can't be written.",
        allowed="--outcomes FILE, in a folder that is there and may be written.",
        cure="Name another file.",
    )
    try:
        out = draft.open("wb")
    except OSError:
        raise unwritable.at(str(path)) from None
    try:
        with out:

            def tell(file: str, record: str, findings: Sequence[Finding]) -> None:
                out.write(canonical.encode(operation_outcome(findings, file=file, record=record)) + b"\n")

            yield tell
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
