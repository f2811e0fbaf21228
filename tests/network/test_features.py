import keras
import numpy as np
import pytest

from core.errors import UserError
from core.network import FeatureStore
from core.network.features import weights_digest

pytestmark = pytest.mark.slow


def summing(policy: str) -> keras.Model:
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Dense(3, kernel_initializer="ones", dtype=policy)(inputs))


@pytest.fixture
def part():
    return summing("float32")


X = np.arange(40, dtype=np.float32).reshape(10, 4)


def forbidden(positions):
    raise AssertionError("computed again")


@pytest.mark.parametrize(("policy", "kept_as"), [("float32", "float32"), ("mixed_bfloat16", "float16")])
def test_activations_are_computed_once_and_kept_without_loss(policy, kept_as, tmp_path):
    part = summing(policy)
    kept = FeatureStore(tmp_path).get(part, {"view": 0}, 10, X.__getitem__)
    assert kept.dtype == kept_as
    assert np.array_equal(kept, np.float32(part.predict_on_batch(X)))
    again = FeatureStore(tmp_path).get(part, {"view": 0}, 10, forbidden)
    assert np.array_equal(kept, again)


def test_a_shorter_last_batch_is_computed_in_the_size_of_the_others(part, tmp_path, monkeypatch):
    sizes, predict = [], part.predict_on_batch
    monkeypatch.setattr(part, "predict_on_batch", lambda batch: sizes.append(len(batch)) or predict(batch))
    inputs = np.arange(70 * 4, dtype=np.float32).reshape(70, 4)
    kept = FeatureStore(tmp_path).get(part, {}, 70, inputs.__getitem__)
    assert np.array_equal(kept, np.repeat(inputs.sum(axis=1, keepdims=True), 3, axis=1))
    assert sizes == [32, 32, 32]


def test_20_activations_that_the_disk_has_no_room_for_are_refused_before_they_are_computed(part, small_disk):
    small = small_disk("1m")
    with pytest.raises(UserError, match="The disk is full: 3 MiB are needed"):
        FeatureStore(small).get(part, {}, 200_000, forbidden)
    assert not list(small.iterdir())


def test_another_dependency_is_another_file(part, tmp_path):
    store = FeatureStore(tmp_path)
    store.get(part, {"view": 0}, 10, X.__getitem__)
    with pytest.raises(AssertionError, match="computed again"):
        store.get(part, {"view": 1}, 10, forbidden)


def test_a_half_written_file_is_never_read(part, tmp_path):
    inputs = np.arange(40 * 4, dtype=np.float32).reshape(40, 4)

    def killed(positions):
        if positions[0] > 0:
            raise RuntimeError("killed")
        return inputs[positions]

    store = FeatureStore(tmp_path)
    with pytest.raises(RuntimeError):
        store.get(part, {"view": 0}, 40, killed)
    assert list(tmp_path.iterdir()) == []
    assert len(store.get(part, {"view": 0}, 40, inputs.__getitem__)) == 40


def test_the_digest_follows_the_weights(part):
    before = weights_digest(part)
    part.layers[-1].set_weights([np.zeros((4, 3)), np.zeros(3)])
    assert weights_digest(part) != before


def test_a_disk_too_small_is_noticed(tmp_path):
    assert FeatureStore(tmp_path).has_room_for(1)
    assert not FeatureStore(tmp_path).has_room_for(10**18)
