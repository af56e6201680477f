"""What happens to pictures on their way: noise, turning, blur, other exposure, compression, a forgotten inversion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from scipy import fft, ndimage

from lienthong.products.imaging.pictures import Pictures
from lienthong.products.measures.measure import Numbers

__all__ = ["PERTURBATIONS"]

# Luminance table of JPEG (ITU-T T.81, table K.1), at quality 50.
_JPEG = np.array([
    [16, 11, 10, 16, 24, 40, 51, 61],
    [12, 12, 14, 19, 26, 58, 60, 55],
    [14, 13, 16, 24, 40, 57, 69, 56],
    [14, 17, 22, 29, 51, 87, 80, 62],
    [18, 22, 37, 56, 68, 109, 103, 77],
    [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101],
    [72, 92, 95, 98, 112, 100, 103, 99],
])  # fmt: skip
_BLOCK = len(_JPEG)


def _noise(pictures: Pictures, random: np.random.Generator) -> Numbers:
    return np.asarray(pictures + random.normal(0, 10, pictures.shape), np.float64)


def _turned(degrees: float) -> Callable[[Pictures, np.random.Generator], Numbers]:
    def turn(pictures: Pictures, random: np.random.Generator) -> Numbers:
        del random
        grey = pictures.astype(np.float64)
        return np.asarray(ndimage.rotate(grey, degrees, axes=(1, 2), reshape=False, order=1, mode="nearest"))

    return turn


def _blurred(pictures: Pictures, random: np.random.Generator) -> Numbers:
    del random
    return np.asarray(ndimage.gaussian_filter(pictures.astype(np.float64), (0, 1, 1), mode="nearest"))


def _scaled(gain: float, offset: float) -> Callable[[Pictures, np.random.Generator], Numbers]:
    def scale(pictures: Pictures, random: np.random.Generator) -> Numbers:
        del random
        return np.asarray(pictures * gain + offset, np.float64)

    return scale


def _compressed(pictures: Pictures, random: np.random.Generator) -> Numbers:
    """Blocks of 8 × 8 quantised as JPEG does it: the loss of the format without its coding."""
    del random
    n, rows, columns = pictures.shape
    wide = np.pad(pictures.astype(np.float64), ((0, 0), (0, -rows % _BLOCK), (0, -columns % _BLOCK)), mode="edge")
    down, across = wide.shape[1] // _BLOCK, wide.shape[2] // _BLOCK
    blocks = wide.reshape(n, down, _BLOCK, across, _BLOCK).swapaxes(2, 3) - 128
    kept = np.round(fft.dctn(blocks, axes=(3, 4), norm="ortho") / _JPEG) * _JPEG
    back = fft.idctn(kept, axes=(3, 4), norm="ortho") + 128
    return np.asarray(back.swapaxes(2, 3).reshape(wide.shape)[:, :rows, :columns])


def _rounded(
    change: Callable[[Pictures, np.random.Generator], Numbers],
) -> Callable[[Pictures, np.random.Generator], Pictures]:
    def changed(pictures: Pictures, random: np.random.Generator) -> Pictures:
        return np.clip(np.round(change(pictures, random)), 0, 255).astype(np.uint8)

    return changed


PERTURBATIONS: Mapping[str, Callable[[Pictures, np.random.Generator], Pictures]] = MappingProxyType(
    {
        "noise": _rounded(_noise),
        "turned-10-left": _rounded(_turned(10)),
        "turned-10-right": _rounded(_turned(-10)),
        "blur": _rounded(_blurred),
        "brighter": _rounded(_scaled(1.0, 40)),
        "darker": _rounded(_scaled(1.0, -40)),
        "low-contrast": _rounded(_scaled(0.6, 51)),
        "jpeg-quality-50": _rounded(_compressed),
        "inverted": _rounded(_scaled(-1.0, 255)),
    }
)
"""Each disturbance by name: pictures and a source of chance in, disturbed pictures out; grey levels stay 0 to 255."""
