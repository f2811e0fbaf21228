"""What the self-test says of the computer."""

import os
import subprocess
import time

from core.self_test import computer
from core.self_test.result import FAILED, PASSED


def test_the_libraries_are_those_that_were_tested():
    finding = computer.libraries()
    assert finding.outcome == PASSED and "openvino 2" in finding.sentence


def test_a_version_that_was_not_tested_is_named(monkeypatch):
    monkeypatch.setattr(computer, "LIBRARIES", ("numpy", "no-such-library"))
    monkeypatch.setattr(computer, "_pinned", lambda: {"numpy": "0.1", "no-such-library": "1.0"})
    finding = computer.libraries()
    assert finding.outcome == FAILED and finding.figure == "0 / 2"
    assert "no-such-library –. Tested: numpy 0.1" in finding.sentence


def test_the_convolution_is_the_one_that_answers_use(monkeypatch):
    monkeypatch.setenv("PNEUMONIA_STUDIO_CONVOLUTION", "winograd")
    for precision, used in (("float32", "Winograd"), ("bfloat16", "direct")):
        monkeypatch.setattr(computer.processor, "resolved", lambda _, precision=precision: precision)
        assert f"Convolution: {used} (" in computer.processor_and_precision().sentence


def test_processor_and_memory_have_figures():
    assert computer.processor_and_precision().figure in ("float32", "bfloat16")
    assert computer.memory().figure.endswith("GiB")


def test_too_little_free_space_fails(small_disk, monkeypatch):
    folder = small_disk("8m")
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(folder / "home"))
    assert computer.disk().outcome == FAILED and computer.disk().figure == "0.0 GiB"


def test_a_clock_behind_the_files_of_the_home_fails(own_home):
    path = own_home / "self-test" / "result.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    assert computer.clock().outcome == PASSED
    os.utime(path, (time.time() + 3600,) * 2)
    assert computer.clock().outcome == FAILED and "result.json was changed" in computer.clock().sentence


def test_folders_that_cannot_be_written_are_named(small_disk, monkeypatch):
    folder = small_disk("8m")
    (folder / "runs").mkdir()
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(folder))
    assert computer.permissions().figure == "2 / 2"
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    finding = computer.permissions()
    assert (
        finding.outcome == FAILED and finding.figure == "0 / 2" and str(folder / "runs") in finding.sentence
    )
    assert computer.clock().outcome == PASSED
