from dataclasses import replace

import pytest

from core.config import preset
from core.runs import Plan, stage_steps


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
