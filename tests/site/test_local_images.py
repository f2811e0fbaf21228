from pathlib import Path

import pytest

from core.errors import UserError
from core.site import FOLDERS, LabelWords, open_local_images, table_columns


@pytest.fixture
def folder(tmp_path):
    """Two images of each class, in folders of both and of no class."""
    for name in (
        "a/NORMAL/1.png",
        "a/NORMAL/2.png",
        "pneumonia/ward 3/1.png",
        "pneumonia/2.png",
        "other/3.png",
    ):
        (tmp_path / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / name).write_bytes(b"")
    return tmp_path / "site"


def table(folder, text: str):
    """A table beside the images."""
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_folders_are_labels_at_any_depth_and_in_any_case(folder):
    local = open_local_images(folder)
    assert sorted(local.table["label"]) == ["NORMAL", "NORMAL", "PNEUMONIA", "PNEUMONIA"]
    assert local.notes == ("Left out 1 image without a label of the two classes.",)
    assert local.label_source == "the names of the folders"


def test_a_table_keeps_what_was_asked_for_and_nobodys_name(folder):
    path = table(
        folder,
        "File;Diagnosis;Patient;Ward;Name\n"
        "a/NORMAL/1.png;no;Ada Byron;East;Ada\na/NORMAL/2.png;yes;Ada Byron;;Ada\n",
    )
    local = open_local_images(path, "diagnosis", groups=("ward",))
    assert list(local.table) == ["file", "label", "patient", "age", "group: ward"]
    assert local.label_source == f"the column 'diagnosis' of {path.name}"
    assert list(local.table["label"]) == ["NORMAL", "PNEUMONIA"] and list(local.table["group: ward"]) == [
        "East",
        "",
    ]
    assert local.table["patient"].nunique() == 1 and not local.table["patient"].str.contains("Ada").any()
    assert table_columns(path) == ["File", "Diagnosis", "Patient", "Ward", "Name"]


def test_a_group_that_nobody_can_give_is_refused_before_an_image_is_read(folder):
    path = table(folder, "path,label,ward\na/NORMAL/1.png,normal,East\n")
    for source in (path, folder):
        assert open_local_images(source, groups=("Age",)).groups == ("Age",)  # from DICOM headers
        with pytest.raises(UserError, match="has no column 'wrad', and DICOM headers give only age, sex"):
            open_local_images(source, groups=("wrad",))


def test_a_folder_is_named_and_labelled_by_itself_from_within(folder, monkeypatch):
    monkeypatch.chdir(folder / "a" / "NORMAL")
    local = open_local_images(Path("."))
    assert local.name == "NORMAL" and set(local.table["label"]) == {"NORMAL"}


def test_a_tables_labels_can_be_its_folders_or_words_of_ones_own(folder):
    path = table(folder, "path,label\na/NORMAL/1.png,clear\npneumonia/2.png,lobar\nother/3.png,effusion\n")
    assert list(open_local_images(path, FOLDERS).table["label"]) == ["NORMAL", "PNEUMONIA"]
    local = open_local_images(path, words=LabelWords(positive=("Lobar",), negative=("clear",)))
    assert list(local.table["label"]) == ["NORMAL", "PNEUMONIA"]
    assert "Left out 1 image without a label" in local.notes[0]


@pytest.mark.parametrize("date", ["2024-01-31", "31.01.2024", "20240131", "1/31/24 10:15"])
def test_dates_are_no_labels(folder, date):
    path = table(folder, f"path,label\na/NORMAL/1.png,{date}\npneumonia/2.png,{date}\n")
    with pytest.raises(UserError, match="holds dates"):
        open_local_images(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,label\na.png,effusion\n", "holds no labels that are known .'effusion'"),
        ("path,label\na.png,\n", "is empty"),
        ("path,diagnosis\na.png,1\n", "has no column 'label'; it has path, diagnosis"),
        ("name,label\nx,1\n", "has no column of paths"),
        ("path,label\n", "has no rows"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(folder, text, message):
    with pytest.raises(UserError, match=message):
        open_local_images(table(folder, text))


def test_a_source_that_is_none_says_why(folder, tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        open_local_images(tmp_path / "nowhere")
    with pytest.raises(UserError, match="neither a folder nor a table"):
        open_local_images(folder / "other" / "3.png")
    with pytest.raises(UserError, match="No image of .* has a label"):
        open_local_images(folder / "other")
    with pytest.raises(UserError, match="has no column 'finding'"):
        open_local_images(folder, "finding")
    with pytest.raises(UserError, match="both classes"):
        LabelWords(("a",), ("A",))


@pytest.mark.parametrize(("column", "written"), [("age", "36"), ("Patient Age", "036Y"), ("AGE", "36.0")])
def test_a_tables_ages_are_known_whether_or_not_they_make_groups(folder, column, written):
    path = table(folder, f"file,label,{column}\npneumonia/2.png,1,{written}\na/NORMAL/1.png,0,unknown\n")
    for groups in ((), (column,)):
        ages = open_local_images(path, groups=groups).table["age"]
        assert ages[0] == 36 and ages.isna()[1]


def test_ages_that_cannot_be_read_are_counted(folder):
    path = table(folder, "path,label,age\na/NORMAL/1.png,0,3 or 4\na/NORMAL/2.png,1,unknown\n")
    assert "1 of the table's ages could not be read" in open_local_images(path).notes[0]
