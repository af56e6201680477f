"""Makes the network of pneumonia-xray from the training part of PneumoniaMNIST, and all that is fixed on it.

    python train.py --data images.npz [--to FOLDER]

Needs the extra `train` (JAX on the CPU, onnx); four minutes on two cores. Reads train_images, train_labels and
val_images (only to leave out of training what is byte-identical to a held-out picture); val_labels are never read.
Writes model.onnx, model.json and development.txt. The same machine and library versions give the same files;
another processor may round otherwise. train_comparator.py makes the explainable model beside it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import onnx
from jax import lax
from jax.scipy.ndimage import map_coordinates
from sklearn.metrics import roc_auc_score

from lienthong.products.imaging.classifier import Classifier
from lienthong.products.imaging.development import divide, set_limits, temperature, threshold_at
from lienthong.products.imaging.envelope import Envelope
from lienthong.products.imaging.features import FEATURES, features_of
from lienthong.products.imaging.pictures import SIDE, digest_of, read_labels, read_pictures

SEED, EPOCHS, BATCH = 20_261_124, 30, 64
RATE, DECAY, MOMENTUM = 3e-3, 1e-3, 0.9
CHANNELS = (1, 16, 16, 32, 32, 64, 64)
HALVED = (2, 4)  # the picture is halved by maximum after these convolutions: 28 -> 14 -> 7
SENSITIVITY = COVERAGE = 0.95
Weights = dict[str, Any]


def start(seed: int) -> tuple[Weights, Weights]:
    """He-normal weights; and the running means and variances of the batch normalisation."""
    random = np.random.default_rng(seed)
    weights: Weights = {"head": jnp.zeros(CHANNELS[-1], jnp.float32), "bias": jnp.zeros((), jnp.float32)}
    running: Weights = {}
    for number, (before, after) in enumerate(pairwise(CHANNELS), 1):
        kernel = random.normal(0, np.sqrt(2 / (9 * before)), (3, 3, before, after))
        weights[f"conv{number}"] = jnp.asarray(kernel, jnp.float32)
        weights[f"scale{number}"] = jnp.ones(after, jnp.float32)
        weights[f"shift{number}"] = jnp.zeros(after, jnp.float32)
        running[f"mean{number}"] = jnp.zeros(after, jnp.float32)
        running[f"var{number}"] = jnp.ones(after, jnp.float32)
    return weights, running


def standard(grey: jax.Array) -> jax.Array:
    """Each picture at mean 0 and spread 1, so that a linear change of grey levels changes nothing."""
    mean = grey.mean((1, 2), keepdims=True)
    spread = jnp.sqrt(((grey - mean) ** 2).mean((1, 2), keepdims=True))
    return ((grey - mean) / (spread + 1e-3))[..., None]


def logits(weights: Weights, running: Weights, grey: jax.Array) -> tuple[jax.Array, Weights]:
    """The logits of a training batch, and the new running statistics."""
    x, seen = standard(grey), dict(running)
    for number in range(1, len(CHANNELS)):
        x = lax.conv_general_dilated(
            x, weights[f"conv{number}"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        mean, var = x.mean((0, 1, 2)), x.var((0, 1, 2))
        seen[f"mean{number}"] = MOMENTUM * running[f"mean{number}"] + (1 - MOMENTUM) * mean
        seen[f"var{number}"] = MOMENTUM * running[f"var{number}"] + (1 - MOMENTUM) * var
        x = jax.nn.relu((x - mean) * lax.rsqrt(var + 1e-5) * weights[f"scale{number}"] + weights[f"shift{number}"])
        if number in HALVED:
            x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return x.mean((1, 2)) @ weights["head"] + weights["bias"], seen


def altered(grey: jax.Array, key: jax.Array) -> jax.Array:
    """Pictures turned by up to 12°, scaled by 10 %, shifted by 2 points, with another contrast and some noise."""
    keys = jax.random.split(key, 6)
    n = len(grey)
    angle = jax.random.uniform(keys[0], (n,), minval=-1, maxval=1) * jnp.deg2rad(12.0)
    size = jax.random.uniform(keys[1], (n,), minval=0.9, maxval=1.1)
    shift = jax.random.uniform(keys[2], (n, 2), minval=-2, maxval=2)
    power = jnp.exp(jax.random.uniform(keys[3], (n, 1, 1), minval=-0.3, maxval=0.3))
    noise = jax.random.normal(keys[4], grey.shape) * jax.random.uniform(keys[5], (n, 1, 1), maxval=0.04)
    middle = (SIDE - 1) / 2
    rows, columns = jnp.meshgrid(jnp.arange(SIDE) - middle, jnp.arange(SIDE) - middle, indexing="ij")

    def warp(picture: jax.Array, angle: jax.Array, size: jax.Array, shift: jax.Array) -> jax.Array:
        cos, sin = jnp.cos(angle) * size, jnp.sin(angle) * size
        places = [cos * rows - sin * columns + middle + shift[0], sin * rows + cos * columns + middle + shift[1]]
        return map_coordinates(picture, places, order=1, mode="nearest")

    return jnp.clip(jax.vmap(warp)(grey, angle, size, shift), 0, 1) ** power + noise


def loss(weights: Weights, running: Weights, grey: jax.Array, label: jax.Array) -> tuple[jax.Array, Weights]:
    logit, seen = logits(weights, running, grey)
    return jnp.mean(jax.nn.softplus(logit) - label * logit), seen


@partial(jax.jit, donate_argnums=(0, 1, 2))
def step(
    weights: Weights,
    running: Weights,
    moments: tuple[Weights, Weights],
    number: jax.Array,
    last: jax.Array,
    grey: jax.Array,
    label: jax.Array,
    key: jax.Array,
) -> tuple[Weights, Weights, tuple[Weights, Weights], jax.Array]:
    """One step of AdamW with a rate that rises for a tenth of the way and falls as a cosine."""
    (value, running), slope = jax.value_and_grad(loss, has_aux=True)(weights, running, altered(grey, key), label)
    part = number / last
    rate = RATE * jnp.minimum(part * 10, 0.5 * (1 + jnp.cos(jnp.pi * part)))
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, moments[0], slope)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, moments[1], slope)
    one, two = 1 - 0.9 ** (number + 1), 1 - 0.999 ** (number + 1)
    weights = jax.tree.map(
        lambda w, m, v: w - rate * (m / one / (jnp.sqrt(v / two) + 1e-8) + DECAY * w * (w.ndim > 1)),
        weights,
        first,
        second,
    )
    return weights, running, (first, second), value


def fit(grey: np.ndarray, label: np.ndarray, epochs: int) -> tuple[Weights, Weights]:
    """The weights after a fixed number of passes: no pass is chosen for its figure."""
    weights, running = start(SEED)
    moments = (jax.tree.map(jnp.zeros_like, weights), jax.tree.map(jnp.zeros_like, weights))
    random, key = np.random.default_rng(SEED + 1), jax.random.key(SEED)
    each = len(grey) // BATCH
    for epoch in range(epochs):
        order, begin = random.permutation(len(grey)), time.monotonic()
        for batch in range(each):
            chosen = order[batch * BATCH : (batch + 1) * BATCH]
            number = epoch * each + batch
            weights, running, moments, value = step(
                weights,
                running,
                moments,
                jnp.float32(number),
                jnp.float32(epochs * each),
                grey[chosen],
                label[chosen],
                jax.random.fold_in(key, number),
            )
        print(f"pass {epoch + 1}/{epochs}  loss {float(value):.4f}  {time.monotonic() - begin:.1f} s", flush=True)
    return weights, running


def folded(weights: Weights, running: Weights, scale: float) -> dict[str, np.ndarray]:
    """Weights of plain convolutions: the normalisation is in them, and the head is divided by the temperature."""
    found: dict[str, np.ndarray] = {}
    for number in range(1, len(CHANNELS)):
        gain = np.asarray(weights[f"scale{number}"]) / np.sqrt(np.asarray(running[f"var{number}"]) + 1e-5)
        kernel = np.asarray(weights[f"conv{number}"]) * gain
        found[f"conv{number}"] = kernel.transpose(3, 2, 0, 1).astype(np.float32)
        found[f"bias{number}"] = (
            np.asarray(weights[f"shift{number}"]) - np.asarray(running[f"mean{number}"]) * gain
        ).astype(np.float32)
    found["head"] = (np.asarray(weights["head"]) / scale).reshape(-1, 1).astype(np.float32)
    found["bias"] = (np.asarray(weights["bias"]) / scale).reshape(1).astype(np.float32)
    return found


def network(values: Mapping[str, np.ndarray]) -> onnx.ModelProto:
    """The ONNX graph: `picture` (n × 1 × 28 × 28, grey 0 to 1) -> `logit` (n)."""
    make = onnx.helper
    nodes = [
        make.make_node("ReduceMean", ["picture", "sides"], ["mean"], keepdims=1),
        make.make_node("Sub", ["picture", "mean"], ["centred"]),
        make.make_node("Mul", ["centred", "centred"], ["square"]),
        make.make_node("ReduceMean", ["square", "sides"], ["variance"], keepdims=1),
        make.make_node("Sqrt", ["variance"], ["deviation"]),
        make.make_node("Add", ["deviation", "least"], ["spread"]),
        make.make_node("Div", ["centred", "spread"], ["x0"]),
    ]
    for number in range(1, len(CHANNELS)):
        nodes += [
            make.make_node(
                "Conv",
                [f"x{number - 1}", f"conv{number}", f"bias{number}"],
                [f"c{number}"],
                pads=[1] * 4,
            ),
            make.make_node("Relu", [f"c{number}"], [f"r{number}" if number in HALVED else f"x{number}"]),
        ]
        if number in HALVED:
            nodes.append(
                make.make_node("MaxPool", [f"r{number}"], [f"x{number}"], kernel_shape=[2, 2], strides=[2, 2])
            )
    nodes += [
        make.make_node("ReduceMean", [f"x{len(CHANNELS) - 1}", "sides"], ["pooled"], keepdims=0),
        make.make_node("MatMul", ["pooled", "head"], ["column"]),
        make.make_node("Squeeze", ["column", "one"], ["total"]),
        make.make_node("Add", ["total", "bias"], ["logit"]),
    ]
    constants = {
        **values,
        "sides": np.array([2, 3], np.int64),
        "one": np.array([1], np.int64),
        "least": np.array(1e-3, np.float32),
    }
    kind = onnx.TensorProto.FLOAT
    graph = make.make_graph(
        nodes,
        "pneumonia-xray",
        [make.make_tensor_value_info("picture", kind, ["n", 1, SIDE, SIDE])],
        [make.make_tensor_value_info("logit", kind, ["n"])],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 18)], producer_name="lienthong")
    model.ir_version = 9
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, required=True, help="the archive with train_images, train_labels, val_images"
    )
    parser.add_argument("--to", type=Path, default=Path(__file__).parent, help="where the files go")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    asked = parser.parse_args()
    pictures = read_pictures(asked.data, "train")
    happened = read_labels(asked.data, "train", len(pictures))
    digests = [digest_of(picture) for picture in pictures]
    division = divide(digests, [digest_of(picture) for picture in read_pictures(asked.data, "val")])
    fitting, tuning = division.fit, division.tune
    grey = pictures.astype(np.float32) / 255

    begin = time.monotonic()
    weights, running = fit(grey[fitting], happened[fitting].astype(np.float32), asked.epochs)
    asked.to.mkdir(parents=True, exist_ok=True)
    raw = Classifier(network(folded(weights, running, 1.0)).SerializeToString())
    scale = temperature(raw.logits(pictures[tuning]), happened[tuning])
    values = folded(weights, running, scale)
    content = network(values).SerializeToString()
    (asked.to / "model.onnx").write_bytes(content)

    classifier = Classifier(content)
    probability = classifier.probabilities(pictures[tuning])
    threshold = threshold_at(SENSITIVITY, probability, happened[tuning])
    features = features_of(pictures[fitting])  # the first column is the mean brightness
    envelope = Envelope.made_from(features, features_of(pictures[tuning]))
    positive = probability >= threshold
    found = {
        "threshold": threshold,
        "temperature": scale,
        "sets": dict(
            zip(("event_from", "absent_to"), set_limits(COVERAGE, probability, happened[tuning]), strict=True)
        ),
        "age_to": 5,
        "exposure_cuts": [round(float(cut), 4) for cut in np.quantile(features[:, 0], (1 / 3, 2 / 3))],
        "parameters": int(sum(value.size for value in values.values())),
        "envelope": envelope.to_json(list(FEATURES)),
        "training": {
            "seed": SEED,
            "passes": asked.epochs,
            "fit": len(fitting),
            "fit_pneumonia": int(happened[fitting].sum()),
            "tune": len(tuning),
            "tune_pneumonia": int(happened[tuning].sum()),
            "left_out": len(division.left_out),
            "jax": jax.__version__,
            "onnx": onnx.__version__,
        },
        "tune": {
            "auroc": round(float(roc_auc_score(happened[tuning], probability)), 6),
            "brier": round(float(((probability - happened[tuning]) ** 2).mean()), 6),
            "sensitivity": round(float(positive[happened[tuning]].mean()), 6),
            "specificity": round(float((~positive[~happened[tuning]]).mean()), 6),
        },
    }
    (asked.to / "model.json").write_text(json.dumps(found, indent=1, default=float) + "\n", "utf-8")
    used = sorted(digests[place][:16] for place in (*fitting, *tuning))
    (asked.to / "development.txt").write_text("\n".join(dict.fromkeys(used)) + "\n", "utf-8")
    print(json.dumps({key: value for key, value in found.items() if key != "envelope"}, indent=1, default=float))
    print(f"{time.monotonic() - begin:.0f} s")


if __name__ == "__main__":
    main()
