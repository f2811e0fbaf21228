"""DICOM files with any header, and what dcmtk shows for them."""

import io
import subprocess
import warnings
from pathlib import Path

import numpy as np
import PIL.Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

from core.dataset.synthetic import draw_chest

_DRAWN = draw_chest(np.random.default_rng(4), "bacteria")[::2, ::2].astype(float)
CHEST = np.rint((_DRAWN - _DRAWN.min()) * (255 / np.ptp(_DRAWN))).astype(np.uint8)  # from black to white


def sample(values: np.ndarray = CHEST, **attributes) -> Dataset:
    """A radiograph of values, uint8 or uint16, with attributes changed; None removes one."""
    file = Dataset()
    file.file_meta = FileMetaDataset()
    file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file.file_meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    bits = 8 * values.dtype.itemsize
    for name, value in {
        "SOPClassUID": ComputedRadiographyImageStorage,
        "SOPInstanceUID": generate_uid(),
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "Modality": "CR",
        "Rows": values.shape[0],
        "Columns": values.shape[1],
        "SamplesPerPixel": 1 if values.ndim == 2 else values.shape[2],
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": attributes.get("BitsStored", bits) - 1,
        "PixelRepresentation": 0,
        "PhotometricInterpretation": "MONOCHROME2",
        "PixelData": np.ascontiguousarray(values).tobytes(),
        **attributes,
    }.items():
        if value is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                setattr(file, name, value)
    file["PixelData"].VR = "OB" if bits == 8 else "OW"
    file.file_meta.MediaStorageSOPInstanceUID = file.SOPInstanceUID
    return file


def deep_sample(bits: int = 12, **attributes) -> Dataset:
    """The chest with `bits` bits in 16."""
    values = np.rint(CHEST * ((2**bits - 1) / 255)).astype(np.uint16)
    return sample(values, **({"BitsStored": bits} | attributes))


def table(entries: np.ndarray, first: int, bits: int, descriptor: str = "LUTDescriptor") -> Dataset:
    """An item of a modality or VOI LUT sequence."""
    item = Dataset()
    item.add_new(descriptor, "US", [len(entries) % 65536, first % 65536, bits])
    item.add_new("LUTData", "OW", np.asarray(entries, "<u2").tobytes())
    return item


def written(file: Dataset) -> bytes:
    """The bytes of a file."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def shown_by_dcmtk(data: bytes, folder: Path, *options: str) -> np.ndarray | None:
    """What dcm2pnm makes of a file, uint8 as int; None if it refuses."""
    source, target = folder / "image.dcm", folder / "image.pnm"
    source.write_bytes(data)
    target.unlink(missing_ok=True)
    outcome = subprocess.run(["dcm2pnm", "-O", *options, source, target], capture_output=True)
    if outcome.returncode or not target.exists():
        outcome = subprocess.run(["dcmj2pnm", "-O", *options, source, target], capture_output=True)
    if outcome.returncode or not target.exists():
        return None
    return np.asarray(PIL.Image.open(target)).astype(int)


def changed_by_dcmtk(data: bytes, folder: Path, *command: str) -> bytes:
    """The file as a command of dcmtk, such as dcmcrle, writes it."""
    source, target = folder / "in.dcm", folder / "out.dcm"
    source.write_bytes(data)
    subprocess.run([*command, source, target], check=True, capture_output=True)
    return target.read_bytes()
