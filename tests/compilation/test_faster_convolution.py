import json
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import openvino
import pytest
from openvino import opset13 as ops

from core.architecture import VGG19, Layer, Weight
from core.compilation import (
    compiled,
    convolution_times,
    faster_convolution,
    layer_outputs,
    openvino_model,
    uses_winograd,
    winograd_pays,
)
from core.compilation.winograd_convolution import can_gain
from core.config import processor
from core.errors import UserError

WEIGHTS = (Weight("kernel", (3, 3, 128, 256)), Weight("bias", (256,)))
LAYER = Layer("c", "convolution", ("x",), (16, 16, 256), WEIGHTS, activation="relu")


def output(images: np.ndarray, winograd: bool) -> np.ndarray:
    random = np.random.default_rng(1)
    arrays = {"c": [random.normal(0, 0.03, weight.shape).astype(np.float32) for weight in WEIGHTS]}
    x = ops.parameter([-1, *images.shape[1:]], np.float32)
    model = openvino_model([layer_outputs([LAYER], arrays, x, winograd)["c"]], [x], "c")
    return compiled(model, "float32", 1)([images])[0]


def test_winograd_and_direct_convolution_agree():
    images = np.random.default_rng(0).random((2, 128, 16, 16), np.float32)
    direct, winograd = output(images, False), output(images, True)
    assert np.abs(direct - winograd).max() < 3e-5 * direct.max()
    assert (direct != winograd).any()  # to the last bit: it did go another way


def test_the_wide_layers_in_the_middle_of_vgg19_can_gain():
    chosen = [layer.name for layer in VGG19.layers if can_gain(layer)]
    assert chosen == [f"block{block}_conv{number}" for block in (3, 4) for number in (1, 2, 3, 4)]


def test_a_processor_is_measured_once_and_another_one_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(tmp_path / "first"))
    times = convolution_times()
    kept = json.loads((tmp_path / "first" / "convolution.json").read_text())
    assert kept["processor"] == processor.name() and kept["direct_ms"] == times.direct_ms > 0
    for home, name, ours in (("same", processor.name(), True), ("moved", "another processor", False)):
        (tmp_path / home).mkdir()
        text = json.dumps({**kept, "processor": name, "direct_ms": 1e6})
        (tmp_path / home / "convolution.json").write_text(text)
        monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(tmp_path / home))
        assert (convolution_times().direct_ms == 1e6) is ours


@pytest.mark.parametrize("damage", [None, "fast", 0.0])
def test_damaged_times_are_measured_anew(tmp_path, monkeypatch, damage):
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(tmp_path))
    monkeypatch.setattr(faster_convolution, "_measured", lambda: [2.0, 1.0])
    times = {"processor": processor.name(), "openvino": openvino.__version__, "direct_ms": 2.0}
    (tmp_path / "convolution.json").write_text(json.dumps({**times, "winograd_ms": damage}))
    assert convolution_times().faster == "winograd"
    assert json.loads((tmp_path / "convolution.json").read_text())["winograd_ms"] == 1.0


def test_those_who_start_at_once_get_the_times_of_one_of_them(tmp_path, monkeypatch):
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(tmp_path))
    measured = []

    def measure() -> list[float]:
        measured.append([2.0, 1.0 + len(measured)])
        time.sleep(0.2)  # for the others to come
        return measured[-1]

    monkeypatch.setattr(faster_convolution, "_measured", measure)
    with ThreadPoolExecutor(4) as threads:
        times = {future.result() for future in [threads.submit(convolution_times) for _ in range(4)]}
    assert len(measured) == len(times) == 1


def test_other_threads_of_a_server_do_not_count_as_time_of_the_convolution(monkeypatch):
    clock = time.process_time
    monkeypatch.setattr(time, "process_time", lambda: 1000 * clock())  # as if a thousand were busy
    assert max(faster_convolution._measured()) < 5000


def test_the_environment_decides_over_the_measurement(monkeypatch):
    for choice in ("winograd", "direct"):
        monkeypatch.setenv("PNEUMONIA_STUDIO_CONVOLUTION", choice)
        assert uses_winograd("float32") is winograd_pays(VGG19.layers, "float32") is (choice == "winograd")
        assert not winograd_pays(VGG19.at_width(1 / 8).layers, "float32")
        assert not winograd_pays(VGG19.layers, "bfloat16")
    monkeypatch.setenv("PNEUMONIA_STUDIO_CONVOLUTION", "fast")
    with pytest.raises(UserError, match="'fast'; give auto, direct or winograd"):
        uses_winograd("float32")
