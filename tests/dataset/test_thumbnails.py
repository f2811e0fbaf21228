import io

import numpy as np
from PIL import Image

from core.dataset import DRAWN, FOUND, open_dataset, outlined, sprite_sheet
from core.dataset.thumbnails import THUMBNAIL


def test_a_sprite_sheet_holds_each_thumbnail_in_its_place(demo):
    dataset = open_dataset(demo)
    rows = np.array([5, 3, 8])
    sheet = np.asarray(Image.open(io.BytesIO(sprite_sheet(dataset, rows, 2, {}))), float)
    assert sheet.shape == (2 * THUMBNAIL, 2 * THUMBNAIL)
    for place, row in enumerate(rows):
        top, left = place // 2 * THUMBNAIL, place % 2 * THUMBNAIL
        part = sheet[top : top + THUMBNAIL, left : left + THUMBNAIL]
        expected = Image.fromarray(dataset.pixels[row]).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
        assert np.abs(part - np.asarray(expected, float)).mean() < 4
    assert sheet[THUMBNAIL:, THUMBNAIL:].max() < 10


def test_outlines_are_drawn_around_masks_and_leave_the_inside(demo):
    dataset = open_dataset(demo)
    rows = np.array([4, 6])
    masks = np.zeros((2, 128, 128), bool)
    masks[1, 32:96, 32:96] = True
    with Image.open(io.BytesIO(sprite_sheet(dataset, rows, 2, {FOUND: masks}))) as sheet:
        red, green, _ = np.moveaxis(np.asarray(sheet, int), 2, 0)
    drawn = green - red > 40
    assert not drawn[:, :THUMBNAIL].any(), "the first image has no mask"
    assert drawn[24, THUMBNAIL + 26 : THUMBNAIL + 70].all()
    assert not drawn[30:66, THUMBNAIL + 30 : THUMBNAIL + 66].any()


def test_each_outline_has_its_colour_at_any_size_of_image_and_mask():
    found, drawn = np.zeros((128, 128), bool), np.zeros((200, 100), bool)
    found[32:96, 32:64], drawn[50:150, 60:90] = True, True
    picture = np.asarray(outlined(np.full((600, 900), 90, np.uint8), {FOUND: found, DRAWN: drawn}))
    assert picture.shape == (600, 900, 3)
    for colour, (left, right) in ((FOUND, (225, 450)), (DRAWN, (540, 810))):
        rows, columns = np.nonzero((picture == colour).all(axis=2))
        edges = [rows.min(), rows.max(), columns.min(), columns.max()]
        assert np.abs(np.array(edges) - [150, 449, left, right]).max() <= 4
        assert (picture[200:400, left + 20 : right - 20] == 90).all(), "the inside is free"


def test_an_image_without_masks_stays_grey():
    assert outlined(np.zeros((64, 64), np.uint8), {}).mode == "L"
