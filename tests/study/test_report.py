import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from pypdf import PdfReader
from short_runs import remarked

from benchmarks.app import chromium
from core.document import Section, as_markdown, write_pdf
from core.errors import UserError
from core.evaluation import OperatingPoint
from core.study import Study, measured_stages, write_report

PROJECT = Path(__file__).resolve().parents[2]
HEADINGS = (  # Mitchell et al. 2019, figure 1
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
)
REMARK = "Validation may look better than it is."


@pytest.fixture(scope="module")
def study(trained):
    found = Study.of(measured_stages([trained]), "test")
    return found.at(dict.fromkeys(found.validation, OperatingPoint("half", 0.5, "one half")))


@pytest.fixture(scope="module")
def folder(study, trained, tmp_path_factory):
    """A report whose pictures a Chrome drew that keeps a log of its connections, of a run with a remark."""
    place = tmp_path_factory.mktemp("reports")
    chrome = place / "chrome"
    chrome.write_text(f'#!/bin/sh\nexec {chromium()} --log-net-log={place / "connections.json"} "$@"\n')
    chrome.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch, remarked(trained, REMARK):
        patch.setenv("BROWSER_PATH", str(chrome))
        return write_report(study, place / "report").parent


def test_the_pdf_says_what_the_study_found(folder, study):
    pages = PdfReader(folder / "report.pdf").pages
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))
    for words in ("Stage 3 · trained", "SYNTHETIC", "not a medical device", "DeLong", "CLAIM", "15 films"):
        assert words in text
    metrics = pd.read_csv(folder / "metrics.csv")
    auc = metrics.loc[
        (metrics["model"] == "Stage 1 · trained") & (metrics["metric"] == "auc"), "value"
    ].item()
    assert f"{auc:.3f}" in text
    assert sum(len(page.images) for page in pages) == len(list((folder / "pictures").glob("*.png")))


def test_tables_and_pictures_stand_beside_it(folder, study, trained):
    predictions = pd.read_csv(folder / "predictions.csv")
    assert len(predictions) == 3 * 15
    assert set(pd.read_csv(folder / "differences.csv")["measure"]) >= {"ROC AUC", "accuracy"}
    assert set(pd.read_csv(folder / "groups.csv")["model"]) == {model.name for model in study.models}
    for path in (folder / "pictures").glob("*.png"):
        picture = Image.open(io.BytesIO(path.read_bytes()))
        assert picture.width >= 900 and picture.convert("L").getextrema()[0] < 200


def test_the_chrome_that_draws_reaches_nobody(folder):
    """By itself Chrome asks its makers for this and that, and Kaleido's page a server for MathJax."""
    *lines, last = (folder.parent / "connections.json").read_text().splitlines()
    end = last if last == "}" else "{}]}"  # Chrome may not get to end it; then the last line may be half
    log = json.loads("\n".join([*lines, end]))
    names = {number: name for name, number in log["constants"]["logEventTypes"].items()}
    seen = [(names[event["type"]], event.get("params", {})) for event in log["events"] if event]
    tried = {more["address"] for name, more in seen if name == "TCP_CONNECT_ATTEMPT" and "address" in more}
    assert tried == {"127.0.0.1:9"}
    outside = {"DNS_TRANSACTION", "HOST_RESOLVER_SYSTEM_TASK", "UDP_BYTES_SENT"}
    assert not outside.intersection(name for name, _ in seen)


def test_the_model_card_has_the_headings_of_its_source_and_what_the_run_says_of_itself(folder):
    card = (folder / "model_card.md").read_text()
    assert tuple(re.findall(r"^## (.+)$", card, re.MULTILINE)) == HEADINGS
    assert f"trained: {REMARK}" in card.partition("## Caveats")[2]


def test_without_chrome_the_report_says_what_is_missing(trained, home, tmp_path):
    words = ["compare", "trained", "--report", str(tmp_path / "report")]
    outside = {**os.environ, "BROWSER_PATH": str(tmp_path / "no browser"), "PNEUMONIA_STUDIO_HOME": str(home)}
    subprocess.run([sys.executable, "-m", "core", *words], cwd=PROJECT, env=outside, check=True)
    pages = PdfReader(tmp_path / "report" / "report.pdf").pages
    text = " ".join(page.extract_text() for page in pages)
    assert "drawn by Chrome or Chromium" in re.sub(r"\s+", " ", text)
    assert not any(page.images for page in pages)


def test_a_folder_that_holds_files_is_refused(study, tmp_path):
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(UserError, match="is not an empty folder"):
        write_report(study, tmp_path)


def test_odd_names_neither_break_the_pdf_nor_the_markdown(tmp_path):
    table = pd.DataFrame({"<b>|": ["a & b", "über 肺炎"]}, index=["one", "two"])
    sections = [Section("<i>", ["x < y & z", table])]
    write_pdf(tmp_path / "odd.pdf", "<title>", sections)
    text = PdfReader(tmp_path / "odd.pdf").pages[0].extract_text()
    assert "x < y & z" in text and "a & b" in text and "über ??" in text
    assert "| one | a & b |" in as_markdown("t", sections)
