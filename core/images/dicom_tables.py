"""Lookup tables of DICOM files: modality LUT, VOI LUT and colour palettes.

Sources: DICOM PS3.3, C.11.1.1, C.11.2.1 and C.7.6.3.1.5.
"""

from dataclasses import dataclass

import numpy as np
import pydicom
from pydicom import uid
from pydicom.pixels.processing import apply_color_lut

from core.images.dicom_attributes import numbers, raw_bytes, unusable
from core.images.dicom_signature import DicomError
from core.sentence import Sentence

MAX_ENTRIES = 2**16
COLOURS = ("Red", "Green", "Blue")
FULL_SCALE = 255


@dataclass(frozen=True, eq=False)
class LookupTable:
    """A table from values to values.

    Attributes:
        entries: int64 (n,).
        first: value that the first entry belongs to; lower ones get it, too.
        highest: output that stands for white.
    """

    entries: np.ndarray
    first: int
    highest: int

    def values(self, inputs: np.ndarray) -> np.ndarray:
        """The entries of values, int64 in the same shape."""
        index = np.rint(np.asarray(inputs, np.float64) - self.first)
        return self.entries[np.clip(index, 0, len(self.entries) - 1).astype(np.int64)]


def lookup_table(file: pydicom.Dataset, sequence: str, signed: bool) -> LookupTable | None:
    """The first table of a sequence; None if the file has none.

    Args:
        signed: whether its inputs may be negative. The header's own type is wrong in many files.

    Raises:
        DicomError: the table is not what its descriptor says.
    """
    items = file.get(sequence, None)
    if not items:
        return None
    item = items[0]
    entries, first, bits = _entries(item, "LUTDescriptor", "LUTData", _big_endian(file))
    highest = 2**bits - 1
    if sequence == "VOILUTSequence" and not highest / 2 <= entries.max() <= highest:
        raise unusable("LUTDescriptor", f"of {bits} bits for a VOI LUT up to {entries.max()}")
    return LookupTable(entries, _as(signed, first), highest)


def _as(signed: bool, first: int) -> int:
    """A number of 16 bits, read as signed or unsigned."""
    first %= MAX_ENTRIES
    return first - MAX_ENTRIES if signed and first >= MAX_ENTRIES // 2 else first


def palette_colours(file: pydicom.Dataset, values: np.ndarray) -> np.ndarray:
    """Colours of palette indices, uint8 (n, 3).

    Args:
        values: int64 (n,).
    """
    if "SegmentedRedPaletteColorLookupTableData" in file:
        descriptor = numbers(file, "RedPaletteColorLookupTableDescriptor")
        first, last = int(descriptor[1]), int(descriptor[1] + (descriptor[0] or MAX_ENTRIES) - 1)
        dtype = np.uint8 if last - first < 256 else np.uint16
        colours = apply_color_lut(np.clip(values, first, last).astype(dtype), file)
        return _eight_bit_colours(colours.astype(np.int64), 8 * colours.dtype.itemsize)
    channels = []
    for colour in COLOURS:
        name = f"{colour}PaletteColorLookupTable"
        entries, first, bits = _entries(file, f"{name}Descriptor", f"{name}Data", _big_endian(file))
        table = LookupTable(entries, _as(bool((values < 0).any()), first), 2**bits - 1)
        channels.append(_eight_bit_colours(table.values(values), bits if entries.max() > FULL_SCALE else 8))
    return np.stack(channels, axis=-1)


def _eight_bit_colours(values: np.ndarray, bits: int) -> np.ndarray:
    return np.rint(values * (FULL_SCALE / (2**bits - 1))).astype(np.uint8)


def _big_endian(file: pydicom.Dataset) -> bool:
    return not uid.UID(file.file_meta.TransferSyntaxUID).is_little_endian


def _entries(
    item: pydicom.Dataset, descriptor: str, data: str, big_endian: bool
) -> tuple[np.ndarray, int, int]:
    """Entries, first input value and bits of an entry of a table."""
    values = numbers(item, descriptor)
    if len(values) != 3 or not np.isfinite(values).all():
        raise unusable(descriptor, values)
    count, first, bits = (int(value) for value in values)
    count = count % MAX_ENTRIES or MAX_ENTRIES  # 0 stands for 65,536
    if not 1 <= bits <= 16:
        raise unusable(descriptor, values)
    content = raw_bytes(item, data)
    native = isinstance(item.get_item(data).value, bytes) if data in item else False
    if len(content) >= 2 * count:
        entries = np.frombuffer(content, ">u2" if big_endian and native else "<u2", count)
    elif len(content) in (count, count + 1):
        entries = np.frombuffer(content, np.uint8, count)
    else:
        raise DicomError(
            Sentence(
                "has {bytes} bytes of {data} for {entries} entries. Export it again.",
                bytes=len(content),
                data=data,
                entries=count,
            )
        )
    return entries.astype(np.int64), first, bits
