"""What is said of local images before they are read."""

from dataclasses import replace

import numpy as np
import pytest

from core.inference import Reader
from core.runs import Run
from core.site.site_readings import _unknown_training
from core.weights import update_record
from tests.inference.test_ensemble_reference import reference


@pytest.mark.parametrize("trained, told", [(3, False), (4, True), (0, False)])
def test_training_images_that_an_older_reference_does_not_know_are_told(
    narrow_files, tmp_path, trained, told
):
    weights = tmp_path / "vgg_unfrozen.h5"
    weights.write_bytes(Run(narrow_files / "narrow").weights_path(3).read_bytes())
    update_record(weights, training_images=trained)
    reader = Reader(weights)
    assert _unknown_training(reader) == []  # without a reference, nothing is left out
    older = reference(0, 3, 4, "abc")
    reader.reference = older
    sentences = _unknown_training(reader)
    assert bool(sentences) == told
    reader.reference = replace(older, all_sha256=np.zeros((4, 32), np.uint8))
    assert _unknown_training(reader) == []
