"""The size of a pixel, and whether it holds in the patient or at the detector."""

import pydicom
import pytest

from core.images.header_facts import PixelSpacing
from core.images.pixel_spacing import pixel_spacing


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"ImagerPixelSpacing": [0.2, 0.1]}, PixelSpacing(0.2, 0.1, at_detector=True)),
        ({"PixelSpacing": [0.15, 0.15]}, PixelSpacing(0.15, 0.15, at_detector=True)),
        (
            {"PixelSpacing": [0.15, 0.15], "PixelSpacingCalibrationType": "FIDUCIAL"},
            PixelSpacing(0.15, 0.15, at_detector=False),
        ),
        ({"ImagerPixelSpacing": "NaN\\NaN"}, None),
        (
            {"PixelSpacing": [0.15, 0.15], "ImagerPixelSpacing": [0.2, 0.2]},
            PixelSpacing(0.15, 0.15, at_detector=False),
        ),
        (
            {"PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [0.2, 0.2]},
            PixelSpacing(0.2, 0.2, at_detector=True),
        ),
        (
            {"PixelSpacing": [0, 0.2], "ImagerPixelSpacing": [0.2, 0.2]},
            PixelSpacing(0.2, 0.2, at_detector=True),
        ),
        ({"PixelSpacing": [0.2]}, None),
        ({}, None),
    ],
)
def test_calibrated_spacing_comes_before_that_of_the_detector(attributes, expected):
    file = pydicom.Dataset()
    for name, value in attributes.items():
        setattr(file, name, value)
    assert pixel_spacing(file) == expected
