"""Products that read pictures: from DICOM to a suggestion with its explanation, and their evaluation."""

from __future__ import annotations

from importlib.resources.abc import Traversable

from lienthong.products.imaging.evaluating import EvaluableImages

__all__ = ["evaluable"]


def evaluable(folder: Traversable) -> EvaluableImages:
    """The product of a folder as it is evaluated (for `products.evaluation.evaluables`)."""
    return EvaluableImages(folder)
