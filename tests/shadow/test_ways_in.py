"""Page, API, node and batch: each leaves a shadow's answer beside its own, which is the same bit for bit."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image
import pydicom
import pytest
from dicom_peers import Node, dicom_image, store
from promotions import promote_unchecked
from short_runs import wait_until

from benchmarks.app import running
from core import config
from core.batch import open_batch
from core.cli.main import main
from core.dataset.synthetic import draw_chest
from core.dicom_node.queued_images import QueuedImage
from core.images import read_image
from core.inference import Reader
from core.registry import active_model, list_models, make_shadow
from core.self_test.api_answers import api_probabilities
from core.shadow import read_in_shadow, shadow_reports
from tests.pages.opened_page import opened


@pytest.fixture(autouse=True)
def answering(trained, own_home, impatient) -> None:
    """A home in which stage 1 answers; it has no reference, so no result is withheld."""
    shutil.copytree(trained.model_folder(), config.model_folder())
    promote_unchecked("published/1")


@pytest.fixture
def image(tmp_path) -> Path:
    return drawn(tmp_path / "chest.png", 0)


def drawn(path: Path, seed: int) -> Path:
    path.parent.mkdir(exist_ok=True)
    PIL.Image.fromarray(draw_chest(np.random.default_rng(seed), "bacteria")).save(path)
    return path


def answers() -> pd.DataFrame:
    """What the shadow has said so far."""
    (report,) = shadow_reports()
    assert not report.missed
    tables = [comparison.answers for comparison in report.comparisons]
    return pd.concat(tables) if tables else pd.DataFrame()


def test_the_page_shows_the_active_models_answer_and_the_shadow_reads_no_golden_image(image, tmp_path):
    make_shadow("published/2", "tests")
    app = opened("diagnosis")
    (other, *_) = [item.model.path for item in list_models() if item.model.path != active_model().model.path]
    app.selectbox(key="tried-model").set_value(str(other)).run()  # only tried: no shadow follows it
    app.file_uploader[0].set_value([(image.name, image.read_bytes(), "image/png")]).run()
    app.selectbox(key="tried-model").set_value("").run()
    assert not app.exception and not app.error
    (entry,) = app.session_state["entries"].values()
    _, reading = entry.readings.values()
    wait_until(lambda: len(answers()))
    (alone,) = Reader.of(active_model().model).read([read_image(image)])
    assert reading.prediction == alone.prediction and len(answers()) == 1
    row = answers().iloc[0]
    assert row["sha256"] == read_image(image).sha256 and row["active_label"] == alone.prediction.label
    assert row["active_probability"] == alone.prediction.calibrated
    assert row["shadow"].startswith("published/2 v1")

    model = active_model().model
    golden = drawn(tmp_path / "golden.png", 1)  # of a self-test: not followed by the shadow
    api_probabilities([golden.read_bytes()], model.identity)
    other = read_image(drawn(tmp_path / "other.png", 2))
    read_in_shadow(model.identity, Reader.of(model).read([other]))
    wait_until(lambda: len(answers()) > 1)
    assert set(answers()["sha256"]) == {read_image(image).sha256, other.sha256}


@pytest.fixture
def address(own_home) -> Iterator[str]:
    with running(own_home) as found:
        yield found


def posted(address: str, image: Path) -> dict:
    """The answer of the API, without how long it took."""
    command = ["curl", "-s", "-F", f"file=@{image}", f"{address}/api/predict?heatmap=1"]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    del answer["seconds"]
    return answer


def test_the_api_answers_as_without_a_shadow_and_the_shadow_reads_the_image(address, image):
    before = posted(address, image)
    make_shadow("published/2", "tests")
    assert posted(address, image) == before
    wait_until(lambda: len(answers()))
    assert answers().iloc[0]["active_label"] == before["results"][0]["label"]


def without_times(path: Path) -> dict:
    """A DICOM object without the moments at which it was made."""
    dataset = pydicom.dcmread(path)
    dataset.walk(lambda parent, element: element.VR in ("DA", "TM", "DT") and parent.pop(element.tag))
    return dataset.to_json_dict()


def test_the_node_reports_as_without_a_shadow_and_the_shadow_reads_the_image(own_home):
    sent = dicom_image(1)
    finding = own_home / "node/results" / QueuedImage(sent.SOPInstanceUID, "", 0).key / "finding.dcm"
    node, reports = Node(own_home, "--study-timeout", "0").start(), []
    for _ in range(2):
        assert store(node.port, sent) == [0x0000]
        wait_until(finding.exists)
        wait_until(lambda: not node.counts().reasons and node.counts().processed == 1)
        reports.append(without_times(finding))
        if len(reports) == 1:
            finding.unlink()
            make_shadow("published/2", "tests")
    wait_until(lambda: len(answers()))
    assert node.stop() == 0
    assert reports[0] == reports[1]


def test_a_batch_writes_the_same_predictions_and_its_shadow_reads_each_image_once(tmp_path, capsys):
    for seed in range(3):
        drawn(tmp_path / "source" / f"{seed}.png", seed)
    (tmp_path / "source" / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))

    def batch(out: str) -> pd.DataFrame:
        assert main(["batch", str(tmp_path / "source"), "--out", str(tmp_path / out)]) == 1
        return open_batch(tmp_path / out).predictions().to_table().to_pandas()

    before = batch("before")
    make_shadow("published/2", "tests")
    pd.testing.assert_frame_equal(batch("after"), before)
    assert set(answers()["sha256"]) == set(before["sha256"].dropna()) and len(answers()) == 3
    capsys.readouterr()
    batch("before")  # nothing is left to predict or to read
    assert "Shadow models" not in capsys.readouterr().out and len(answers()) == 3
    assert main(["models", "shadow-report", "--json"]) == 0
    (report,) = json.loads(capsys.readouterr().out)
    assert report["shadow"].startswith("published/2 v1") and report["comparisons"][0]["images"] == 3
    assert main(["models", "shadow", "published/2@1", "--stop"]) == 0
    assert main(["models", "shadow-report"]) == 0
    assert "No model is a shadow" in capsys.readouterr().out
    assert main(["models", "shadow-report", "published/2@1"]) == 0
    assert "no longer a shadow" in capsys.readouterr().out
