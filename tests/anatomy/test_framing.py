"""The part of an image that a model sees, for one image and for a data set."""

from dataclasses import replace

import numpy as np
import pytest
from framed_by_lungs import lenient_lung_network

from core.anatomy import Frame, Framing, framed_pixels, shared_lung_finder, stored_lungs
from core.config import TrainingSettings
from core.dataset import draw_chest, open_dataset
from core.dataset.augmentation import affine_matrix, augmented_views, frame_matrix
from core.images import WHOLE_IMAGE, Image, network_pixels, read_image
from core.weights import ModelRecord

BY_LUNGS = Framing(by_lungs=True, margin=0.1)


def test_the_frame_is_the_box_with_its_margin_inside_the_image():
    frame = BY_LUNGS.frame((0.25, 0.0, 0.75, 0.8))
    assert frame.box == pytest.approx((0.2, 0.0, 0.8, 0.88)) and (frame.framing, frame.reason) == (
        "lungs",
        "",
    )


def test_without_plausible_lungs_the_frame_is_the_whole_image_and_says_why():
    assert BY_LUNGS.frame((0.2, 0.2, 0.8, 0.8), ["cut off", "uncertain"]) == Frame(
        reason="cut off; uncertain"
    )
    assert BY_LUNGS.frame(None) == Frame(reason="no lungs found")
    assert Framing().frame(None) == Frame() and Frame().box == WHOLE_IMAGE


def test_settings_and_records_without_a_framing_are_of_whole_images():
    assert Framing.of(TrainingSettings.from_json({})) == Framing.of(ModelRecord.from_text("{}")) == Framing()
    assert Framing.of(TrainingSettings(framing="lungs", lung_margin=0.1)) == BY_LUNGS


def test_a_frame_is_cut_before_the_one_resize():
    pixels = draw_chest(np.random.default_rng(0), "none")
    image, frame = Image("", pixels, ""), Frame((0.125, 0.25, 0.625, 0.75), "lungs")
    part = Image("", np.ascontiguousarray(pixels[64:192, 32:160]), "")
    assert np.array_equal(frame.pixels(image), network_pixels(part))  # its 128 x 128 pixels as they are
    assert np.array_equal(Frame().pixels(image), network_pixels(image))


def test_a_data_set_is_framed_once_as_its_files_are(demo, own_home):
    lenient_lung_network(own_home)
    dataset, reports = open_dataset(demo), []
    framed = framed_pixels(dataset, BY_LUNGS, lambda *counts: reports.append(counts))
    assert stored_lungs(dataset) and reports[-1][1] == len(dataset.table)
    kinds = []
    for row in range(0, len(dataset.table), 6):
        image = read_image(dataset.root / dataset.table["path"][row])
        (lungs,) = shared_lung_finder().find([image])
        frame = BY_LUNGS.frame(lungs.box, lungs.quality)
        kinds.append(frame.framing)
        assert np.array_equal(framed[row], frame.pixels(image))
    assert "lungs" in kinds
    reports.clear()
    again = framed_pixels(dataset, BY_LUNGS, lambda *counts: reports.append(counts))
    assert np.array_equal(again, framed) and not reports  # nothing is computed again
    assert framed_pixels(dataset, Framing()) is dataset.pixels


def test_a_changed_file_is_not_framed(demo, own_home):
    lenient_lung_network(own_home)
    dataset = open_dataset(demo)
    table = dataset.table.assign(sha256=dataset.table["sha256"][::-1].to_numpy())
    with pytest.raises(Exception, match="has changed since"):
        framed_pixels(replace(dataset, table=table), BY_LUNGS)


def test_jitter_moves_each_side_of_the_frame_by_its_share_at_most():
    side, corners = 128, np.array([[0, 0, 1], [127, 127, 1]]).T
    moves = np.array(
        [(frame_matrix(0.1, 1, "ab12", view, side) @ corners - corners)[:2] for view in range(200)]
    )
    assert 0.08 * side < np.abs(moves).max() <= 0.1 * (side - 1)
    assert np.abs(np.corrcoef(moves.reshape(200, 4).T) - np.eye(4)).max() < 0.3  # each side on its own
    assert np.array_equal(frame_matrix(0.0, 1, "ab12", 0, side), np.eye(3))


def test_without_jitter_views_are_as_ever():
    settings = TrainingSettings()
    pixels = np.random.default_rng(0).integers(0, 256, (1, 128, 128)).astype(np.uint8)
    plain, still, moved = (
        augmented_views(pixels, ["ab12"], [3], settings.augmentation, 5, **options)
        for options in ({}, {"jitter": 0.0}, {"jitter": 0.1})
    )
    assert np.array_equal(plain, still) and not np.array_equal(plain, moved)
    assert affine_matrix(settings.augmentation, 5, "ab12", 3, 128).shape == (2, 3)
