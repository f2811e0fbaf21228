"""Grey levels that are not what they seem: cases 1 to 8 of what the field throws at the product."""

import io
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import ImageCms
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from core.images import ImageError, decode, decode_safely, read_image
from tests.images.dicom_files import (
    CHEST,
    changed_by_dcmtk,
    deep_sample,
    sample,
    shown_by_dcmtk,
    table,
    written,
)
from tests.images.picture_files import jpeg

DICOM = Path(__file__).resolve().parents[3] / "shared" / "external" / "dicom"
needs_dcmtk = pytest.mark.skipif(not shutil.which("dcmcjpeg"), reason="dcmtk is not installed")
needs_variants = pytest.mark.skipif(not DICOM.exists(), reason="the variants are not on this machine")
WINDOW: dict[str, Any] = {"WindowCenter": "2048", "WindowWidth": "4096"}
DEEP = np.rint(CHEST * (4095 / 255)).astype(np.uint16)


def pixels(file: Dataset) -> np.ndarray:
    return decode(written(file), "image.dcm").pixels.astype(int)


def refusal(file: Dataset) -> str:
    with pytest.raises(ImageError) as caught:
        decode(written(file), "image.dcm")
    return str(caught.value)


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found - expected).mean())


# Case 1: VOI LUT functions


def test_1_a_sigmoid_window_is_a_sigmoid():
    found = pixels(deep_sample(VOILUTFunction="SIGMOID", WindowCenter="1500", WindowWidth="900"))
    expected = 255 / (1 + np.exp(-4 * (DEEP.astype(float) - 1500) / 900))  # PS3.3, C.11.2.1.3.1
    assert difference(found, expected) < 0.5


@pytest.mark.parametrize(
    ("function", "low", "high"), [("LINEAR", 999.5, 1008.5), ("LINEAR_EXACT", 999.5, 1009.5)]
)
def test_1_a_narrow_linear_window_has_the_bounds_of_its_function(function, low, high):
    values = np.tile(np.arange(960, 1088, dtype=np.uint16), (128, 1))
    window = {"WindowCenter": "1004.5", "WindowWidth": "10"}
    found = pixels(sample(values, BitsStored=12, VOILUTFunction=function, **window))
    assert difference(found, np.clip((values - low) / (high - low), 0, 1) * 255) < 0.5


def test_1_an_unknown_function_is_refused_by_name():
    assert "VOILUTFunction" in refusal(deep_sample(**WINDOW, VOILUTFunction="GAMMA"))


# Case 2: no window


@pytest.mark.parametrize("brightest", [255, 1020, 2040, 4095])
def test_2_an_image_without_window_fills_black_to_white_whatever_its_range(brightest):
    values = np.rint(CHEST * (brightest / 255)).astype(np.uint16)
    assert difference(pixels(sample(values, BitsStored=12)), CHEST.astype(int)) < 4


def test_2_a_blank_image_stays_blank():
    noise = np.random.default_rng(0).integers(1000, 1005, (128, 128)).astype(np.uint16)
    assert pixels(sample(noise, BitsStored=12)).std() < 1


# Case 3: padding


@pytest.mark.parametrize("interpretation", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(
    ("padding", "limit", "filled"),
    [(0, None, 0), (4095, None, 4095), (65535, None, 65535), (4000, 4095, 4050)],
)
@pytest.mark.parametrize("window", [{}, WINDOW])
def test_3_padding_is_neither_shown_nor_scaled(interpretation, padding, limit, filled, window):
    values = np.clip(DEEP, 5, 3990)
    framed = np.pad(values, ((20, 30), (10, 0)), constant_values=filled)
    bits = 16 if padding > 4095 else 12
    header = {"BitsStored": bits, "PhotometricInterpretation": interpretation, **window}
    plain = sample(values, **header)
    padded = sample(framed, **header)
    padded.add_new("PixelPaddingValue", "US", padding)
    if limit:
        padded.add_new("PixelPaddingRangeLimit", "US", limit)
    assert np.array_equal(pixels(padded), pixels(plain))
    assert decode_safely(written(padded), "image.dcm").origin == (10, 20)
    corner = framed.copy()
    corner[40:60, 40:60] = filled  # not at the edge: black
    padded.PixelData = corner.tobytes()
    assert not pixels(padded)[20:40, 30:50].any()


def test_3_padding_of_signed_values_may_be_written_unsigned():
    values = (DEEP.astype(np.int16) - 1024).clip(-1000)
    framed = np.pad(values, 10, constant_values=-2000)
    header = {"BitsStored": 16, "PixelRepresentation": 1}
    padded = sample(framed.view(np.uint16), **header)
    padded.add_new("PixelPaddingValue", "US", 65536 - 2000)
    assert np.array_equal(pixels(padded), pixels(sample(values.view(np.uint16), **header)))


def test_3_an_image_of_padding_alone_is_refused():
    file = sample(np.full((128, 128), 7, np.uint16))
    file.add_new("PixelPaddingValue", "US", 7)
    assert "PixelPaddingValue" in refusal(file)


# Case 4: palettes


@pytest.mark.parametrize(("bits", "first"), [(8, 0), (16, 0), (16, 10)])
def test_4_a_palette_is_looked_up(bits, first):
    indices = (255 - CHEST).astype(np.uint16) + first
    file = sample(indices, PhotometricInterpretation="PALETTE COLOR")
    entries = np.arange(255, -1, -1) * (257 if bits == 16 else 1)
    for colour in ("Red", "Green", "Blue"):
        name = f"{colour}PaletteColorLookupTable"
        file.add_new(f"{name}Descriptor", "US", [256, first, bits])
        file.add_new(f"{name}Data", "OW", entries.astype("<u2" if bits == 16 else "u1").tobytes())
    found = decode(written(file), "image.dcm")
    assert difference(found.pixels, CHEST.astype(int)) < 1 and not found.coloured


def test_4_a_palette_in_colour_is_known_as_colour():
    file = sample(CHEST, PhotometricInterpretation="PALETTE COLOR")
    for colour, scale in (("Red", 1), ("Green", 0), ("Blue", 0)):
        name = f"{colour}PaletteColorLookupTable"
        file.add_new(f"{name}Descriptor", "US", [256, 0, 8])
        file.add_new(f"{name}Data", "OW", (np.arange(256) * scale).astype(np.uint8).tobytes())
    assert decode(written(file), "image.dcm").coloured


# Case 5: for processing


@pytest.mark.parametrize(
    "attributes",
    [
        {"SOPClassUID": uid.DigitalXRayImageStorageForProcessing},
        {"SOPClassUID": uid.DigitalMammographyXRayImageStorageForProcessing},
        {"PresentationIntentType": "FOR PROCESSING"},
        {"PresentationIntentType": "for processing "},
    ],
)
def test_5_a_raw_image_is_refused_with_the_one_to_send(attributes):
    sentence = refusal(deep_sample(**attributes))
    assert "FOR PROCESSING" in sentence and "Send the image FOR PRESENTATION" in sentence


def test_5_the_file_meta_information_alone_tells_a_raw_image():
    file = deep_sample(SOPClassUID=None)
    file.file_meta.MediaStorageSOPClassUID = uid.DigitalXRayImageStorageForProcessing
    assert "Send the image FOR PRESENTATION" in refusal(file)


# Case 7: JPEG with 12 bits, and with 8 bits in 16


@needs_dcmtk
@pytest.mark.parametrize("interpretation", ["MONOCHROME1", "MONOCHROME2"])
def test_7_jpeg_extended_with_12_bits_is_read(tmp_path, interpretation):
    plain = deep_sample(**WINDOW, PhotometricInterpretation=interpretation)
    packed = changed_by_dcmtk(written(plain), tmp_path, "dcmcjpeg", "+ee", "+q", "98", "+sr")
    assert pydicom.dcmread(tmp_path / "out.dcm").file_meta.TransferSyntaxUID == uid.JPEGExtended12Bit
    assert difference(decode(packed, "image.dcm").pixels, pixels(plain)) < 1.5


@pytest.mark.parametrize(("allocated", "stored"), [(8, 8), (16, 8), (16, 12), (16, 16)])
@pytest.mark.parametrize("syntax", [uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit])
def test_7_jpeg_with_8_bits_is_read_whatever_is_allocated(tmp_path, allocated, stored, syntax):
    file = sample(CHEST, BitsAllocated=allocated, BitsStored=stored, PixelData=encapsulate([jpeg(CHEST)]))
    file.file_meta.TransferSyntaxUID = syntax
    file["PixelData"].is_undefined_length = True
    assert difference(pixels(file), CHEST.astype(int)) < 1.5
    if syntax == uid.JPEGBaseline8Bit and shutil.which("dcmj2pnm"):
        shown = shown_by_dcmtk(written(file), tmp_path)
        assert shown is not None and difference(pixels(file), shown) < 1.5


def test_7_a_compression_that_is_not_supported_is_named():
    file = sample(CHEST, PixelData=encapsulate([b"\0\0"]))
    file.file_meta.TransferSyntaxUID = uid.HTJ2K
    file["PixelData"].is_undefined_length = True
    assert "High-Throughput JPEG 2000" in refusal(file)


# Case 8: everything else that changes the picture


@pytest.mark.parametrize("slope", ["", "1", "1.0", "1,0"])
@pytest.mark.parametrize("intercept", ["", "0", None])
def test_8_an_empty_or_comma_written_rescale_with_a_good_window_is_read(slope, intercept):
    file = deep_sample(**WINDOW)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = written(file)
    element = b"\x28\0\x53\x10DS" + len(slope.ljust(len(slope) + len(slope) % 2)).to_bytes(2, "little")
    element += slope.encode() + b" " * (len(slope) % 2)
    if intercept is not None:
        text = intercept.encode() + b" " * (len(intercept) % 2)
        element = b"\x28\0\x52\x10DS" + len(text).to_bytes(2, "little") + text + element
    at = data.index(b"\xe0\x7f\x10\0O")
    found = decode(data[:at] + element + data[at:], "image.dcm").pixels
    assert difference(found, pixels(file)) == 0


@pytest.mark.parametrize(
    ("name", "value"), [("RescaleSlope", "0"), ("RescaleSlope", "much"), ("WindowWidth", "wide")]
)
def test_8_a_number_that_cannot_be_honoured_is_refused_by_name(name, value):
    file = deep_sample(**WINDOW)
    file.add_new(name, "LO", value)
    assert name in refusal(file)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_8_a_modality_lut_with_a_descriptor_of_other_bits_than_8_and_16_is_read(tmp_path, bits):
    entries = np.rint((np.arange(4096) / 4095) ** 0.7 * (2**bits - 1))
    file = deep_sample(
        ModalityLUTSequence=[table(entries, 0, bits)],
        WindowCenter=str(2 ** (bits - 1)),
        WindowWidth=str(2**bits),
    )
    expected = (np.arange(4096) / 4095) ** 0.7 * 255
    assert difference(pixels(file), expected[DEEP]) < 1


@pytest.mark.parametrize("bits", [8, 16])
def test_8_a_voi_lut_whose_descriptor_is_wrong_is_refused_by_name(bits):
    file = deep_sample(VOILUTSequence=[table(np.arange(4096), 0, bits)])
    assert "LUTDescriptor" in refusal(file)


@pytest.mark.parametrize("window", [{}, WINDOW])
def test_8_floating_point_pixels_are_read(window):
    for name, dtype, padding in (
        ("FloatPixelData", np.float32, "FloatPixelPaddingValue"),
        ("DoubleFloatPixelData", np.float64, "DoubleFloatPixelPaddingValue"),
    ):
        file = deep_sample(**window)
        del file.PixelData
        values = np.pad(DEEP.astype(dtype), ((5, 0), (0, 0)), constant_values=-1e6)
        file.Rows += 5
        setattr(file, name, values.tobytes())
        setattr(file, padding, -1e6)
        assert difference(pixels(file), CHEST.astype(int)) < 4


def test_8_floating_point_pixels_that_are_no_numbers_are_refused():
    file = deep_sample()
    del file.PixelData
    file.FloatPixelData = np.full(CHEST.shape, np.nan, np.float32).tobytes()
    assert "not numbers" in refusal(file)


@pytest.mark.parametrize("modality", ["DR", "CR", "DX", "RG", "OT"])
def test_8_every_modality_of_radiographs_is_read(modality):
    assert difference(pixels(deep_sample(**WINDOW, Modality=modality)), CHEST.astype(int)) < 1


@pytest.mark.parametrize("start", [132, 128, 0])
@pytest.mark.parametrize(
    "syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian]
)
def test_8_an_image_without_preamble_magic_or_transfer_syntax_is_read(tmp_path, start, syntax):
    file = deep_sample(**WINDOW)
    file.PixelData = DEEP.astype("<u2" if syntax.is_little_endian else ">u2").tobytes()
    bare = tmp_path / "bare"
    pydicom.dcmwrite(
        bare,
        Dataset(file),
        implicit_vr=syntax.is_implicit_VR,
        little_endian=syntax.is_little_endian,
        force_encoding=True,
    )
    data = bare.read_bytes()
    head = {132: b"\0" * 128 + b"DICM", 128: b"DICM", 0: b""}[start]
    assert difference(decode(head + data, "image").pixels, CHEST.astype(int)) < 1
    (tmp_path / "image").write_bytes(head + data)
    assert difference(read_image(tmp_path / "image").pixels, CHEST.astype(int)) < 1


def test_8_compressed_pixels_without_transfer_syntax_are_read(tmp_path):
    for command in (["dcmcjpeg", "+e1"], ["dcmcjpls"], ["dcmcrle"]):
        if not shutil.which(command[0]):
            pytest.skip("dcmtk is not installed")
        file = pydicom.dcmread(
            io.BytesIO(changed_by_dcmtk(written(deep_sample(**WINDOW)), tmp_path, *command))
        )
        pydicom.dcmwrite(
            tmp_path / "bare", Dataset(file), implicit_vr=False, little_endian=True, force_encoding=True
        )
        assert difference(decode((tmp_path / "bare").read_bytes(), "image").pixels, CHEST.astype(int)) < 1


@needs_dcmtk
@pytest.mark.parametrize("declared", [uid.ExplicitVRLittleEndian, uid.JPEGBaseline8Bit, uid.JPEG2000Lossless])
def test_8_compressed_pixels_with_a_wrong_transfer_syntax_are_read(tmp_path, declared):
    for command in (["dcmcjpeg", "+e1"], ["dcmcjpls"]):
        data = changed_by_dcmtk(written(deep_sample(**WINDOW)), tmp_path, *command)
        true = pydicom.dcmread(io.BytesIO(data)).file_meta.TransferSyntaxUID
        old, new = (str(item).encode().ljust(22, b"\0") for item in (true, declared))
        assert data.count(old) == 1 and len(old) == len(new)
        assert difference(decode(data.replace(old, new), "image").pixels, CHEST.astype(int)) < 1


def test_8_a_colour_profile_of_a_secondary_capture_is_honoured():
    file = sample(np.repeat(CHEST[..., np.newaxis], 3, axis=-1), PhotometricInterpretation="RGB")
    file.PlanarConfiguration = 0
    plain = pixels(file)
    file.ICCProfile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(pixels(file), plain)


def test_8_a_deflated_image_is_read_and_a_bomb_is_not(tmp_path):
    file = deep_sample(**WINDOW)
    file.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    assert difference(pixels(file), CHEST.astype(int)) < 1
    file.PixelData = bytes(200 * 2**20)
    data = written(file)
    assert len(data) < 2**20
    with pytest.raises(ImageError, match="deflated DICOM file of more than 128 MiB"):
        decode(data, "image.dcm")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PixelAspectRatio", ["2", "1"]),
        ("ImagerPixelSpacing", ["0.1", "0.2"]),
        ("PresentationLUTShape", "LIN OD"),
        ("PhotometricInterpretation", "HSV"),
        ("PhotometricInterpretation", None),
        ("BitsAllocated", 12),
        ("BitsStored", 17),
        ("HighBit", 5),
        ("PixelRepresentation", 7),
        ("Rows", None),
    ],
)
def test_8_what_cannot_be_honoured_is_refused_by_attribute(name, value):
    assert name in refusal(deep_sample(**WINDOW, **{name: value}))


def test_8_overlays_in_unused_bits_and_beside_the_pixels_are_not_seen():
    drawn = DEEP | (np.arange(DEEP.size).reshape(DEEP.shape) % 3 == 0).astype(np.uint16) << 14
    file = sample(drawn, BitsStored=12, **WINDOW)
    file.add_new(0x60000010, "US", 128)
    file.add_new(0x60000011, "US", 128)
    file.add_new(0x60000100, "US", 16)
    file.add_new(0x60000102, "US", 14)
    assert difference(pixels(file), pixels(deep_sample(**WINDOW))) == 0
    file.add_new(0x60023000, "OW", b"\xff" * 2048)
    assert difference(pixels(file), pixels(deep_sample(**WINDOW))) == 0


SAME = (
    *(
        "big_endian",
        "deflated",
        "dx_for_presentation_12bit",
        "header_says_hand",
        "header_says_lateral",
        "implicit_le",
    ),
    *(
        "j2k_lossless",
        "mono2",
        "mono2_8bit",
        "negative_slope_mono1",
        "no_preamble",
        "rle",
        "secondary_capture_rgb",
    ),
    *("signed_rescale", "two_windows", "voi_lut_sequence"),
)
WITHOUT_WINDOW = ("pixel_padding_white", "zero_window")  # shown in their own range


@needs_variants
@pytest.mark.parametrize("name", [*SAME, *WITHOUT_WINDOW])
def test_8_variants_of_one_image_give_one_picture(name):
    expected = read_image(DICOM / "explicit_le.dcm").pixels.astype(int)
    found = read_image(DICOM / f"{name}.dcm").pixels
    assert difference(found, expected) < (8 if name in WITHOUT_WINDOW else 0.5)


@needs_variants
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("dx_for_processing", "Send the image FOR PRESENTATION"),
        ("no_pixels", "without an image"),
        ("truncated", "damaged or cut short"),
        ("two_frames", "has 2 frames"),
    ],
)
def test_8_variants_that_hold_no_such_picture_are_refused(name, reason):
    with pytest.raises(ImageError, match=reason):
        read_image(DICOM / f"{name}.dcm")
