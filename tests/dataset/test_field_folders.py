"""Class folders as the field has them, on disk and in a zip: cases 10, 13, 14 and 16."""

import os
from pathlib import Path

import pytest

from core.cli.main import main
from core.dataset import Dataset, counts, import_table, import_zip, known_folders, open_dataset
from core.dataset.image_checks import unreadable_files
from core.errors import UserError
from core.images import read_image
from tests.images.dicom_files import CHEST, deep_sample, written
from tests.images.picture_files import png
from tests.images.zip_files import UTF8_FLAG, raw_zip, zipped


def image(number: int) -> bytes:
    """A PNG that is no copy of another number's."""
    pixels = CHEST.copy()
    pixels[0, : 8 * (1 + number % 8)] = number
    return png(pixels)


def tree(
    train: str = "train",
    test: str = "test",
    normal: str = "NORMAL",
    pneumonia: str = "PNEUMONIA",
    prefix: str = "",
    inner: str = "",
) -> dict[str, bytes]:
    """Two images of each class in both splits."""
    paths = [
        f"{prefix}{split}/{label}/{inner}{kind}{number}.png"
        for split in (train, test)
        for label, kind in ((normal, "n"), (pneumonia, "p"))
        for number in range(2)
    ]
    return {path: image(number) for number, path in enumerate(paths)}


WHOLE = {split: {"NORMAL": 2, "PNEUMONIA": 2} for split in ("train", "test")}


def on_disk(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def both(tmp_path: Path, files: dict[str, bytes]) -> list[Dataset]:
    """The same files opened as a folder, and imported from a zip."""
    folder = open_dataset(on_disk(tmp_path / "set", files))
    (tmp_path / "set.zip").write_bytes(zipped(files).getvalue())
    return [folder, open_dataset(import_zip(tmp_path / "set.zip", "imported"))]


def said(dataset: Dataset) -> str:
    """All that a data set says about what was passed over."""
    return " ".join([*dataset.passed_over, *(f"{item.path} {item.message}" for item in dataset.problems)])


LAYOUTS = {
    "as published": {},
    "lower case": {"normal": "normal", "pneumonia": "pneumonia"},
    "title case": {"train": "Train", "test": "TEST", "normal": "Normal", "pneumonia": "Pneumonia"},
    "training and testing": {"train": "training", "test": "Testing"},
    "wrapped": {"prefix": "chest_xray/"},
    "wrapped twice": {"prefix": "archive/chest_xray/"},
    "inner folders": {"inner": "bacteria/"},
    "inner folders twice": {"inner": "site/2024/"},
    "a folder between": {"train": "train/images", "test": "test/images"},
    "all at once": {"prefix": "a/", "train": "TRAIN", "normal": "normal", "inner": "x/"},
}


@pytest.fixture(autouse=True)
def home_of_its_own(own_home):
    """Sets of one test never meet those of another."""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_c16_folder_and_zip_in_any_layout_give_the_same_images(layout, tmp_path):
    folder, imported = both(tmp_path, tree(**LAYOUTS[layout]))
    assert counts(folder) == counts(imported) == WHOLE
    assert sorted(folder.table["sha256"]) == sorted(imported.table["sha256"])
    for dataset in (folder, imported):
        assert "Passed over" not in said(dataset)
        assert not any("contains no readable image" in item.message for item in dataset.problems)


@pytest.mark.parametrize("name", ["val", "valid", "validation", "Validation", "VAL"])
def test_c16_validation_has_many_names(name, tmp_path):
    extra = {f"{name}/NORMAL/a.png": image(20), f"{name}/pneumonia/b.png": image(21)}
    for dataset in both(tmp_path, {**tree(), **extra}):
        assert counts(dataset) == {**WHOLE, "val": {"NORMAL": 1, "PNEUMONIA": 1}}


def test_c16_what_is_passed_over_is_counted_and_named(tmp_path):
    extra = {
        "train/COVID/a.png": image(30),
        "train/COVID/b.png": image(31),
        "train/stray.png": image(32),
        "other/NORMAL/c.png": image(33),
        "readme.txt": b"x",
        "train/NORMAL/notes.txt": b"x",
        "train/NORMAL/.DS_Store": b"x",
        "__MACOSX/train/NORMAL/._n0.png": b"x",
        "train/PNEUMONIA/Thumbs.db": b"x",
    }
    folder, imported = both(tmp_path, {**tree(), **extra})
    findings = {finding.name: finding for finding in unreadable_files(folder)}
    assert findings["unreadable"].count == 0 and findings["passed_over"].count == 5
    for dataset in (folder, imported):
        assert counts(dataset) == WHOLE
        words = said(dataset)
        for name in ("train/COVID/ (2)", "train/", "other/NORMAL/", "notes.txt", ".DS_Store", "Thumbs.db"):
            assert name in words
        assert "in no folder NORMAL or PNEUMONIA" in words and "__MACOSX" in words


def test_c16_links_are_followed_and_dangling_ones_named(tmp_path):
    root = on_disk(tmp_path / "set", tree())
    on_disk(tmp_path, {"elsewhere/far.png": image(40), "more/deep.png": image(41)})
    (root / "train/NORMAL/link.png").symlink_to(tmp_path / "elsewhere/far.png")
    (root / "train/NORMAL/more").symlink_to(tmp_path / "more")
    (root / "train/NORMAL/gone.png").symlink_to(tmp_path / "nowhere.png")
    (root / "train/PNEUMONIA/loop").symlink_to(root)
    (tmp_path / "more/back").symlink_to(root / "train/NORMAL")
    os.mkfifo(root / "train/NORMAL/pipe.png")
    dataset = open_dataset(root)
    assert counts(dataset)["train"] == {"NORMAL": 4, "PNEUMONIA": 2}
    problems = {item.path: item.message for item in dataset.problems}
    assert "a link to nowhere" in problems["train/NORMAL/gone.png"]
    assert "not a regular file" in problems["train/NORMAL/pipe.png"]
    for loop in ("train/PNEUMONIA/loop/", "train/NORMAL/more/back/"):
        assert "a link to a folder around it" in problems[loop]


def test_c16_a_copy_inside_is_not_counted_twice_but_other_images_are(tmp_path):
    inner = {f"chest_xray/{name}": data for name, data in tree().items()}
    more = {"chest_xray/train/NORMAL/other.png": image(50), "chest_xray/test/NORMAL/n0.png": image(51)}
    for dataset in both(tmp_path, {**tree(), **inner, **more}):
        assert counts(dataset)["train"] == {"NORMAL": 3, "PNEUMONIA": 2}
        assert counts(dataset)["test"] == {"NORMAL": 3, "PNEUMONIA": 2}
        assert "the same image" in said(dataset)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"NORMAL/a.png": b"x", "PNEUMONIA/b.png": b"x"}, ["outside train/, val/ and test/", "NORMAL/ (1)"]),
        (
            {"train/bacteria/a.png": b"x", "test/virus/b.png": b"x"},
            ["train/bacteria/ (1)", "test/virus/ (1)"],
        ),
        ({"images/a.png": b"x", "labels/b.csv": b"x"}, ["Its folders are images/, labels/"]),
        ({"a/train/NORMAL/a.png": b"x", "b/train/NORMAL/a.png": b"x"}, ["Did you mean", "/a?"]),
    ],
)
def test_c16_a_refusal_says_what_there_is(files, words, tmp_path):
    with pytest.raises(UserError) as caught:
        open_dataset(on_disk(tmp_path / "set", files))
    assert all(word in str(caught.value) for word in words)


def test_c10_a_data_set_of_dicom_files_named_by_uid(tmp_path):
    files = {
        f"{split}/{label}/1.2.840.{split_number}{label_number}{number}": written(
            deep_sample(SOPInstanceUID=f"1.2.9{split_number}{label_number}{number}")
        )
        for split_number, split in enumerate(("train", "test"))
        for label_number, label in enumerate(("NORMAL", "PNEUMONIA"))
        for number in range(2)
    }
    for dataset in both(tmp_path, files):
        assert counts(dataset) == WHOLE


def test_c13_a_data_set_with_names_that_are_not_utf8(tmp_path, capsys):
    root = on_disk(tmp_path / os.fsdecode(b"s\xe9t"), tree(inner=os.fsdecode(b"\xe9/")))
    on_disk(
        root, {os.fsdecode(b"train/NORMAL/a\n\xff.png"): image(60), os.fsdecode(b"train/\xe9/b.png"): b"x"}
    )
    dataset = open_dataset(root)
    assert counts(dataset)["train"] == {"NORMAL": 3, "PNEUMONIA": 2}
    assert all(path.encode() and path.isprintable() for path in dataset.table["path"])
    assert dataset.root.name == "s\\xe9t" and known_folders() == [dataset.root]
    assert open_dataset(dataset.root).fingerprint == dataset.fingerprint
    assert read_image(dataset.root / dataset.table["path"][0]).sha256 == dataset.table["sha256"][0]
    for command in ("index", "audit"):
        for options in ([], ["--json"]):
            assert main([command, str(root), *options]) == 0
    assert "train/\\\\xe9/ (1)" in capsys.readouterr().out


@pytest.mark.parametrize("flags", [0, UTF8_FLAG])
def test_c13_a_zip_with_names_in_other_encodings_is_imported(flags, tmp_path):
    files = [(name.encode(), data) for name, data in tree().items()]
    odd = ["胸部.png".encode("cp932"), "Müller.png".encode("cp437"), b"a\nb.png", b"\xff.png"]
    files += [(b"train/NORMAL/" + name, image(70 + number)) for number, name in enumerate(odd)]
    (tmp_path / "a.zip").write_bytes(raw_zip(files, flags))
    assert counts(open_dataset(import_zip(tmp_path / "a.zip", "odd")))["train"]["NORMAL"] == 2 + len(odd)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("surplus", ["", "x"])
def test_c14_a_table_is_imported_however_it_is_written(delimiter, mark, end, surplus, tmp_path):
    names = ["0000", "0001", "0002", "0003"]
    on_disk(tmp_path, {name: image(number) for number, name in enumerate(names)})
    rows = [["Path", "LABEL", "Split", "patient"]]
    for number, name in enumerate(names):
        split, label = ("train", "test")[number // 2], ("NORMAL", "pneumonia")[number % 2]
        rows.append([name, label, split, f"00{number}", *([surplus] if surplus else [])])
    text = "".join(delimiter.join(row) + end for row in rows)
    (tmp_path / "t.csv").write_bytes(mark + text.encode())
    dataset = open_dataset(import_table(tmp_path / "t.csv", "table"))
    assert counts(dataset) == {split: {"NORMAL": 1, "PNEUMONIA": 1} for split in ("train", "test")}
    assert sorted(dataset.table["patient"]) == ["000", "001", "002", "003"]
