"""The choice of models on the Comparison page: short names there, full ones in its address."""

import shutil

import pytest

from core.runs import Run, jobs
from tests.pages.opened_page import opened

pytestmark = pytest.mark.slow
MODELS = "models"


@pytest.fixture
def copied(trained: Run):
    """A second run with the results of the first."""
    copy = jobs.runs_folder() / "copied"
    shutil.copytree(trained.path, copy)
    yield Run(copy)
    shutil.rmtree(copy)


def test_models_are_shown_by_what_differs_and_kept_in_the_address_in_full(trained, copied):
    app = opened("comparison")
    chooser = app.multiselect(key=MODELS)
    (run,) = {name.rpartition(" · ")[2] for name in app.query_params[MODELS]}
    other = "copied" if run == "trained" else "trained"
    assert chooser.value == ["Stage 1", "Stage 2", "Stage 3"], "all of one run"
    assert {f"Stage {stage} · {other}" for stage in (1, 2, 3)} < set(chooser.options)
    chooser.set_value(["Stage 3", f"Stage 3 · {other}"]).run()
    assert app.multiselect(key=MODELS).value == [run, other], "one stage of two runs"
    assert app.query_params[MODELS] == [f"Stage 3 · {run}", f"Stage 3 · {other}"]
    app.multiselect(key=MODELS).set_value([run, other, f"Stage 1 · {run}"]).run()
    in_full = [f"Stage 3 · {run}", f"Stage 3 · {other}", f"Stage 1 · {run}"]
    assert app.multiselect(key=MODELS).value == in_full == app.query_params[MODELS]
    app.multiselect(key=MODELS).set_value([]).run()
    assert app.multiselect(key=MODELS).value == [] and "Choose one or more models." in app.info[0].value
