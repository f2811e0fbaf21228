import io

import numpy as np
from PIL import Image

from core.dataset import open_dataset, sprite_sheet
from core.dataset.thumbnails import THUMBNAIL


def test_a_sprite_sheet_holds_each_thumbnail_in_its_place(demo):
    dataset = open_dataset(demo)
    rows = np.array([5, 3, 8])
    sheet = np.asarray(Image.open(io.BytesIO(sprite_sheet(dataset, rows, columns=2))), float)
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
    with Image.open(io.BytesIO(sprite_sheet(dataset, rows, 2, masks))) as sheet:
        red, green, _ = np.moveaxis(np.asarray(sheet, int), 2, 0)
    drawn = green - red > 40
    assert not drawn[:, :THUMBNAIL].any(), "the first image has no mask"
    assert drawn[24, THUMBNAIL + 26 : THUMBNAIL + 70].all()
    assert not drawn[30:66, THUMBNAIL + 30 : THUMBNAIL + 66].any()
