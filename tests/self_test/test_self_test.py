"""The self-test of real models: what it finds, and what follows from it."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from promotions import promote_unchecked
from short_runs import wait_until

from benchmarks.app import running
from core import config
from core.cli.main import main
from core.errors import UserError
from core.evaluation import OperatingPoint
from core.registry import active_model, change_operating_point, find_model, rollback
from core.runs import lock, open_run
from core.self_test import (
    SelfTest,
    is_unchanged,
    last_self_test,
    run_self_test,
    self_test_line,
    self_test_pdf,
)
from core.self_test.__main__ import ENDED_WITH_SERVER
from core.self_test.result import FAILED, NOT_CHECKED, PASSED, CheckResult, Finding, lock_path, save_result
from core.self_test.run import checks, found
from tests.pages.opened_page import opened

BY_FILE = "Golden images by file"


def outcomes(result: SelfTest) -> dict[str, str]:
    return {check.name: check.outcome for check in result.checks}


def finding(name: str) -> Finding:
    """What one check of the table finds now."""
    outcome = found(dict(checks())[name])
    assert outcome is not None
    return outcome


@pytest.fixture
def candidate(trained, own_home, narrow_bundle):
    """A home with a bundled model and one finished run."""
    config.runs_folder().mkdir(parents=True)
    subprocess.run(["cp", "-al", trained.path, config.runs_folder() / "mine"], check=True)
    results = open_run("mine").results
    for stage in config.STAGES:  # three golden images: the node takes a quarter of a second for each
        results.write_predictions(stage, "test", results.predictions(stage, "test").iloc[:3])


@pytest.fixture
def altered(candidate):
    """Its promoted version, the probabilities of its golden images altered; a function that mends them."""
    path = promote_unchecked("mine/3").model.path.with_name("golden.npz")
    whole = path.read_bytes()
    with np.load(path) as file:
        content = dict(file)
    np.savez(path, **{**content, "probabilities": content["probabilities"] + 0.02})
    return lambda: path.write_bytes(whole)


def test_a_model_whose_golden_images_disagree_does_not_answer_until_they_agree_again(altered, demo, capsys):
    assert active_model().model.identity.name == "mine/3"
    result = run_self_test()
    assert [check.name for check in result.failed] == [BY_FILE, "Model that answers"]
    assert outcomes(result)["Golden images of the bundled model"] == PASSED
    assert (
        outcomes(result)["Golden images by API"] == outcomes(result)["Golden images by DICOM node"] == PASSED
    )
    assert self_test_line().startswith("Self-test failed at") and "(0.02" in self_test_line()
    assert active_model().model.bundled and "recorded probabilities" in active_model().model.notices[0]
    image = next((demo / "test/NORMAL").iterdir())
    assert main(["predict", str(image), "--anyway"]) == 0
    answer = capsys.readouterr().out
    assert "The bundled model answers" in answer and "mine/3@1 no longer gives" in answer
    app = opened("diagnosis")
    assert any("mine/3@1 no longer gives" in warning.value for warning in app.warning)
    assert any("test failed at" in caption.value for caption in app.sidebar.caption)
    assert "no longer gives" in find_model("mine/3@1").model.warnings[0]  # for whoever tries it all the same
    altered()
    assert finding(BY_FILE).outcome == PASSED
    assert active_model().model.identity.name == "mine/3" and not active_model().model.notices


def test_a_version_that_disagrees_is_not_rolled_back_to_and_gets_no_other_threshold(altered):
    assert finding(BY_FILE).outcome == FAILED
    with pytest.raises(UserError, match="no longer gives"):
        change_operating_point("mine/3", OperatingPoint("own", 0.25, "for a test"), "tests")
    promote_unchecked("mine/2")
    assert active_model().model.identity.name == "mine/2"
    with pytest.raises(UserError, match="no longer gives"):
        rollback("tests")


def test_a_version_without_golden_images_is_not_checked_and_answers(candidate):
    item = promote_unchecked("mine/3")
    item.model.path.with_name("golden.npz").unlink()
    assert finding(BY_FILE).outcome == finding("Golden images by API").outcome == NOT_CHECKED
    assert finding("Model that answers").outcome == PASSED
    assert active_model().model.identity.name == "mine/3"


def test_a_version_with_damaged_golden_images_does_not_answer(candidate):
    item = promote_unchecked("mine/3")
    item.model.path.with_name("golden.npz").write_bytes(b"PK")
    assert finding(BY_FILE).outcome == FAILED
    assert "cannot be read" in active_model().model.notices[0]
    changed = promote_unchecked("mine/2")  # another one answers at once
    assert active_model().model.path == changed.model.path
    point = OperatingPoint("own", 0.25, "for a test")
    assert change_operating_point("mine/2", point, "tests").version == 2
    assert finding(BY_FILE).outcome == PASSED


def test_a_version_whose_weights_changed_fails_and_the_change_is_named(candidate):
    path = promote_unchecked("mine/3").model.path
    other = path.with_name("other.h5")
    shutil.copyfile(path, other)
    with open(other, "ab") as file:
        file.write(b"0")
    os.replace(other, path)
    assert finding(BY_FILE).outcome == FAILED and "has changed since" in finding(BY_FILE).sentence
    assert finding("Model that answers").outcome == FAILED


def test_a_server_tests_itself_at_the_lowest_priority_when_it_starts(
    candidate, own_home, monkeypatch, impatient
):
    promote_unchecked("mine/3")
    monkeypatch.setenv("PNEUMONIA_STUDIO_SELF_TEST", "1")
    with running(own_home):
        wait_until((own_home / "self-test" / "result.json").exists)
    assert impatient.read_text().startswith("-n 19 ")
    assert outcomes(last_self_test())[BY_FILE] == PASSED
    assert outcomes(last_self_test())["Golden images by DICOM node"] == PASSED


def test_the_self_test_of_a_server_ends_with_it_and_leaves_no_file(bundle, tmp_path):
    (temporary := tmp_path / "temporary").mkdir()
    (tmp_path / "sitecustomize.py").write_text(  # no check deletes its files while the test looks for them
        "import tempfile, time\ntempfile.TemporaryDirectory.__exit__ = lambda *_: time.sleep(600)\n"
    )
    command = [sys.executable, "-m", "core.self_test"]
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(tmp_path)}
    with subprocess.Popen(command, cwd=config.PROJECT, env=environment, stdin=subprocess.PIPE) as testing:
        wait_until(lambda: any(files for *_, files in os.walk(temporary)))  # those of a check
        testing.communicate()
    assert testing.returncode == ENDED_WITH_SERVER and last_self_test() is None
    assert not list(temporary.iterdir())


@pytest.mark.slow
def test_nothing_answers_where_the_bundled_model_itself_disagrees(bundle, tmp_path, capsys):
    whole = bundle.read_text()
    content = json.loads(whole)
    raised = [probability + 0.02 for probability in content["probabilities"]]
    bundle.write_text(json.dumps({**content, "probabilities": raised}))
    assert finding(BY_FILE).outcome == FAILED and finding("Golden images by API").outcome == FAILED
    assert active_model() is None
    assert main(["predict", str(tmp_path / "any.png")]) == 2
    assert "the bundled one does not give the recorded probabilities" in capsys.readouterr().err
    assert any(
        "bundled one does not give" in text.value.replace("\\", "") for text in opened("diagnosis").info
    )
    bundle.write_text(whole)
    assert finding(BY_FILE).outcome == PASSED
    assert active_model().model.bundled


def example(outcome: str = PASSED) -> SelfTest:
    """A result of two checks."""
    first = CheckResult("Golden images by file", outcome, "0.0200", "Largest difference 0.0200 – ≥ 0.01.")
    second = CheckResult("Clock", NOT_CHECKED, "–", "Nothing to compare with.")
    return SelfTest(
        "2026-11-28T17:50:00+00:00", 12.3, "0.2.0", "here", "bundled/3 (12345678)", "", (first, second)
    )


def test_the_digest_covers_everything_that_a_result_says(own_home):
    content = json.loads(json.dumps(example().to_json()))
    assert is_unchanged(content) and SelfTest.of(content) == example()
    for name in content:
        assert not is_unchanged({**content, name: "other"}), name
    assert not is_unchanged({}) and not is_unchanged({**content, "added": 1})


def test_the_sidebar_says_how_the_last_self_test_ended(own_home):
    assert self_test_line() == "" and last_self_test() is None
    save_result(example())
    assert self_test_line() == f"Self-test passed at {example().moment}, 1 not checked"
    save_result(example(FAILED))
    assert self_test_line() == f"Self-test failed at {example().moment}: Golden images by file (0.0200)"
    descriptor = lock.acquire(lock_path())
    assert self_test_line() == "Self-test running"
    with pytest.raises(UserError, match="Another self-test"):
        run_self_test()
    os.close(descriptor)
    path = own_home / "self-test" / "result.json"
    path.write_text(path.read_text().replace("0.0200", "0.0000"))
    assert self_test_line() == ""  # altered by hand: worth nothing


@pytest.mark.slow
def test_the_comparison_page_shows_the_last_result_and_says_if_another_runs(own_home, narrow_bundle):
    save_result(example(FAILED))
    app = opened("comparison", section="Self-test")
    assert f"Failed at {example().moment}: Golden images by file" in app.error[0].value
    assert any(example(FAILED).sha256 in caption.value for caption in app.caption)
    descriptor = lock.acquire(lock_path())
    next(button for button in app.button if button.label == "Run self-test").click().run()
    assert "Another self" in app.error[0].value and not app.exception
    os.close(descriptor)


def test_the_pdf_has_a_line_to_sign_on(own_home):
    pypdf = pytest.importorskip("pypdf")
    path = own_home.with_suffix(".pdf")
    path.write_bytes(self_test_pdf(example(FAILED)))
    text = "".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
    assert example(FAILED).sha256 in text and "FAILED: 1 of 2 checks" in text and "____" in text
