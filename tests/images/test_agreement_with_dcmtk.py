"""Whatever a header says, the picture is what dcmtk shows, or the file is refused by attribute."""

import re
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.datadict import keyword_dict

from core.images import ImageError, decode
from core.images.grey_levels import OUTLIERS
from tests.images.dicom_files import CHEST, changed_by_dcmtk, sample, shown_by_dcmtk, table, written

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("dcm2pnm"), reason="dcmtk is not installed"),
]

TOLERANCE = 2.0  # grey levels, mean
COMPRESSIONS = (
    None,
    ("dcmcrle",),
    ("dcmcjpls",),
    ("dcmcjpeg", "+e1"),
    ("dcmconv", "+tb"),
    ("dcmconv", "+ti"),
)


@st.composite
def headers(draw):
    """Containers of an image, its attributes, stored values, values after the modality LUT, padding."""
    allocated = draw(st.sampled_from([8, 16]))
    stored = draw(st.integers(8 if allocated == 16 else 7, allocated))
    high = draw(st.sampled_from(sorted({stored - 1, allocated - 1})))
    signed = draw(st.booleans())
    low, top = draw(st.sampled_from([(0.0, 1.0), (0.05, 0.5), (0.3, 0.9)]))
    span = 2**stored - 1
    values = np.rint((low + CHEST / 255.0 * (top - low)) * span).astype(np.int64) - signed * 2 ** (stored - 1)
    attributes = {
        "BitsStored": stored,
        "HighBit": high,
        "PixelRepresentation": int(signed),
        "PhotometricInterpretation": draw(st.sampled_from(["MONOCHROME1", "MONOCHROME2"])),
    }
    if draw(st.integers(0, 3)) == 0:
        attributes["PresentationLUTShape"] = draw(st.sampled_from(["IDENTITY", "INVERSE", "LIN OD"]))
    if draw(st.integers(0, 3)) == 0:
        attributes["PixelAspectRatio"] = draw(st.sampled_from([["1", "1"], ["2", "1"], ["100", "100"]]))
    modality, output = draw(modality_transformations(values))
    attributes |= modality | draw(voi_transformations(output))
    containers = (values % 2**stored) << (high + 1 - stored)
    if stored < allocated and high == stored - 1 and draw(st.booleans()):  # an overlay in unused bits
        drawn = np.arange(CHEST.size).reshape(CHEST.shape) % 7 == 0
        containers |= drawn.astype(np.int64) << (allocated - 1)
    padding = draw(st.sampled_from([None, None, int(values.min()), int(values.max())]))
    return containers.astype(f"u{allocated // 8}"), attributes, values, output, padding


@st.composite
def modality_transformations(draw, values):
    """Attributes of a rescale, a modality LUT or neither, and the values after it."""
    kind = draw(st.sampled_from(["none", "none", "rescale", "table"]))
    first, count = int(values.min()), int(np.ptp(values)) + 1
    if kind == "rescale":
        slope, intercept = draw(st.sampled_from([(1, -1024), (2, 0), (-1, 4095), (1.5, 10.25), (1, "")]))
        attributes = {"RescaleSlope": str(slope), "RescaleIntercept": str(intercept), "RescaleType": "US"}
        return attributes, values * slope + float(intercept or 0)
    if kind == "table" and count < 2**16:
        bits = draw(st.sampled_from([10, 12, 14, 16]))
        entries = np.rint((np.arange(count) / max(1, count - 1)) ** 0.8 * (2**bits - 1))
        return {"ModalityLUTSequence": [table(entries, first, bits)]}, entries[values - first]
    return {}, values.astype(float)


@st.composite
def voi_transformations(draw, output):
    """Attributes of a window, a VOI LUT, a window that makes no sense, or none of them."""
    kind = draw(st.sampled_from(["none", "window", "window", "table", "nonsense"]))
    reach = max(64.0, float(np.ptp(output)))
    if kind == "window":
        centre = output.min() + reach * draw(st.floats(0.2, 0.8))
        width = reach * draw(st.floats(0.4, 2.0))
        function = draw(st.sampled_from(["", "LINEAR", "LINEAR_EXACT", "SIGMOID"]))
        attributes = {"WindowCenter": f"{centre:.2f}", "WindowWidth": f"{width:.2f}"}
        return attributes | ({"VOILUTFunction": function} if function else {})
    if kind == "table" and output.min() >= 0 and reach < 2**15:
        bits = draw(st.sampled_from([8, 10, 12, 16]))
        entries = np.rint((np.arange(int(reach) + 1) / reach) ** 1.3 * (2**bits - 1))
        return {"VOILUTSequence": [table(entries, int(output.min()), bits)]}
    if kind == "nonsense":
        return {"WindowCenter": "", "WindowWidth": draw(st.sampled_from(["", "0"]))}
    return {}


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(headers(), st.sampled_from(COMPRESSIONS))
def test_any_header_is_shown_as_by_dcmtk_or_refused_by_attribute(tmp_path_factory, header, compression):
    containers, attributes, values, output, padding = header
    folder = tmp_path_factory.mktemp("image")
    plain = written(sample(containers, **attributes))
    file = sample(containers, **attributes)
    hidden = np.zeros(values.shape, bool)
    if padding is not None and attributes["HighBit"] == attributes["BitsStored"] - 1:
        vr = "SS" if attributes["PixelRepresentation"] else "US"
        file.add_new("PixelPaddingValue", vr, padding)
        hidden = values == padding
    data = written(file)
    if compression and (
        compression[0] in ("dcmcrle", "dcmconv") or attributes["HighBit"] + 1 == attributes["BitsStored"]
    ):
        data = changed_by_dcmtk(data, folder, *compression)
    try:
        pixels = decode(data, "image.dcm").pixels.astype(int)
    except ImageError as error:
        assert set(re.findall(r"\w+", str(error))) & set(keyword_dict), error
        assert "PixelAspectRatio" in attributes or "LIN OD" in attributes.values(), error
        return
    expected = shown_by_dcmtk(plain, folder, *_options(attributes, output[~hidden]))
    assert expected is not None
    rows, columns = (np.flatnonzero(~hidden.all(axis=axis)) for axis in (1, 0))
    part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    difference = np.abs(pixels - expected[part])[~hidden[part]]
    assert difference.mean() < TOLERANCE, list(attributes.items())
    assert not pixels[hidden[part]].any()


def _options(attributes: dict, output: np.ndarray) -> list[str]:
    """What dcm2pnm is asked to apply."""
    if attributes.get("VOILUTFunction") == "LINEAR_EXACT":  # which dcmtk takes for LINEAR
        centre, width = float(attributes["WindowCenter"]), float(attributes["WindowWidth"])
        return ["+Ww", f"{centre + 0.5:.2f}", f"{width + 1:.2f}"]
    if attributes.get("WindowCenter"):
        return ["+Wi", "1"]
    if "VOILUTSequence" in attributes:
        return ["+Wl", "1"]
    if attributes["BitsStored"] <= 8 and "ModalityLUTSequence" not in attributes:
        return []
    low, high = np.quantile(output, [OUTLIERS, 1 - OUTLIERS])
    return ["+Ww", f"{(low + high + 1) / 2:.2f}", f"{high - low + 1:.2f}"]


@pytest.mark.parametrize("interpretation", ["RGB", "YBR_FULL"])
@pytest.mark.parametrize("planes", [0, 1])
@pytest.mark.parametrize("compression", COMPRESSIONS[:2])
def test_colours_are_shown_as_by_dcmtk(tmp_path, interpretation, planes, compression):
    samples = np.stack([CHEST, np.full_like(CHEST, 128), np.full_like(CHEST, 128)], axis=-1)
    if interpretation == "RGB":
        samples = np.repeat(CHEST[..., np.newaxis], 3, axis=-1)
    packed = samples.transpose(2, 0, 1) if planes else samples
    file = sample(samples, PhotometricInterpretation=interpretation, PlanarConfiguration=planes)
    file.PixelData = np.ascontiguousarray(packed).tobytes()
    data = written(file)
    expected = shown_by_dcmtk(data, tmp_path)
    assert expected is not None
    if compression:
        data = changed_by_dcmtk(data, tmp_path, *compression)
    assert np.abs(decode(data, "image.dcm").pixels - expected[..., 0]).mean() < TOLERANCE
