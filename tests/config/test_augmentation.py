from dataclasses import asdict

import pytest

from core.config import Augmentation
from core.errors import UserError


@pytest.mark.parametrize("changes", [{"rotation": 181}, {"crop": 0.95}, {"gamma": -0.1}, {"shear": 61}])
def test_a_strength_out_of_range_is_named(changes):
    with pytest.raises(UserError, match=f"{next(iter(changes))} is"):
        Augmentation(**changes)


def test_crops_change_nothing_else():
    strengths = asdict(Augmentation.crops(0.3))
    assert strengths.pop("crop") == 0.3
    assert not any(strengths.values())
