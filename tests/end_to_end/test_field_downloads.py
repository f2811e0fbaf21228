"""Files that cannot be made: case 24 of what the field throws at the product."""

import io
import zipfile

import pydicom
from dicom_peers import dicom_image
from playwright.sync_api import expect

from benchmarks.app import settled
from tests.end_to_end.diagnosis_steps import show_withheld_results


def uploaded(page, bundled_server, image) -> None:
    buffer = io.BytesIO()
    image.save_as(buffer, enforce_file_format=True)
    page.goto(f"{bundled_server}/diagnosis")
    settled(page)
    file = {"name": "image.dcm", "mimeType": "application/dicom", "buffer": buffer.getvalue()}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([file])
    withheld = page.get_by_role("heading", name="No result")
    stability = page.get_by_text("shifted or mirrored copies").first  # the last that is computed
    expect(withheld.or_(stability)).to_be_visible()
    if withheld.is_visible():
        show_withheld_results(page)
    expect(page.get_by_role("button", name="DICOM objects")).to_be_visible()
    expect(stability).to_be_visible()
    settled(page)


def test_24_japanese_names_are_filed_in_utf_8(bundled_server, page):
    image = dicom_image(1)
    image.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    image.PatientName = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    uploaded(page, bundled_server, image)
    with page.expect_download() as download:
        page.get_by_role("button", name="DICOM objects").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        for name in archive.namelist():
            made = pydicom.dcmread(io.BytesIO(archive.read(name)))
            assert str(made.PatientName) == "Yamada^Tarou=山田^太郎=やまだ^たろう"


def test_24_a_file_that_cannot_be_made_says_why_beside_its_button(bundled_server, page):
    image = dicom_image(2)
    del image.StudyInstanceUID
    uploaded(page, bundled_server, image)
    page.get_by_role("button", name="DICOM objects").click()
    expect(page.get_by_text("The DICOM file has no StudyInstanceUID")).to_be_visible()
