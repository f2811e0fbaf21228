"""Sets from zips, tables and a download, good and bad."""

import hashlib
import io
import stat
import struct
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from core.dataset import (
    assign_roles,
    counts,
    download_pneumoniamnist,
    import_table,
    import_zip,
    list_imported_sets,
    open_dataset,
    remove_imported_set,
)
from core.dataset.imported_sets import imported_folder
from core.errors import UserError


@pytest.fixture(autouse=True)
def home_of_its_own(own_home):
    """Sets of one test never meet those of another."""


def entries(demo, depth="chest_xray/"):
    """Files of the synthetic set by their path in a zip."""
    found = sorted(demo.glob("*/*/*.jpeg"))
    return {depth + str(path.relative_to(demo)): path.read_bytes() for path in found}


def packed(files: dict, path) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def nothing_is_kept():
    return not list_imported_sets() and not any(
        imported_folder().iterdir() if imported_folder().is_dir() else ()
    )


def test_the_kaggle_archive_with_its_twin_and_strays_gives_each_image_once(demo, tmp_path):
    files = entries(demo)
    twin = {name.replace("chest_xray/", "chest_xray/chest_xray/", 1): data for name, data in files.items()}
    stray = {"__MACOSX/chest_xray/train/NORMAL/._a.jpeg": b"x", "chest_xray/train/NORMAL/.DS_Store": b"x"}
    folder = import_zip(packed({**files, **twin, **stray}, tmp_path / "a.zip"), "kaggle")
    assert list_imported_sets() == [folder]
    dataset, original = open_dataset(folder), open_dataset(demo)
    assert counts(dataset) == counts(original)
    assert sorted(dataset.table["sha256"]) == sorted(original.table["sha256"])
    assert set(dataset.table["patient"]) == set(original.table["patient"])
    remove_imported_set("kaggle")
    assert nothing_is_kept()


def test_two_images_of_one_name_are_both_kept(demo, tmp_path):
    files = entries(demo)
    first, second = list(files)[:2]
    folder = import_zip(
        packed({**files, f"other/{first.split('/', 1)[1]}": files[second]}, tmp_path / "a.zip"), "both"
    )
    assert len(open_dataset(folder).table) == len(files) + 1


def encrypted(path):
    """Set the flag that says so; no password is ever asked for."""
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        while place >= 0:
            flags = struct.unpack_from("<H", data, place + offset)[0]
            struct.pack_into("<H", data, place + offset, flags | 1)
            place = data.find(signature, place + 4)
    path.write_bytes(data)


def linked(path):
    entry = zipfile.ZipInfo("chest_xray/train/NORMAL/link.jpeg")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(entry, "/etc/passwd")


def spoiled(path):
    data = bytearray(path.read_bytes())
    data[200:260] = b"\0" * 60
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda path: path.write_text("no zip"), "is not a zip that can be read"),
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), "is not a zip that can be read"),
        (spoiled, "damaged or cut short"),
        (encrypted, "encrypted"),
        (linked, "contains the link"),
        (lambda path: packed({"../train/NORMAL/a.jpeg": b"x"}, path), "points outside the zip"),
        (lambda path: packed({"/train/NORMAL/a.jpeg": b"x"}, path), "points outside the zip"),
        (lambda path: packed({"C:\\train\\NORMAL\\a.jpeg": b"x"}, path), "points outside the zip"),
        (lambda path: packed({"inner.zip": b"PK"}, path), "contains another zip and no images"),
        (lambda path: packed({"a.txt": b"x"}, path), "There are no images in folders"),
        (lambda path: packed({"train/NORMAL/a.jpeg": b"x"}, path), "no images of the class PNEUMONIA"),
    ],
)
def test_a_zip_that_cannot_be_imported_says_why_and_leaves_nothing(demo, tmp_path, spoil, sentence):
    path = packed(entries(demo), tmp_path / "bad.zip")
    spoil(path)
    with pytest.raises(UserError, match=sentence):
        import_zip(path, "bad")
    assert nothing_is_kept() and not (tmp_path / "train").exists()


def test_local_images_need_no_split_no_second_class_and_no_label(demo, tmp_path):
    files = dict(
        zip(("normal/1.jpeg", "ward/2.jpeg", "train/NORMAL/3.jpeg"), entries(demo).values(), strict=False)
    )
    folder = import_zip(packed(files, tmp_path / "a.zip"), "ours", local=True)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpeg"))
    assert names == ["test/NORMAL/1.jpeg", "test/NORMAL/3.jpeg", "test/UNLABELLED/2.jpeg"]
    with pytest.raises(UserError, match="There are no images; nothing was imported"):
        import_zip(packed({"a.txt": b"x"}, tmp_path / "b.zip"), "none", local=True)


def test_what_a_zip_declares_does_not_matter_but_what_it_holds(demo, tmp_path, monkeypatch):
    path = packed(entries(demo), tmp_path / "big.zip")
    monkeypatch.setenv("PNEUMONIA_STUDIO_IMPORT_GIB", "0.0001")
    with pytest.raises(UserError, match="unpacks to more than 0.0001 GiB"):
        import_zip(path, "big")
    monkeypatch.delenv("PNEUMONIA_STUDIO_IMPORT_GIB")
    monkeypatch.setenv("PNEUMONIA_STUDIO_IMPORT_FILES", "10")
    with pytest.raises(UserError, match="more than 10 images"):
        import_zip(path, "big")
    assert nothing_is_kept()


def test_names_in_other_encodings_stay_within_the_set(demo, tmp_path):
    files = entries(demo)
    files |= {"chest_xray/train/NORMAL/Thorax-ü-胸.jpeg": next(iter(files.values())) + b"\0"}
    folder = import_zip(packed(files, tmp_path / "a.zip"), "names")
    names = [path.name for path in folder.glob("train/NORMAL/Thorax*")]
    assert names == ["Thorax-_-_.jpeg"]


def test_a_name_is_given_once_and_a_set_of_ones_own_is_never_removed(demo, tmp_path):
    path = packed(entries(demo), tmp_path / "a.zip")
    import_zip(path, "one")
    with pytest.raises(UserError, match="A data set called one exists already"):
        import_zip(path, "one")
    with pytest.raises(UserError, match="cannot be called '../up'"):
        import_zip(path, "../up")
    with pytest.raises(UserError, match="Your own folders are never removed"):
        remove_imported_set("demo")


def test_a_table_brings_labels_splits_and_patients(demo, tmp_path):
    images = sorted(demo.glob("*/*/*.jpeg"))
    rows = [
        f"{path},{path.parent.name.lower()},{path.parts[-3]},child {number // 2}"
        for number, path in enumerate(images)
    ]
    (tmp_path / "images.csv").write_text("path,label,split,patient\n" + "\n".join(rows))
    dataset = open_dataset(import_table(tmp_path / "images.csv", "table"))
    assert counts(dataset) == counts(open_dataset(demo))
    assert dataset.table["patient"].str.startswith("child ").all()
    (tmp_path / "plain.csv").write_text(
        "path,label\n" + "\n".join(f"{path},{path.parent.name}" for path in images)
    )
    roles = assign_roles(open_dataset(import_table(tmp_path / "plain.csv", "plain")).table, 0.1, 0)
    assert {"training", "validation", "test"} == set(roles)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("file,label\na,NORMAL\n", "has no column 'path'"),
        ("path,label\na.png,ILL\n", "Row 1 of images.csv has the label 'ILL'"),
        ("path,label,split\na.png,NORMAL,later\n", "has the split 'later'"),
        ("path,label\nnone.png,NORMAL\n", "Row 1 of images.csv names none.png, which cannot be read"),
        ("", "not a CSV table"),
    ],
)
def test_a_table_that_cannot_be_imported_names_row_and_value(tmp_path, text, sentence):
    (tmp_path / "images.csv").write_text(text)
    with pytest.raises(UserError, match=sentence):
        import_table(tmp_path / "images.csv", "table")
    assert nothing_is_kept()


@pytest.fixture
def archive() -> bytes:
    """A small file in the layout of PneumoniaMNIST."""
    chance = np.random.default_rng(0)
    arrays = {}
    for split, size in (("train", 40), ("val", 6), ("test", 10)):
        arrays[f"{split}_images"] = chance.integers(0, 255, (size, 128, 128), np.uint8)
        arrays[f"{split}_labels"] = np.arange(size).reshape(-1, 1) % 2
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.fixture
def serve(archive):
    """A server on this machine that answers well, cut short, wrongly or slowly."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(404 if self.path == "/missing" else 200)
            self.send_header("Content-Length", str(len(archive)))
            self.end_headers()
            if self.path == "/good":
                self.wfile.write(archive)
            elif self.path == "/cut":
                self.wfile.write(archive[: len(archive) // 2])
            elif self.path == "/wrong":
                self.wfile.write(b"\0" * len(archive))
            elif self.path == "/slow":
                self.wfile.write(archive[:1000])
                self.wfile.flush()
                stop.wait()

        def log_message(self, *_):
            """Quiet."""

    stop = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    stop.set()
    server.shutdown()


def test_a_download_becomes_a_set_with_its_published_splits(serve, archive):
    seen = []
    digest = hashlib.md5(archive).hexdigest()
    folder = download_pneumoniamnist(lambda done, total: seen.append(done / total), f"{serve}/good", digest)
    dataset = open_dataset(folder)
    assert counts(dataset)["train"] == {"NORMAL": 20, "PNEUMONIA": 20}
    assert len(dataset.table) == 56 and (dataset.table["patient"] == "").all()
    assert seen and max(seen) <= 1


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("cut", "could not be downloaded|not the expected file"),
        ("wrong", "not the expected file"),
        ("slow", "could not be downloaded"),
        ("missing", "could not be downloaded"),
    ],
)
def test_a_bad_download_says_why_and_leaves_nothing(serve, archive, answer, sentence, monkeypatch):
    if answer == "slow":
        monkeypatch.setattr("core.dataset.download.TIMEOUT_S", 2)
    with pytest.raises(UserError, match=sentence):
        download_pneumoniamnist(None, f"{serve}/{answer}", hashlib.md5(archive).hexdigest())
    assert nothing_is_kept()


def test_no_connection_says_how_to_go_on_without():
    with pytest.raises(UserError, match="save it as .*pneumoniamnist_128.npz"):
        download_pneumoniamnist(None, "http://127.0.0.1:9/x")
