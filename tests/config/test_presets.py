import pytest

from core.config import Augmentation, default_preset, differences, preset
from core.errors import UserError


def test_an_unknown_preset_names_the_known_ones():
    with pytest.raises(UserError, match="seed, quick"):
        preset("fast")


@pytest.mark.parametrize("name", ["seed", "quick", "recommended"])
def test_a_preset_differs_in_nothing_from_itself(name):
    assert differences(preset(name).settings(data="somewhere", weights="none", stages=(1,))) == {}


def test_differences_have_the_names_that_changes_take():
    changed = preset("quick").settings(epochs=9, augmentation=Augmentation(vertical_flip=False, rotation=5))
    found = differences(changed)
    assert found == {
        "epochs": 9,
        "augmentation.rotation": 5,
        "augmentation.width_shift": 0.2,
        "augmentation.height_shift": 0.2,
    }
    assert preset("quick").settings().changed({name: str(value) for name, value in found.items()}) == changed


@pytest.mark.parametrize(
    ("synthetic", "images", "name"), [(True, 5000, "quick"), (False, 60, "quick"), (False, 5856, "seed")]
)
def test_a_newcomer_starts_with_what_takes_minutes(synthetic, images, name):
    assert default_preset(synthetic, images) == name
