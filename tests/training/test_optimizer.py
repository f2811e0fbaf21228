import keras
import numpy as np
import pytest

from core.config import STAGES, TrainingSettings
from core.training.optimizer import averaged, optimizer

pytestmark = pytest.mark.slow

STEPS = 10


def trained(settings, stage=1, steps=30):
    """A model of one weight whose gradient is always 1, and its rate and weight after each step."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(optimizer(settings, STAGES[stage], STEPS), lambda _, output: keras.ops.mean(output))
    model.set_weights([np.ones((1, 1))])
    rates, weights = [], []
    for _ in range(steps):
        rates.append(float(model.optimizer.learning_rate))
        model.train_on_batch(np.ones((4, 1)), np.ones((4, 1)))
        weights.append(float(model.get_weights()[0][0, 0]))
    return model, np.array(rates), np.array(weights)


def test_the_cosine_rises_for_its_warm_up_and_falls_to_nothing_at_the_last_step():
    settings = TrainingSettings(schedule="cosine", warmup=0.5, epochs=3, learning_rate=0.1)
    _, rates, weights = trained(settings)
    assert rates[:6] == pytest.approx([0, 0.02, 0.04, 0.06, 0.08, 0.1], abs=1e-6)
    assert rates[5:] == pytest.approx(0.05 * (1 + np.cos(np.pi * np.arange(25) / 25)), abs=1e-6)
    assert -np.diff(weights) == pytest.approx(rates[1:], abs=1e-6)


def test_without_a_warm_up_the_cosine_begins_at_the_rate_of_the_stage():
    settings = TrainingSettings(schedule="cosine", epochs=3, learning_rate=0.1, rate_factors=(1, 0.5, 1))
    _, rates, _ = trained(settings, stage=2)
    assert rates == pytest.approx(0.025 * (1 + np.cos(np.pi * np.arange(30) / 30)), abs=1e-6)


def test_adamw_lets_weights_decay_and_adam_does_not():
    settings = TrainingSettings(optimizer="adamw", weight_decay=0.5, learning_rate=1e-3)
    plain = TrainingSettings(optimizer="adam", learning_rate=1e-3)
    (_, _, decayed), (_, _, plain_weights) = trained(settings, steps=1), trained(plain, steps=1)
    assert plain_weights[0] - decayed[0] == pytest.approx(0.5 * 1e-3, rel=1e-2)


@pytest.mark.parametrize(("clip_norm", "share"), [(None, 1.0), (4.0, 0.8), (10.0, 1.0)])
def test_gradients_above_the_clipping_norm_are_scaled_down_together(clip_norm, share):
    own = optimizer(TrainingSettings(learning_rate=0.5, clip_norm=clip_norm), STAGES[1], STEPS)
    variables = [keras.Variable(np.zeros(1)), keras.Variable(np.zeros(1))]
    own.build(variables)
    own.apply([keras.ops.array([3.0]), keras.ops.array([4.0])])  # of norm 5
    moved = [float(variable.numpy()[0]) for variable in variables]
    assert moved == pytest.approx([-1.5 * share, -2.0 * share])


@pytest.mark.parametrize("name, kerass", [("adam", keras.optimizers.Adam), ("adamw", keras.optimizers.AdamW)])
def test_the_update_in_one_pass_is_that_of_keras(name, kerass):
    settings = TrainingSettings(optimizer=name, weight_decay=0.1, weight_average=0.9, schedule="cosine")
    own = optimizer(settings, STAGES[1], STEPS)
    theirs = kerass.from_config(own.get_config())
    variables_of_both = []
    for one in (own, theirs):
        numbers = np.random.default_rng(0)
        variables = [keras.Variable(numbers.normal(size=shape)) for shape in [(5, 3), (3,)]]
        one.build(variables)
        for _ in range(3):  # each is compiled anew
            one.apply([keras.ops.array(numbers.normal(size=item.shape), "float32") for item in variables])
        variables_of_both.append([keras.ops.convert_to_numpy(item) for item in one.variables + variables])
    assert any("average" in item.path for item in own.variables)
    for mine, reference in zip(*variables_of_both, strict=True):
        assert mine == pytest.approx(reference, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_the_average_stands_in_for_the_weights_and_they_come_back_to_the_bit(name):
    settings = TrainingSettings(optimizer=name, weight_average=0.9, learning_rate=0.01)
    model, _, weights = trained(settings)
    expected = weights[0]
    for weight in weights[1:]:
        expected = 0.9 * expected + 0.1 * weight
    before = model.get_weights()[0]
    for _ in range(2):
        with averaged(model):
            model.predict_on_batch(np.ones((4, 1)))
            assert model.get_weights()[0] == pytest.approx(expected, abs=1e-5)
        assert np.array_equal(model.get_weights()[0], before)


def test_without_an_average_nothing_is_swapped():
    model, _, weights = trained(TrainingSettings())
    with averaged(model):
        assert model.get_weights()[0] == pytest.approx(weights[-1])
