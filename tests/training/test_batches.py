import numpy as np
import pytest

from core.training.batches import prefetched, training_stream

LABELS = np.array([0, 1, 1, 0, 1])


def stream(first_step=0):
    return training_stream(lambda positions, number: positions * 10 + number, LABELS, 2, [7, 1], first_step)


def test_the_stream_visits_every_image_once_a_pass():
    batches = stream()
    seen = np.concatenate([next(batches)[0] for _ in range(5)])
    assert sorted(seen // 10) == sorted([*range(5), *range(5)])
    assert (seen % 10).tolist() == [0] * 5 + [1] * 5


def test_labels_belong_to_their_images():
    for inputs, labels in (next(stream(step)) for step in range(6)):
        assert (labels.argmax(axis=1) == LABELS[inputs // 10]).all()


def test_a_stream_joined_late_gives_the_batches_it_would_have_given():
    batches = stream()
    for _ in range(3):
        next(batches)
    late = stream(first_step=3)
    for _ in range(4):
        assert np.array_equal(next(batches)[0], next(late)[0])


def test_mixup_blends_images_and_labels_alike_at_every_step():
    def blended(first_step=0):
        one_hot = np.eye(2, dtype=np.float32)[LABELS]
        return training_stream(lambda positions, _: one_hot[positions], LABELS, 4, [7, 1], first_step, 0.5)

    batches = blended()
    drawn = [next(batches) for _ in range(20)]
    assert all(np.allclose(inputs, targets) for inputs, targets in drawn)
    targets = np.concatenate([targets for _, targets in drawn])
    assert np.allclose(targets.sum(axis=1), 1) and ((targets > 0.01) & (targets < 0.99)).any()
    assert np.array_equal(next(blended(first_step=7))[1], drawn[7][1])


def test_prefetching_changes_nothing_and_passes_errors_on():
    def failing():
        yield 1
        raise ValueError("disk")

    ahead = prefetched(stream())
    plain = stream()
    for _ in range(5):
        assert np.array_equal(next(ahead)[0], next(plain)[0])
    ahead.close()
    broken = prefetched(failing())
    assert next(broken) == 1
    with pytest.raises(ValueError, match="disk"):
        next(broken)
