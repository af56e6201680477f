"""`lienthong deidentify`: exports written anew so that they can be shown to a vendor."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Annotated

import typer

from lienthong.core.actors import Actor, purpose
from lienthong.core.clock import system_clock
from lienthong.core.settings import Settings, read_settings

__all__ = ["deidentify"]


def deidentify(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files or folders of exports.", show_default=False)],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where to write; must be empty or new.")],
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The secret key: the same one replaces alike again; made if new."),
    ] = None,
    mapping: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="A mapping, or the name of a shipped one, for tables among them; not kept."
        ),
    ] = None,
    no_text: Annotated[bool, typer.Option("--no-text", help="Empty all free text.")] = False,
    keep_facility: Annotated[bool, typer.Option("--keep-facility", help="Leave facilities as they are.")] = False,
) -> None:
    """Exports → copies that can be shown: identities replaced, dates shifted, free text scrubbed, and a report."""
    from lienthong import console
    from lienthong.deidentifying import deidentify as run
    from lienthong.deidentifying import read_key
    from lienthong.privacy.release import release
    from lienthong.sources.tables import kept

    call = context.obj
    actor = Actor(call.actor or getpass.getuser(), operator=True)
    grant = release(call.home, actor, purpose(call.purpose).value, system_clock)
    path = call.home / "lienthong.toml"
    settings = read_settings(path.read_bytes()) if path.exists() else Settings()
    settings = kept.known(settings, call.home / "mappings", mapping)
    with console.progress(quiet=call.json) as progress:
        done = run(
            paths,
            to,
            grant,
            key=read_key(key, to, os.urandom),
            settings=settings,
            clock=system_clock,
            no_text=no_text,
            keep_facility=keep_facility,
            progress=progress,
        )
    console.show(done, as_json=call.json)
    raise typer.Exit(done.exit)
