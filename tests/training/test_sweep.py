"""Sweeps: ordinary runs, none of them trained twice, whatever ends the sweep."""

import json
import os
import time
from functools import partial
from pathlib import Path

import pytest

from core import config
from core.cli.main import main
from core.dataset import Exclusions, open_dataset, review_label, save_exclusions
from core.errors import UserError
from core.runs import Sweep, Trial, create_run, detached, list_sweeps, open_run, open_sweep
from core.training.sweep_plan import Range, read_plan
from core.training.sweep_search import losses_by_step

TINY = """
preset = "quick"
{head}
data = "{data}"
[settings]
weights = "none"
width = 0.125
stages = [1]
optimizer = "sgd"
epochs = 2
batch_size = 4
steps = [1, 1, 1]
train_limit = 8
validation_limit = 8
{rest}
"""


def write(folder: Path, demo: Path, head: str, rest: str) -> Path:
    path = folder / "sweep.toml"
    path.write_text(TINY.format(head=head, data=demo, rest=rest))
    return path


@pytest.mark.slow
def test_a_grid_is_trained_once_although_it_is_killed(demo, own_home, tmp_path):
    """The driver is killed in its first trial; what has finished keeps the time at which it ended."""
    path = write(tmp_path, demo, 'name = "rates"\nseeds = [0, 1]', "[values]\nlearning_rate = [1e-4, 1e-3]")
    log = tmp_path / "log.txt"
    start = partial(detached.start, "core", "sweep", str(path), log=log, locks=(), environment=os.environ)
    first = start()
    deadline = time.monotonic() + 600
    while not (list_sweeps() and list_sweeps()[0].trials and _finished(list_sweeps()[0])):
        assert time.monotonic() < deadline and first.poll() is None
        time.sleep(0.1)
    first.kill()
    first.wait()
    before = {name: open_run(name).status().ended for name in _finished(open_sweep("rates"))}

    assert start().wait() == 0, log.read_text()
    sweep = open_sweep("rates")
    assert [trial.values for trial in sweep.trials] == [{"learning_rate": 1e-4}, {"learning_rate": 1e-3}]
    assert [trial.runs for trial in sweep.trials] == [(f"rates-00{n}-s0", f"rates-00{n}-s1") for n in (0, 1)]
    assert {sweep.state(trial) for trial in sweep.trials} == {"finished"} and sweep.done() == 1
    for name, ended in before.items():
        assert open_run(name).status().ended == ended
    runs = sweep.runs(sweep.trials[1])
    assert [run.settings().seed for run in runs] == [0, 1] and runs[0].settings().learning_rate == 1e-3
    assert sweep.best().number in (0, 1) and "Best: trial" in log.read_text()
    # A trial publishes no model and needs no reference.
    assert not (own_home / "model_weights").exists()
    assert not any(runs[0].path.rglob("references")) and runs[0].model_folder() == own_home / "model_weights"

    cache = own_home / "data" / "features"
    assert len({path.name for path in cache.iterdir() if path.is_dir()}) <= 2  # one per seed, not per run

    with pytest.raises(UserError, match="was started with other settings or values"):
        other = write(tmp_path, demo, 'name = "rates"\nseeds = [0, 1]', "[values]\nlearning_rate = [1e-5]")
        _run(other)


def _finished(sweep: Sweep) -> list[str]:
    runs = [run for trial in sweep.trials for run in sweep.runs(trial)]
    return [run.name for run in runs if run.status().state == "finished"]


def _run(path: Path) -> Sweep:
    from core.training.sweep import LocalTrainer, run_sweep

    return run_sweep(read_plan(path), LocalTrainer())


@pytest.mark.slow
def test_a_search_prunes_bad_trials_by_validation_loss(demo, own_home, tmp_path, capsys):
    """A learning rate of 1 ruins a run in its first epoch; the search sees it and goes on."""
    path = write(
        tmp_path,
        demo,
        'name = "search"\nsearch = "tpe"\ntrials = 4',
        "[ranges]\nlearning_rate = { low = 1e-5, high = 1.0, log = true }",
    )
    assert main(["sweep", str(path), "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    assert len(output["trials"]) == 4
    finished = [trial for trial in output["trials"] if trial["state"] == "finished"]
    assert len(finished) >= 3 and output["best"] == min(finished, key=lambda trial: trial["loss"])["number"]
    assert {trial["state"] for trial in output["trials"]} <= {"finished", "pruned"}
    for trial in output["trials"]:
        assert 1e-5 <= trial["values"]["learning_rate"] <= 1
        if trial["state"] == "pruned":
            reasons = ("higher loss than the median", "Training diverged")
            assert any(reason in trial["pruned"] for reason in reasons)


@pytest.mark.parametrize(
    "head, rest, reason",
    [
        ("", "", "Nothing is varied"),
        ('search = "guess"', "[values]\nmomentum = [0, 0.9]", "choose from grid, ablation, random, tpe"),
        ("", "[ranges]\nmomentum = { low = 0, high = 0.9 }", "A grid needs single values"),
        ('search = "tpe"', "[ranges]\nmomentum = { low = 0.9, high = 0 }", "the lower bound first"),
        ('search = "tpe"', "[ranges]\nmomentum = 3", "the lower bound first"),
        ("", "[values]\nmomentum = [0, 7]", "momentum is 7"),
        ("", '[values]\nheld_out_site = ["ward", ""]', "no site 'ward'"),
        ("", "[values]\nlabel_version = [8, 9]", "no version 8"),
        ("", "[values]\nspeed = [1]", "Unknown setting 'speed'"),
        ('search = "ablation"', "[values]\nspeed = [1]", "Unknown setting 'speed'"),
        ("", "[values]\nseed = [1]", "seed cannot be varied"),
        ("", "[values]\nmomentum = 3", "give a list"),
        ("values = 3", "", "values is 3; give a table"),
        ("ranges = 3", "", "ranges is 3; give a table"),
        ("seeds = 3", "[values]\nmomentum = [0]", "different whole numbers"),
        ("seeds = [[1]]", "[values]\nmomentum = [0]", "different whole numbers"),
        ("name = 3", "[values]\nmomentum = [0]", "name is 3; give a text"),
        ("trials = true", "[values]\nmomentum = [0]", "trials is True; give a whole number"),
        ("seeds = [1, 1]", "[values]\nmomentum = [0]", "different whole numbers"),
        ("trails = 3", "[values]\nmomentum = [0]", "unknown key 'trails'"),
        ('name = "a b"', "[values]\nmomentum = [0]", "not a valid run name"),
        ("what", "", "is not a TOML file"),
    ],
)
def test_a_file_with_a_mistake_is_refused_before_anything_runs(demo, tmp_path, head, rest, reason):
    with pytest.raises(UserError, match=reason):
        read_plan(write(tmp_path, demo, head, rest))


def test_a_plan_holds_the_content_of_its_file(demo, tmp_path):
    plan = read_plan(
        write(
            tmp_path,
            demo,
            'search = "tpe"\ntrials = 5\nseeds = [3, 4]',
            '[values]\noptimizer = ["adam", "adamw"]\n'
            '[ranges]\n"augmentation.rotation" = { low = 0, high = 30 }',
        )
    )
    assert plan.name == "sweep" and plan.seeds == (3, 4) and plan.trials == 5
    assert plan.ranges == {"augmentation.rotation": Range(0, 30)}
    settings = plan.settings({"optimizer": "adamw", "augmentation.rotation": 7}, 4)
    assert settings.optimizer == "adamw" and settings.augmentation.rotation == 7 and settings.seed == 4
    assert settings.epochs == 2 and settings.stages == (1,)


def test_a_sweep_goes_on_with_the_labels_and_exclusions_that_it_began_with(demo, own_home, tmp_path):
    path = write(tmp_path, demo, "", "[values]\nmomentum = [0, 0.9]")
    begun = read_plan(path)
    Sweep(begun.name, config.runs_folder(), begun.trials, begun.terms()).save()
    review_label(open_dataset(demo), 0, "NORMAL", "Dr Lee", "no infiltrate")
    save_exclusions(demo, Exclusions(without_copies=True))
    assert read_plan(path) == begun
    chosen = read_plan(write(tmp_path, demo, "", "label_version = 1\n[values]\nmomentum = [0, 0.9]"))
    assert chosen.terms() != begun.terms() and chosen.base.label_version == 1
    new = read_plan(write(tmp_path, demo, 'name = "new"', "[values]\nmomentum = [0, 0.9]")).base
    assert (new.label_version, new.without_copies) == (1, True)


def test_steps_are_counted_by_the_most_epochs_that_a_trial_can_have(demo, own_home, tmp_path):
    path = write(tmp_path, demo, "", "[values]\nepochs = [2, 6]")
    plan = read_plan(path)
    run = create_run(plan.settings({"epochs": 6}, 0), "trial")
    run.append_epoch({"stage": 1, "epoch": 6, "val_loss": 0.5})
    run.append_epoch({"stage": 2, "epoch": 1, "val_loss": 0.4})
    assert plan.max_epochs == 6 and losses_by_step(run, plan) == {11: 0.5, 12: 0.4}
    searched = 'search = "tpe"', "[ranges]\nepochs = { low = 3, high = 9 }"
    assert read_plan(write(tmp_path, demo, *searched)).max_epochs == 9


def test_an_ablation_changes_one_thing_at_a_time(demo, tmp_path):
    rest = 'momentum = 0.5\n[values]\nmomentum = [0, 0.5, 0.9]\n"augmentation.rotation" = [0]'
    plan = read_plan(write(tmp_path, demo, 'search = "ablation"', rest))
    own = plan.base.augmentation.rotation
    assert own > 0 and not plan.prune and plan.trials == 4
    assert plan.points() == [
        {"momentum": 0.5, "augmentation.rotation": own},
        {"momentum": 0, "augmentation.rotation": own},
        {"momentum": 0.9, "augmentation.rotation": own},
        {"momentum": 0.5, "augmentation.rotation": 0},
    ]
    assert plan.settings(plan.points()[0], plan.base.seed) == plan.base


def test_a_damaged_record_is_skipped_in_lists_and_reported_when_opened(tmp_path):
    sweep = Sweep("good", tmp_path, 2, {}, (Trial(0, {"momentum": 0.5}, ("good-000-s0",)),))
    sweep.save()
    (tmp_path / ".sweeps" / "bad.json").write_text("{")
    assert [sweep.name for sweep in list_sweeps(tmp_path)] == ["good"]
    assert list_sweeps(tmp_path)[0] == sweep
    assert sweep.state(sweep.trials[0]) == "queued" and sweep.best() is None and sweep.done() == 0
    with pytest.raises(UserError, match="is damaged"):
        open_sweep("bad", tmp_path)
