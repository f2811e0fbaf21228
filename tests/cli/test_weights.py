"""`pack` of runs that lack something."""

import shutil

from core import config
from core.cli.main import main
from core.runs import Run
from core.weights import read_record


def test_a_run_without_test_images_is_packed_by_its_validation(narrow_files, own_home, tmp_path):
    run = Run(shutil.copytree(narrow_files / "narrow", config.runs_folder() / "mine"))
    for path in run.path.glob("predictions/*test*"):
        path.unlink()
    assert run.results.predictions(3, "test") is None and run.results.predictions(3, "validation") is not None
    assert main(["pack", "mine", "--point", "half", "--to", str(tmp_path)]) in (0, None)
    record = read_record(Run(tmp_path / "mine").weights_path(3))
    assert record.evaluation is not None and list(record.evaluation) == ["validation"]
