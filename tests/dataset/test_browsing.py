import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.dataset import film_looks, open_dataset
from core.dataset.browsing import THUMBNAIL, Filter, films, matching, sprite


@pytest.fixture(scope="module")
def dataset(demo):
    return open_dataset(demo)


@pytest.fixture(scope="module")
def table(dataset):
    """With a model that is sure of pneumonia in every second film."""
    answers = np.arange(len(dataset.table)) % 2 * 0.9
    predictions = pd.DataFrame({"sha256": dataset.table["sha256"], "probability": answers})
    return films(dataset, film_looks(dataset), predictions)


def test_no_filter_shows_all_in_the_order_asked_for(table):
    rows = matching(table, Filter(order="brightness", descending=True))
    assert len(rows) == len(table)
    assert table["brightness"].iloc[rows].is_monotonic_decreasing


def test_filters_hold_together(table):
    rows = matching(table, Filter(split="test", label="PNEUMONIA", cause="virus"))
    chosen = table.iloc[rows]
    assert len(rows) and set(zip(chosen["split"], chosen["label"], chosen["cause"], strict=True)) == {
        ("test", "PNEUMONIA", "virus")
    }
    someone = chosen["patient"].iloc[0]
    assert set(table["patient"].iloc[matching(table, Filter(patient=someone.upper()))]) >= {someone}
    assert not len(matching(table, Filter(smallest=100_000)))


def test_a_problem_narrows_a_filter_and_gives_its_own_order(table):
    among = np.array([7, 2, 40, 3])
    assert set(matching(table, Filter(), among=among)) == set(among)
    assert list(matching(table, Filter(order="problem"), among=among)) == [7, 2, 40, 3]
    label = table["label"].iloc[7]
    rows = matching(table, Filter(label=label, order="problem", descending=True), among=among)
    assert list(rows) == [row for row in (3, 40, 2, 7) if table["label"].iloc[row] == label]


def test_a_models_answers_filter_too(table):
    called = table["probability"] >= 0.5
    truly = table["label"] == "PNEUMONIA"
    assert set(matching(table, Filter(called="PNEUMONIA"))) == set(np.flatnonzero(called))
    assert set(matching(table, Filter(right=False))) == set(np.flatnonzero(called != truly))


def test_a_sprite_holds_each_film_in_its_place(dataset):
    rows = np.array([5, 3, 8])
    sheet = np.asarray(Image.open(io.BytesIO(sprite(dataset, rows, columns=2))), float)
    assert sheet.shape == (2 * THUMBNAIL, 2 * THUMBNAIL)
    for place, row in enumerate(rows):
        top, left = place // 2 * THUMBNAIL, place % 2 * THUMBNAIL
        part = sheet[top : top + THUMBNAIL, left : left + THUMBNAIL]
        expected = Image.fromarray(dataset.pixels[row]).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
        assert np.abs(part - np.asarray(expected, float)).mean() < 4
    assert sheet[THUMBNAIL:, THUMBNAIL:].max() < 10
