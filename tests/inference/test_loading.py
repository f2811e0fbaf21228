"""Models that stay loaded."""

import shutil

from core.inference import shared_predictor
from core.runs import Run


def test_the_models_of_a_comparison_are_loaded_once(narrow_files, own_home, tmp_path):
    weights = Run(narrow_files / "narrow").weights_path(3)
    copies = [shutil.copyfile(weights, tmp_path / f"{number}.h5") for number in range(5)]  # as many at once
    loaded = [shared_predictor(path) for path in copies]
    assert all(shared_predictor(path) is model for path, model in zip(copies, loaded, strict=True))
