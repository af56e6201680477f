"""What every product that is a folder offers to an evaluation without code of its own: card, digest, data recipe."""

from __future__ import annotations

from importlib.resources.abc import Traversable

from lienthong.products.card import Card, read_card
from lienthong.products.evaluation import artefact
from lienthong.products.evaluation.data import read_recipe
from lienthong.products.evaluation.evaluable import DataRecipe
from lienthong.products.shipped import NOT_WHOLE

__all__ = ["EvaluableFolder"]


class EvaluableFolder:
    """All of the Protocol `Evaluable` but `open`; an error names the file that is missing or wrong."""

    def __init__(self, folder: Traversable) -> None:
        try:
            card, recipe = ((folder / name).read_text("utf-8") for name in ("card.toml", "data.toml"))
        except (OSError, UnicodeDecodeError):
            raise NOT_WHOLE.at(f"catalogue/{folder.name}", name=folder.name) from None
        self._card = read_card(card, f"{folder.name}/card.toml")
        self._data = read_recipe(recipe, f"{folder.name}/data.toml")
        self._digest = artefact.digest(folder)

    @property
    def card(self) -> Card:
        return self._card

    @property
    def digest(self) -> str:
        return self._digest

    @property
    def data(self) -> DataRecipe:
        return self._data
