import numpy as np
import pandas as pd
import pytest

from core.evaluation import Predictions
from core.site.groups import group_column
from core.site.image_properties import property_column
from core.site.weak_slices import find_weak_slices


def measured(seed: int, patients: int = 400, weak=None, images_each: int = 1) -> Predictions:
    """Predictions with one error in ten, and four in ten of the images that `weak` says of the table."""
    random = np.random.default_rng(seed)
    n = patients * images_each
    table = pd.DataFrame(
        {
            "path": [f"{number:05}" for number in range(n)],
            "label": np.where(np.arange(n) // images_each % 2, "PNEUMONIA", "NORMAL"),
            "patient": [f"p{number // images_each}" for number in range(n)],
            group_column("ward"): np.repeat(random.choice(["East", "West", ""], patients), images_each),
            group_column("age"): np.repeat(random.integers(1, 90, patients), images_each).astype(str),
            property_column("brightness"): np.repeat(random.normal(120, 20, patients), images_each),
            property_column("area of the lungs"): np.where(random.random(n) < 0.1, np.nan, random.random(n)),
        }
    )
    chance = np.where(weak(table), 0.4, 0.1) if weak else np.full(n, 0.1)
    wrong = np.repeat(random.random(patients), images_each) < chance
    positive = table["label"] == "PNEUMONIA"
    return Predictions.of("model", table.assign(probability=np.where(positive ^ wrong, 0.9, 0.1)))


def search(predictions: Predictions):
    return find_weak_slices(predictions, 0.5, ("ward", "age"))


@pytest.mark.parametrize(
    ("weak", "words"),
    [
        (lambda table: table[group_column("ward")] == "East", "ward is East"),
        (lambda table: table[group_column("age")].astype(int) < 20, "age is at most "),
        (lambda table: table[property_column("brightness")] > 140, "brightness is above 1"),
    ],
)
def test_a_planted_weak_slice_is_mostly_found(weak, words):
    searches = [search(measured(seed, 1200, weak)) for seed in range(4)]
    found = [each for result in searches for each in result.slices]
    assert len(found) >= 5  # of two classes in each of four
    for each in found:
        assert words in each.rule and each.errors > 2 * each.rest
        sides = [condition.rsplit(" ", 1)[0] for condition in each.rule.split(" and ")]
        assert len(set(sides)) == len(sides)  # "above 3 and above 4" is "above 4"
    assert searches[1].sentences()[0].startswith("Hint: where ")


def test_where_there_is_no_weak_slice_none_is_told():
    searches = [search(measured(seed)) for seed in range(20)]
    assert all(each.searched == ("NORMAL", "PNEUMONIA") for each in searches)
    assert sum(bool(each.slices) for each in searches) <= 3  # one in twenty by chance
    assert any("No weak slice" in each.sentences()[0] for each in searches)


def test_many_images_of_one_patient_make_no_weak_slice():
    searches = [search(measured(seed, patients=60, images_each=20)) for seed in range(10)]
    assert sum(bool(each.slices) for each in searches) <= 2


def test_too_few_errors_are_not_searched():
    assert "too few" in search(measured(0, patients=20)).sentences()[0]
