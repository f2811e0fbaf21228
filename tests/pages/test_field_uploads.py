"""Uploads whose names do not tell them apart: cases 11 to 13 on the page."""

import os

import pytest
from streamlit.testing.v1 import AppTest

from core.dataset import open_dataset
from pages.diagnosis import entries
from pages.diagnosis import uploads as uploaded
from tests.dataset.test_field_folders import on_disk, tree
from tests.images.dicom_files import CHEST, deep_sample, written
from tests.images.picture_files import png
from tests.images.zip_files import raw_zip, zipped
from tests.pages.opened_page import click_meanwhile, opened

pytestmark = pytest.mark.slow

FIRST, SECOND = (written(deep_sample(PatientID=patient)) for patient in "12")
PNG = png(CHEST)


def uploads():
    import streamlit as st

    from pages.diagnosis.downloads import _file_stem
    from pages.diagnosis.entries import add_images, entries
    from pages.diagnosis.uploads import upload_images

    upload_images(add_images)
    for entry in entries().values():
        st.text(f"{entry.upload.name}|{_file_stem(entry)}")


def page(*files: tuple[str, bytes]) -> AppTest:
    app = AppTest.from_function(uploads, default_timeout=60).run()
    for name, data in files:
        app.file_uploader[0].upload(name, data)
    app.run()
    assert not app.exception
    return app


def names(app: AppTest) -> list[str]:
    return [item.value for item in app.text]


def test_c12_two_patients_of_a_zip_have_two_names():
    app = page(("cd.zip", zipped({"PAT1/IM0001": FIRST, "PAT2/IM0001": SECOND}).getvalue()))
    assert names(app) == ["PAT1/IM0001|PAT1-IM0001", "PAT2/IM0001|PAT2-IM0001"]


def test_c12_two_uploads_of_one_name_have_two_names():
    app = page(("IM0001", FIRST), ("IM0001", SECOND), ("im0001", PNG))
    assert names(app) == ["IM0001|IM0001", "IM0001 (2)|IM0001 (2)", "im0001 (3)|im0001 (3)"]


def test_c12_two_zips_of_the_same_names_have_two_names():
    zips = [(f"{name}.zip", zipped({"IM1": data}).getvalue()) for name, data in (("a", FIRST), ("b", SECOND))]
    assert names(page(*zips)) == ["IM1|IM1", "b.zip/IM1|b.zip-IM1"]


def test_c12_names_that_differ_in_their_last_part_keep_their_downloads_apart():
    files = [("1.2.840.111", FIRST), ("1.2.840.222", SECOND), ("a.png", PNG), ("a.dcm", png(CHEST[::-1]))]
    assert [name.split("|")[1] for name in names(page(*files))] == [
        "1.2.840.111",
        "1.2.840.222",
        "a",
        "a (2)",
    ]


def test_a_click_while_files_are_stored_loses_none(monkeypatch):
    def add_slowly(uploads: list[uploaded.Upload]) -> None:
        monkeypatch.setattr(entries, "add_images", add_images)
        click_meanwhile()
        add_images(uploads)

    add_images = entries.add_images
    monkeypatch.setattr(entries, "add_images", add_slowly)
    app = page(("IM0001", FIRST), ("DICOMDIR", b"x"))
    assert names(app) == ["IM0001|IM0001"]
    assert any("DICOMDIR" in caption.value for caption in app.caption)
    assert not app.file_uploader[0].value  # empty for the next files


def test_c11_a_cd_says_what_is_passed_over():
    app = page(("cd.zip", zipped({"DICOMDIR": b"x", "README": b"x", "A/1.2.3.4": FIRST}).getvalue()))
    assert names(app) == ["1.2.3.4|1.2.3.4"] and not app.error
    captions = " ".join(item.value for item in app.caption)
    assert "DICOMDIR" in captions and "README" in captions


def test_c13_names_in_any_encoding_are_shown():
    zipped_names = raw_zip([("胸部.png".encode("cp932"), PNG), (b"a\nb\xff", FIRST)])
    app = page(("odd.zip", zipped_names), ("c\nd", SECOND))
    assert [name.split("|")[0] for name in names(app)] == ["胸部.png", "a\\x0ab\xa0", "c\\x0ad"]


def test_c13_a_folder_with_names_that_are_not_utf8_spoils_no_page(own_home, tmp_path):
    files = tree(inner=os.fsdecode(b"\xe9/"))
    open_dataset(on_disk(tmp_path / os.fsdecode(b"s\xe9t"), files))
    app = opened("dataset")
    assert not app.error
    assert any("s\\xe9t" in option for option in app.selectbox(key="dataset").options)
