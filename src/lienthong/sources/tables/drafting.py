"""The files of `lienthong map`: a table that is looked at, a draft that is written, a mapping with its examples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lienthong.core.errors import Category, ErrorKind
from lienthong.core.settings import Settings
from lienthong.sources import container
from lienthong.sources.converted import Found
from lienthong.sources.tables.draft import draft
from lienthong.sources.tables.kept import read_one
from lienthong.sources.tables.language import Mapped, compile_examples, compile_mapping
from lienthong.sources.tables.propose import Proposal, propose
from lienthong.sources.tables.sniff import sniff

__all__ = ["drafted", "examples_of", "write"]

NO_TABLE = ErrorKind(
    "tables-propose-nothing",
    Category.INCORRECT,
    what="No table was found in the file: it has no row of names.",
    allowed="One CSV or Excel file (.xlsx), also gzipped.",
    cure="Give a file that begins with its header row.",
)
THERE = ErrorKind(
    "tables-draft-there",
    Category.INCORRECT,
    what="The file is there already, and a draft never replaces what a person may have written.",
    cure="Name a new file with --to.",
)


def drafted(path: Path) -> tuple[Proposal, str]:
    """The proposal for a table and the text of its mapping."""
    limit = Settings().max_file_bytes
    with Found(path, path.name, True).open() as stream:
        for member in container.members(stream, path.name, limit):
            if member.fault is not None:
                raise member.fault
            seen = sniff(member.stream)
            if not any(cell.strip() for row in seen.rows for cell in row):
                break
            name = member.name.rpartition("/")[2].removesuffix(".gz")
            proposal = propose(
                name,
                seen.rows,
                encoding=seen.encoding,
                letters=seen.letters,
                separator=seen.separator,
                sheet=seen.sheet,
            )
            return proposal, draft(proposal)
    raise NO_TABLE.at(str(path))


def write(path: Path, text: str) -> None:
    """Writes a draft into a new file."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise THERE.at(str(path)) from None


def examples_of(mapping: str) -> Mapped:
    """A mapping with its examples: those in it, and those of the file beside it that ends in .examples.yaml."""
    name, text = read_one(mapping)
    compiled = compile_mapping(text, name, Settings().offset)
    beside = Path(mapping).with_suffix(".examples.yaml")
    if not beside.is_file():
        return compiled
    more, document = compile_examples(beside.read_text("utf-8"), beside.name)
    return replace(compiled, examples=more, document=document) if not compiled.examples else compiled
