import json

import pytest

from core.config import PRESETS, Augmentation, Strategy, TrainingSettings, old_names, preset
from core.config.declaration import declarations
from core.errors import UserError


@pytest.mark.parametrize("name", PRESETS)
def test_settings_survive_a_journey_through_json(name):
    settings = preset(name).settings(data="somewhere", strategy=Strategy("late", ("block5_conv4",)))
    assert TrainingSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lerning_rate": "1"}, "Unknown setting 'lerning_rate'; did you mean learning_rate.?"),
        ({"brand": "1"}, "Unknown setting 'brand'; see them all with `python -m core settings`."),
        ({"augmentation.rotate": "1"}, "'augmentation.rotate'; did you mean augmentation.rotation.?"),
        ({"augmentation": "5"}, "augmentation is 5; set its parts, such as augmentation.horizontal_flip."),
        ({"epochs": "many"}, "epochs is 'many'; a whole number between 1 and 1000 is needed."),
        ({"strategy.steps": "3"}, "strategy.name is missing."),
    ],
)
def test_a_typed_change_that_is_not_allowed_is_refused_with_the_way_out(change, sentence):
    with pytest.raises(UserError, match=sentence):
        TrainingSettings().changed(change)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"steps": "50"}, {"steps": (50, 50, 50)}),
        ({"steps": "[3, null, 5]"}, {"steps": (3, None, 5)}),
        ({"steps": "none"}, {"steps": (None, None, None)}),
        ({"stages": "2"}, {"stages": (2,)}),
        ({"train_limit": "none"}, {"train_limit": None}),
        ({"preprocessing": "none"}, {"preprocessing": "none"}),
        ({"weights": "none"}, {"weights": "none"}),
        ({"cohort": "none"}, {"cohort": None}),
        ({"cohort": "7"}, {"cohort": "7"}),
        ({"optimizer": '"adam"'}, {"optimizer": "adam"}),
        ({"augmentation": "none"}, {"augmentation": None}),
        ({"augmentation.rotation": "5"}, {"augmentation": Augmentation(rotation=5)}),
    ],
)
def test_typed_changes_are_read_as_their_setting_means_them(change, expected):
    assert TrainingSettings().changed(change) == TrainingSettings(**expected)


def test_a_setting_of_each_stage_that_older_versions_took_too_short_gets_the_defaults():
    assert TrainingSettings.from_json({"steps": [7, 8]}).steps == (7, 8, 100)


def test_old_names_lead_to_settings_of_today():
    known = set(declarations(TrainingSettings))
    assert set(old_names.SETTINGS.values()) <= known and not set(old_names.SETTINGS) & known
    assert not TrainingSettings.from_json({"keep_activations": False}).cache_activations
    assert not TrainingSettings().changed({"keep_activations": "false"}).cache_activations
