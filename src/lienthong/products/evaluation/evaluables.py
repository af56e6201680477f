"""Which products can be evaluated: for each kind of card, how a folder of the catalogue becomes an Evaluable.

**A maker of a kind registers it here**: one line in `_OPENERS`, from `kind` of card.toml to "module:function"; the
function takes the folder (a `Traversable`) and gives an `Evaluable`. A module is imported only when a product of
its kind is evaluated, so that one kind does not ask for the packages of another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.resources.abc import Traversable

from lienthong.core.errors import Category, ErrorKind
from lienthong.products import catalogue
from lienthong.products.evaluation.evaluable import Evaluable

__all__ = ["load", "opened"]

NO_EVALUABLE = ErrorKind(
    "product-not-evaluable",
    Category.UNSUPPORTED,
    what="A product of this kind can't be evaluated here.",
    allowed="{allowed}",
    cure="Correct `kind` in card.toml, or ask the maker of the product how its evidence is repeated.",
)
NO_PACKAGES = ErrorKind(
    "evaluation-packages-missing",
    Category.MISSING,
    what="A package that this product needs is not installed: {package}.",
    allowed="Lienthong with its extras ai and imaging",
    cure='Run `pip install "lienthong[ai,imaging]"`, then the command again.',
)
NO_LIBRARY = ErrorKind(
    "system-library-missing",
    Category.MISSING,
    what="A library of the system that this product needs can't be loaded.",
    allowed="libgomp, the run time of OpenMP, for LightGBM",
    cure="Install it (Debian and Ubuntu: libgomp1, macOS: libomp), then run the command again.",
)

_OPENERS: Mapping[str, str] = {
    "published-equation": "lienthong.products.evaluation.equation_cases:evaluable",
    "published-score": "lienthong.products.evaluation.score_cases:evaluable",
    "image-classifier": "lienthong.products.imaging.evaluating:evaluable",
    "regional-forecast": "lienthong.products.forecasting:evaluable",
    "cox-model": "lienthong.products.survival.evaluated:evaluable",
}


def load(name: str) -> Evaluable:
    """The product of this name as an Evaluable, or an error that says why not."""
    return opened(catalogue.folder(name))


def opened(folder: Traversable) -> Evaluable:
    """The product of a folder as an Evaluable, by the kind of its card."""
    card = catalogue.read_card_of(folder)
    if card.kind not in _OPENERS:
        raise NO_EVALUABLE.at(f"{folder.name}/card.toml: kind", allowed=", ".join(sorted(_OPENERS)))
    module, _, function = _OPENERS[card.kind].partition(":")
    try:
        opener: Callable[[Traversable], Evaluable] = getattr(import_module(module), function)
    except ModuleNotFoundError as error:
        raise NO_PACKAGES.at(f"{folder.name}/card.toml: kind", package=error.name or "?") from None
    except OSError:  # the package is there, but not what it links to
        raise NO_LIBRARY.at(f"{folder.name}/card.toml: kind") from None
    return opener(folder)
