"""Exported models, run by the programs that they are meant for."""

import json
import subprocess
import sys
import zipfile
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cli.main import main
from core.dataset.synthetic import draw_chest
from core.errors import UserError
from core.export import EXPORT_FORMATS, export_model
from core.images import read_image
from core.inference import load_predictor
from core.registry import drawn_images, find_model

pytestmark = pytest.mark.slow
TRIED = [("onnx",), ("openvino",), ("keras", "zip")]  # formats; scripts of those together share a process
RUN_EACH = """
import runpy, sys
image, *scripts = sys.argv[1:]
for script in scripts:  # in one process: to import Keras takes longer than all the rest
    sys.argv = [script, image]
    runpy.run_path(script, run_name="__main__")
"""


@pytest.fixture
def item(trained):
    return find_model("trained/3")


def exported(item, kind, folder, capsys) -> Path:
    """The folder that an export comes to."""
    target = folder / f"exported.{kind}"
    assert main(["models", "export", item.title, "--format", kind, "--to", str(target), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["exported"] == str(target) and 0 <= report["difference"] < 1e-3
    if kind != "zip":
        return target
    zipfile.ZipFile(target).extractall(folder / "unpacked")
    registered = folder / "unpacked" / "registered" / item.model.path.name
    assert registered.read_bytes() == item.model.path.read_bytes()
    return folder / "unpacked"


@pytest.mark.parametrize("kinds", TRIED, ids=" and ".join)
def test_the_script_gives_the_models_probability(item, kinds, tmp_path, capsys):
    folders = [exported(item, kind, tmp_path, capsys) for kind in kinds]
    (image,) = drawn_images(1, seed=3)
    Image.fromarray(image).save(tmp_path / "image.png")
    command = [sys.executable, "-c", RUN_EACH, "image.png", *(folder / "use.py" for folder in folders)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    (expected,) = load_predictor(item.model.path, "float32").probabilities(image[np.newaxis])
    label = "PNEUMONIA" if expected >= item.model.record.threshold else "NORMAL"
    for folder, answer in zip(folders, done.stdout.splitlines(), strict=True):
        assert answer.startswith(label) and "(score " in answer
        assert float(answer.split("(score ")[1].split(")")[0]) == pytest.approx(expected, abs=2e-4)
        about = json.loads((folder / "input.json").read_text())
        assert about["model"] == item.title and about["weights"] == item.model.identity.digest
        assert any("synthetic" in warning.lower() for warning in about["warnings"])


def test_a_script_takes_the_box_of_the_lungs_that_its_model_sees(own_home, monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    item = find_model("bundled/3")
    folder = exported(item, "openvino", tmp_path, capsys)
    pictures = [tmp_path / f"{number}.png" for number in range(8)]
    for number, picture in enumerate(pictures):
        Image.fromarray(draw_chest(np.random.default_rng(number), "bacteria")).save(picture)
    outputs = load_predictor(item.model.path, "float32").outputs(map(read_image, pictures))
    framed = [pair for pair in zip(pictures, outputs, strict=True) if pair[1].frame.framing == "lungs"]
    picture, output = framed[0]
    command = [sys.executable, folder / "use.py", picture]
    lungs = [str(edge) for edge in output.lungs.box]
    done = subprocess.run([*command, *lungs], capture_output=True, text=True, check=True)
    answer = float(done.stdout.split("(score ")[1].split(")")[0])
    assert answer == pytest.approx(output.prediction.probability, abs=2e-3)
    for wrong in ([], lungs[:3], ["10", "10", "90", "90"], ["0.9", "0", "0.1", "1"]):
        refused = subprocess.run([*command, *wrong], capture_output=True, text=True)
        assert refused.returncode == 1 and "LEFT TOP RIGHT BOTTOM" in refused.stderr


def test_every_format_is_exported_here():
    assert set(EXPORT_FORMATS) == set(chain(*TRIED))


def test_a_disk_without_room_is_told_and_keeps_nothing(item, small_disk):
    disk = small_disk("1m")
    with pytest.raises(UserError, match="The disk is full: .* needed"):
        export_model(item, "openvino", disk / "exported")
    assert not list(disk.iterdir())


def test_what_exists_is_not_written_over(item, tmp_path):
    with pytest.raises(UserError, match="exists already"):
        export_model(item, "openvino", tmp_path)


def test_probabilities_that_differ_are_not_exported(item, tmp_path, monkeypatch):
    monkeypatch.setattr("core.export.export.TOLERANCE", -1.0)
    with pytest.raises(UserError, match="was not exported: as OpenVINO it gives probabilities that differ"):
        export_model(item, "openvino", tmp_path / "exported")
    assert not list(tmp_path.iterdir())
