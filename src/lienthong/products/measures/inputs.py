"""What a measure may be computed from: arrays of one length, without gaps.

One rule for all measures: arrays that can't be cases are refused (`measure-input-wrong`); from sound arrays that
can't give the figure (none, one outcome only) comes `Measure(None)`, whose method says why.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lienthong.core.errors import Category, ErrorKind
from lienthong.products.measures.measure import Flags, Measure, Numbers

__all__ = ["INPUT_WRONG", "cluster_codes", "fraction", "nothing", "one_length", "outcomes", "probabilities", "reals"]

INPUT_WRONG = ErrorKind(
    "measure-input-wrong",
    Category.INCORRECT,
    what="A measure can't be computed: {why}.",
    allowed="{allowed}",
    cure="Correct what the product or its data give; leave out cases without a figure or an outcome, and count them.",
)

_TRUTHS = (0, 1)


def nothing(why: str) -> Measure:
    """No figure, and the reason."""
    return Measure(None, method=f"none: {why}")


def reals(values: ArrayLike, name: str, *, dimensions: int = 1) -> Numbers:
    """Finite numbers of so many dimensions, as doubles."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != dimensions:
        raise INPUT_WRONG.at(name, why=f"{name} has {array.ndim} dimensions", allowed=f"{dimensions}")
    if not np.isfinite(array).all():
        raise INPUT_WRONG.at(name, why=f"{name} holds what is no finite number", allowed="finite numbers")
    return array


def probabilities(values: ArrayLike, name: str = "probability", *, dimensions: int = 1) -> Numbers:
    """Numbers from 0 to 1."""
    array = reals(values, name, dimensions=dimensions)
    if ((array < 0) | (array > 1)).any():
        raise INPUT_WRONG.at(name, why=f"{name} is not always from 0 to 1", allowed="probabilities from 0 to 1")
    return array


def outcomes(values: ArrayLike, name: str = "happened") -> Flags:
    """True or false for each case; 0 and 1 are read as such."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise INPUT_WRONG.at(name, why=f"{name} has {array.ndim} dimensions", allowed="1")
    if array.dtype != np.bool_ and not np.isin(array, _TRUTHS).all():
        raise INPUT_WRONG.at(name, why=f"{name} is not always true or false", allowed="true and false, or 1 and 0")
    return array.astype(np.bool_)


def one_length(**arrays: NDArray[np.generic] | None) -> None:
    """Refuses arrays that do not all have one entry for each case."""
    lengths = {name: len(array) for name, array in arrays.items() if array is not None}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise INPUT_WRONG.at(why=f"the arrays differ in length ({said})", allowed="one entry for each case")


def fraction(value: float, name: str = "level") -> float:
    """A number strictly between 0 and 1."""
    if not 0 < value < 1:
        raise INPUT_WRONG.at(name, why=f"{name} is not between 0 and 1", allowed="a number between 0 and 1")
    return float(value)


def cluster_codes(clusters: ArrayLike | None, n: int) -> NDArray[np.int64]:
    """The number (from 0) of each case's cluster; each case is a cluster of its own where none is given."""
    if clusters is None:
        return np.arange(n, dtype=np.int64)
    words = np.asarray(clusters)
    if words.shape != (n,):
        raise INPUT_WRONG.at("clusters", why="there is not one cluster for each case", allowed=f"{n} entries")
    return np.unique(words, return_inverse=True)[1].astype(np.int64)
