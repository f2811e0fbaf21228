"""Decodes thousands of damaged images, each like an upload.

python -m experiments.fuzz FOLDER

A file may be decoded, or refused with an ImageError. Anything else is a failure: another exception, or more
than two seconds. How often the decoding process died or was ended at its limits is counted, too.
"""

import io
import shutil
import subprocess
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import PIL.Image

from core.images import ImageError, decode_safely

MAX_S = 2.0
ORIGINALS = 8  # images to damage
PROCESS_ENDED = "MiB or"  # in the message if the decoding process died or exceeded its limits
EXTREME_BYTES = (0, 1, 0x7F, 0x80, 0xFF)
HEADER_BYTES = 1200
Mutation = Callable[[bytearray, np.random.Generator], bytes]
Encoder = Callable[[Path], list[bytes]]


@click.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--each", default=5000, show_default=True, help="Damaged files of each format.")
@click.option("--seed", default=0, show_default=True, help="Of the damage.")
def main(folder: Path, each: int, seed: int) -> None:
    """Damage JPEG, PNG, TIFF and DICOM files made from the images in FOLDER, and decode them."""
    random = np.random.default_rng(seed)
    paths = sorted(folder.rglob("*.jp*g"))
    images = paths[:: max(1, len(paths) // ORIGINALS)][:ORIGINALS]
    failures = 0
    for kind, encode in FORMATS.items():
        originals = [data for image in images for data in encode(image)]
        if originals:
            failures += _decode_damaged(kind, originals, each, random)
        else:
            print(f"{kind}: skipped, dcmtk is not installed")
    raise SystemExit(bool(failures))


def _decode_damaged(kind: str, originals: list[bytes], count: int, random: np.random.Generator) -> int:
    """Damage and decode `count` files, print a line, and return the number of failures."""
    outcomes, failures, slowest = Counter(), 0, 0.0
    for number in range(count):
        damaged = MUTATIONS[number % len(MUTATIONS)](bytearray(originals[number % len(originals)]), random)
        if kind == "png" and number % 2:
            damaged = _with_valid_checksums(damaged)
        began = time.perf_counter()
        try:
            outcome, failed = _outcome(damaged, f"damaged.{kind}"), False
        except Exception as error:
            outcome, failed = f"ANOTHER ERROR {type(error).__name__}", True
        seconds = time.perf_counter() - began
        slowest = max(slowest, seconds)
        outcomes[outcome] += 1
        outcomes[f"OVER {MAX_S:.0f} s"] += seconds > MAX_S
        failures += failed or seconds > MAX_S
    counts = ", ".join(f"{name} {total:,}" for name, total in sorted(outcomes.items()) if total)
    print(f"{kind}: {count:,} files of {len(originals)} originals; {counts}; slowest {slowest:.2f} s")
    return failures


def _outcome(data: bytes, name: str) -> str:
    try:
        decode_safely(data, name)
    except ImageError as error:
        return "decoding process died or hit a limit" if PROCESS_ENDED in str(error) else "refused"
    return "decoded"


def _eight_bit(kind: str, **options: object) -> Encoder:
    """Encodes an image in eight bits."""

    def encode(path: Path) -> list[bytes]:
        buffer = io.BytesIO()
        PIL.Image.open(path).convert("L").save(buffer, kind, **options)
        return [buffer.getvalue()]

    return encode


def _both_depths(kind: str) -> Encoder:
    """Encodes an image in eight and in sixteen bits, for a lossless format."""

    def encode(path: Path) -> list[bytes]:
        buffer = io.BytesIO()
        pixels = np.asarray(PIL.Image.open(path).convert("L")).astype(np.uint16) * 16
        PIL.Image.fromarray(pixels).save(buffer, kind)
        return [*_eight_bit(kind)(path), buffer.getvalue()]

    return encode


def _dicom(path: Path) -> list[bytes]:
    """The image as dcmtk writes it: uncompressed and in its compressions; empty without dcmtk."""
    if not shutil.which("img2dcm"):
        return []
    with tempfile.TemporaryDirectory() as folder:
        bitmap, plain, packed = (Path(folder) / name for name in ("image.bmp", "plain.dcm", "packed.dcm"))
        PIL.Image.open(path).convert("L").save(bitmap)
        subprocess.run(["img2dcm", "-i", "BMP", bitmap, plain], check=True)
        subprocess.run(["dcmodify", "-nb", "-i", "Modality=CR", plain], check=True)
        files = [plain.read_bytes()]
        for command in (["dcmcjpeg"], ["dcmcjpeg", "+eb"], ["dcmcrle"], ["dcmcjpls"]):
            subprocess.run([*command, plain, packed], check=True)
            files.append(packed.read_bytes())
        return files


FORMATS: dict[str, Encoder] = {
    "jpeg": _eight_bit("JPEG", quality=90),
    "png": _both_depths("PNG"),
    "tiff": _both_depths("TIFF"),
    "dicom": _dicom,
}


def _random_position(data: bytearray, random: np.random.Generator) -> int:
    """A position in the file; half of all positions are in the header, where damage does most."""
    end = min(len(data), HEADER_BYTES) if random.random() < 0.5 else len(data)
    return int(random.integers(0, end))


def _flip_bits(data: bytearray, random: np.random.Generator) -> bytes:
    for _ in range(int(random.integers(1, 20))):
        data[_random_position(data, random)] ^= 1 << int(random.integers(0, 8))
    return bytes(data)


def _set_extreme_bytes(data: bytearray, random: np.random.Generator) -> bytes:
    for _ in range(int(random.integers(1, 8))):
        start, length = _random_position(data, random), int(random.choice([1, 2, 4]))
        data[start : start + length] = bytes([int(random.choice(EXTREME_BYTES))]) * length
    return bytes(data)


def _truncate(data: bytearray, random: np.random.Generator) -> bytes:
    return bytes(data[: _random_position(data, random)])


def _insert_piece(data: bytearray, random: np.random.Generator) -> bytes:
    """Copies a piece of the file to another position in it."""
    start, target = _random_position(data, random), _random_position(data, random)
    piece = data[start : start + int(random.integers(1, 400))]
    return bytes(data[:target] + piece + data[target:])


def _remove_piece(data: bytearray, random: np.random.Generator) -> bytes:
    start = _random_position(data, random)
    return bytes(data[:start] + data[start + int(random.integers(1, 200)) :])


def _with_valid_checksums(data: bytes) -> bytes:
    """A PNG with correct checksums, so that the damage reaches the decoder behind them."""
    repaired, position = bytearray(data[:8]), 8
    while position + 8 <= len(data):
        length = int.from_bytes(data[position : position + 4])
        body = data[position + 4 : position + 8 + length]
        repaired += data[position : position + 4] + body + zlib.crc32(body).to_bytes(4)
        position += length + 12
    return bytes(repaired)


MUTATIONS: list[Mutation] = [_flip_bits, _set_extreme_bytes, _truncate, _insert_piece, _remove_piece]

if __name__ == "__main__":
    main()
