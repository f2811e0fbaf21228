"""Zips as other programs write them: names in other encodings, and flags and methods of others."""

import io
import struct
import zipfile
import zlib

LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
UTF8_FLAG = 0x800


def zipped(files: dict[str, bytes], **options) -> io.BytesIO:
    """A zip of files by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    buffer.seek(0)
    return buffer


def raw_zip(
    files: list[tuple[bytes, bytes]], flags: int = 0, method: int = 0, packed=lambda data: data
) -> bytes:
    """A zip whose names are bytes, written without any check.

    Args:
        files: name and content of each entry.
        flags: general purpose bits.
        method: of compression.
        packed: compresses a content.
    """
    body, directory = b"", b""
    for name, data in files:
        content = packed(data)
        common = struct.pack(
            "<HHHHIIIHH",
            flags,
            method,
            0,
            0x21,
            zlib.crc32(data),
            len(content),
            len(data),
            len(name),
            0,
        )
        offset = len(body)
        body += LOCAL + struct.pack("<H", 20) + common + name + content
        directory += CENTRAL + struct.pack("<HH", 20, 20) + common + bytes(6) + bytes(4)
        directory += struct.pack("<I", offset) + name
    end = struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + end
