import numpy as np
import pandas as pd
import pytest

from core.dataset import LUNG_COLUMNS, ImageFilter, image_statistics, image_table, matching_rows, open_dataset


@pytest.fixture(scope="module")
def dataset(demo):
    return open_dataset(demo)


@pytest.fixture(scope="module")
def table(dataset):
    """With a model that is sure of pneumonia in every second image."""
    probabilities = np.arange(len(dataset.table)) % 2 * 0.9
    predictions = pd.DataFrame({"sha256": dataset.table["sha256"], "probability": probabilities})
    return image_table(dataset, image_statistics(dataset), predictions)


def test_no_filter_shows_all_in_the_order_asked_for(table):
    rows = matching_rows(table, ImageFilter(order="brightness", descending=True))
    assert len(rows) == len(table)
    assert table["brightness"].iloc[rows].is_monotonic_decreasing


def test_filters_hold_together(table):
    rows = matching_rows(table, ImageFilter(split="test", label="PNEUMONIA", cause="virus"))
    chosen = table.iloc[rows]
    assert len(rows) and set(zip(chosen["split"], chosen["label"], chosen["cause"], strict=True)) == {
        ("test", "PNEUMONIA", "virus")
    }
    someone = chosen["patient"].iloc[0]
    assert set(table["patient"].iloc[matching_rows(table, ImageFilter(patient=someone.upper()))]) >= {someone}
    assert not len(matching_rows(table, ImageFilter(min_side=100_000)))


def test_ranges_leave_out_images_without_a_value(dataset):
    areas = np.linspace(0, 0.4, len(dataset.table))
    areas[5] = np.nan
    lungs = pd.DataFrame(dict.fromkeys(LUNG_COLUMNS, areas))
    table = image_table(dataset, image_statistics(dataset), lungs=lungs)
    rows = matching_rows(table, ImageFilter(ranges=(("lung area", 0.0, 0.2), ("lung tilt", 0.1, 1.0))))
    assert set(rows) == set(np.flatnonzero((areas >= 0.1) & (areas <= 0.2)))
    by_area = matching_rows(table, ImageFilter(order="lung area", descending=True))
    assert by_area[0] == len(table) - 1 and by_area[-1] == 5


def test_an_issue_narrows_a_filter_and_gives_its_own_order(table):
    rows_with_issue = np.array([7, 2, 40, 3])
    assert set(matching_rows(table, ImageFilter(), issue_rows=rows_with_issue)) == set(rows_with_issue)
    assert list(matching_rows(table, ImageFilter(order="issue"), issue_rows=rows_with_issue)) == [7, 2, 40, 3]
    label = table["label"].iloc[7]
    rows = matching_rows(
        table, ImageFilter(label=label, order="issue", descending=True), issue_rows=rows_with_issue
    )
    assert list(rows) == [row for row in (3, 40, 2, 7) if table["label"].iloc[row] == label]


def test_predictions_filter_too(table):
    predicted = table["probability"] >= 0.5
    truly = table["label"] == "PNEUMONIA"
    assert set(matching_rows(table, ImageFilter(predicted="PNEUMONIA"))) == set(np.flatnonzero(predicted))
    assert set(matching_rows(table, ImageFilter(correct=False))) == set(np.flatnonzero(predicted != truly))
