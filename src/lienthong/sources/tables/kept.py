"""The mappings of a node: files in HOME/mappings, one for each name, so that every ingest and retry finds them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from lienthong.core.errors import Category, ErrorKind
from lienthong.core.settings import Settings
from lienthong.sources.tables.language import compile_mapping
from lienthong.sources.tables.places import LONGEST
from lienthong.sources.tables.source import shipped

__all__ = ["keep", "known", "read_all", "read_one"]

NO_SUCH = ErrorKind(
    "tables-mapping-missing",
    Category.NOT_FOUND,
    what="There is no such mapping.",
    allowed="The path of a mapping file, or the name of a shipped one: {names}.",
    cure="Check the path; `lienthong map propose FILE` drafts a mapping.",
)


def read_one(mapping: str) -> tuple[str, str]:
    """The name and the YAML of a mapping: a file, or a shipped one by its name."""
    path = Path(mapping)
    if not path.is_file() and mapping in shipped():
        return f"{mapping}.yaml", shipped()[mapping]
    try:
        with path.open("rb") as stream:
            return path.name, stream.read(LONGEST + 1).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise NO_SUCH.at(mapping, names=", ".join(shipped())) from None


def keep(mapping: str, folder: Path, offset: str) -> None:
    """Checks a mapping and puts it into the folder, instead of the one with the same name."""
    name, text = read_one(mapping)
    compiled = compile_mapping(text, name, offset)
    folder.mkdir(exist_ok=True, mode=0o700)
    draft = folder / f".{compiled.name}.{os.getpid()}"
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, folder / f"{compiled.name}.yaml")


def known(settings: Settings, folder: Path, mapping: str | None) -> Settings:
    """The settings with the mappings of a folder, and one more in the place of its namesake; nothing is kept."""
    found = dict(read_all(folder))
    if mapping is not None:
        name, text = read_one(mapping)
        found[f"{compile_mapping(text, name, settings.offset).name}.yaml"] = text
    return replace(settings, mappings=MappingProxyType(found))


def read_all(folder: Path) -> Mapping[str, str]:
    """The mappings of a folder by file name."""
    if not folder.is_dir():
        return MappingProxyType({})
    return MappingProxyType(
        {path.name: path.read_text("utf-8", "replace") for path in sorted(folder.glob("[a-z0-9]*.yaml"))}
    )
