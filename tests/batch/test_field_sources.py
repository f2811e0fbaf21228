"""Folders, zips and lists of images as the field has them: cases 10 to 14."""

import os
from pathlib import Path

import pandas as pd
import pytest

from core.batch import open_batch, start_batch, write_summary
from core.batch.source import Source, list_images
from core.cli.main import main
from core.errors import UserError
from core.images import ImageError, PassedOver, decode
from tests.images.dicom_files import CHEST, deep_sample, written
from tests.images.picture_files import jpeg, png
from tests.images.zip_files import UTF8_FLAG, raw_zip, zipped

DICOM, PNG = written(deep_sample()), png(CHEST)
TREE = {
    "DICOMDIR": b"x",
    "README": b"text",
    "AUTORUN.INF": b"[autorun]",
    "VIEWER/VIEWER.EXE": b"MZ",
    "VIEWER/LOGO.JPG": jpeg(CHEST),
    "PAT1/IM0001": DICOM,
    "PAT2/IM0001": written(deep_sample(PatientID="2")),
    "PAT2/1.2.840.113619.2.55.111": DICOM,
    "PAT2/cut.dcm": b"",
    ".hidden/a.png": PNG,
    "__MACOSX/a.png": PNG,
    "Thumbs.db": b"x",
}
IMAGES = ["PAT1/IM0001", "PAT2/1.2.840.113619.2.55.111", "PAT2/IM0001", "PAT2/cut.dcm"]


def written_tree(root: Path, files: dict) -> Path:
    for name, data in files.items():
        path = root / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def listed(source: Path) -> tuple[list[str], PassedOver]:
    passed_over = PassedOver()
    return [path for path, _ in list_images(source, passed_over)], passed_over


@pytest.fixture
def model(tmp_path) -> Path:
    (tmp_path / "model.h5").write_bytes(b"weights")
    return tmp_path / "model.h5"


def test_c11_folder_and_zip_of_a_cd_give_the_same_images_and_name_the_same_rest(tmp_path):
    folder = written_tree(tmp_path / "cd", TREE)
    (tmp_path / "cd.zip").write_bytes(zipped(TREE).getvalue())
    of_folder, of_zip = listed(folder), listed(tmp_path / "cd.zip")
    assert sorted(of_folder[0]) == sorted(of_zip[0]) == IMAGES
    for passed_over in (of_folder[1], of_zip[1]):
        assert sum(passed_over.counts.values()) == len(TREE) - len(IMAGES)
        sentences = " ".join(passed_over.sentences())
        assert all(name in sentences for name in ("DICOMDIR", "README", "AUTORUN.INF", "LOGO.JPG", "Thumbs"))
    for source in (folder, tmp_path / "cd.zip"):
        opened = Source(source)
        pictures = {path: opened.read(path).sha256 for path in IMAGES[:3]}
        assert len(set(pictures.values())) == 2  # the second patient's image is another one
        with pytest.raises(ImageError, match=r"cut\.dcm is empty"):
            opened.read("PAT2/cut.dcm")
        opened.close()


def test_c11_a_cd_in_a_subfolder_concerns_no_other_folder(tmp_path):
    root = written_tree(
        tmp_path / "all", {**{f"cd/{name}": data for name, data in TREE.items()}, "b.jpg": PNG}
    )
    assert sorted(listed(root)[0]) == ["b.jpg", *(f"cd/{name}" for name in IMAGES)]


def test_c11_what_is_passed_over_is_kept_with_the_job(tmp_path, model):
    job = start_batch(written_tree(tmp_path / "cd", TREE), tmp_path / "out", model)
    summary = write_summary(open_batch(job.path))
    assert summary.images == len(IMAGES) and not summary.errors
    assert summary.passed_over.counts["not an image"] == 3
    assert "Passed over 3 files (not an image)" in (job.path / "summary.html").read_text()
    with pytest.raises(UserError, match=r"contains no images\. Passed over 1 file .*: notes\.txt"):
        start_batch(written_tree(tmp_path / "none", {"notes.txt": b"x"}), tmp_path / "out2", model)


def test_c11_linked_folders_are_read_once_and_dangling_links_named(tmp_path):
    root = written_tree(tmp_path / "root", {"a/IM1": DICOM})
    written_tree(tmp_path / "far", {"IM2": DICOM})
    (root / "far").symlink_to(tmp_path / "far")
    (tmp_path / "far/back").symlink_to(root)
    (root / "gone.dcm").symlink_to(tmp_path / "nowhere")
    paths, passed_over = listed(root)
    assert sorted(paths) == ["a/IM1", "far/IM2"]
    assert passed_over.names == {
        "a link to nowhere": ["gone.dcm"],
        "a link to a folder around it": ["far/back/"],
    }


def test_c12_a_path_twice_in_a_zip_is_two_rows(tmp_path):
    second = png(CHEST[::-1])
    (tmp_path / "a.zip").write_bytes(raw_zip([(b"A/IM1.png", PNG), (b"A/IM1.png", second)]))
    paths, _ = listed(tmp_path / "a.zip")
    source = Source(tmp_path / "a.zip")
    assert paths == ["A/IM1.png", "A/IM1 (2).png"]
    assert [source.read(path).sha256 for path in paths] == [decode(data, "").sha256 for data in (PNG, second)]


ODD_NAMES = [
    b"caf\xe9.png",
    b"\x8b\xb9\x95\x94.png",
    b"a\nb.png",
    b"a\x1b[31m.png",
    b"a" * 251 + b".png",
    "Mu\u0308ller.png".encode(),
    "Müller.png".encode(),
    b"A.png",
    b"a.png",
    b"a\\xe9.png",
    b" space .png",
]


def test_c13_every_name_on_disk_is_listed_and_read(tmp_path, model):
    root = tmp_path / os.fsdecode(b"s\xe9t")
    images = {name: png(CHEST[: 100 - number]) for number, name in enumerate(ODD_NAMES)}
    written_tree(root, images)
    job = start_batch(root, tmp_path / "out", model)
    paths = job.paths(0)
    assert len(set(paths)) == len(ODD_NAMES) and all(path.encode() for path in paths)
    assert "caf\\xe9.png" in paths and "a\\x0ab.png" in paths
    source = job.open_source()
    heights = sorted(source.read(path).height for path in paths)
    assert heights == sorted(100 - number for number in range(len(ODD_NAMES)))
    write_summary(job)


@pytest.mark.parametrize("flags", [0, UTF8_FLAG])
def test_c13_a_zip_with_names_in_other_encodings_is_read(flags, tmp_path):
    (tmp_path / "a.zip").write_bytes(raw_zip([(b"caf\xe9.png", PNG), ("胸部".encode("cp932"), DICOM)], flags))
    paths, _ = listed(tmp_path / "a.zip")
    assert len(paths) == 2 and "胸部" in paths
    source = Source(tmp_path / "a.zip")
    assert all(source.read(path).height == 128 for path in paths)


def test_c13_names_that_are_not_utf8_reach_the_terminal(tmp_path, capsys):
    name = os.fsdecode(b"caf\xe9\n.png")
    written_tree(tmp_path, {name: b"no image"})
    assert main(["predict", str(tmp_path / name), "--model", str(tmp_path / "missing.h5")]) == 2
    assert main(["index", str(tmp_path / os.fsdecode(b"\xe9"))]) == 2
    assert "\\udce9 does not exist" in capsys.readouterr().err.replace("\\xe9", "\\udce9")


def lists() -> dict[str, tuple[str, bytes]]:
    """Name and content of lists of the same two images."""
    first, second = "a/0000", "b, c/0001"
    plain = f"{first}\n{second}\n"
    return {
        "no header": ("l.txt", plain.encode()),
        "no header, CSV": ("l.csv", f'{first}\n"{second}"\n'.encode()),
        "no header, CSV, unquoted": ("l.csv", plain.encode()),
        "no newline at the end": ("l.txt", plain.strip().encode()),
        "header": ("l.csv", f'path\n{first}\n"{second}"\n'.encode()),
        **{
            f"column {name}": ("l.csv", f'number,{name}\n0001,{first}\n0002,"{second}"\n'.encode())
            for name in (
                "Path",
                "PATH",
                "file",
                "filename",
                "File Name",
                "file_path",
                "image",
                "Images",
                "bild",
            )
        },
        "unknown column": ("l.csv", f'nummer,bild\n1,{first}\n2,"{second}"\n'.encode()),
        "two columns of names": ("l.csv", f'image,file\n17,{first}\n18,"{second}"\n'.encode()),
        "semicolons": ("l.csv", f"number;Path\n1;{first}\n2;{second}\n".encode()),
        "the line by which Excel names the delimiter": (
            "l.csv",
            f"sep=;\r\nnumber;Path\r\n1;{first}\r\n2;{second}\r\n".encode(),
        ),
        "semicolons at the ends": ("l.csv", f"path;\n{first};\n{second};\n".encode()),
        "surplus column": ("l.csv", f'path,label\n{first},1,\n"{second}",0,\n'.encode()),
        "tabs": ("l.tsv", f"number\tfile\n1\t{first}\n2\t{second}\n".encode()),
        "tabs in a CSV": ("l.csv", f"number\tfile\n1\t{first}\n2\t{second}\n".encode()),
        "bars": ("l.txt", f"1|{first}\n2|{second}\n".encode()),
        "no header, two columns": ("l.csv", f"1;{first}\n2;{second}\n".encode()),
        "BOM": ("l.csv", b"\xef\xbb\xbf" + f'path\n{first}\n"{second}"\n'.encode()),
        "BOM without header": ("l.txt", b"\xef\xbb\xbf" + plain.encode()),
        "UTF-16": ("l.txt", b"\xff\xfe" + f"n\tpath\n1\t{first}\n2\t{second}\n".encode("utf-16-le")),
        "CRLF": ("l.csv", f'path\r\n{first}\r\n"{second}"\r\n'.encode()),
        "CR": ("l.txt", plain.replace("\n", "\r").encode()),
        "quotes": ("l.csv", f'"path","n"\n"{first}","1"\n"{second}","2"\n'.encode()),
        "quotes, text": ("l.txt", f"'{first}'\n\"{second}\"\n".encode()),
        "spaces": ("l.csv", f'path , n\n {first} , 1\n "{second}", 2\n'.encode()),
        "empty lines": ("l.txt", f"\n{first}\n\n\n{second}\n\n".encode()),
        "backslashes": ("l.txt", plain.replace("/", "\\").encode()),
        "upper-case suffix": ("L.CSV", f'path\n{first}\n"{second}"\n'.encode()),
    }


@pytest.mark.parametrize("kind", lists())
def test_c14_a_list_gives_its_paths_however_it_is_written(kind, tmp_path):
    written_tree(tmp_path, {"a/0000": DICOM, "b, c/0001": DICOM})
    name, content = lists()[kind]
    (tmp_path / name).write_bytes(content)
    assert listed(tmp_path / name)[0] == ["a/0000", "b, c/0001"]


def test_c14_names_of_digits_stay_names(tmp_path):
    written_tree(tmp_path, {"0000": DICOM, "0001": DICOM})
    for name, content in {
        "l.csv": "0000\n0001\n",
        "m.csv": "path\n0000\n0001\n",
        "n.txt": "0000\n0001",
    }.items():
        (tmp_path / name).write_text(content)
        assert listed(tmp_path / name)[0] == ["0000", "0001"]
    pd.DataFrame({"File": ["0000", "0001"], "n": [1, 2]}).to_parquet(tmp_path / "l.parquet")
    assert listed(tmp_path / "l.parquet")[0] == ["0000", "0001"]


def test_c14_files_that_are_missing_keep_their_names(tmp_path, model):
    (tmp_path / "l.csv").write_text("path\nDoe, Jane/1.png\n1\nis\n")
    job = start_batch(tmp_path / "l.csv", tmp_path / "out", model)
    assert job.paths(0) == ["Doe, Jane/1.png", "1", "is"]
    source = job.open_source()
    for path in job.paths(0):
        with pytest.raises(ImageError, match=f"/{path} does not exist"):
            source.read(path)


def test_c14_names_in_the_encoding_of_western_windows_are_found(tmp_path):
    written_tree(tmp_path, {"Müller.png": PNG})
    (tmp_path / "l.csv").write_bytes("path;n\nMüller.png;1\n".encode("cp1252"))
    assert listed(tmp_path / "l.csv")[0] == ["Müller.png"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "l.csv",
            b"number;finding\n1;ill\n",
            "has the columns number, finding, and none of them",
        ),
        ("l.csv", b"", "is empty"),
        ("l.csv", b"\xef\xbb\xbf\r\n", "is empty"),
        ("l.csv", b"a\0b", "is not a list of paths"),
        ("l.xlsx", b"PK", "is not a folder, a zip, or a list of paths"),
        ("l.parquet", b"no", "cannot be read"),
    ],
)
def test_c14_what_is_no_list_is_refused_by_name(name, content, sentence, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=sentence) as caught:
        listed(tmp_path / name)
    assert name in str(caught.value)
