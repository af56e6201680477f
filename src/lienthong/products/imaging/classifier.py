"""The trained network as it is served: ONNX Runtime on one processor thread, one picture at a time."""

from __future__ import annotations

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as state
from scipy import special

from lienthong.products.imaging.pictures import Pictures
from lienthong.products.measures.measure import Numbers

__all__ = ["Classifier"]

_DECIMALS = 6  # beyond these, processors differ in nearly every picture; in these, in a few
# What the runtime raises on bytes that are no network: its errors have no base of their own.
_UNREADABLE = (
    *(
        state.Fail,
        state.InvalidArgument,
        state.InvalidGraph,
        state.InvalidProtobuf,
        state.NoModel,
        state.NotImplemented,
    ),
    *(state.RuntimeException, RuntimeError, TypeError, ValueError),
)


class Classifier:
    """The probability of the disease for grey pictures. Equal bytes of model and picture give equal figures
    on one kind of processor.

    Raises ValueError for bytes that are no network.
    """

    def __init__(self, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.use_deterministic_compute = True
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except _UNREADABLE as error:
            raise ValueError(f"no network that can be read ({type(error).__name__})") from None

    def logits(self, pictures: Pictures) -> Numbers:
        """The logit of each picture (uint8); each is read alone, since other batches may round otherwise."""
        return np.array([self.quick_logits(picture[None])[0] for picture in pictures], np.float64)

    def probabilities(self, pictures: Pictures) -> Numbers:
        """The probability of each picture, rounded to 6 decimals."""
        return np.round(special.expit(self.logits(pictures)), _DECIMALS)

    def quick_logits(self, pictures: Pictures) -> Numbers:
        """The logits of pictures read in one batch: for comparing variants of a picture, never for a figure shown."""
        grey = (pictures.astype(np.float32) / 255)[:, None]
        (logit,) = self._session.run(["logit"], {"picture": grey})
        return np.asarray(logit, np.float64)
