"""The folder of a shipped product: its card, model, codes and recipe as texts, and the digest over all of them."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Any

from lienthong.core.errors import Category, ErrorKind
from lienthong.products.assessment import Recipe
from lienthong.products.card import Card, read_card

__all__ = ["Shipped"]

NOT_WHOLE = ErrorKind(
    "product-incomplete",
    Category.MISSING,
    what="The folder of the product '{name}' is not whole: a file is missing or can't be read.",
    allowed="its card, model, data recipe and protocol; to run on people also codes.toml and recipe.sql",
    cure="Install Lienthong again, or put the file back.",
)

_FILES = ("card.toml", "model.toml", "codes.toml", "recipe.sql")


class Shipped:
    """What every product that is a folder has in common; an engine adds how its model is evaluated."""

    def __init__(self, folder: Traversable) -> None:
        try:
            self._texts = {name: (folder / name).read_text("utf-8") for name in _FILES}
        except (OSError, UnicodeDecodeError):
            raise NOT_WHOLE.at(f"catalogue/{folder.name}", name=folder.name) from None
        self._name = folder.name
        self._card = read_card(self._texts["card.toml"], f"{folder.name}/card.toml")
        whole = hashlib.sha256()
        for name in _FILES:
            data = self._texts[name].encode()
            whole.update(f"{name} {len(data)}\n".encode() + data)
        self._digest = whole.hexdigest()
        codes = tuple(
            {"list": item["name"], "system": item["system"], "match": item["match"], "code": code}
            for item in tomllib.loads(self._texts["codes.toml"])["list"]
            for code in item["codes"]
        )
        self._recipe = Recipe(self._texts["recipe.sql"], {"product_code": codes})

    @property
    def card(self) -> Card:
        return self._card

    @property
    def digest(self) -> str:
        return self._digest

    @property
    def recipe(self) -> Recipe:
        return self._recipe

    def describe(self) -> Mapping[str, Any]:
        """The whole of model.toml, for whoever wants to check a figure by hand."""
        return tomllib.loads(self._texts["model.toml"])

    def model(self) -> tuple[str, str]:
        """The text of model.toml, and where it lies."""
        return self._texts["model.toml"], f"{self._name}/model.toml"
