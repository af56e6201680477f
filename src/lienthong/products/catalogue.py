"""The products that can be run here: those that ship with Lienthong, and those of installed plug-ins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from lienthong.core.errors import Category, ErrorKind
from lienthong.products.assessment import Product
from lienthong.products.card import Card, read_card
from lienthong.products.evaluation import artefact
from lienthong.products.evaluation.evidence import Evidence, read_evidence
from lienthong.products.published import Published
from lienthong.products.score import PublishedScore
from lienthong.products.shipped import NOT_WHOLE
from lienthong.products.survival.product import CoxProduct

__all__ = ["GROUP", "card", "evidence", "folder", "listing", "load", "names", "read", "read_card_of"]

GROUP = "lienthong.products"

UNKNOWN = ErrorKind(
    "product-unknown",
    Category.NOT_FOUND,
    what="There is no product of this name.",
    allowed="{allowed}",
    cure="See `lienthong product list`; a plug-in names its products in the entry points " + GROUP + ".",
)
NO_CATALOGUE = ErrorKind(
    "catalogue-missing",
    Category.MISSING,
    what="The catalogue that ships with Lienthong is not here.",
    cure="Install Lienthong again.",
)
NO_FOLDER = ErrorKind(
    "product-has-no-folder",
    Category.UNSUPPORTED,
    what="The product '{name}' comes from a plug-in and has no folder here with a protocol and data.",
    allowed="{allowed}",
    cure="Ask the maker of the plug-in how its evidence is repeated.",
)
NOT_ON_WAREHOUSE = ErrorKind(
    "product-not-on-warehouse",
    Category.UNSUPPORTED,
    what="The product '{name}' does not run on the warehouse: it works on {works_on}.",
    allowed="{allowed}",
    cure="Read what it is for with `lienthong product show {name}`, and its evidence with "
    "`lienthong product evaluate {name}`.",
)
NO_KIND = ErrorKind(
    "product-kind-unknown",
    Category.UNSUPPORTED,
    what="No engine here evaluates a product of this kind.",
    allowed="{allowed}",
    cure="Correct `kind` in card.toml of the product, or install the version of Lienthong that it was made for.",
)

_ENGINES: Mapping[str, Callable[[Traversable], Product]] = {
    "published-equation": Published,
    "published-score": PublishedScore,
    "cox-model": CoxProduct,
}
_WORKS_ON: Mapping[str, str] = {
    "image-classifier": "picture files, given after its name",
    "regional-forecast": "monthly counts of a region",
}


def names() -> list[str]:
    """The names of all products, sorted."""
    return sorted({*(folder.name for folder in _folders()), *_plug_ins()})


def folder(name: str) -> Traversable:
    """The folder of a shipped product, or an error for a name that no folder has."""
    shipped = _folders()
    found = next((item for item in shipped if item.name == name), None)
    if found is None and name in _plug_ins():
        raise NO_FOLDER.at("product", name=name, allowed=", ".join(item.name for item in shipped))
    if found is None:
        raise UNKNOWN.at("product", allowed=", ".join(names()))
    return found


def read_card_of(folder: Traversable) -> Card:
    """The card in a folder of a product."""
    try:
        return read_card((folder / "card.toml").read_text("utf-8"), f"{folder.name}/card.toml")
    except (OSError, UnicodeDecodeError):
        raise NOT_WHOLE.at(f"catalogue/{folder.name}", name=folder.name) from None


@cache
def evidence(name: str) -> Evidence:
    """The card of the product of this name, whatever kind it is of, with its verified runs and figures."""
    if any(item.name == name for item in _folders()):
        found = folder(name)
        return read_evidence(found, read_card_of(found))
    return Evidence(load(name).card, (), ())


def card(name: str) -> Card:
    """The card of the product of this name; its evidence was verified."""
    return evidence(name).card


@cache
def load(name: str) -> Product:
    """The product of this name that runs on the warehouse; the shipped one, where a plug-in has the same name."""
    for found in _folders():
        if found.name == name:
            return read(found)
    entry = _plug_ins().get(name)
    if entry is None:
        raise UNKNOWN.at("product", allowed=", ".join(names()))
    product: Product = entry.load()
    return product


def read(folder: Traversable) -> Product:
    """The product of a folder, by the engine that its card names as its kind."""
    kind = read_evidence(folder, read_card_of(folder)).card.kind
    if kind in _WORKS_ON:
        on_warehouse = [item.name for item in _folders() if read_card_of(item).kind in _ENGINES]
        raise NOT_ON_WAREHOUSE.at(
            f"{folder.name}/card.toml: kind",
            name=folder.name,
            works_on=_WORKS_ON[kind],
            allowed=", ".join(on_warehouse),
        )
    if kind not in _ENGINES:
        raise NO_KIND.at(f"{folder.name}/card.toml: kind", allowed=", ".join(sorted(_ENGINES)))
    return _ENGINES[kind](folder)


def listing() -> list[dict[str, Any]]:
    """Each product's name, version, titles, risk class and digest, for a list."""
    return [_listed(name) for name in names()]


def _listed(name: str) -> dict[str, Any]:
    found = card(name)
    return {
        "name": found.name,
        "version": found.version,
        "title": found.title.to_json(),
        "risk_class": found.risk_class,
        "digest": artefact.digest(folder(name)) if found.kind in _WORKS_ON else load(name).digest,
    }


def _folders() -> list[Traversable]:
    """The folders of the shipped catalogue: inside the package in a wheel, beside `src` in a working copy."""
    shipped = resources.files("lienthong") / "catalogue"
    if not shipped.is_dir():
        shipped = Path(str(resources.files("lienthong"))).parent.parent / "catalogue"
        if not shipped.is_dir():
            raise NO_CATALOGUE.at("catalogue/")
    folders = [folder for folder in shipped.iterdir() if (folder / "card.toml").is_file()]
    return sorted(folders, key=lambda folder: folder.name)


def _plug_ins() -> dict[str, metadata.EntryPoint]:
    return {entry.name: entry for entry in metadata.entry_points(group=GROUP)}
