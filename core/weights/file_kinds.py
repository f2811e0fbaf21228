"""What a file of weights is, by its content: HDF5, a Keras archive, or a format of another program."""

import zipfile
from pathlib import Path

HDF5 = b"\x89HDF\r\n\x1a\n"
HEAD = 512  # bytes that tell
AS_HDF5 = "Load it in Keras and save it again with model.save('weights.h5')."
ELSEWHERE = (
    "Only the weights of a Keras model can be imported: carry them over to VGG19 in Keras, and save that "
    "model with model.save('weights.h5')."
)
KERAS_ARCHIVE = {"config.json", "model.weights.h5"}


def is_keras_archive(path: Path) -> bool:
    """Whether a file is a zip that holds a Keras model."""
    return _members(path) >= KERAS_ARCHIVE


def other_format(path: Path) -> str:
    """Which format a file is in, and the way out; "" for HDF5, Keras archives, and what nobody knows."""
    if path.is_dir():
        if (path / "saved_model.pb").exists():
            return f"is a folder in TensorFlow's SavedModel format. {AS_HDF5}"
        return "is a folder. Give the file of the weights."
    with open(path, "rb") as file:
        head = file.read(HEAD)
    if head.startswith(HDF5):
        return ""
    return _zip_format(path) if head.startswith(b"PK") else _plain_format(path, head)


def _zip_format(path: Path) -> str:
    members = _members(path)
    if members >= KERAS_ARCHIVE:
        return ""
    if "config.json" in members and "metadata.json" in members:
        return f"is a Keras archive whose weights are stored in several files. {AS_HDF5}"
    if any(name.rsplit("/", 1)[-1] == "data.pkl" for name in members):
        return f"is a PyTorch file. {ELSEWHERE}"
    if any(name.rsplit("/", 1)[-1] == "saved_model.pb" for name in members):
        return f"is a zip of TensorFlow's SavedModel format. {AS_HDF5}"
    if members and all(name.endswith(".npy") for name in members):
        return f"is a NumPy archive. {ELSEWHERE}"
    return "is a zip without a Keras model. Unpack it and give the file of the weights."


def _plain_format(path: Path, head: bytes) -> str:
    suffix = path.suffix.lower()
    if head[4:8] == b"TFL3":
        return f"is a TensorFlow Lite model. {AS_HDF5}"
    if head[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        return f"is a Python pickle, as older PyTorch writes it, and is never opened. {ELSEWHERE}"
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 100_000_000:
        return f"is a safetensors file. {ELSEWHERE}"
    if suffix == ".onnx" or b"onnx" in head[:64].lower() or b"pytorch" in head[:64].lower():
        return f"is an ONNX model. {ELSEWHERE}"
    if suffix == ".pb":
        return f"is part of a SavedModel or a frozen TensorFlow graph. {AS_HDF5}"
    if suffix == ".index" or ".data-0" in path.name:
        return f"is part of a TensorFlow checkpoint. {AS_HDF5}"
    if head.startswith(b"version https://git-lfs"):
        return "is a pointer of Git LFS, not the weights. Fetch them with `git lfs pull`."
    if head.lstrip()[:1] == b"<":
        return "is a web page, not weights: the download failed. Download it again."
    if head.lstrip()[:1] == b"{":
        return "is JSON: a model's configuration without its weights. Give the .h5 or .keras file."
    return ""


def _members(path: Path) -> set[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return set()
