import numpy as np
import pytest
from short_runs import NARROW

from core.config import TrainingSettings
from core.network import build
from core.runs import create_run
from core.training.starting_point import load_starting_point

pytestmark = pytest.mark.slow


def test_without_a_connection_another_backbone_stays_random_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    settings = TrainingSettings(backbone="resnet50", weights="imagenet", stages=(1,))
    run = create_run(settings, "run", tmp_path / "runs", tmp_path / "models")
    network = build(backbone=NARROW)
    before = network.get_weights()
    origin = load_starting_point(network, run, settings, number=1, validation=None)
    assert origin == "random (ImageNet's could not be downloaded)"
    assert run.status().notes == [
        "ResNet50 starts from random weights: those of ImageNet could not be downloaded."
    ]
    assert all(np.array_equal(*pair) for pair in zip(before, network.get_weights(), strict=True))
