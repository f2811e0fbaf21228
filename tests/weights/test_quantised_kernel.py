import numpy as np
import pytest

from core.weights import QuantisedKernel, finely_quantised

STEPS = np.array([0.5, 0.001], np.float32)


@pytest.mark.parametrize(
    ("levels", "count"), [([-128, 127], 1), ([-32639, 32639], 2), ([-32768, 128], 2), ([-1, 32767], 3)]
)
def test_parts_in_eight_bits_add_up_to_their_kernel(levels, count):
    dtype = np.int8 if count == 1 else np.int16
    kernel = QuantisedKernel(np.array([levels, [0, 5]], dtype), STEPS)
    parts = kernel.eight_bit_parts()
    assert [part.levels.dtype for part in parts] == [np.int8] * count
    assert sum(part.unpacked() for part in parts) == pytest.approx(kernel.unpacked(), rel=1e-6)


def test_a_fine_step_keeps_each_weight_near_what_it_was():
    random = np.random.default_rng(0)
    kernel = random.normal(0, [0.02, 3, 0, 0.001], (3000, 4)).astype(np.float32)
    rounded = finely_quantised(kernel)
    assert len(rounded.eight_bit_parts()) == 2
    difference = np.abs(rounded.unpacked() - kernel)
    assert (difference <= 1.6e-5 * np.abs(kernel).max(axis=0)).all()
