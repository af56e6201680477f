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
from lienthong.products.card import read_card
from lienthong.products.published import Published
from lienthong.products.score import PublishedScore
from lienthong.products.shipped import NOT_WHOLE

__all__ = ["GROUP", "listing", "load", "names", "read"]

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
}


def names() -> list[str]:
    """The names of all products, sorted."""
    return sorted({*(folder.name for folder in _folders()), *_plug_ins()})


@cache
def load(name: str) -> Product:
    """The product of this name; the one that ships with Lienthong, where a plug-in has the same name."""
    for folder in _folders():
        if folder.name == name:
            return read(folder)
    entry = _plug_ins().get(name)
    if entry is None:
        raise UNKNOWN.at("product", allowed=", ".join(names()))
    product: Product = entry.load()
    return product


def read(folder: Traversable) -> Product:
    """The product of a folder, by the engine that its card names as its kind."""
    try:
        card = read_card((folder / "card.toml").read_text("utf-8"), f"{folder.name}/card.toml")
    except (OSError, UnicodeDecodeError):
        raise NOT_WHOLE.at(f"catalogue/{folder.name}", name=folder.name) from None
    if card.kind not in _ENGINES:
        raise NO_KIND.at(f"{folder.name}/card.toml: kind", allowed=", ".join(sorted(_ENGINES)))
    return _ENGINES[card.kind](folder)


def listing() -> list[dict[str, Any]]:
    """Each product's name, version, titles and risk class, for a list."""
    products = [load(name) for name in names()]
    return [
        {
            "name": product.card.name,
            "version": product.card.version,
            "title": product.card.title.to_json(),
            "risk_class": product.card.risk_class,
            "digest": product.digest,
        }
        for product in products
    ]


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
