import json

import pytest

from core.config import PRESETS, Augmentation, TrainingSettings, preset
from core.errors import UserError


@pytest.mark.parametrize("name", PRESETS)
def test_settings_survive_a_journey_through_json(name):
    settings = preset(name).settings(data="somewhere")
    assert TrainingSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


def test_the_preset_seed_is_the_method_to_the_letter():
    settings = preset("seed").settings()
    assert (settings.optimizer, settings.learning_rate, settings.batch_size) == ("sgd", 1e-4, 32)
    assert settings.stages == (1, 2, 3)
    assert settings.steps == (None, None, 100)
    assert settings.rate_factors[1] < settings.rate_factors[0]
    assert settings.augmentation == Augmentation(True, True, 40.0, 0.2, 0.2, 0.2)


@pytest.mark.parametrize(
    ("name", "value"),
    [("learning_rate", 0), ("epochs", 0), ("batch_size", 513), ("momentum", 1.0), ("stages", (5,))],
)
def test_a_value_out_of_range_is_named_in_the_error(name, value):
    with pytest.raises(UserError, match=name):
        TrainingSettings(**{name: value})


def test_an_unknown_setting_is_refused():
    with pytest.raises(UserError, match="'lerning_rate'"):
        TrainingSettings.from_json({"lerning_rate": 1})


def test_an_unknown_preset_names_the_known_ones():
    with pytest.raises(UserError, match="seed, quick"):
        preset("fast")
