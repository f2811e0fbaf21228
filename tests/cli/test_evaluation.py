"""`compare` in the terminal says what page and report say."""

import shutil

from core import config
from core.cli.main import main
from core.runs import Run


def test_the_terminal_prints_what_a_run_notes_and_that_images_are_drawn(narrow_files, own_home, capsys):
    run = Run(shutil.copytree(narrow_files / "narrow", config.runs_folder() / "mine"))
    run.add_status_note("Patients of the validation images were trained on.")
    run.write_facts({**run.facts(), "synthetic": True})
    assert main(["compare", "mine"]) in (0, None)
    printed = capsys.readouterr().out.splitlines()
    assert "mine: Patients of the validation images were trained on." in printed
    assert any(line.startswith("SYNTHETIC images") for line in printed)
