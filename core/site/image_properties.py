"""Numbers that describe an image besides what it shows: size, grey levels, how the lungs lie."""

from dataclasses import asdict

import numpy as np

from core.inference import Reading

PIXEL_PROPERTIES = ("width", "height", "aspect ratio", "brightness", "contrast")
LUNG_PROPERTIES = {  # of core.anatomy.Lungs.geometry, by its field
    "area": "area of the lungs",
    "balance": "balance of the lungs",
    "tilt": "tilt of the lungs",
    "cut": "lungs cut off by the border",
    "proportion": "height by width of the lungs",
    "filling": "filling of the lungs' box",
    "distance": "distance of the lungs",
    "solidity": "solidity of the lungs",
    "slenderness": "slenderness of the lungs",
    "certainty": "distinctness of the lungs",
}
LOGARITHMS = ("proportion", "slenderness")  # in the geometry; people are told the ratios themselves
PROPERTIES = (*PIXEL_PROPERTIES, *LUNG_PROPERTIES.values())


def property_column(name: str) -> str:
    """The column of our tables that holds a property, so that it is taken for no other column."""
    return f"property: {name}"


def image_properties(reading: Reading) -> dict[str, float]:
    """The properties of an image by their column; NaN for those of lungs that were not found.

    Sizes are in pixels, brightness and contrast mean and standard deviation of the grey levels, 0 to 255; for
    those of the lungs, see `core.anatomy.geometry.Geometry`, with ratios instead of their logarithms.
    """
    image, lungs = reading.image, reading.output.lungs
    geometry = asdict(lungs.geometry) if lungs and lungs.geometry else {}
    geometry |= {field: float(np.exp(geometry[field])) for field in LOGARITHMS if field in geometry}
    of_pixels = (
        image.width,
        image.height,
        image.width / image.height,
        float(image.pixels.mean()),
        float(image.pixels.std()),
    )
    values = dict(zip(PIXEL_PROPERTIES, of_pixels, strict=True))
    values |= {title: geometry.get(field, float("nan")) for field, title in LUNG_PROPERTIES.items()}
    return {property_column(name): value for name, value in values.items()}
