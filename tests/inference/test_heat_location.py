"""Where a heat map is hot, against lungs that are given."""

from dataclasses import replace

import numpy as np
import pytest

from core.anatomy import Lungs
from core.images import Image
from core.inference import HeatMap, ModelOutput, Prediction, Reading, doubt, heat_location


def given_lungs() -> Lungs:
    """The right lung on the left of the image, the left one on the right, each of a quarter of its width."""
    probabilities = np.zeros((2, 128, 128), np.float32)
    probabilities[0, 16:112, 16:48] = 1
    probabilities[1, 16:112, 80:112] = 1
    return Lungs(probabilities, (0.125, 0.125, 0.875, 0.875), 0.1875, 0.1875)


def hot_at(*cells: tuple[int, int], box=(0.0, 0.0, 1.0, 1.0)) -> HeatMap:
    values = np.zeros((8, 8), np.float32)
    for cell in cells:
        values[cell] = 1
    return HeatMap(values, box)


@pytest.mark.parametrize(
    "cell, side, third",
    [((1, 1), "right", "upper"), ((4, 2), "right", "middle"), ((6, 6), "left", "lower")],
)
def test_side_and_third_are_those_of_the_hottest_place(cell, side, third):
    location = heat_location(hot_at(cell), given_lungs())
    assert (location.side, location.third) == (side, third) and location.inside > 0.5
    assert not location.implausible
    assert f"{third} third of the {side} lung" in location.sentence()


def test_heat_away_from_the_lungs_is_implausible():
    neck_and_belly = hot_at((0, 3), (0, 4), (7, 3), (7, 4))
    location = heat_location(neck_and_belly, given_lungs())
    assert location.inside < 0.5 and location.implausible
    grey = np.full((128, 128), 90, np.uint8)
    assert "of the heat lies outside the lungs" in doubt(neck_and_belly, grey, None, location)
    assert doubt(neck_and_belly, grey) == ""


def test_heat_within_half_a_cell_of_a_lung_counts_as_in_it():
    """A cell is 16 pixels wide here, and 4 in the frame, which is a quarter as large."""
    lungs = given_lungs()
    beside = heat_location(hot_at((3, 3)), lungs)  # columns 48 to 63; the right lung ends at 47
    assert 0.4 < beside.inside < 0.7
    frame = (0.375, 0.375, 0.625, 0.625)  # columns 48 to 79, between the lungs
    assert heat_location(hot_at((4, 4), box=frame), lungs).inside < 0.05


def test_a_map_of_a_frame_lies_where_the_frame_does():
    """The same cell is hot: in the whole image between the lungs, in the frame of the left lung inside it."""
    frame = (0.625, 0.125, 0.875, 0.875)
    framed = hot_at((4, 4), box=frame)
    location = heat_location(framed, given_lungs())
    assert location.inside == pytest.approx(1) and (location.side, location.third) == ("left", "middle")
    heat = framed.over(np.zeros((400, 200), np.uint8))
    rows, columns = np.nonzero(heat > 0.5)
    assert rows.min() >= 50 and rows.max() < 350 and columns.min() >= 125 and columns.max() < 175
    assert heat.shape == (400, 200)


def test_without_plausible_lungs_or_heat_nothing_is_said():
    lungs = given_lungs()
    assert heat_location(hot_at((1, 1)), replace(lungs, quality=("far from upright",))) is None
    assert heat_location(hot_at((1, 1)), None) is None and heat_location(hot_at(), lungs) is None


def test_a_reading_says_where_its_heat_map_is_hot():
    image = Image("image.png", np.full((128, 128), 90, np.uint8), "digest")
    output = ModelOutput(Prediction("PNEUMONIA", 0.9, 0.9), image.pixels, np.zeros(8), np.zeros(8))
    location = heat_location(hot_at((6, 6)), given_lungs())
    reading = Reading(image, output, heat_location=location)
    assert reading.remarks() == [location.sentence()] and reading.warnings() == []
    assert replace(reading, withheld=True).remarks() == []
