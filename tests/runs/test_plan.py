from dataclasses import replace

import pytest

from core.config import preset
from core.runs import Plan, is_hastened, stage_steps


def test_steps_go_through_all_images_once_unless_set():
    settings = preset("seed").settings()
    assert stage_steps(settings, 1, 100) == 4
    assert stage_steps(settings, 3, 100) == 100


def test_a_whole_forward_pass_of_vgg19_is_six_gigamacs():
    plan = Plan(preset("seed").settings(stages=(3,)), 100, 10, 0)
    # Simonyan and Zisserman's VGG19 at 224 x 224 takes 19.6 GMAC; its convolutions at 128 x 128
    # take (128 / 224)^2 of that. The head, counted by the memory it moves, adds some.
    assert plan.evaluation(3) / 10 == pytest.approx(19.5 * (128 / 224) ** 2, rel=0.1)


def test_kept_views_and_stages_add_up():
    plan = Plan(preset("seed").settings(), 100, 10, 20)
    assert plan.extracted_images() == 4 * 100 + 30
    assert plan.total() == pytest.approx(plan.extraction() + sum(map(plan.stage, (1, 2, 3))))
    plain = replace(plan, settings=replace(plan.settings, augmentation=None))
    assert plain.extracted_images() == 130
    framed = replace(plan, settings=replace(plan.settings, validation_crop=0.3))
    assert framed.extracted_images() == plan.extracted_images() + 10
    assert framed.evaluation(1) / plan.evaluation(1) == pytest.approx(40 / 30)


def test_convolutions_are_hastened_in_float32_of_vgg19_where_it_pays():
    settings = preset("recommended").settings(precision="float32")
    assert is_hastened(settings, 200)
    assert not is_hastened(settings, 199)
    assert not is_hastened(replace(settings, precision="bfloat16"), 200)
    assert not is_hastened(replace(settings, backbone="resnet50"), 200)


def test_a_hastened_step_is_planned_shorter_where_convolutions_are_trained():
    def epochs(stage, images, batch_size):
        settings = preset("recommended").settings(precision="float32", batch_size=batch_size, epochs=1)
        return Plan(settings, images, 0, 0).epoch(stage) / images

    assert epochs(1, 320, 32) == pytest.approx(epochs(1, 32, 32))
    assert epochs(3, 320, 32) / epochs(3, 32, 32) == pytest.approx(0.6)
