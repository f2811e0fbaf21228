"""What is made of an image for each receiver, and a batch that ends midway."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dicom_peers import dicom_image
from dicomweb_server import file_of

from core.dicom_node import ImageQueue, NodeSettings, ScpSettings, processing
from core.dicom_node.processing import process
from core.dicom_node.results import chosen, result_files
from core.dicom_node.tables import PROCESSED, RECEIVED
from core.images import decode, sandbox
from core.inference import AvailableModel, HeatMap, Reader, Reading
from core.registry import answering_models

NO_HEAT = HeatMap(np.zeros((8, 8), np.float32))


@pytest.fixture(scope="module")
def model(trained) -> AvailableModel:
    return answering_models()[-1]


def read(model: AvailableModel, **header: object) -> tuple[bytes, Reading]:
    """An image and what the model says of it, without heat."""
    image = dicom_image(1)
    for name, value in header.items():
        setattr(image, name, value)
    data = file_of(image)
    reader = Reader(model.path, "float32")
    (reading,) = reader.read([decode(data, "image.dcm")], heat_map=True, anyway=True)
    return data, replace(reading, output=replace(reading.output, heat=NO_HEAT))


def test_whoever_has_none_of_their_kinds_gets_a_finding_without_objects_they_do_not_get(model):
    def received(choices: list[tuple[str, ...]], **header: object) -> list[list[str]]:
        paths = [Path(name) for name in result_files(*read(model, **header), model, choices)]
        return [[path.name for path in chosen(paths, kinds)] for kinds in choices]

    lungs, contours = ("lungs",), ("contours",)
    assert received([lungs, contours]) == [["lungs.dcm"], ["finding-without-lungs.dcm"]]
    mirrored = {"PatientOrientation": ["R", "F"]}  # such an image has no lungs
    assert received([lungs, ("overlay",)], **mirrored) == [["finding.dcm"], ["overlay.dcm"]]


def test_an_image_waits_while_the_computer_is_too_busy_to_read_it(model, tmp_path, monkeypatch):
    def process_all() -> None:
        images = queue.images.where("state = ?", RECEIVED)
        process(dict.fromkeys(images, "judge"), queue, model, Reader(model.path, "float32"), settings)

    starting = sandbox.queue.Queue()
    starting.put(None)
    monkeypatch.setattr(sandbox, "_idle", starting)
    queue, image = ImageQueue(tmp_path), dicom_image(1)
    queue.store(image.SOPInstanceUID, image.StudyInstanceUID, "MODALITY", (file_of(image),))
    settings = NodeSettings(ScpSettings("NODE"), results=("finding",))
    with monkeypatch.context() as busy:
        busy.setattr(sandbox, "MAX_START_S", 0)
        process_all()
    (waiting,) = queue.images.where("state = ?", RECEIVED)
    assert (waiting.tries, waiting.refusals) == (1, 0), "tried again without end"
    process_all()
    assert not queue.images.where("state != ?", PROCESSED)
    queue.close()
    starting.get_nowait().kill()


def test_shadow_models_read_what_was_finished_before_an_error(model, tmp_path, monkeypatch):
    read_in_shadow = []
    monkeypatch.setattr(processing, "read_in_shadow", lambda _, readings: read_in_shadow.extend(readings))
    queue = ImageQueue(tmp_path)
    for number in (1, 2, 3):
        image = dicom_image(number)
        queue.store(image.SOPInstanceUID, image.StudyInstanceUID, "MODALITY", (file_of(image),))
    images = queue.complete_studies(0, 10)
    queue.files.results(images[2]).write_text("a file where a folder should be")
    settings = NodeSettings(ScpSettings("NODE"), results=("finding",))
    with pytest.raises(FileExistsError):
        process(dict.fromkeys(images, "judge"), queue, model, Reader(model.path, "float32"), settings)
    assert len(read_in_shadow) == 2 and queue.complete_studies(0, 10) == images[2:]
    queue.close()
