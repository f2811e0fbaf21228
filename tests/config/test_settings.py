import pytest

from core.architecture import BACKBONES
from core.config import Augmentation, Strategy, TrainingSettings, preset
from core.errors import UserError


def test_the_preset_seed_is_the_method_to_the_letter():
    settings = preset("seed").settings()
    assert (settings.optimizer, settings.learning_rate, settings.batch_size) == ("sgd", 1e-4, 32)
    assert settings.stages == (1, 2, 3)
    assert settings.steps == (None, None, 100)
    assert settings.rate_factors[1] < settings.rate_factors[0]
    assert settings.augmentation == Augmentation(True, True, 40.0, 0.2, 0.2, 0.2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 0),
        ("epochs", 0),
        ("epochs", 2.5),
        ("batch_size", 513),
        ("momentum", 1.0),
        ("momentum", None),
        ("nesterov", "maybe"),
        ("optimizer", "rmsprop"),
        ("precision", "float16"),
        ("rate_factors", (1.0, 0.0, 1.0)),
        ("steps", (None, 100)),
        ("train_limit", 1),
        ("width", 0.01),
        ("weights", None),
        ("stages", (5,)),
    ],
)
def test_a_value_out_of_range_is_named_in_the_error(name, value):
    with pytest.raises(UserError, match=name):
        TrainingSettings(**{name: value})


def test_at_least_one_stage_is_needed():
    with pytest.raises(UserError, match="Choose at least one stage"):
        TrainingSettings(stages=())


def test_a_custom_stage_needs_a_strategy():
    with pytest.raises(UserError, match="choose which layers it trains"):
        TrainingSettings(stages=(1, 4))
    strategy = Strategy("late", ("block5_conv4",), 0.5, 20)
    assert TrainingSettings(stages=(1, 4), strategy=strategy).stage(4).name == "late"


def test_imagenet_weights_do_not_fit_a_narrow_network():
    with pytest.raises(
        UserError, match=r"width is 0.125. Start from random weights \(`none`\), or set width to 1"
    ):
        TrainingSettings(width=0.125)
    settings = TrainingSettings(width=0.125, weights="none")
    assert settings.architecture.width == 0.125 and settings.architecture.name == "vgg19"
    assert settings.stage(2) == TrainingSettings().stage(2)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_backbone_has_a_narrow_version(backbone):
    settings = TrainingSettings(backbone=backbone, width=0.125, weights="none")
    assert settings.architecture is BACKBONES[backbone].at_width(0.125)


def test_without_augmentation_a_single_view_is_cached():
    assert TrainingSettings(views=3).cached_views == 3
    assert TrainingSettings(views=3, augmentation=None).cached_views == 1
