"""Where the data of a product are: data.toml as a DataRecipe, the files it names, and how one gets them else."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.products.card import Text
from lienthong.products.evaluation.evaluable import DataRecipe

__all__ = ["DataFile", "digests", "files_of", "find", "read_recipe", "suites"]

SUITES = "LIENTHONG_SUITES"

WRONG_RECIPE = ErrorKind(
    "evaluation-data-recipe-wrong",
    Category.INCORRECT,
    what="The data recipe of a product can't be used: {why}.",
    allowed="suite, files, licence, and the tables layout and get with vi and en",
    cure="Correct data.toml of the product.",
)
NO_DATA = ErrorKind(
    "evaluation-data-missing",
    Category.MISSING,
    what="The data on which '{name}' is evaluated are not here.",
    allowed="{layout}",
    cure="{get} Or give a file of this layout with --data FILE.",
)
NO_FILE = ErrorKind(
    "evaluation-file-missing",
    Category.MISSING,
    what="The file that --data names is not here or can't be read.",
    allowed="{layout}",
    cure="Name a file of this layout. {get}",
)

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of data by its name and the SHA-256 (hex) of its bytes."""

    name: str
    sha256: str


def read_recipe(text: str, where: str = "data.toml") -> DataRecipe:
    """The recipe of a TOML text: `suite` (a folder of suites, or "") and `files` below it, `licence`, and the tables
    `layout` (what a file given with --data must look like) and `get` (where one gets the data), each vi and en."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WRONG_RECIPE.at(where, why=f"it is no TOML ({error})") from None
    names = {"suite", "files", "licence", "layout", "get"}
    for name in sorted(names ^ set(data)):
        why = "a field is missing" if name in names else "there is no such field"
        raise WRONG_RECIPE.at(f"{where}: {name}", why=why)
    files = data["files"]
    if not isinstance(files, list) or not all(isinstance(item, str) and item for item in files):
        raise WRONG_RECIPE.at(f"{where}: files", why="it is no list of names")
    for name in ("suite", "licence"):
        if not isinstance(data[name], str):
            raise WRONG_RECIPE.at(f"{where}: {name}", why="it is no text")
    if bool(data["suite"]) != bool(files):
        raise WRONG_RECIPE.at(f"{where}: files", why="a suite and its files go together")
    return DataRecipe(
        data["suite"],
        tuple(files),
        data["licence"],
        Text.read(data["layout"], f"{where}: layout"),
        Text.read(data["get"], f"{where}: get"),
    )


def suites(environ: Mapping[str, str]) -> Path:
    """The folder of official suites and real data: $LIENTHONG_SUITES, else ../shared/data beside the working copy."""
    if given := environ.get(SUITES):
        return Path(given)
    return Path(str(resources.files("lienthong"))).parent.parent.parent / "shared" / "data"


def find(name: str, recipe: DataRecipe, folder: Path) -> tuple[Path, ...]:
    """The files of a product's own data below the folder of suites, or an error that says where to get them."""
    found = tuple(folder / recipe.suite / file for file in recipe.files)
    absent = next((path for path in found if not path.is_file()), None)
    if not found:
        raise _missing(NO_DATA, "--data", name, recipe)
    if absent is not None:
        place = absent.relative_to(folder).as_posix()
        raise _missing(NO_DATA, f"${SUITES}/{place}", name, recipe)
    return found


def files_of(name: str, given: Sequence[Path], recipe: DataRecipe) -> tuple[Path, ...]:
    """The files that a user gave, once it is certain that they are there."""
    for path in given:
        if not path.is_file():
            raise _missing(NO_FILE, str(path), name, recipe)
    return tuple(given)


def digests(files: Sequence[Path]) -> tuple[DataFile, ...]:
    """The files by name and digest; nothing of them is interpreted."""
    found = []
    for path in files:
        whole = hashlib.sha256()
        with path.open("rb") as handle:
            while block := handle.read(_BLOCK):
                whole.update(block)
        found.append(DataFile(path.name, whole.hexdigest()))
    return tuple(found)


def _missing(kind: ErrorKind, where: str, name: str, recipe: DataRecipe) -> LienthongError:
    """Both languages, since the one who is asked for data reads one of them."""
    layout, get = (f"{text.en} / {text.vi}" for text in (recipe.layout, recipe.get))
    return kind.at(where, name=name, layout=layout, get=get)
