"""Named features of a chest picture that a physician can check by eye: the inputs of the explainable comparator.

Every feature is computed after the picture has been brought to mean 0 and spread 1, except `mean` and `spread`
themselves; so exposure enters by name and nowhere else. "Left" is the left of the picture (the patient's right).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from lienthong.products.card import Text
from lienthong.products.imaging.pictures import Pictures
from lienthong.products.measures.measure import Numbers

__all__ = ["FEATURES", "features_of"]

_ROWS, _COLUMNS = slice(5, 24), slice(3, 25)  # the thorax, without the frame of the picture


def _texts() -> Mapping[str, Text]:
    zones = {
        "upper_left": Text("vùng trên bên trái ảnh", "upper zone, left of the picture"),
        "upper_right": Text("vùng trên bên phải ảnh", "upper zone, right of the picture"),
        "middle_left": Text("vùng giữa bên trái ảnh", "middle zone, left of the picture"),
        "middle_right": Text("vùng giữa bên phải ảnh", "middle zone, right of the picture"),
        "lower_left": Text("vùng dưới bên trái ảnh", "lower zone, left of the picture"),
        "lower_right": Text("vùng dưới bên phải ảnh", "lower zone, right of the picture"),
    }
    opacity = Text("độ mờ {zone}", "opacity of the {zone}")
    texture = Text("độ loang lổ {zone}", "mottling of the {zone}")
    found = {
        "mean": Text("độ sáng trung bình của ảnh", "mean brightness of the picture"),
        "spread": Text("độ tương phản của ảnh", "contrast of the picture"),
    }
    found |= {f"opacity_{name}": opacity.say(zone=zone) for name, zone in zones.items()}
    found |= {f"texture_{name}": texture.say(zone=zone) for name, zone in zones.items()}
    return MappingProxyType(
        found
        | {
            "opacity_centre": Text("độ mờ trung thất và bóng tim", "opacity of the mediastinum and heart"),
            "heart_width": Text("bề rộng bóng mờ ở vùng dưới", "width of the opacity in the lower zone"),
            "lung_darkness": Text(
                "độ sáng của phần sẫm nhất trong lồng ngực", "brightness of the darkest tenth of the thorax"
            ),
            "lung_area": Text("phần lồng ngực có khí (sẫm)", "part of the thorax that is dark (aerated)"),
            "lower_minus_upper": Text("vùng dưới mờ hơn vùng trên", "lower zones more opaque than upper zones"),
            "asymmetry": Text("khác biệt giữa hai bên", "difference between the two sides"),
            "edges": Text("độ rõ của các đường bờ", "sharpness of edges in the thorax"),
            "fine_texture": Text("chi tiết nhỏ (lưới, đốm)", "fine detail (reticular, spotted)"),
        }
    )


FEATURES: Mapping[str, Text] = _texts()
"""What each feature is called, in the order of the columns of `features_of`."""


def features_of(pictures: Pictures) -> Numbers:
    """The features of each picture, shape n × len(FEATURES), rounded to 6 decimals so that processors agree."""
    grey = pictures.astype(np.float64) / 255
    mean, spread = grey.mean((1, 2)), grey.std((1, 2))
    flat = (grey - mean[:, None, None]) / np.maximum(spread, 1e-3)[:, None, None]
    zones = {
        f"{height}_{side}": flat[:, rows, columns]
        for height, rows in (("upper", slice(5, 11)), ("middle", slice(11, 17)), ("lower", slice(17, 23)))
        for side, columns in (("left", slice(4, 11)), ("right", slice(17, 24)))
    }
    thorax = flat[:, _ROWS, _COLUMNS]
    lower = flat[:, 16:22, 3:25].mean(1)
    darkest = np.sort(thorax.reshape(len(thorax), -1), axis=1)
    tenth = darkest.shape[1] // 10
    down, across = np.diff(thorax, axis=1)[:, :, :-1], np.diff(thorax, axis=2)[:, :-1]
    around = (thorax[:, :-2, 1:-1] + thorax[:, 2:, 1:-1] + thorax[:, 1:-1, :-2] + thorax[:, 1:-1, 2:]) / 4
    found = {
        "mean": mean,
        "spread": spread,
        **{f"opacity_{name}": zone.mean((1, 2)) for name, zone in zones.items()},
        **{f"texture_{name}": zone.std((1, 2)) for name, zone in zones.items()},
        "opacity_centre": flat[:, 8:22, 12:16].mean((1, 2)),
        "heart_width": (lower > 0).mean(1),
        "lung_darkness": darkest[:, :tenth].mean(1),
        "lung_area": (thorax < -0.5).mean((1, 2)),
        "lower_minus_upper": (
            zones["lower_left"] + zones["lower_right"] - zones["upper_left"] - zones["upper_right"]
        ).mean((1, 2))
        / 2,
        "asymmetry": np.abs(thorax - thorax[:, :, ::-1]).mean((1, 2)),
        "edges": np.hypot(down, across).mean((1, 2)),
        "fine_texture": np.abs(thorax[:, 1:-1, 1:-1] - around).mean((1, 2)),
    }
    return np.round(np.column_stack([found[name] for name in FEATURES]), 6)
