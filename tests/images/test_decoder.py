import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from core.images import ImageError, decode, network_input, network_pixels, read_image

RAMP = np.tile(np.arange(256, dtype=np.uint8), (128, 1))


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG whose header gives another size than it has."""
    data = bytearray(encoded(Image.new("1", (1, 1)), "PNG"))
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))  # of the header
    return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP"])
def test_lossless_formats_give_the_grey_levels_back(kind):
    image = decode(encoded(Image.fromarray(RAMP), kind, lossless=True), "image")
    assert np.abs(image.pixels.astype(int) - RAMP).max() <= 1
    assert (image.width, image.height) == (256, 128)


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_sixteen_bit_images_are_scaled_from_their_depth_and_never_clipped(bits):
    deep = (RAMP.astype(np.float64) / 255 * (2**bits - 1)).round().astype(np.uint16)
    image = decode(encoded(Image.fromarray(deep), "PNG"), "deep.png")
    assert np.abs(image.pixels.astype(int) - RAMP).max() <= 1


def test_floating_point_tiff_is_scaled_from_its_own_range():
    image = decode(encoded(Image.fromarray(RAMP.astype(np.float32) / 255 - 3), "TIFF"), "float.tiff")
    assert np.abs(image.pixels.astype(int) - RAMP).max() <= 1


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "1", "P"])
def test_colour_palette_and_black_and_white_become_grey(mode):
    image = Image.fromarray(np.where(RAMP > 127, 255, 0).astype(np.uint8)).convert(mode)
    kind = "TIFF" if mode == "CMYK" else "PNG"
    image = decode(encoded(image, kind), "image")
    assert np.abs(image.pixels.astype(int) - np.where(RAMP > 127, 255, 0)).max() <= 3


def test_transparent_pixels_become_black():
    rgba = np.dstack([RAMP, RAMP, RAMP, np.zeros_like(RAMP)])
    assert decode(encoded(Image.fromarray(rgba), "PNG"), "clear.png").pixels.max() == 0


def test_the_exif_orientation_is_applied():
    exif = Image.Exif()
    exif[274] = 6
    image = decode(encoded(Image.fromarray(RAMP), "JPEG", exif=exif), "turned.jpeg")
    assert (image.width, image.height) == (128, 256)


NOISE = np.random.default_rng(0).integers(0, 255, (128, 128), dtype=np.uint8)
GOOD = encoded(Image.fromarray(NOISE), "JPEG")
FRAMES = encoded(Image.fromarray(RAMP), "TIFF", save_all=True, append_images=[Image.fromarray(RAMP)])
REFUSED = {
    "empty": (b"", "is empty"),
    "text renamed .jpeg": (b"this is no image at all", "is not an image"),
    "truncated": (GOOD[: len(GOOD) // 2], "damaged or cut short"),
    "1 x 1": (encoded(Image.new("L", (1, 1)), "PNG"), "has 1 x 1 pixels; at least 64 x 64"),
    "20,000 x 20,000": (png_that_claims(20_000, 20_000), "has too many pixels"),
    "two frames": (FRAMES, "has 2 frames"),
    "not a number": (encoded(Image.fromarray(np.full((64, 64), np.nan, np.float32)), "TIFF"), "not numbers"),
    "GIF": (encoded(Image.fromarray(RAMP), "GIF"), "is not an image that can be read here"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_file_is_refused_in_one_sentence_that_names_it(case):
    data, reason = REFUSED[case]
    with pytest.raises(ImageError, match=reason) as caught:
        decode(data, "bad.jpeg")
    assert str(caught.value).startswith("bad.jpeg")
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(ImageError, match="does not exist"):
        read_image(tmp_path / "none.png")
    with pytest.raises(ImageError, match="is not a file"):
        read_image(tmp_path)


def test_five_hundred_damaged_jpegs_raise_nothing_but_image_errors():
    random = np.random.default_rng(1)
    for _ in range(500):
        data = bytearray(GOOD)
        for place in random.integers(0, len(data), 8):
            data[place] = random.integers(0, 256)
        with contextlib.suppress(ImageError):
            decode(bytes(data), "fuzzed.jpeg")


def test_the_network_sees_128_by_128_and_values_from_0_to_1():
    pixels = network_pixels(decode(encoded(Image.fromarray(RAMP), "PNG"), "image.png"))
    assert pixels.shape == (128, 128) and pixels.dtype == np.uint8
    inputs = network_input(pixels[np.newaxis])
    assert inputs.shape == (1, 128, 128, 3) and inputs.dtype == np.float32
    assert 0 <= inputs.min() < 0.02 and 0.98 < inputs.max() <= 1
