"""On what a run was made: versions of Lienthong, Python and the packages that compute; no name of a machine."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from importlib import metadata
from typing import Any

__all__ = ["environment"]

_PACKAGES = ("interpret-core", "lightgbm", "numpy", "onnxruntime", "scikit-learn", "scipy", "statsmodels")


def environment() -> Mapping[str, Any]:
    """The versions as they are installed; a package that is not there is left out."""
    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "lienthong": metadata.version("lienthong"),
        "python": platform.python_version(),
        "system": f"{sys.platform} {platform.machine()}",
        "packages": packages,
    }
