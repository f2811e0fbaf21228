"""The heat map as contours: on which pixels they lie, and how the image is shown with them."""

import io
import shutil
import subprocess

import numpy as np
import pydicom
import pytest
from dicom_peers import dicom_image
from dicomweb_server import file_of

from core.images import decode
from core.inference import HeatMap
from core.reports.heat_contours import contours, heat_contours
from core.reports.object_identity import file_bytes
from core.reports.study_attributes import study_attributes

HOT = HeatMap(np.pad(np.ones((2, 2), np.float32), ((1, 5), (4, 2))))  # 8 x 8 cells: rows 1, 2, columns 4, 5


RESCALED = {"WindowCenter": "128", "WindowWidth": "256", "RescaleSlope": "1", "RescaleIntercept": "0"}


def table(first: int, bits: int) -> pydicom.Dataset:
    """A lookup table of 256 entries."""
    item = pydicom.Dataset()
    item.add_new("LUTDescriptor", "US", [256, first, bits])
    item.add_new("LUTData", "US", np.linspace(0, 2**bits - 1, 256).astype(int).tolist())
    return item


TABLE = table(0, 12)


def image_of(height: int, width: int, **changes: object) -> pydicom.FileDataset:
    """An image of some size whose content does not matter."""
    image = dicom_image(1)
    image.Rows, image.Columns = height, width
    ramp = np.linspace(60, 200, width).astype(np.uint8)
    image.PixelData = np.tile(ramp, (height, 1)).tobytes()
    for name, value in changes.items():
        setattr(image, name, value)
    return image


def made(image: pydicom.FileDataset) -> pydicom.Dataset:
    """The presentation state as it is read back."""
    state = state_of(image, HOT)
    assert state is not None
    return pydicom.dcmread(io.BytesIO(file_bytes(state)))


def state_of(image: pydicom.FileDataset, heat: HeatMap) -> pydicom.Dataset | None:
    data = file_of(image)
    uids = {"series_instance_uid": "1.2.3", "sop_instance_uid": "1.2.4"}
    identity = {**uids, "series_number": 1, "instance_number": 1, "manufacturer": "Nobody"}
    return heat_contours(data, study_attributes(data), decode(data, "image.dcm"), heat, **identity)


def points(state: pydicom.Dataset) -> list[np.ndarray]:
    """Column and row of the points of each outline."""
    objects = state.GraphicAnnotationSequence[0].GraphicObjectSequence
    return [np.array(item.GraphicData).reshape(-1, 2) for item in objects]


@pytest.mark.parametrize("height, width", [(400, 400), (320, 800), (1000, 640)])
@pytest.mark.parametrize("orientation", [["L", "F"], ["R", "F"]])
def test_the_outline_surrounds_the_hot_pixels_of_the_file(height, width, orientation):
    """Also where the header says that it is mirrored: pixels are never turned."""
    state = made(image_of(height, width, PatientOrientation=orientation))
    (outline,) = points(state)
    assert np.array_equal(outline[0], outline[-1])
    cell = width / 8, height / 8
    edges = [outline[:, 0].min(), outline[:, 1].min(), outline[:, 0].max(), outline[:, 1].max()]
    expected = [4 * cell[0], 1 * cell[1], 6 * cell[0], 3 * cell[1]]
    assert edges == pytest.approx(expected, abs=max(cell) / 6)  # half of the maximum: at the cells' edges
    heat = HOT.over(np.zeros((height, width), np.uint8))
    rows, columns = (outline[:, ::-1] - 0.5).round().astype(int).T
    assert heat[rows, columns].min() >= 0.5
    area = state.DisplayedAreaSelectionSequence[0]
    assert list(area.DisplayedAreaBottomRightHandCorner) == [width, height]


def test_an_outline_counts_from_the_files_corner_where_padding_was_left_out():
    plain, padded = image_of(320, 320), image_of(360, 400, PixelPaddingValue=0)
    inner = np.frombuffer(plain.PixelData, np.uint8).reshape(320, 320)
    padded.PixelData = np.pad(inner, ((30, 10), (70, 10))).tobytes()
    assert decode(file_of(padded), "image.dcm").origin == (70, 30)
    (outline,), (shifted,) = points(made(plain)), points(made(padded))
    assert np.allclose(shifted, outline + (70, 30))


def test_two_hot_regions_have_two_outlines_and_none_has_no_object():
    values = np.zeros((8, 8), np.float32)
    values[0, 0] = values[6, 6] = 1
    image = decode(file_of(image_of(320, 320)), "image.dcm")
    first, second = sorted(map(np.ndarray.tolist, contours(HeatMap(values), image)), key=np.sum)
    assert np.min(first) == 0.5 and 230 < np.min(second) < np.max(second) <= 320
    assert state_of(image_of(320, 320), HeatMap(np.zeros((8, 8), np.float32))) is None


@pytest.mark.parametrize(
    "changes, shape, window",
    [
        ({}, "IDENTITY", None),
        ({"PhotometricInterpretation": "MONOCHROME1"}, "INVERSE", None),
        ({"WindowCenter": [90, 100], "WindowWidth": [0, 120]}, "IDENTITY", (100, 120)),
        (RESCALED, "IDENTITY", (128, 256)),
        ({"RescaleSlope": "2"}, "IDENTITY", None),
        (
            {"WindowCenter": "90", "WindowWidth": "0.5", "VOILUTFunction": "LINEAR_EXACT"},
            "IDENTITY",
            (90, 0.5),
        ),
        ({"WindowCenter": "90", "WindowWidth": "20", "VOILUTSequence": [TABLE]}, "IDENTITY", (90, 20)),
        ({"VOILUTSequence": []}, "IDENTITY", None),
        ({"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "IDENTITY"}, "IDENTITY", None),
    ],
)
def test_the_image_is_shown_as_its_header_says(changes, shape, window, tmp_path):
    state = made(image_of(320, 320, **changes))
    assert state.PresentationLUTShape == shape
    shown = state.get("SoftcopyVOILUTSequence", None)
    assert (shown and (shown[0].WindowCenter, shown[0].WindowWidth)) == window
    assert ("RescaleSlope" in state) == ("RescaleSlope" in changes) == ("RescaleIntercept" in state)
    if shutil.which("dciodvfy"):
        path = tmp_path / "contours.dcm"
        state.save_as(path)
        said = subprocess.run(["dciodvfy", path], capture_output=True, text=True).stderr
        assert "Error" not in said, said


@pytest.mark.parametrize("name, white", [("VOILUTSequence", 2**16 - 1), ("ModalityLUTSequence", 2**12 - 1)])
def test_a_table_of_the_image_is_that_of_the_presentation_state(name, white):
    state = made(image_of(320, 320, **{name: [TABLE]}))
    held = state.SoftcopyVOILUTSequence[0] if name == "VOILUTSequence" else state
    (lut,) = held[name].value
    assert np.frombuffer(lut.LUTData, np.uint16).max() == white
    assert state_of(image_of(320, 320, PixelRepresentation=1, **{name: [table(2**16 - 10, 12)]}), HOT) is None
