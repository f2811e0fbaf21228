"""`self-test` as a process: in a home of its own, and where nothing can be written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.cli.main import main
from core.self_test import is_unchanged

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_bundled_model_passes_by_file_api_and_node(own_home, tmp_path, monkeypatch, capsys):
    pypdf = pytest.importorskip("pypdf")
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    written, pdf = tmp_path / "result.json", tmp_path / "result.pdf"
    command = [sys.executable, "-m", "core", "self-test", "--by", "A. Person"]
    done = subprocess.run(
        [*command, "--json", written, "--pdf", pdf], cwd=PROJECT, capture_output=True, text=True
    )
    content = json.loads(written.read_text())
    golden = [check for check in content["checks"] if check["name"].startswith("Golden images by")]
    assert [check["outcome"] for check in golden] == ["passed"] * 3, done.stdout
    by_file, by_api, by_node = (check["figure"] for check in golden)
    assert max(float(by_file), float(by_api)) <= 0.01
    assert by_node == "the same warnings"  # reports give no percentage of drawn images
    assert done.returncode == (0 if content["passed"] else 1)
    assert len(done.stdout.splitlines()) == len(content["checks"]) + 1
    assert is_unchanged(content) and content["by"] == "A. Person"
    assert json.loads((own_home / "self-test" / "result.json").read_text()) == content
    text = "".join(page.extract_text() for page in pypdf.PdfReader(pdf).pages)
    assert content["sha256"] in text and "A. Person" in text
    assert main(["self-test", "--verify", str(written)]) == 0
    written.write_text(written.read_text().replace("A. Person", "B. Person"))
    assert main(["self-test", "--verify", str(written)]) == 1
    assert "was changed" in capsys.readouterr().out


@pytest.mark.slow
def test_a_home_that_cannot_be_written_is_tested_too(small_disk, monkeypatch, capsys):
    folder = small_disk("8m")
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(folder))
    monkeypatch.setenv("PNEUMONIA_STUDIO_BUNDLED", str(folder / "bundled"))  # no model: a cheap test
    assert main(["self-test"]) == 1
    lines = capsys.readouterr().out.splitlines()
    for start in ("failed      Model that answers", "failed      Write permissions", "passed      Libraries"):
        assert any(line.startswith(start) for line in lines), start
    assert not os.listdir(folder)
