import keras
import numpy as np
import pytest

from core.config import STAGES, TrainingSettings
from core.training.fitting import compile_model, loss

pytestmark = pytest.mark.slow


def test_a_step_is_traced_once():
    traced = []
    counted = keras.layers.Lambda(lambda values: traced.append(1) or values)
    model = keras.Sequential([keras.Input((4,)), counted, keras.layers.Dense(2)])
    compile_model(model, TrainingSettings(optimizer="adam", weight_average=0.9), STAGES[1], steps=1)
    traced.clear()
    for _ in range(3):
        model.train_on_batch(np.ones((2, 4), np.float32), np.eye(2, dtype=np.float32))
    assert len(traced) == 1


def test_a_network_that_is_sure_and_wrong_learns_all_the_same():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2, use_bias=False)])
    compile_model(model, TrainingSettings(learning_rate=1.0), STAGES[1], 10)
    model.set_weights([np.array([[400.0, -400.0]])])
    logs = model.train_on_batch(np.ones((4, 1)), np.eye(2)[[1, 1, 1, 1]], return_dict=True)
    assert logs["loss"] == pytest.approx(800)
    assert model.get_weights()[0][0] == pytest.approx([399, -399])


def test_entropy_regularisation_is_cross_entropy_less_the_weighted_entropy():
    labels, logits = np.array([[0, 1], [1, 0]], np.float32), np.array([[-1, 2], [0.5, 0]], np.float32)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    entropy = -(shares * np.log(shares)).sum(axis=1)
    smoothed = 0.9 * labels + 0.05
    cost = -(smoothed * np.log(shares)).sum(axis=1)
    for weight in (0.0, 0.3):
        settings = TrainingSettings(label_smoothing=0.1, entropy=weight)
        calculated = np.mean(loss(settings)(labels, logits))
        assert calculated == pytest.approx(np.mean(cost - weight * entropy), abs=1e-6)
