"""Reading the images of a zip in memory: nothing is extracted by name, bytes are counted as read."""

import copy
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from core.errors import UserError
from core.images.contents import HEAD_BYTES, PassedOver, reason_to_pass_over, zip_media
from core.images.names import distinct, entry_path, folded, shown
from core.images.zip_directory import open_zip
from core.sentence import Sentence, joined

ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)
MAX_FILES = 500
MAX_TOTAL = 500 * 2**20  # bytes, of all images together
ENCRYPTED = 0x1  # flag bit
CHUNK = 2**20  # bytes
DEFLATE64 = 9  # of Windows, for files of more than 2 GiB
DEFLATE64_CHUNK = 1024  # compressed bytes, which inflate to 26 MiB at most
MAX_COMMENT = 2**16  # bytes
METHODS = {  # PKWARE's APPNOTE, 4.4.5
    1: "Shrink",
    **dict.fromkeys((2, 3, 4, 5), "Reduce"),
    6: "Implode",
    10: "PKWARE's library",
    18: "TERSE",
    19: "LZ77",
    **dict.fromkeys((20, 93), "Zstandard"),
    94: "MP3",
    95: "XZ",
    96: "JPEG",
    97: "WavPack",
    98: "PPMd",
    99: "AES",
}
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, DEFLATE64, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def zip_files(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Entry of each file by its path, decoded, printable and distinct, in the order of the zip.

    Raises:
        UserError: an entry has a path outside the zip, or is a link.
    """
    files: dict[str, zipfile.ZipInfo] = {}
    taken: set[str] = set()
    for entry in archive.infolist():
        name = entry_path(entry)
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or (path.parts and path.parts[0].endswith(":")):
            raise UserError(
                Sentence("The zip contains the path {name!r}, which points outside the zip.", name=name[:80])
            )
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise UserError(
                Sentence("The zip contains the link {name!r}. Create it without links.", name=name[:80])
            )
        if not name.endswith("/"):
            files[distinct(str(path), taken)] = entry
    return files


def image_entries(
    archive: zipfile.ZipFile, passed_over: PassedOver
) -> Iterator[tuple[PurePosixPath, zipfile.ZipInfo]]:
    """Yield path and entry of each image; all other files are added to `passed_over`.

    Raises:
        UserError: an entry has a path outside the zip, is a link, is encrypted, or is compressed by a method
            that cannot be read.
    """
    files = zip_files(archive)
    media = zip_media(list(files))
    for name, entry in files.items():
        path = PurePosixPath(name)
        on_medium = not media.isdisjoint(path.parents)
        if reason := reason_to_pass_over(path, lambda entry=entry: _head(archive, entry), on_medium):
            passed_over.add(reason, name)
        else:
            _check_readable(entry)
            yield path, entry


def entry_chunks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, size: int = CHUNK) -> Iterator[bytes]:
    """Yield the bytes of an entry in chunks of about `size`, whatever length it declares.

    Raises:
        UserError: the entry is encrypted, or compressed by a method that cannot be read.
    """
    _check_readable(entry)
    if entry.compress_type == DEFLATE64:
        yield from inflated64(archive, entry)
        return
    with archive.open(entry) as source:
        while chunk := source.read(size):
            yield chunk


def images_in_zip(
    file: BinaryIO, name: str, passed_over: PassedOver | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each image in a zip.

    The name is that of the file; where files in several folders have the same name, it is the path.

    Args:
        file: the zip.
        name: of the zip, for messages.
        passed_over: receives the files that are not images.

    Raises:
        UserError: the zip is damaged, hostile, encrypted or too large.
    """
    passed_over = PassedOver() if passed_over is None else passed_over
    total = count = 0
    try:
        with open_zip(file) as archive:
            entries = list(image_entries(archive, passed_over))
            unique = _unique_names([path for path, _ in entries])
            for path, entry in entries:
                data = bytearray()
                for chunk in entry_chunks(archive, entry):
                    total += len(chunk)
                    if total > MAX_TOTAL:
                        raise UserError(
                            Sentence(
                                "{name} contains more than {most} MiB of images. Split it up.",
                                name=name,
                                most=MAX_TOTAL // 2**20,
                            )
                        )
                    data += chunk
                count += 1
                if count > MAX_FILES:
                    raise UserError(
                        Sentence(
                            "{name} contains more than {most} images. Split it up.",
                            name=name,
                            most=MAX_FILES,
                        )
                    )
                yield path.name if folded(path.name) in unique else str(path), bytes(data)
    except ZIP_ERRORS as error:
        raise unreadable_zip(file, name) from error
    if not count:
        raise UserError(
            joined([Sentence("{name} contains no images.", name=name), *passed_over.sentences()], " ")
        )


def unreadable_zip(file: Path | BinaryIO, name: str) -> UserError:
    """Why a zip cannot be read, with the way out."""
    if _is_split(file):
        return UserError(
            Sentence(
                "{name} is one part of a split zip. Unpack all parts together and use the files in it.",
                name=name,
            )
        )
    return UserError(Sentence("{name} is damaged or cut short. Copy or download it again.", name=name))


def _check_readable(entry: zipfile.ZipInfo) -> None:
    """Raise UserError for an entry that no attempt could read."""
    if entry.flag_bits & ENCRYPTED:
        raise UserError(
            Sentence("The zip is encrypted. Unpack it with its password and use the files in it.")
        )
    if entry.compress_type not in READABLE:
        method = METHODS.get(entry.compress_type, f"method {entry.compress_type}")
        raise UserError(
            Sentence(
                "The zip compresses {path} with {method}, which cannot be read here. Create the "
                "zip again with Deflate, the usual method, or unpack it and use the files in it.",
                path=shown(entry_path(entry))[:80],
                method=method,
            )
        )


def _head(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The first bytes of an entry."""
    head = b""
    for chunk in entry_chunks(archive, entry, HEAD_BYTES):
        head += chunk
        if len(head) >= HEAD_BYTES:
            break
    return head[:HEAD_BYTES]


def inflated64(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The chunks of an entry that is compressed with Deflate64, which `zipfile` does not know."""
    import inflate64  # imported lazily: such zips are rare

    raw = copy.copy(entry)  # as if it were stored: opened, it gives the compressed bytes
    raw.compress_type, raw.file_size = zipfile.ZIP_STORED, entry.compress_size
    del raw.CRC
    inflater, checksum, size = inflate64.Inflater(), 0, 0
    with archive.open(raw) as source:
        while compressed := source.read(DEFLATE64_CHUNK):
            chunk = inflater.inflate(compressed)
            checksum, size = zlib.crc32(chunk, checksum), size + len(chunk)
            yield chunk
    if checksum != entry.CRC or size != entry.file_size:
        raise zipfile.BadZipFile(f"Bad CRC-32 for file {entry.filename!r}")


def _unique_names(paths: list[PurePosixPath]) -> set[str]:
    """Names, folded, that only one of the files has."""
    seen: set[str] = set()
    repeated: set[str] = set()
    for path in paths:
        name = folded(path.name)
        (repeated if name in seen else seen).add(name)
    return seen - repeated


def _is_split(file: Path | BinaryIO) -> bool:
    """Whether a file is a part of a zip that was split into several."""
    try:
        if isinstance(file, Path):
            with open(file, "rb") as opened:
                return _is_split(opened)
        file.seek(0)
        begins_split = file.read(4) == b"PK\x07\x08"
        size = file.seek(0, 2)
        file.seek(max(0, size - MAX_COMMENT))
        tail = file.read()
    except (OSError, ValueError):
        return False
    end = tail.rfind(b"PK\5\6")  # of the central directory, followed by the number of this part
    return begins_split or (end >= 0 and tail[end + 4 : end + 8] not in (b"", bytes(4)))
