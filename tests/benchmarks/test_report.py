from datetime import date
from importlib.metadata import version

import pytest

from benchmarks import limits
from benchmarks.report import result, table
from benchmarks.training import Training

MACHINE = {"processor": "Test", "cores": 2, "float32": 200.0, "bfloat16": 400.0, "bandwidth": 40.0}


@pytest.fixture
def measured(tmp_path):
    training = Training(
        notebook={1: 10.0, 2: 10.0, 3: 5.0},
        studio={1: 300.0, 2: 80.0, 3: 10.0},
        notebook_run={1: 6000.0, 2: 6000.0},
        studio_run={1: 600.0, 2: 1500.0},
        again=200.0,
        notebook_memory=2**31,
        studio_memory={1: 2**31, 2: 2**31, 3: 2**32},
        precision="bfloat16",
        models=tmp_path,
        notebook_model=tmp_path,
    )
    answers = {
        "notebook": {"answer_1_s": 0.12, "answer_32_s": 2.0, "start_s": 5.0, "peak_memory": 2**30},
        "studio": {"answer_1_s": 0.04, "answer_32_s": 1.0, "start_s": 1.0, "peak_memory": 2**29},
    }
    answers["notebook"]["answer_1_slow_s"], answers["studio"]["answer_1_slow_s"] = 0.2, 0.1
    answers["studio"] |= {"answer_full_s": 0.06, "second_opinion_s": 0.12}
    answers["studio"] |= {"rechecked": 0.1, "stages_memory": 2**30}
    return result("set", "a model", MACHINE, training, answers)


def test_ratios_are_this_project_over_the_notebook_way(measured):
    ratios = measured["ratios"]
    assert ratios["stage1_kept"] == 30 and ratios["stage2_kept"] == 8 and ratios["stage3"] == 2
    assert ratios["stage1_whole_run"] == 10 and ratios["stage1_again"] == 30
    assert ratios["answer_1"] == pytest.approx(3) and ratios["answer_32"] == 2
    assert ratios["answer_1_slow"] == ratios["answer_full"] == pytest.approx(2)
    assert ratios["start"] == 5 and ratios["answering_memory"] == 2
    assert ratios["bfloat16"] in ("amx", "avx512", "none")


def test_the_table_shows_both_ways_and_the_share_of_the_limit(measured):
    text = table(measured)
    assert "| stage 3, images/s | 5.0 | 10.0 | 2.0x |" in text
    assert "by a model: 10% of the test images again in float32" in text
    assert "| second opinion in addition, in predictions |  | 3.0 |  |  |" in text
    assert "| the same after three more models, GiB |  | 1.0 |  |  |" in text


def test_the_table_names_day_and_versions(measured):
    assert f"{date.today()}; tensorflow {version('tensorflow')}, keras " in table(measured)


def test_a_limit_grows_with_the_machine():
    slow = limits.by_task(MACHINE, "float32", 32)
    fast = limits.by_task({**MACHINE, "bfloat16": 800.0}, "bfloat16", 32)
    assert fast["stage3"] > 3 * slow["stage3"]
    assert slow["stage1_kept"] == fast["stage1_kept"]
