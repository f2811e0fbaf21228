import io
import json
import re

import pandas as pd
import pytest
from PIL import Image
from pypdf import PdfReader
from short_runs import delete_occlusion_tests, noted

from benchmarks.app import chromium
from core.cli.main import main
from core.comparison import ModelComparison, evaluated_stages, run_occlusion_test, write_report
from core.dataset import open_dataset
from core.errors import UserError
from core.evaluation import OperatingPoint
from core.reports import Section, as_markdown, write_pdf

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
NOTE = "Validation may look better than it is."


@pytest.fixture(scope="module")
def comparison(trained, demo):
    delete_occlusion_tests(trained)
    stages = evaluated_stages([trained])
    for stage in (stages[0], stages[2]):
        run_occlusion_test(stage, "test", open_dataset(demo))
    comparison = ModelComparison.of(stages, "test")
    yield comparison.at(dict.fromkeys(comparison.validation, OperatingPoint("half", 0.5, "one half")))
    delete_occlusion_tests(trained)


@pytest.fixture(scope="module")
def folder(comparison, trained, tmp_path_factory):
    """A report drawn by a Chrome that logs its connections, on a run with a note."""
    place = tmp_path_factory.mktemp("reports")
    chrome = place / "chrome"
    chrome.write_text(f'#!/bin/sh\nexec {chromium()} --log-net-log={place / "connections.json"} "$@"\n')
    chrome.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch, noted(trained, NOTE):
        patch.setenv("BROWSER_PATH", str(chrome))
        return write_report(comparison, place / "report").parent


def test_the_pdf_contains_the_results(folder, comparison):
    pages = PdfReader(folder / "report.pdf").pages
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))
    for words in (
        "Stage 1, Stage 2, Stage 3. All of run trained.",
        "SYNTHETIC",
        "Not a medical device",
        "DeLong",
        "CLAIM",
        "15 images",
    ):
        assert words in text
    metrics = pd.read_csv(folder / "metrics.csv")
    auc = metrics.loc[
        (metrics["model"] == "Stage 1 · trained") & (metrics["metric"] == "auc"), "value"
    ].item()
    assert f"{auc:.3f}" in text
    assert sum(len(page.images) for page in pages) == len(list((folder / "pictures").glob("*.png")))


def test_the_folder_contains_tables_and_pictures(folder, comparison, trained):
    predictions = pd.read_csv(folder / "predictions.csv")
    assert len(predictions) == 3 * 15
    assert set(pd.read_csv(folder / "differences.csv")["measure"]) >= {"ROC AUC", "accuracy"}
    assert set(pd.read_csv(folder / "groups.csv")["model"]) == {model.name for model in comparison.models}
    for path in (folder / "pictures").glob("*.png"):
        picture = Image.open(io.BytesIO(path.read_bytes()))
        assert picture.width >= 900 and picture.convert("L").getextrema()[0] < 200


def test_pdf_and_table_say_how_much_of_the_heat_lies_in_the_lungs(folder):
    table = pd.read_csv(folder / "heat-in-lungs.csv")
    assert list(table["model"]) == ["Stage 1 · trained", "Stage 3 · trained"]
    text = re.sub(
        r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(folder / "report.pdf").pages)
    )
    for row in table.to_dict("records"):
        assert row["images"] > 0
        assert f"{row['images']} {row['heat in lungs']:.1%} {row['low']:.1%} to {row['high']:.1%}" in text


def test_the_chrome_that_draws_contacts_no_other_host(folder):
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


def test_the_model_card_has_the_headings_of_its_source_and_the_notes_of_the_run(folder):
    card = (folder / "model_card.md").read_text()
    assert tuple(re.findall(r"^## (.+)$", card, re.MULTILINE)) == HEADINGS
    assert f"trained: {NOTE}" in card.partition("## Caveats")[2]


def test_without_chrome_the_report_says_that_figures_are_missing(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "no browser"))
    assert main(["compare", "trained", "--report", str(tmp_path / "report")]) in (0, None)
    pages = PdfReader(tmp_path / "report" / "report.pdf").pages
    text = " ".join(page.extract_text() for page in pages)
    assert "needs Chrome or Chromium" in re.sub(r"\s+", " ", text)
    assert not any(page.images for page in pages)


def test_a_folder_that_holds_files_is_refused(comparison, tmp_path):
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(UserError, match="is not an empty folder"):
        write_report(comparison, tmp_path)


def test_odd_names_neither_break_the_pdf_nor_the_markdown(tmp_path):
    table = pd.DataFrame({"<b>|": ["a & b", "über 肺炎"]}, index=["one", "two"])
    sections = [Section("<i>", ["x < y & z", table])]
    write_pdf(tmp_path / "odd.pdf", "<title>", sections)
    text = PdfReader(tmp_path / "odd.pdf").pages[0].extract_text()
    assert "x < y & z" in text and "a & b" in text and "über ??" in text
    assert "| one | a & b |" in as_markdown("t", sections)
