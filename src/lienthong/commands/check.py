"""`lienthong check`: claims before they are sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lienthong.core.clock import system_clock

__all__ = ["check"]


def check(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files or folders of exports.", show_default=False)],
    xlsx: Annotated[Path | None, typer.Option(metavar="FILE", help="Write an Excel file too.")] = None,
    mapping: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="A mapping, or the name of a shipped one, for tables; it is not kept."),
    ] = None,
    lang: Annotated[str | None, typer.Option(help="vi or en [default: that of lienthong.toml].")] = None,
) -> None:
    """Claims before they are sent: every fault, its place, rule and cure; nothing is stored."""
    from lienthong import checking, console
    from lienthong.checking.workbook import refuse_other_names, write_workbook

    if xlsx:
        refuse_other_names(xlsx)
    with console.progress(quiet=context.obj.json) as progress:
        report = checking.check(paths, context.obj.home, language=lang, mapping=mapping, progress=progress)
    if xlsx:
        write_workbook(xlsx, report, system_clock)
    console.show(report, as_json=context.obj.json)
    raise typer.Exit(report.exit)
