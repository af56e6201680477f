"""`lienthong map`: mappings of tables, drafted, tested, and their schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from lienthong.core.errors import ExitCode

__all__ = ["app"]

app = typer.Typer(help="Mappings: what the columns of CSV and Excel tables mean.", no_args_is_help=True)


@app.command("propose")
def propose(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A table: CSV or Excel.", show_default=False)],
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the draft into this new file.")] = None,
) -> None:
    """Draft a mapping from headers and values; a person decides, nothing is applied."""
    from lienthong.sources.tables.drafting import drafted, write

    proposal, text = drafted(file)
    if to:
        write(to, text)
    if context.obj.json:
        print(json.dumps({**proposal.to_json(), "mapping": text}, ensure_ascii=False))
    elif to is None:
        print(text, end="")
    else:
        print(f"{to}: {proposal.proposed} of {len(proposal.columns)} columns have a proposal; look at every one.")


@app.command("test")
def test(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="A mapping, or the name of a shipped one.", show_default=False)],
) -> None:
    """Run a mapping's golden examples: rows in, resources expected."""
    from lienthong import console
    from lienthong.sources.tables.drafting import examples_of
    from lienthong.sources.tables.examples import run_examples

    tested = run_examples(examples_of(file))
    console.show(tested, as_json=context.obj.json)
    raise typer.Exit(ExitCode.FINDINGS if tested.failed else ExitCode.DONE)


@app.command("schema")
def schema() -> None:
    """The JSON Schema of mappings, for editors."""
    from lienthong.sources.tables.language import SCHEMA

    print(SCHEMA.read_text("utf-8"), end="")
