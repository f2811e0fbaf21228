"""Opening DICOM files, also deflated ones and those without preamble or transfer syntax.

Source: DICOM PS3.10, chapter 7, and PS3.5, annex A.
"""

import io
import zlib
from collections.abc import Sequence

import pydicom
from pydicom import uid
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import generate_fragments
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_file_meta_info
from pydicom.tag import BaseTag

from core.images.dicom_signature import MAGIC, PREAMBLE, DicomError
from core.sentence import Sentence

MAX_INFLATED = 128 * 2**20  # bytes; 40 million pixels of 16 bits take 80
CODESTREAMS = {  # by the marker that they begin with, or by the frame header of JPEG
    b"\xff\x4f": uid.JPEG2000,
    b"\xff\xc0": uid.JPEGBaseline8Bit,
    b"\xff\xc1": uid.JPEGExtended12Bit,
    b"\xff\xc3": uid.JPEGLosslessSV1,
    b"\xff\xf7": uid.JPEGLSLossless,
}
NATIVE = (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian)
DEFLATED = uid.DeflatedExplicitVRLittleEndian


def open_dicom(data: bytes, tags: Sequence[str] | None = None) -> pydicom.FileDataset:
    """Parse a file; its file meta information always holds a transfer syntax afterwards.

    Args:
        data: the file's bytes.
        tags: keywords of the attributes to read; None for all, with pixel data.

    Raises:
        DicomError: the file inflates to more than `MAX_INFLATED` bytes. Damaged files raise pydicom's errors.
    """
    if data[:4] == MAGIC:
        data = bytes(PREAMBLE) + data
    if DEFLATED.encode() in data[:1024]:
        data = _inflated(data)
    options = {} if tags is None else {"stop_before_pixels": True, "specific_tags": list(tags)}
    file = pydicom.dcmread(io.BytesIO(data), force=True, **options)
    syntax = file.file_meta.get("TransferSyntaxUID", None)
    if not syntax or (uid.UID(syntax) in NATIVE and _is_encapsulated(file)):
        file.file_meta.TransferSyntaxUID = _transfer_syntax(file)
    return file


def _inflated(data: bytes) -> bytes:
    """A deflated file as explicit VR little-endian, with a bound on what is inflated."""
    start = PREAMBLE + 4 if data[PREAMBLE : PREAMBLE + 4] == MAGIC else 0
    file = io.BytesIO(data)
    file.seek(start)
    meta = FileMetaDataset(read_dataset(file, False, True, stop_when=_after_file_meta))
    if meta.get("TransferSyntaxUID", None) != DEFLATED:
        return data
    length = meta.get("FileMetaInformationGroupLength", None)
    body = start + 12 + int(length) if length else file.tell()  # 12: bytes of the length itself
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    content = inflater.decompress(memoryview(data)[body:], MAX_INFLATED)
    if inflater.unconsumed_tail:
        raise DicomError(
            Sentence(
                "is a deflated DICOM file of more than {most} MiB. Export it uncompressed.",
                most=MAX_INFLATED // 2**20,
            )
        )
    meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    head = DicomBytesIO()
    write_file_meta_info(head, meta, enforce_standard=False)
    return bytes(PREAMBLE) + MAGIC + head.getvalue() + content


def _after_file_meta(tag: BaseTag, *_: object) -> bool:
    return tag.group != 2


def _transfer_syntax(file: pydicom.FileDataset) -> uid.UID:
    """The syntax that a file is written in, as far as its bytes tell."""
    implicit, little_endian = file.original_encoding
    if _is_encapsulated(file):
        return _codestream_syntax(file.PixelData)
    if implicit:
        return uid.ImplicitVRLittleEndian
    return uid.ExplicitVRLittleEndian if little_endian else uid.ExplicitVRBigEndian


def _is_encapsulated(file: pydicom.FileDataset) -> bool:
    """Whether the pixel data are items of a length that is not given, as only compressed ones are."""
    return "PixelData" in file and getattr(file.get_item("PixelData"), "length", 0) == 0xFFFFFFFF


def _codestream_syntax(encapsulated: bytes) -> uid.UID:
    """The syntax of encapsulated pixel data, by its first codestream."""
    fragment = next((part for part in list(generate_fragments(encapsulated))[1:] if part), b"")
    return CODESTREAMS.get(frame_header(fragment)[0], uid.RLELossless)


def frame_header(codestream: bytes) -> tuple[bytes, int]:
    """Marker and sample precision in bits of a JPEG, JPEG-LS or JPEG 2000 codestream; (b"", 0) without one.

    Sources: ITU-T T.81, annex B; T.87, annex C; T.800, annex A.
    """
    if codestream[:2] == b"\xff\x4f":
        precision = codestream[42] if len(codestream) > 42 else 0  # Ssiz of the first component
        return b"\xff\x4f", (precision & 0x7F) + 1
    if codestream[:2] != b"\xff\xd8":
        return b"", 0
    position = 2
    while position + 4 < len(codestream) and codestream[position] == 0xFF:
        marker = codestream[position : position + 2]
        if marker == b"\xff\xff":  # a fill byte
            position += 1
            continue
        if marker[1] == 0xF7 or (0xC0 <= marker[1] <= 0xCF and marker[1] not in (0xC4, 0xC8, 0xCC)):
            return marker, codestream[position + 4]
        position += 2 + int.from_bytes(codestream[position + 2 : position + 4], "big")
    return b"", 0
