"""Small grey pictures with labels from a NumPy archive (.npz), read as hostile input: bounded, and never a pickle."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from lienthong.core.errors import LienthongError
from lienthong.products.evaluation.evaluable import DATA_WRONG

__all__ = ["SIDE", "Picture", "Pictures", "digest_of", "parts_of", "read_labels", "read_pictures"]

SIDE = 28  # points on each side: what the network was made for
Picture = NDArray[np.uint8]
"""Grey levels 0 (black: air) to 255 (white: bone), shape SIDE × SIDE."""
Pictures = NDArray[np.uint8]
"""Several pictures, shape n × SIDE × SIDE."""

_MOST_BYTES = 1 << 30  # of one array once unpacked: a million pictures and more
_IMAGES, _LABELS = "_images", "_labels"


def parts_of(file: Path) -> list[str]:
    """The names of the parts in an archive that have pictures, sorted: `val` for `val_images`."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
    except _BROKEN as error:
        why = f"the file can't be read ({type(error).__name__})"
        raise DATA_WRONG.at(file.name, why=why, allowed="a file as numpy.savez writes it") from None
    return sorted(name.removesuffix(_IMAGES) for name in names if name.endswith(_IMAGES))


def read_pictures(file: Path, part: str) -> Pictures:
    """The pictures of a part, or `data-wrong`: which array is missing or of another shape. No label is read."""
    name = part + _IMAGES
    found = _array(file, name)
    if found.dtype != np.uint8 or found.ndim != 3 or found.shape[1:] != (SIDE, SIDE) or not len(found):
        raise _wrong(name, f"the array has {_form(found.dtype, found.shape)}", f"uint8, n x {SIDE} x {SIDE}, n > 0")
    return found


def read_labels(file: Path, part: str, expected: int) -> NDArray[np.bool_]:
    """The labels of a part (True: pneumonia), one for each of the `expected` pictures. This opens the outcomes."""
    name = part + _LABELS
    found = _array(file, name)
    if found.dtype.kind not in "ub" or found.shape not in ((expected,), (expected, 1)):
        raise _wrong(name, f"the array has {_form(found.dtype, found.shape)}", f"uint8, {expected} or {expected} x 1")
    flat = found.reshape(expected)
    if not np.isin(flat, (0, 1)).all():
        raise _wrong(name, "a label is neither 0 nor 1", "0 (normal) and 1 (pneumonia)")
    return flat.astype(np.bool_)


def digest_of(picture: Picture) -> str:
    """SHA-256 (hex) of the grey levels alone: equal for byte-identical pictures."""
    return hashlib.sha256(np.ascontiguousarray(picture).tobytes()).hexdigest()


def _array(file: Path, name: str) -> NDArray[Any]:
    """One array of an archive, once its header was found to be harmless: whole numbers of a bounded count."""
    try:
        with zipfile.ZipFile(file) as archive:
            if f"{name}.npy" not in archive.namelist():
                raise _wrong(name, "the array is missing", "arrays <part>_images and <part>_labels")
            with archive.open(f"{name}.npy") as stream:
                shape, dtype = _header(stream)
                # Objects would be a pickle: they are refused by their type, before a byte of them is read.
                if dtype.kind not in "ub":
                    raise _wrong(
                        name, f"the array has {_form(dtype, shape)}", "whole numbers without a sign, or flags"
                    )
                size = prod(shape) * dtype.itemsize
                if size > _MOST_BYTES:
                    raise _wrong(name, "the array is too large", f"at most {_MOST_BYTES} bytes")
                content = stream.read(size + 1)
    except _BROKEN as error:
        raise _wrong(
            name, f"the file can't be read ({type(error).__name__})", "a file as numpy.savez writes it"
        ) from None
    if len(content) != size:
        raise _wrong(name, "the array is cut off, or longer than its header says", f"{size} bytes")
    return np.frombuffer(content, dtype).reshape(shape)


# A member with a password is a RuntimeError, an unknown compression a NotImplementedError.
_BROKEN = (ValueError, EOFError, OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError("a version of .npy that is not read here")
    shape, fortran, dtype = read(stream)
    if fortran and len(shape) > 1:
        raise ValueError("columns first")
    return shape, dtype


def _form(dtype: np.dtype[Any], shape: tuple[int, ...]) -> str:
    return f"{dtype.name}, {' x '.join(str(size) for size in shape) or 'no dimension'}"


def _wrong(name: str, why: str, allowed: str) -> LienthongError:
    return DATA_WRONG.at(f"array {name}", why=why, allowed=allowed)
