"""What a report says of its data, on a run with known predictions whose record is changed."""

import json
import re
import shutil
from pathlib import Path

import pytest
from bundled_run import BUNDLED_RUN

from core.comparison import ModelComparison, evaluated_stages
from core.comparison.claim import claim_checklist
from core.comparison.model_card import model_card
from core.comparison.report_sections import _limitations
from core.reports import as_markdown
from core.runs import Run

OF_THE_PUBLISHED_SET = (
    "published data set",
    "one hospital",
    "Folder names",
    "look doubtful",
    "border and thumbnail",
)


def said(folder: Path, reviewed: bool = False, **facts) -> str:
    """Model card, CLAIM items and limitations of the run in a folder."""
    comparison = ModelComparison.of(evaluated_stages([Run(folder)])[:1], "test", reviewed=reviewed)
    card = as_markdown("Model card", model_card(comparison, {}))
    claim = claim_checklist(comparison)["in this comparison"]
    return "\n".join([card, *claim, *_limitations(comparison)])


def recorded(folder: Path, file: str, **changes) -> None:
    """Change what a run recorded."""
    content = json.loads((folder / file).read_text())
    (content["training"] if file == "settings.json" else content).update(changes)
    (folder / file).write_text(json.dumps(content))


@pytest.fixture
def run(tmp_path, own_home) -> Path:
    return Path(shutil.copytree(BUNDLED_RUN.path, tmp_path / "ours"))


@pytest.mark.parametrize("folder", ["chest_xray", "children"])
def test_of_the_published_set_its_own_limits_are_told_whatever_its_folder_is_called(run, folder):
    recorded(run, "facts.json", data=folder)
    text = said(run)
    assert all(words in text for words in OF_THE_PUBLISHED_SET)
    assert "no external test" in text and "Labels as published" in text


@pytest.mark.parametrize("folder", ["our-ward", "chest_xray"])
def test_of_another_set_nothing_is_said_that_holds_for_the_published_one_only(run, folder):
    recorded(run, "facts.json", data=folder)
    for table in (run / "predictions").glob("*.csv"):
        table.write_text(re.sub(r"/(NORMAL2-IM|IM|person)", "/ward", table.read_text()))
    text = said(run)
    assert folder in text and not [words for words in OF_THE_PUBLISHED_SET if words in text]


def test_reviewed_labels_and_a_site_left_out_are_named_and_not_denied(run):
    recorded(run, "facts.json", data="three-sites")
    recorded(run, "settings.json", held_out_site="ward", label_version=2)
    text = said(run, reviewed=True)
    assert "on which no model was trained" in text and "external test" not in text
    assert "as readers reviewed them, version 2" in text
    assert "Labels as readers reviewed them" in text and "as published" not in text
