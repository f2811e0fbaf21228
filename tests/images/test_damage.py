"""Damage that nobody thought of, and traps that were measured: a sentence, within time and memory."""

import contextlib
import io
import re
import time
import warnings
from pathlib import Path

import numpy as np
import PIL.Image
import psutil
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from core.images import Image, ImageError, decode, decode_safely, read_image, sandbox
from tests.images.dicom_files import written

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (80, 90)).astype(np.uint8)


def saved(kind: str) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.fromarray(PIXELS).save(buffer, kind)
    return buffer.getvalue()


def dicom(**changes) -> Dataset:
    """A small image, made by hand."""
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    values = {"Modality": "CR", "Rows": 80, "Columns": 90, "SamplesPerPixel": 1, "BitsAllocated": 8}
    values |= {"BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0}
    values |= {"PhotometricInterpretation": "MONOCHROME2", "PixelData": PIXELS.tobytes(), **changes}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in values.items():
            setattr(image, name, value)
    return image


ORIGINALS = {kind: saved(kind) for kind in ("PNG", "JPEG", "TIFF", "BMP", "WEBP")}
ORIGINALS["DICOM"] = written(dicom())


def test_whatever_is_damaged_is_read_or_refused_by_name():
    from hypothesis import given, settings
    from hypothesis import strategies as st  # lazily: every worker that collects tests would import it

    @settings(max_examples=400, deadline=None, derandomize=True)
    @given(
        st.sampled_from(sorted(ORIGINALS)),
        st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=6)), max_size=8),
        st.floats(0, 1),
        st.text(max_size=20),
    )
    def check(kind, edits, kept, name):
        data = bytearray(ORIGINALS[kind])
        for place, change in edits:
            start = int(place * len(data))
            data[start : start + len(change)] = change
        if kept < 0.3:
            data = data[: int(kept / 0.3 * len(data))]
        began = time.process_time()
        try:
            assert isinstance(decode(bytes(data), name), Image)
        except ImageError as error:
            assert name in str(error)
        assert time.process_time() - began < 2

    check()


def test_bytes_of_no_format_are_refused():
    from hypothesis import given, settings
    from hypothesis import strategies as st

    @settings(max_examples=200, deadline=None, derandomize=True)
    @given(st.binary(max_size=2000), st.booleans())
    def check(data, with_magic):
        with pytest.raises(ImageError):
            decode(b"\0" * 128 + b"DICM" + data if with_magic else data, "image")

    check()


@pytest.fixture(scope="module")
def worker():
    """A process that decodes, warm; all its memory, hostile files' included, is counted."""
    found = sandbox._Worker()
    found.decode(ORIGINALS["DICOM"], "image.dcm")
    yield found
    found.kill()


def peak_memory(worker) -> int:
    """Bytes that the process has taken at most."""
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def processor_time(worker) -> float:
    """Seconds that the process has computed."""
    used = psutil.Process(worker.process.pid).cpu_times()
    return used.user + used.system


def refused(worker, data: bytes) -> str:
    """The sentence; within 2 seconds of the processor and 500 MB."""
    began = processor_time(worker)
    with pytest.raises(ImageError) as caught:
        worker.decode(data, "hostile.dcm")
    assert processor_time(worker) - began < 2
    assert peak_memory(worker) < 500 * 2**20
    return str(caught.value)


def test_nested_sequences_take_no_memory(worker):
    """Printing such a file took 23 GB; only named tags are read. As bytes, so that pytest prints none."""
    begin = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\0\xe0\xff\xff\xff\xff"
    end = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    head, name = ORIGINALS["DICOM"].split(b"\x08\0\x60\0CS", 1)  # before the modality
    nested = head + begin * 2500 + end * 2500 + b"\x08\0\x60\0CS" + name
    with contextlib.suppress(ImageError):  # read or refused, both will do
        worker.decode(nested, "nested.dcm")
    assert peak_memory(worker) < 500 * 2**20


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Rows": 60_000, "Columns": 60_000}, "60,000 x 60,000 pixels"),
        ({"NumberOfFrames": 60_000}, "has 60000 frames"),
        ({"Rows": 6000, "Columns": 6000}, "damaged or cut short"),
        ({"Rows": 0}, "damaged or cut short|0 pixels"),
        ({"BitsAllocated": 64}, "BitsAllocated '64'"),
        ({"PixelRepresentation": 7}, "PixelRepresentation '7'"),
        ({"SamplesPerPixel": 3}, "damaged or cut short|SamplesPerPixel"),
    ],
)
def test_headers_that_lie_are_refused_before_memory_is_taken(worker, changes, reason):
    sentence = refused(worker, written(dicom(**changes)))
    assert re.search(reason, sentence), sentence


def test_a_png_that_unpacks_to_400_megabytes_is_refused(worker):
    buffer = io.BytesIO()
    PIL.Image.new("L", (20_000, 20_000)).save(buffer, "PNG")
    assert len(buffer.getvalue()) < 500_000
    assert "pixels" in refused(worker, buffer.getvalue())


def test_a_file_of_two_gigabytes_is_refused_unread(tmp_path):
    path = tmp_path / "huge.png"
    with open(path, "wb") as file:
        file.truncate(2 * 2**30)
    before = psutil.Process().io_counters().read_chars
    with pytest.raises(ImageError, match="2,048 MiB; at most 200 MiB"):
        read_image(path)
    assert psutil.Process().io_counters().read_chars - before < 2**30


@pytest.mark.parametrize(("kind", "syntax"), [("JPEG", JPEGBaseline8Bit), ("JPEG2000", JPEG2000Lossless)])
def test_a_compressed_image_is_read_and_refused_where_it_ends_early(kind, syntax):
    image = dicom(PixelData=encapsulate([saved(kind)]))
    image.file_meta.TransferSyntaxUID = syntax
    image["PixelData"].is_undefined_length = True
    data = written(image)
    found = decode_safely(data, "image.dcm").pixels
    if kind == "JPEG2000":  # the other one is lossy
        assert np.array_equal(found, PIXELS)
    with pytest.raises(ImageError, match="image.dcm is .*cut short"):
        decode_safely(data[: len(data) - 600], "image.dcm")
