"""Images of the comparison, enlarged: heat maps of models whose weights are not what they were."""

import shutil

import numpy as np
import pytest
from bundled_run import BUNDLED_RUN

from core.comparison import EvaluatedStage
from core.errors import UserError
from core.images import Image
from core.runs import Run
from pages.comparison.gallery import _with_heat_map


def test_why_there_is_no_heat_map_is_told_as_it_is(tmp_path, own_home):
    folder = tmp_path / "ours"
    shutil.copytree(BUNDLED_RUN.path, folder, ignore=shutil.ignore_patterns("weights"))
    stage, image = EvaluatedStage(Run(folder), 3), Image("a.png", np.zeros((128, 128), np.uint8), "digest")
    with pytest.raises(UserError, match="missing|does not exist"):
        _with_heat_map(stage, image)
    stage.run.weights_path(3).parent.mkdir()
    stage.run.weights_path(3).write_bytes(b"no weights")
    with pytest.raises(UserError) as damaged:
        _with_heat_map(stage, image)
    assert "missing" not in str(damaged.value)
