import numpy as np

from core.images import read_image
from core.inference import Reader, bundled_models
from core.site import open_local_images, read_local_images
from core.site.image_properties import LUNG_PROPERTIES, PROPERTIES, property_column


def test_images_are_read_with_their_size_grey_levels_and_lungs(narrow_bundle, demo):
    (model,) = bundled_models()
    local = open_local_images(demo / "test" / "NORMAL")
    table = read_local_images(local, Reader.of(model)).table.set_index("sha256")
    images = [read_image(file) for file in local.table["file"]]
    rows = table.loc[[image.sha256 for image in images]]
    assert set(map(property_column, PROPERTIES)) <= set(table)
    assert list(rows[property_column("width")]) == [image.width for image in images]
    assert np.allclose(rows[property_column("brightness")], [image.pixels.mean() for image in images])
    lungs = rows[[property_column(name) for name in LUNG_PROPERTIES.values()]].dropna()
    assert not [name for name in table if name.startswith("deviation: ")]  # its training images are unknown
    assert len(lungs) and lungs[property_column("area of the lungs")].between(0.05, 0.9).all()
