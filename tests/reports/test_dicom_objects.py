"""The objects that are filed, checked by programs that are not ours."""

import io
import shutil
import subprocess
from dataclasses import replace
from typing import Any

import numpy as np
import pydicom
import pytest
from highdicom.seg import segread
from highdicom.sr import srread
from PIL import Image
from pypdf import PdfReader

from core.anatomy import LEFT, RIGHT, shared_lung_finder
from core.dataset.synthetic import draw_chest
from core.errors import UserError
from core.images import Image as Decoded
from core.images import ImageError, decode
from core.inference import WITHDRAWN, Check, HumanReading, Prediction, Reader
from core.registry import answering_models
from core.reports import dicom_objects, reader_finding
from core.reports.reader_region import outline

needs_dcmtk = pytest.mark.skipif(not shutil.which("img2dcm"), reason="dcmtk is not installed")
pytestmark = needs_dcmtk
IDENTITY = {
    "PatientName": "Doe^Jane",
    "PatientID": "4711",
    "PatientBirthDate": "20200131",
    "PatientSex": "F",
    "StudyID": "S1",
    "StudyDate": "20240229",
    "StudyTime": "101500",
    "AccessionNumber": "A1",
    "ReferringPhysicianName": "Roe^Richard",
}


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> bytes:
    """An image as dcmtk makes it, of a person with a name."""
    folder = tmp_path_factory.mktemp("dicom")
    pixels = draw_chest(np.random.default_rng(4), "bacteria")
    Image.fromarray(pixels).save(folder / "image.jpg", quality=95)
    changes = [part for name, value in IDENTITY.items() for part in ("-i", f"{name}={value}")]
    run("img2dcm", folder / "image.jpg", folder / "image.dcm")
    run("dcmodify", "-nb", "-i", "Modality=CR", *changes, folder / "image.dcm")
    return (folder / "image.dcm").read_bytes()


@pytest.fixture(scope="module")
def model(trained):
    return answering_models()[-1]


def run(*command) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def objects(image: bytes, model, human: HumanReading | None = None) -> dict[str, bytes]:
    reader = Reader(model.path, "float32")
    (reading,) = reader.read([decode(image, "image.dcm")], heat_map=True, anyway=True)
    return dicom_objects(image, reading, model, human=human)


@pytest.fixture(scope="module")
def made(image, model, tmp_path_factory):
    """Paths of the objects by name."""
    folder = tmp_path_factory.mktemp("made")
    for name, data in objects(image, model).items():
        (folder / name).write_bytes(data)
    return folder


def test_a_score_that_means_nothing_is_no_measurement_but_words(image, model):
    reader = Reader(model.path, "float32")
    (reading,) = reader.read([decode(image, "image.dcm")], heat_map=True, anyway=True)
    unlike = Check("unlike tested images", "Unlike.", False, voids_score=True)
    scored = dicom_objects(image, replace(reading, checks=()), model, ("finding",))["finding.dcm"]
    void = dicom_objects(image, replace(reading, checks=(unlike,)), model, ("finding",))["finding.dcm"]
    assert "Certainty of Finding" in str(pydicom.dcmread(io.BytesIO(scored)))
    assert "Certainty of Finding" not in str(pydicom.dcmread(io.BytesIO(void)))
    assert b"The score means nothing here" in void


NAMES = ("overlay.dcm", "finding.dcm", "report.dcm", "lungs.dcm", "contours.dcm")


@pytest.mark.parametrize("name", NAMES)
def test_objects_stand_in_the_study_of_the_image(made, image, name):
    source, found = pydicom.dcmread(io.BytesIO(image)), pydicom.dcmread(made / name)
    assert found.StudyInstanceUID == source.StudyInstanceUID
    assert {tag: str(found[tag].value) for tag in IDENTITY} == IDENTITY
    assert found.SOPInstanceUID != source.SOPInstanceUID
    assert found.SeriesInstanceUID != source.SeriesInstanceUID


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.skipif(not shutil.which("dciodvfy"), reason="dicom3tools are not installed")
def test_dciodvfy_finds_no_error(made, name):
    said = subprocess.run(["dciodvfy", made / name], capture_output=True, text=True).stderr
    assert not [line for line in said.splitlines() if line.startswith("Error")], said


@pytest.mark.skipif(not shutil.which("dcentvfy"), reason="dicom3tools are not installed")
def test_dcentvfy_finds_the_objects_consistent_with_the_image(made, image, tmp_path):
    (tmp_path / "image.dcm").write_bytes(image)
    paths = [tmp_path / "image.dcm", *(made / name for name in NAMES)]
    said = subprocess.run(["dcentvfy", *paths], capture_output=True, text=True)
    assert not [line for line in said.stderr.splitlines() if line.startswith("Error")], said.stderr


def test_highdicom_reads_each_lung_back_and_the_finding_refers_to_them(made, image):
    lungs = segread(made / "lungs.dcm")
    assert [lungs.get_segment_description(number).segment_label for number in (RIGHT, LEFT)] == [
        "Right lung",
        "Left lung",
    ]
    source = pydicom.dcmread(io.BytesIO(image))
    (side_map,) = lungs.get_pixels_by_source_instance([source.SOPInstanceUID], combine_segments=True)
    expected = shared_lung_finder().find([decode(image, "image.dcm")])[0]
    assert np.array_equal(side_map, expected.side_map(source.Rows, source.Columns))
    content: Any = srread(made / "finding.dcm").content
    groups = content.get_planar_roi_measurement_groups()
    areas = [float(group.get_measurements()[0].value) for group in groups]
    assert areas == pytest.approx([100 * expected.right_area, 100 * expected.left_area], abs=0.2)
    referred = [group.referenced_segmentation_frame for group in groups]
    assert [frame.referenced_segment_numbers for frame in referred] == [[RIGHT], [LEFT]]
    assert {frame.referenced_sop_instance_uid for frame in referred} == {lungs.SOPInstanceUID}


def test_lungs_lie_on_the_files_pixels_where_padding_was_left_out(image, model):
    file = pydicom.dcmread(io.BytesIO(image))
    file.decompress()
    top, left = 40, 24
    pixels = np.pad(file.pixel_array, ((top, 0), (left, 0)))
    file.Rows, file.Columns = pixels.shape
    file.PixelData = pixels.tobytes()
    file.add_new("PixelPaddingValue", "US", 0)
    buffer = io.BytesIO()
    file.save_as(buffer, enforce_file_format=True)
    padded = decode(buffer.getvalue(), "padded.dcm")
    assert padded.origin != (0, 0)
    made = segread(io.BytesIO(objects(buffer.getvalue(), model)["lungs.dcm"]))
    (side_map,) = made.get_pixels_by_source_instance([file.SOPInstanceUID], combine_segments=True)
    expected = shared_lung_finder().find([padded])[0].side_map(padded.height, padded.width)
    x, y = padded.origin
    assert np.array_equal(side_map[y : y + padded.height, x : x + padded.width], expected)
    assert not side_map[:y].any() and not side_map[:, :x].any()


def test_a_mirrored_image_has_neither_lungs_nor_a_side(image, model):
    file = pydicom.dcmread(io.BytesIO(image))
    file.PatientOrientation = ["R", "F"]
    buffer = io.BytesIO()
    file.save_as(buffer, enforce_file_format=True)
    made = objects(buffer.getvalue(), model)
    assert "lungs.dcm" not in made and b"third of the" not in made["finding.dcm"]


def test_the_finding_with_lungs_is_another_object_than_that_without(image, model):
    (reading,) = Reader(model.path, "float32").read([decode(image, "image.dcm")], heat_map=True, anyway=True)
    kinds = [("finding",), ("finding", "lungs"), ("finding",)]
    made = [dicom_objects(image, reading, model, chosen)["finding.dcm"] for chosen in kinds]
    uids = [pydicom.dcmread(io.BytesIO(data)).SOPInstanceUID for data in made]
    assert uids[0] == uids[2] != uids[1]


def test_dcmtk_reads_the_report(made, model):
    said = run("dsrdump", made / "finding.dcm")
    assert "Pneumonia" in said and ("Present" in said or "Absent" in said)
    assert "Certainty of Finding" in said and model.title[:20] in said


def test_the_pdf_comes_out_of_its_object(made, tmp_path):
    run("dcm2pdf", made / "report.dcm", tmp_path / "report.pdf")
    assert "Not a medical device" in PdfReader(tmp_path / "report.pdf").pages[0].extract_text()


def test_the_overlay_is_the_image_with_colour_and_is_never_judged(made, image):
    found, source = pydicom.dcmread(made / "overlay.dcm"), pydicom.dcmread(io.BytesIO(image))
    assert found.pixel_array.shape == (source.Rows, source.Columns, 3)
    assert found.SourceImageSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID
    assert decode((made / "overlay.dcm").read_bytes(), "overlay.dcm").coloured
    with pytest.raises(ImageError, match="is a report"):
        decode((made / "finding.dcm").read_bytes(), "finding.dcm")


def test_the_same_answer_is_the_same_object(image, model):
    first, again = (
        [pydicom.dcmread(io.BytesIO(data)).SOPInstanceUID for data in objects(image, model).values()]
        for _ in range(2)
    )
    assert first == again and len(set(first)) == len(NAMES)


def test_a_readers_box_is_a_region_on_the_images_pixels(image, model, tmp_path):
    human = HumanReading("disagree", "effusion", box=(0.25, 0.5, 0.75, 1.0))
    path, found = tmp_path / "finding.dcm", objects(image, model, human)
    path.write_bytes(found["finding.dcm"])
    file, source = pydicom.dcmread(path), pydicom.dcmread(io.BytesIO(image))
    (region,) = [item for item in contents(file) if item.ValueType == "SCOORD"]
    assert list(region.GraphicData) == [64, 128, 192, 128, 192, 256, 64, 256, 64, 128]
    (referenced,) = region.ContentSequence[0].ReferencedSOPSequence
    assert referenced.ReferencedSOPInstanceUID == source.SOPInstanceUID
    assert "Drawn by the reader. Disagree. Own finding: effusion." in run("dsrdump", "+Pl", path)
    if shutil.which("dciodvfy"):
        assert "Error" not in subprocess.run(["dciodvfy", path], capture_output=True, text=True).stderr
    without = pydicom.dcmread(io.BytesIO(objects(image, model)["finding.dcm"]))
    assert without.SOPInstanceUID != file.SOPInstanceUID
    assert without.SeriesInstanceUID == file.SeriesInstanceUID


def contents(item: pydicom.Dataset):
    """All content items below one."""
    for child in item.get("ContentSequence", ()):
        yield child
        yield from contents(child)


def test_a_box_counts_from_the_files_corner_where_padding_was_left_out():
    cropped = Decoded("image.dcm", np.zeros((100, 200), np.uint8), "digest", origin=(10, 20))
    assert outline(cropped, (0.0, 0.0, 0.5, 0.1)).tolist() == [
        [10, 20], [110, 20], [110, 30], [10, 30], [10, 20]
    ]  # fmt: skip


def test_missing_and_malformed_attributes_are_left_empty(image, model, tmp_path):
    path = tmp_path / "poor.dcm"
    path.write_bytes(image)
    changes = [part for name in IDENTITY for part in ("-ea", name)]
    run("dcmodify", "-nb", *changes, path)
    assert pydicom.dcmread(io.BytesIO(objects(path.read_bytes(), model)["finding.dcm"])).PatientID == ""
    run("dcmodify", "-nb", "-i", "PatientSex=X", "-i", "StudyDate=29.2.24", path)
    found = pydicom.dcmread(io.BytesIO(objects(path.read_bytes(), model)["overlay.dcm"]))
    assert found.PatientSex in ("", None) and found.StudyDate in ("", None)
    run("dcmodify", "-nb", "-ea", "StudyInstanceUID", path)
    with pytest.raises(UserError, match="no StudyInstanceUID"):
        objects(path.read_bytes(), model)


@pytest.mark.parametrize(
    "human, value",
    [
        (HumanReading("agree"), "Present"),
        (HumanReading("disagree", "scar", box=(0.25, 0.5, 0.75, 1.0)), "Absent"),
        (HumanReading("not sure"), "Indeterminate"),
        (HumanReading(WITHDRAWN), None),
    ],
)
def test_a_readers_finding_is_a_report_of_her_own(image, model, tmp_path, human, value):
    (reading,) = Reader(model.path, "float32").read([decode(image, "image.dcm")], heat_map=True, anyway=True)
    certain = replace(reading.output, prediction=Prediction("PNEUMONIA", 0.99, 0.99))
    reading = replace(reading, output=certain, checks=(), threshold=0.5)
    source = pydicom.dcmread(io.BytesIO(image))
    _, _, earlier = reader_finding(image, reading, model, HumanReading("not sure"))
    uid, study, data = reader_finding(image, reading, model, human, "roe=^richard@example.org", earlier)
    path = tmp_path / "reading.dcm"
    path.write_bytes(data)
    report: Any = srread(path)
    assert report.SOPInstanceUID == uid and report.StudyInstanceUID == study == source.StudyInstanceUID
    (replaced,) = report.PredecessorDocumentsSequence
    (series,) = replaced.ReferencedSeriesSequence
    first = pydicom.dcmread(io.BytesIO(earlier))
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert report.content.get_observer_contexts()[0].observer_identifying_attributes.name == (
        "roe  richard@example.org^"
    )
    (group,) = report.content.get_image_measurement_groups()
    assert [item.value.meaning for item in group.get_qualitative_evaluations()] == ([value] if value else [])
    said = run("dsrdump", "+Pl", path)
    assert human.sentence() in said and ("SCOORD" in str(report)) == bool(human.box)
    assert source.SOPInstanceUID in str(report.CurrentRequestedProcedureEvidenceSequence)
    if shutil.which("dciodvfy"):
        checked = subprocess.run(["dciodvfy", path], capture_output=True, text=True).stderr
        assert "Error" not in checked, checked
