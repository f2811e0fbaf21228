"""Grey levels of TIFF, PNG and JPEG files that are not what they seem: cases 2, 6 and 8."""

import struct
from itertools import product

import numpy as np
import PIL.Image
import pytest
from PIL import ImageCms

from core.dataset import open_dataset
from core.images import ImageError, decode
from tests.images.dicom_files import CHEST
from tests.images.picture_files import jpeg, png, png16_colour, tiff, with_chunk

DEEP = CHEST.astype(np.uint16) * 257


def difference(data: bytes, expected: np.ndarray = CHEST) -> float:
    return float(np.abs(decode(data, "image").pixels.astype(int) - expected).mean())


@pytest.mark.parametrize("brightest", [255, 1020, 2040, 4095, 65535])
@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_2_sixteen_bits_fill_black_to_white_whatever_their_range(brightest, kind):
    values = np.rint(CHEST * (brightest / 255)).astype(np.uint16)
    assert difference(png(values) if kind == "png" else tiff(values)) < 4


@pytest.mark.parametrize("brightest", [2040, 4095, 65535])
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_2_sixteen_bit_colours_are_not_cut_to_their_high_byte(brightest, channels):
    grey = np.rint(CHEST * (brightest / 255)).astype(np.uint16)
    samples = np.repeat(grey[..., np.newaxis], channels, axis=-1)
    if channels in (2, 4):
        samples[..., -1] = 65535
    assert difference(png16_colour(samples)) < 4
    assert not decode(png16_colour(samples), "image").coloured
    if channels == 3:
        for order in "<>":
            assert difference(tiff(samples, order, photometric=2)) < 4


TIFFS = {  # dtype and sample format of a white-is-zero or black-is-zero TIFF
    "8 bits": (np.uint8, None),
    "16 bits": (np.uint16, None),
    "16 bits, declared": (np.uint16, 1),
    "16 bits, signed": (np.int16, 2),
    "32 bits": (np.uint32, None),
    "32 bits, signed": (np.int32, 2),
    "float": (np.float32, 3),
}


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", TIFFS)
def test_6_a_tiff_of_either_polarity_and_byte_order_is_upright(kind, order, photometric, compressed):
    dtype, sample_format = TIFFS[kind]
    values = CHEST.astype(dtype) * dtype(1 if dtype in (np.uint8, np.float32) else 100)
    if photometric == 0:
        values = values.max() - values
    data = tiff(values, order, photometric, sample_format, compressed)
    assert difference(data) < 4


def test_6_a_data_set_of_white_is_zero_tiffs_is_upright(tmp_path, own_home):
    for split, label, number in product(("train", "test"), ("NORMAL", "PNEUMONIA"), range(3)):
        folder = tmp_path / "set" / split / label
        folder.mkdir(parents=True, exist_ok=True)
        values = np.roll(DEEP, 5 * number + len(label) + 20 * len(split), axis=1)
        (folder / f"{number}.tif").write_bytes(tiff(65535 - values, ">", photometric=0))
    dataset = open_dataset(tmp_path / "set")
    mean = CHEST.mean()
    assert len(dataset.table) == 12 and all(abs(pixels.mean() - mean) < 4 for pixels in dataset.pixels)


@pytest.mark.parametrize(("gamma", "exponent"), [(1.0, 1 / 2.2), (1 / 2.2, 1.0), (1 / 1.8, 1.8 / 2.2)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_8_the_gamma_of_a_png_is_honoured(gamma, exponent, dtype):
    values = CHEST if dtype == np.uint8 else DEEP
    data = with_chunk(png(values), b"gAMA", struct.pack(">I", round(gamma * 100_000)))
    shown = 255 * (CHEST / 255.0) ** exponent
    assert difference(data, shown) < 4
    srgb = with_chunk(data, b"sRGB", b"\0")  # which goes first
    assert difference(srgb) < 4


def test_8_a_gamma_that_no_display_has_is_refused_by_name():
    with pytest.raises(ImageError, match="gAMA"):
        decode(with_chunk(png(CHEST), b"gAMA", struct.pack(">I", 5_000_000)), "image.png")


@pytest.mark.parametrize(("dtype", "bits"), [(np.uint8, 5), (np.uint16, 12), (np.uint16, 10)])
def test_8_significant_bits_of_a_png_do_not_darken_it(dtype, bits):
    depth = 8 * np.dtype(dtype).itemsize
    for shift in (0, depth - bits) if depth == 16 else (depth - bits,):  # right-aligned by some writers
        values = np.rint(CHEST * ((2**bits - 1) / 255)).astype(dtype) << shift
        assert difference(with_chunk(png(values.astype(dtype)), b"sBIT", bytes([bits]))) < 6


def display_profile() -> bytes:
    """The colour profile of an ordinary display."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def grey_profile(gamma: float) -> bytes:
    """A grey profile with a gamma: an ICC header and the three tags that LittleCMS needs."""
    white = b"XYZ " + bytes(4) + struct.pack(">iii", 63190, 65536, 54061)
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    text = b"desc" + bytes(4) + struct.pack(">I", 2) + b"g\0" + bytes(82)
    tags, body, offset = b"", b"", 128 + 4 + 3 * 12
    for name, content in ((b"desc", text), (b"wtpt", white), (b"kTRC", curve)):
        tags += name + struct.pack(">II", offset + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    size = offset + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02100000, b"mntr", b"GRAY", b"XYZ ")
    head += struct.pack(">6H4s", 2020, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    head += struct.pack(">iii", 63190, 65536, 54061) + bytes(48)
    return head[:128].ljust(128, b"\0") + struct.pack(">I", 3) + tags + body


@pytest.mark.parametrize("encode", [png, jpeg])
def test_8_a_colour_profile_that_changes_grey_levels_is_honoured(encode):
    assert np.array_equal(
        decode(encode(CHEST, icc_profile=display_profile()), "image").pixels,
        decode(encode(CHEST), "image").pixels,
    )
    linear = decode(encode(CHEST, icc_profile=grey_profile(1.0)), "image").pixels.astype(int)
    value = CHEST / 255.0
    shown = 255 * np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)
    assert np.abs(linear - shown).mean() < 4


def test_8_a_damaged_profile_is_passed_over():
    assert difference(png(CHEST, icc_profile=b"no profile at all" * 20)) == 0


def test_8_a_large_profile_or_text_does_not_spoil_a_png():
    padded = display_profile() + bytes(3 * 2**20)
    assert difference(png(CHEST, icc_profile=padded)) == 0


def test_8_a_phones_jpeg_with_a_preview_is_one_picture(tmp_path):
    picture = PIL.Image.fromarray(CHEST)
    picture.save(
        tmp_path / "phone.jpg", "MPO", save_all=True, append_images=[picture.resize((64, 64))], quality=98
    )
    assert difference((tmp_path / "phone.jpg").read_bytes()) < 1.5


@pytest.mark.parametrize("encode", [png, jpeg, tiff])
def test_an_ordinary_picture_keeps_its_grey_levels(encode):
    assert difference(encode(CHEST)) < (1.5 if encode is jpeg else 1e-9)
