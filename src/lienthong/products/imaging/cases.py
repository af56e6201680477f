"""The pictures and labels of an archive as cases: with the comparator, disturbances and abstentions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lienthong.products.card import Text
from lienthong.products.evaluation.cases import BinaryCases, Labels
from lienthong.products.evaluation.evaluable import DATA_WRONG, Opened
from lienthong.products.imaging.features import FEATURES, features_of
from lienthong.products.imaging.perturbations import PERTURBATIONS
from lienthong.products.imaging.pictures import Pictures, digest_of, parts_of, read_labels, read_pictures
from lienthong.products.imaging.product import ImageProduct, short

__all__ = ["COMPARATOR", "open_cases"]

COMPARATOR = "named-features"
_TEST = "test"
_CUTS = ("dark", "middle", "bright")


def open_cases(product: ImageProduct, files: Sequence[Path], part: str, settings: Any) -> Opened:
    """The cases of a part; of a file of the user ("") its only part, or the one called test.

    `settings["seed"]` is the seed of the disturbances.
    """
    if len(files) != 1:
        raise DATA_WRONG.at("--data", why=f"there are {len(files)} files", allowed="one .npz archive")
    file = files[0]
    part = part or _only_part(file)
    pictures = read_pictures(file, part)
    happened = read_labels(file, part, len(pictures))
    features = features_of(pictures)
    inside = product.envelope.holds(features)
    random = np.random.Generator(np.random.PCG64(int(settings["seed"])))
    changed = {name: change(pictures, random) for name, change in PERTURBATIONS.items()}
    digests = tuple(short(digest_of(picture)) for picture in pictures)
    probability = product.classifier.probabilities(pictures)
    cases = BinaryCases(
        happened=happened,
        probability=probability,
        comparators={COMPARATOR: product.comparator.probabilities(features)},
        groups={"exposure": _exposure(product, features[:, list(FEATURES).index("mean")])},
        abstained=~inside,
        sets=np.column_stack([probability <= product.absent_to, probability >= product.event_from]),
        perturbed={name: product.classifier.probabilities(other) for name, other in changed.items()},
    )
    return Opened(cases, _notes(product, pictures, digests, inside, changed), product.development, digests)


def _only_part(file: Path) -> str:
    parts = parts_of(file)
    if len(parts) == 1:
        return parts[0]
    if _TEST in parts:
        return _TEST
    why = "it has no array of pictures" if not parts else f"it has {len(parts)} parts and none is called {_TEST}"
    raise DATA_WRONG.at(file.name, why=why, allowed="arrays <part>_images and <part>_labels of one part")


def _exposure(product: ImageProduct, mean: Any) -> Labels:
    """Dark, middle or bright, by the thirds of the fitting pictures."""
    place = np.searchsorted(product.model["exposure_cuts"], mean, side="right")
    return np.asarray(np.array(_CUTS)[place], np.str_)


def _notes(
    product: ImageProduct, pictures: Pictures, digests: Sequence[str], inside: Any, changed: dict[str, Pictures]
) -> tuple[Text, ...]:
    known = sum(digest in product.development for digest in digests)
    twice = len(digests) - len(set(digests))
    outside = {name: int((~product.envelope.holds(features_of(other))).sum()) for name, other in changed.items()}
    listed = ", ".join(f"{name} {count}" for name, count in outside.items())
    shown = sum(product.answer(picture).evidence.faithful for picture in pictures)
    n, out = len(pictures), int((~inside).sum())
    return (
        Text(
            f"{known} trong {n} ảnh trùng từng byte với ảnh đã dùng để làm mô hình; {twice} ảnh lặp lại.",
            f"{known} of {n} pictures are byte-identical to one that made the model; {twice} are repeated.",
        ),
        Text(
            f"Mô hình không đưa ra con số cho {out} trong {n} ảnh vì không giống ảnh huấn luyện.",
            f"The product gives no figure for {out} of {n} pictures, which are unlike those it was made from.",
        ),
        Text(
            f"Bản đồ bằng chứng qua kiểm tra xoá và thêm (p ≤ 0,05) ở {shown} trong {n} ảnh; "
            "ở các ảnh khác không hiện.",
            f"The map of evidence passes the deletion and insertion test (p ≤ 0.05) on {shown} of {n} pictures; "
            "on the others it is not shown.",
        ),
        Text(
            f"Số ảnh mà mô hình sẽ từ chối khi bị làm nhiễu: {listed}.",
            f"Disturbed pictures about which the product would give no figure: {listed}.",
        ),
        Text(
            "Dữ liệu không có mã người bệnh: không loại trừ được ảnh khác của cùng một trẻ trong phần huấn luyện.",
            "The data name no patients: other pictures of the same child may be among those that made the model.",
        ),
    )
