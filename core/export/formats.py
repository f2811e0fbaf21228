"""The formats of an exported network: how each is written, and how a file of it is run."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.config import IMAGE_SIZE
from core.errors import UserError
from core.images import network_input
from core.inference import AvailableModel, whole_model
from core.weights import read_model


@dataclass(frozen=True)
class NetworkFormat:
    """A format.

    Attributes:
        title: for people.
        file: name of the file that is written.
        write: writes a model's network to a path.
        run: what the file at a path gives for a network input, float32 (n, 128, 128, 3): float32 (n, 2).
    """

    title: str
    file: str
    write: Callable[[AvailableModel, Path], None]
    run: Callable[[Path, np.ndarray], np.ndarray]


def _write_keras(model: AvailableModel, path: Path) -> None:
    _keras_network(model).save(path)


def _run_keras(path: Path, inputs: np.ndarray) -> np.ndarray:
    import keras

    network: Any = keras.models.load_model(path)
    return network.predict(inputs, verbose=0)


def _write_onnx(model: AvailableModel, path: Path) -> None:
    try:
        import onnxruntime  # noqa: F401
        import tf2onnx  # noqa: F401
    except ImportError as error:
        raise UserError(
            f"ONNX needs the package {error.name}. Install it with: pip install -r requirements-export.txt"
        ) from error
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    network = _keras_network(model)
    network(network_input(np.zeros((1, IMAGE_SIZE, IMAGE_SIZE), np.uint8)))  # Keras exports what was called
    network.export(path, format="onnx", verbose=False)


def _run_onnx(path: Path, inputs: np.ndarray) -> np.ndarray:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    first, *others = session.get_inputs()
    if others:  # tf2onnx makes inputs of the constants of a Normalization layer
        raise UserError("This backbone cannot be exported to ONNX. Choose --format openvino or keras.")
    return np.asarray(session.run(None, {first.name: inputs})[0])


def _write_openvino(model: AvailableModel, path: Path) -> None:
    import openvino

    arrays, record = read_model(model.path)
    network = whole_model(arrays, record.scaling, record.architecture)
    openvino.save_model(network, path, compress_to_fp16=False)


def _run_openvino(path: Path, inputs: np.ndarray) -> np.ndarray:
    import openvino

    hints = {"INFERENCE_PRECISION_HINT": openvino.Type.f32}
    return openvino.compile_model(path, "CPU", hints)(inputs)[0]


def _keras_network(model: AvailableModel) -> Any:
    from core.network import build, restore  # lazily: Keras is not needed for OpenVINO

    network = build(scaling=model.record.scaling, backbone=model.record.architecture)
    restore(network, model.path)
    return network


NETWORK_FORMATS = {
    "onnx": NetworkFormat("ONNX", "model.onnx", _write_onnx, _run_onnx),
    "openvino": NetworkFormat("OpenVINO", "model.xml", _write_openvino, _run_openvino),
    "keras": NetworkFormat("Keras", "model.keras", _write_keras, _run_keras),
}
