"""Makes the explainable comparator of pneumonia-xray: an explainable boosting machine on named features, as JSON.

    python train_comparator.py --data images.npz [--to FOLDER]

Needs the extra `ai`; a minute. Fits on the same pictures as train.py and fixes its temperature on the same tuning
pictures; val_labels are never read. Main effects only: each can be drawn and read.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from interpret.glassbox import ExplainableBoostingClassifier
from sklearn.metrics import roc_auc_score

from lienthong.products.imaging.development import divide, temperature
from lienthong.products.imaging.features import FEATURES, features_of
from lienthong.products.imaging.glassbox import GlassBox, Steps
from lienthong.products.imaging.pictures import digest_of, read_labels, read_pictures

SEED = 20_261_124


def fitted(features: np.ndarray, happened: np.ndarray) -> GlassBox:
    """The boosting machine as steps, without its bins of missing and unknown values: no feature is ever missing."""
    machine = ExplainableBoostingClassifier(
        feature_names=list(FEATURES), interactions=0, max_bins=64, outer_bags=8, random_state=SEED, n_jobs=1
    )
    machine.fit(features, happened.astype(int))
    steps = tuple(
        Steps(name, np.asarray(machine.bins_[place][0]), np.asarray(machine.term_scores_[place][1:-1]))
        for place, name in enumerate(FEATURES)
    )
    found = GlassBox(float(machine.intercept_[0]), steps, 1.0)
    apart = np.abs(found.logits(features) - machine.decision_function(features)).max()
    if apart > 1e-9:
        raise SystemExit(f"the steps are not the machine: log odds differ by {apart:.2g}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, required=True, help="the archive with train_images, train_labels, val_images"
    )
    parser.add_argument("--to", type=Path, default=Path(__file__).parent, help="where comparator.json goes")
    asked = parser.parse_args()
    pictures = read_pictures(asked.data, "train")
    happened = read_labels(asked.data, "train", len(pictures))
    held_out = [digest_of(picture) for picture in read_pictures(asked.data, "val")]
    division = divide([digest_of(picture) for picture in pictures], held_out)
    features = features_of(pictures)
    raw = fitted(features[division.fit], happened[division.fit])
    tuning, labels = features[division.tune], happened[division.tune]
    found = GlassBox(raw.intercept, raw.steps, temperature(raw.logits(tuning), labels))
    asked.to.mkdir(parents=True, exist_ok=True)
    (asked.to / "comparator.json").write_text(json.dumps(found.to_json(), indent=1) + "\n", "utf-8")
    probability = found.probabilities(tuning)
    print(
        json.dumps(
            {
                "temperature": found.temperature,
                "tune": {
                    "auroc": round(float(roc_auc_score(labels, probability)), 6),
                    "brier": round(float(((probability - labels) ** 2).mean()), 6),
                },
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
