"""Stored pixel values of a DICOM file, out of whatever they are compressed and packed in.

Sources: DICOM PS3.3, C.7.6.3.1 and C.7.6.24; PS3.5, chapter 8.
"""

from dataclasses import dataclass, replace

import numpy as np
import pydicom
from pydicom import uid
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import generate_frames
from pydicom.pixels.decoders.base import get_decoder

from core.images.dicom_attributes import text, unusable, whole_number
from core.images.dicom_file import CODESTREAMS, frame_header
from core.images.dicom_signature import DicomError
from core.sentence import Sentence

JPEG_PROCESSES = (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit)
_LOSSLESS = (uid.JPEGLossless, uid.JPEGLosslessSV1)
SAME_DECODER = {  # transfer syntaxes of a codestream, by its marker
    b"\xff\x4f": uid.JPEG2000TransferSyntaxes,
    b"\xff\xc0": JPEG_PROCESSES,
    b"\xff\xc1": JPEG_PROCESSES,
    b"\xff\xc3": _LOSSLESS,
    b"\xff\xf7": uid.JPEGLSTransferSyntaxes,
}
FLOAT_PIXELS = ("FloatPixelData", "DoubleFloatPixelData")
PIXELS = ("PixelData", *FLOAT_PIXELS)
ALLOCATED = (1, 8, 16, 32)  # bits; others are packed in ways that were retired with ACR-NEMA


@dataclass(frozen=True, eq=False)
class Packing:
    """How a whole number lies in the bits that are allocated to it.

    Attributes:
        allocated: bits of a container.
        stored: bits of the number.
        high: its highest bit, counted from 0.
        signed: whether it is a two's complement.
    """

    allocated: int
    stored: int
    high: int
    signed: bool

    def unpacked(self, containers: np.ndarray) -> np.ndarray:
        """The numbers in unsigned containers, int64; bits outside are ignored, overlays among them."""
        values = (containers.astype(np.int64) >> (self.high + 1 - self.stored)) & ((1 << self.stored) - 1)
        if self.signed:
            values -= (values >> (self.stored - 1)) << self.stored
        return values

    @property
    def lowest(self) -> int:
        """The smallest number that can be stored."""
        return -(2 ** (self.stored - 1)) if self.signed else 0

    @property
    def largest(self) -> int:
        """The largest number that can be stored."""
        return 2 ** (self.stored - self.signed) - 1


def packing(file: pydicom.Dataset) -> Packing:
    """How the file's header says that numbers lie in their containers.

    Raises:
        DicomError: an attribute contradicts another, or has a value that the standard does not know.
    """
    allocated = whole_number(file, "BitsAllocated")
    if allocated not in ALLOCATED:
        raise unusable("BitsAllocated", allocated)
    stored = whole_number(file, "BitsStored", allocated)
    if not 1 <= stored <= allocated:
        raise unusable("BitsStored", stored)
    high = whole_number(file, "HighBit", stored - 1)
    if not stored - 1 <= high < allocated:
        raise unusable("HighBit", high)
    representation = whole_number(file, "PixelRepresentation", 0)
    if representation not in (0, 1):
        raise unusable("PixelRepresentation", representation)
    return Packing(allocated, stored, high, bool(representation))


def float_values(file: pydicom.Dataset) -> np.ndarray | None:
    """Values of FloatPixelData or DoubleFloatPixelData, (rows, columns); None if the file has neither."""
    name = next((name for name in FLOAT_PIXELS if name in file), None)
    if name is None:
        return None
    dtype = np.dtype("<f4" if name == FLOAT_PIXELS[0] else "<f8")
    if not uid.UID(file.file_meta.TransferSyntaxUID).is_little_endian:
        dtype = dtype.newbyteorder(">")
    rows, columns = whole_number(file, "Rows"), whole_number(file, "Columns")
    return np.frombuffer(file[name].value, dtype, rows * columns).reshape(rows, columns)


def containers(file: pydicom.Dataset) -> tuple[np.ndarray, Packing]:
    """Unsigned containers of shape (rows, columns) or (rows, columns, samples), and their packing.

    Colours are RGB: YBR is converted, and planes are interleaved. The precision of a lossy JPEG overrides the
    header's bits, as in dcmtk.

    Raises:
        DicomError: the packing or the compression is not supported. Damaged data raise pydicom's errors.
    """
    layout = packing(file)
    syntax = uid.UID(file.file_meta.TransferSyntaxUID)
    _check_syntax(syntax)
    header = _header(file, layout)
    if not syntax.is_encapsulated:
        return _unsigned(_whole_containers(header)), layout
    codestream = next(generate_frames(header.PixelData, number_of_frames=1))
    marker, precision = frame_header(codestream)
    if marker in CODESTREAMS and syntax not in SAME_DECODER[marker]:  # mislabelled: the codestream knows
        syntax = CODESTREAMS[marker]
        header.file_meta = FileMetaDataset()
        header.file_meta.TransferSyntaxUID = syntax
    if syntax in JPEG_PROCESSES and precision == 12:
        return _twelve_bits(codestream, header), Packing(16, 12, 11, layout.signed)
    if not precision:  # RLE packs containers, not numbers
        return _unsigned(_whole_containers(header)), layout
    if syntax in JPEG_PROCESSES:
        layout = Packing(8, precision, precision - 1, layout.signed)
        header.BitsAllocated = layout.allocated
    elif precision <= layout.stored:
        layout = replace(layout, high=layout.stored - 1)
    header.BitsStored, header.HighBit = precision, precision - 1
    return _unsigned(header.pixel_array), layout


def _check_syntax(syntax: uid.UID) -> None:
    try:
        if get_decoder(syntax).is_available:
            return
    except NotImplementedError:  # not a syntax of images
        pass
    name = "a private transfer syntax" if syntax.is_private else syntax.name[:60]
    raise DicomError(
        Sentence(
            "is compressed as {name}, which is not supported. Export it uncompressed or as JPEG 2000.",
            name=name,
        )
    )


def _header(file: pydicom.Dataset, layout: Packing) -> pydicom.Dataset:
    """A data set of the attributes that decoders need, with their defaults."""
    header = pydicom.Dataset()
    header.file_meta = file.file_meta
    header.Rows, header.Columns = whole_number(file, "Rows"), whole_number(file, "Columns")
    header.PhotometricInterpretation = text(file, "PhotometricInterpretation").upper()
    header.BitsStored, header.HighBit = layout.stored, layout.stored - 1
    header.BitsAllocated, header.PixelRepresentation = layout.allocated, int(layout.signed)
    header.SamplesPerPixel = whole_number(file, "SamplesPerPixel", 1)
    header.NumberOfFrames = 1
    header["PixelData"] = file["PixelData"]
    if header.SamplesPerPixel > 1:
        planes = whole_number(file, "PlanarConfiguration", 0)
        if planes not in (0, 1):
            raise unusable("PlanarConfiguration", planes)
        header.PlanarConfiguration = planes
    return header


def _whole_containers(header: pydicom.Dataset) -> np.ndarray:
    """Containers with the bits that are not stored, which pydicom would mask by `BitsStored` alone."""
    header.BitsStored, header.HighBit = header.BitsAllocated, header.BitsAllocated - 1
    header.PixelRepresentation = 0
    return header.pixel_array


def _unsigned(pixels: np.ndarray) -> np.ndarray:
    """The same bits as unsigned numbers."""
    return pixels.view(pixels.dtype.str.replace("i", "u"))


def _twelve_bits(codestream: bytes, header: pydicom.Dataset) -> np.ndarray:
    """A frame of JPEG Extended with 12 bits, which pydicom's plug-ins refuse; uint16 (rows, columns)."""
    import gdcm  # imported lazily: such files are rare

    if header.SamplesPerPixel != 1:
        raise unusable("SamplesPerPixel", header.SamplesPerPixel)
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(codestream)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((header.Columns, header.Rows, 1))
    image.SetDataElement(element)
    grey = gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.MONOCHROME2)
    image.SetPhotometricInterpretation(grey)
    syntax = gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(uid.JPEGExtended12Bit))
    image.SetTransferSyntax(syntax)
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, 12, 11, 0))
    decoded = image.GetBuffer().encode("utf-8", "surrogateescape")  # bytes that gdcm declares as text
    return np.frombuffer(decoded, "<u2").reshape(header.Rows, header.Columns)
