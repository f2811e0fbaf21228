from dataclasses import asdict, replace

import numpy as np
from short_runs import tiny_settings

from core.config import PREPROCESSING
from core.dataset import open_dataset
from core.training.data import ImageSet, RunData


def test_activations_with_and_without_preprocessing_are_cached_separately(demo):
    dataset, variants = (
        open_dataset(demo),
        [tiny_settings(demo, preprocessing=name) for name in PREPROCESSING],
    )
    for view in (None, 0):
        keys = [str(ImageSet(dataset, np.arange(3), settings).cache_key(view)) for settings in variants]
        assert len(set(keys)) == len(PREPROCESSING)


def test_whole_images_keep_the_cache_keys_of_earlier_versions(demo):
    settings = tiny_settings(demo)
    images = ImageSet(open_dataset(demo), np.arange(3), settings)
    assert images.cache_key(None) == {"films": images.digest(), "augmentation": None}
    strengths = asdict(settings.augmentation)
    expected = {"films": images.digest(), "augmentation": strengths, "seed": settings.seed, "view": 2}
    assert images.cache_key(2) == expected


def test_cropped_images_differ_in_pixels_and_in_their_cache_key(demo):
    dataset, plain = open_dataset(demo), tiny_settings(demo)
    cropped = RunData.select(dataset, replace(plain, validation_crop=0.5))
    whole = RunData.select(dataset, plain)
    assert whole.selection is whole.validation
    every = np.arange(len(cropped.selection))
    assert np.array_equal(cropped.validation.plain(every), whole.validation.plain(every))
    differences = np.abs(cropped.selection.plain(every) - cropped.validation.plain(every)).mean(
        axis=(1, 2, 3)
    )
    assert np.unique(differences.round(6)).size > len(every) / 2 and differences.max() > 0.01
    assert cropped.selection.cache_key(None) != cropped.validation.cache_key(None)
