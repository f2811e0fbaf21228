from functools import partial

import numpy as np
import pytest

from core.images import read_image
from core.inference import Reader, bundled_models
from core.site import open_local_images, read_local_images
from core.site.image_properties import LUNG_PROPERTIES, PROPERTIES, image_properties, property_column


def test_images_are_read_with_their_size_grey_levels_and_lungs(narrow_bundle, demo):
    (model,) = bundled_models()
    local = open_local_images(demo / "test" / "NORMAL")
    table = read_local_images(local, [Reader.of(model)])[0].table.set_index("sha256")
    images = [read_image(file) for file in local.table["file"]]
    rows = table.loc[[image.sha256 for image in images]]
    assert set(map(property_column, PROPERTIES)) <= set(table)
    assert list(rows[property_column("width")]) == [image.width for image in images]
    assert np.allclose(rows[property_column("brightness")], [image.pixels.mean() for image in images])
    lungs = rows[[property_column(name) for name in LUNG_PROPERTIES.values()]].dropna()
    assert not [name for name in table if name.startswith("deviation: ")]  # its training images are unknown
    assert len(lungs) and lungs[property_column("area of the lungs")].between(0.05, 0.9).all()


def test_ratios_are_told_as_ratios(narrow_bundle, demo):
    (model,) = bundled_models()
    loaders = [partial(read_image, path) for path in sorted((demo / "test" / "NORMAL").iterdir())[:4]]
    (readings,) = Reader.of(model).read_files(loaders, len(loaders))
    with_lungs = [reading for reading in readings if reading.output.lungs.geometry]
    assert with_lungs
    for reading in with_lungs:
        geometry, properties = reading.output.lungs.geometry, image_properties(reading)
        x0, y0, x1, y1 = reading.output.lungs.box
        told = properties[property_column("height by width of the lungs")]
        assert told == pytest.approx((y1 - y0) / (x1 - x0), rel=1e-3)
        assert np.log(properties[property_column("slenderness of the lungs")]) == pytest.approx(
            geometry.slenderness
        )
