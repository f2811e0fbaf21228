from dataclasses import replace

import pytest

from core.config import preset
from core.runs import WorkEstimate, stage_steps, uses_winograd


def test_steps_go_through_all_images_once_unless_set():
    settings = preset("seed").settings()
    assert stage_steps(settings, 1, 100) == 4
    assert stage_steps(settings, 3, 100) == 100


def test_a_whole_forward_pass_of_vgg19_is_six_gigamacs():
    estimate = WorkEstimate(preset("seed").settings(stages=(3,)), 100, 10, 0)
    # Simonyan and Zisserman's VGG19 at 224 x 224 takes 19.6 GMAC; its convolutions at 128 x 128
    # take (128 / 224)^2 of that. The head, counted by the memory it moves, adds some.
    assert estimate.evaluation(3) / 10 == pytest.approx(19.5 * (128 / 224) ** 2, rel=0.1)


def test_cached_views_and_stages_add_up():
    estimate = WorkEstimate(preset("seed").settings(), 100, 10, 20)
    assert estimate.extracted_images() == 4 * 100 + 30
    parts = estimate.extraction() + sum(map(estimate.stage, (1, 2, 3))) + estimate.references()
    assert estimate.total() == pytest.approx(parts)
    plain = replace(estimate, settings=replace(estimate.settings, augmentation=None))
    assert plain.extracted_images() == 130
    cropped = replace(estimate, settings=replace(estimate.settings, validation_crop=0.3))
    assert cropped.extracted_images() == estimate.extracted_images() + 10
    assert cropped.evaluation(1) / estimate.evaluation(1) == pytest.approx(40 / 30)


def test_vgg19_in_float32_uses_the_winograd_convolution_where_it_pays():
    settings = preset("recommended").settings(precision="float32")
    assert uses_winograd(settings, 200)
    assert not uses_winograd(settings, 199)
    assert not uses_winograd(replace(settings, precision="bfloat16"), 200)
    assert not uses_winograd(replace(settings, backbone="resnet50"), 200)
    assert not uses_winograd(replace(settings, weights="none", width=1 / 16), 200)


def test_work_and_space_follow_the_width():
    settings = preset("seed").settings(weights="none")
    full, narrow = (WorkEstimate(replace(settings, width=width), 100, 10, 20) for width in (1, 1 / 8))
    assert narrow.total() < full.total() / 32
    assert narrow.cache_bytes() == pytest.approx(full.cache_bytes() / 8)
    assert narrow.disk_bytes() < full.disk_bytes() / 8


def test_a_winograd_step_is_estimated_shorter_where_convolutions_are_trained():
    def epochs(stage, images, batch_size):
        settings = preset("recommended").settings(precision="float32", batch_size=batch_size, epochs=1)
        return WorkEstimate(settings, images, 0, 0).epoch(stage) / images

    assert epochs(1, 320, 32) == pytest.approx(epochs(1, 32, 32))
    assert epochs(3, 320, 32) / epochs(3, 32, 32) == pytest.approx(0.6, rel=0.02)  # updates do not change


def test_a_step_of_the_head_takes_the_time_of_its_update_where_convolutions_are_fast(monkeypatch):
    monkeypatch.setattr("core.config.processor.bfloat16_unit", lambda: "amx")
    settings = preset("recommended").settings(precision="bfloat16")
    estimate = WorkEstimate(settings, 4681, 535, 329)
    head, all_layers = (estimate.epoch(stage) / stage_steps(settings, stage, 4681) for stage in (1, 3))
    assert head / all_layers == pytest.approx(0.13 / 1.33, rel=0.1)  # seconds, measured on two cores
