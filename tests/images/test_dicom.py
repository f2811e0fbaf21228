import shutil
import subprocess

import numpy as np
import pydicom
import pytest
from PIL import Image

from core.dataset.synthetic import draw_chest
from core.images import ImageError, decode, network_pixels, read_header, read_image

needs_dcmtk = pytest.mark.skipif(not shutil.which("img2dcm"), reason="dcmtk is not installed")


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """A DICOM secondary capture written by dcmtk, uncompressed, and the picture it was made from."""
    folder = tmp_path_factory.mktemp("dicom")
    pixels = draw_chest(np.random.default_rng(4), "bacteria")
    Image.fromarray(pixels).save(folder / "image.jpg", quality=98)
    Image.open(folder / "image.jpg").convert("L").save(folder / "image.bmp")
    for command in (
        ["img2dcm", "-i", "BMP", folder / "image.bmp", folder / "colour.dcm"],
        [
            "dcmodify",
            "-nb",
            "-i",
            "PatientName=Doe^Jane",
            "-i",
            "PatientAge=003Y",
            "-i",
            "Modality=CR",
            folder / "colour.dcm",
        ],
    ):
        subprocess.run([str(part) for part in command], check=True)
    return folder, np.asarray(Image.open(folder / "image.bmp"))


def grey(folder, **changes):
    """The image as a 12-bit CR image by pydicom, with attributes changed; its path."""
    file = pydicom.dcmread(folder / "colour.dcm")
    values = pydicom.dcmread(folder / "colour.dcm").pixel_array
    values = (values[..., 0] if values.ndim == 3 else values).astype(np.uint16) * 16
    for name, value in {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
    }.items():
        setattr(file, name, value)
    file.pop("PlanarConfiguration", None)
    pixels = changes.pop("pixels", values)
    file.PixelData = pixels.astype(np.uint16).tobytes()
    file["PixelData"].VR = "OW"
    for name, value in changes.items():
        setattr(file, name, value)
    path = folder / "grey.dcm"
    file.save_as(path, enforce_file_format=True)
    return path


@needs_dcmtk
def test_a_secondary_capture_of_dcmtk_gives_the_picture_back(image):
    folder, pixels = image
    found = read_image(folder / "colour.dcm")
    assert np.abs(found.pixels.astype(int) - pixels).max() <= 1
    assert found.facts["Modality"] == "CR" and found.facts["Age"] == "003Y"
    assert "Doe" not in str(found.facts)


@needs_dcmtk
@pytest.mark.parametrize(
    ("command", "tolerance"),
    [
        (["dcmcrle"], 0),
        (["dcmcjpls"], 0),
        (["dcmcjpeg", "+e1"], 0),
        (["dcmcjpeg", "+eb", "+q", "95", "+sr"], 8),  # without +sr it stretches the grey levels itself
    ],
)
def test_compressed_by_dcmtk_it_is_the_same_image(image, tmp_path, command, tolerance):
    folder, _ = image
    path = grey(folder) if "+eb" not in command else folder / "colour.dcm"
    plain = read_image(path).pixels.astype(int)
    subprocess.run([*command, str(path), str(tmp_path / "packed.dcm")], check=True)
    assert np.abs(read_image(tmp_path / "packed.dcm").pixels - plain).max() <= tolerance


@needs_dcmtk
def test_twelve_bits_are_scaled_and_monochrome1_is_inverted(image):
    folder, pixels = image
    found = read_image(grey(folder)).pixels
    low, high = np.quantile(pixels, [0.0005, 0.9995])  # without a window, the image's own range
    assert np.abs(found - np.clip((pixels - low) / (high - low), 0, 1) * 255).max() <= 1
    inverted = read_image(grey(folder, PhotometricInterpretation="MONOCHROME1")).pixels
    assert np.array_equal(inverted, 255 - found)


@needs_dcmtk
def test_the_window_and_the_rescale_are_applied(image):
    folder, pixels = image
    # Values 16 x p; rescaled by 2 and -100; a window from 900 to 2900 of the rescaled values.
    path = grey(folder, RescaleSlope="2", RescaleIntercept="-100", WindowCenter="1900.5", WindowWidth="2001")
    expected = np.clip((pixels.astype(float) * 32 - 100 - 900) / 2000, 0, 1) * 255
    assert np.abs(read_image(path).pixels - expected).max() <= 1


@needs_dcmtk
@pytest.mark.parametrize(("centre", "width"), [("", ""), ("100", "0"), ("0", "-5")])
def test_a_window_that_makes_no_sense_is_passed_over(image, centre, width):
    folder, _ = image
    expected = read_image(grey(folder)).pixels
    assert np.array_equal(read_image(grey(folder, WindowCenter=centre, WindowWidth=width)).pixels, expected)


@needs_dcmtk
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Modality": "CT"}, "grey.dcm is a CT slice, not a chest X-ray"),
        ({"Modality": "US"}, "is an ultrasound image"),
        ({"Modality": "SR"}, "is a report"),
        ({"NumberOfFrames": 2}, "has 2 frames"),
        ({"Rows": 20000, "Columns": 20000}, "has 20,000 x 20,000 pixels"),
        ({"PixelData": b"\0" * 100}, "damaged or cut short"),
    ],
)
def test_what_is_no_single_x_ray_is_refused_by_name(image, changes, reason):
    folder, _ = image
    with pytest.raises(ImageError, match=reason):
        read_image(grey(folder, **changes))


@needs_dcmtk
def test_hundreds_of_damaged_files_raise_nothing_but_image_errors(image):
    data = bytearray(grey(image[0]).read_bytes())
    random = np.random.default_rng(9)
    for _ in range(300):
        broken = bytearray(data)
        for place in random.integers(132, min(len(data), 2000), 4):
            broken[place] = random.integers(256)
        broken = broken[: random.integers(200, len(broken))] if random.random() < 0.3 else broken
        try:
            network_pixels(decode(bytes(broken), "broken.dcm"))
        except ImageError as error:
            assert "broken.dcm" in str(error)


def test_a_deflated_file_that_is_no_deflated_file_is_refused():
    head = b"\0" * 128 + b"DICM" + b"\x02\0\x10\0UI\x16\x001.2.840.10008.1.2.1.99"
    with pytest.raises(ImageError, match="x.dcm is damaged or cut short"):
        decode(head + b"\xff" * 1000, "x.dcm")


def test_a_damaged_header_is_told_with_its_files_name(tmp_path):
    (tmp_path / "cut.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\x08\x00\x60\x00ZZ\xff\xff")
    with pytest.raises(ImageError, match="cut.dcm is damaged or cut short"):
        read_header(tmp_path / "cut.dcm")
