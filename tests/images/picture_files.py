"""Picture files as other programs write them, byte by byte where Pillow cannot."""

import io
import struct
import zlib

import numpy as np
import PIL.Image

SHORT, LONG = 3, 4  # types of TIFF values


def jpeg(pixels: np.ndarray, **options) -> bytes:
    """A JPEG of high quality."""
    return _saved(PIL.Image.fromarray(pixels), "JPEG", quality=98, **options)


def png(pixels: np.ndarray, **options) -> bytes:
    """A PNG of 8 or 16 bits."""
    return _saved(PIL.Image.fromarray(pixels), "PNG", **options)


def with_chunk(data: bytes, kind: bytes, content: bytes) -> bytes:
    """A PNG with a chunk inserted before its pixels."""
    chunk = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return data[:33] + chunk + data[33:]  # 33: signature and IHDR


def png16_colour(samples: np.ndarray) -> bytes:
    """A PNG of uint16 samples of shape (height, width, 2 to 4)."""
    height, width, channels = samples.shape
    kind = {2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    data = b"\x89PNG\r\n\x1a\n"
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    for name, content in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        data += (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )
    return data


def tiff(
    values: np.ndarray,
    order: str = "<",
    photometric: int = 1,
    sample_format: int | None = None,
    compressed: bool = False,
) -> bytes:
    """A TIFF of one strip; values of shape (height, width) or (height, width, samples)."""
    height, width = values.shape[:2]
    samples = values.shape[2] if values.ndim == 3 else 1
    bits = 8 * values.dtype.itemsize
    strip = values.astype(values.dtype.newbyteorder("<" if order == "<" else ">")).tobytes()
    if compressed:
        strip = zlib.compress(strip)
    tags = {
        256: (SHORT, width),
        257: (SHORT, height),
        258: (SHORT, bits),
        259: (SHORT, 8 if compressed else 1),
        262: (SHORT, photometric),
        273: (LONG, 0),
        277: (SHORT, samples),
        278: (SHORT, height),
        279: (LONG, len(strip)),
    }
    if sample_format:
        tags[339] = (SHORT, sample_format)
    offset = 8 + 2 + 12 * len(tags) + 4
    bits_at = offset
    extra = struct.pack(f"{order}{samples}H", *[bits] * samples) if samples > 2 else b""
    tags[273] = (LONG, offset + len(extra))
    entries = b""
    for number, (kind, value) in sorted(tags.items()):
        count = samples if number == 258 else 1
        if number == 258 and samples > 2:
            body = struct.pack(f"{order}I", bits_at)
        elif number == 258 and samples == 2:
            body = struct.pack(f"{order}HH", bits, bits)
        else:
            body = struct.pack(f"{order}{'H' if kind == SHORT else 'I'}", value).ljust(4, b"\0")
        entries += struct.pack(f"{order}HHI", number, kind, count) + body
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    return head + struct.pack(f"{order}H", len(tags)) + entries + bytes(4) + extra + strip


def _saved(picture: PIL.Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()
