import json
import os
import shutil
import subprocess
from importlib import import_module

import numpy as np
import pytest
from narrow_bundle import GOLDEN_IMAGES
from promotions import promote_unchecked

from core import config
from core.evaluation import OperatingPoint
from core.registry import (
    PromotionCheck,
    change_operating_point,
    checklist,
    find_model,
    register_operating_point,
)
from core.registry.golden_images import golden_images


@pytest.fixture
def candidate(trained, own_home, monkeypatch):
    """A home with the bundled model and one finished run."""
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    config.runs_folder().mkdir(parents=True)
    subprocess.run(["cp", "-al", trained.path, config.runs_folder() / "mine"], check=True)


def check(title: str) -> PromotionCheck:
    """The line of a model's checklist about its recorded probabilities."""
    return next(item for item in checklist(find_model(title), None) if "recorded prob" in item.title)


def test_a_version_travels_with_test_images_and_their_probabilities(candidate):
    promote_unchecked("mine/3")
    golden = golden_images(find_model("mine/3@1"))
    assert golden.pixels.dtype == np.uint8 and golden.pixels.shape[1:] == (128, 128)
    assert 0 < len(golden.pixels) == len(golden.probabilities) <= 20
    assert golden.source == "test images of its data set"
    shutil.rmtree(config.runs_folder())  # nor does it need its run any more
    assert check("mine/3@1").passed
    changed = change_operating_point("mine/3", OperatingPoint("own", 0.25, "for a test"), "tests")
    assert (golden_images(changed).pixels == golden.pixels).all()


def test_a_version_that_gives_other_probabilities_fails_its_checklist(candidate):
    item = promote_unchecked("mine/3")
    path = item.model.path.with_name("golden.npz")
    with np.load(path) as file:
        content = dict(file)
    np.savez(path, **{**content, "probabilities": content["probabilities"] + 0.02})
    result = check("mine/3@1")
    assert not result.passed and "Largest difference 0.02" in result.detail


def test_a_bundled_model_gives_the_recorded_probabilities_of_drawn_images_or_fails_its_checklist(bundle):
    """The one of this repository does in `tests/cli/test_self_test_command.py`, by file, API and node."""
    result = check("bundled/3")
    assert result.passed and f"{GOLDEN_IMAGES} golden images (drawn images)" in result.detail
    content = json.loads(bundle.read_text())
    raised = [probability + 0.4 for probability in content["probabilities"]]
    bundle.write_text(json.dumps({**content, "probabilities": raised}))
    result = check("bundled/3")
    assert not result.passed and "Largest difference 0.4" in result.detail


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text("{")])
def test_golden_images_that_are_gone_or_damaged_fail_the_check_in_words(bundle, damage):
    damage(bundle)
    result = check("bundled/3")
    assert not result.passed and "golden images" in result.detail


def test_a_version_of_the_bundled_model_keeps_its_recorded_probabilities(bundle, monkeypatch):
    module, computed = import_module("core.registry.golden_images"), []
    compute = module._probabilities
    monkeypatch.setattr(
        module, "_probabilities", lambda *arguments: computed.append(1) or compute(*arguments)
    )
    item = register_operating_point("bundled/3", OperatingPoint("own", 0.25, "for a test"), "tests", {})
    assert not computed
    golden = golden_images(item)
    assert list(golden.probabilities) == json.loads(bundle.read_text())["probabilities"]
    assert check(item.title).passed and check(item.title).passed and len(computed) == 1
    item.model.path.chmod(0o644)
    os.utime(item.model.path, (1, 1))  # as another file at its place
    assert check(item.title).passed and len(computed) == 2
