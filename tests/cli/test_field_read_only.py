"""A home that cannot be written: case 21 of what the field throws at the product."""

import json
import shutil
import subprocess

import pytest
from bundled_run import BUNDLED_RUN, BUNDLED_WEIGHTS

from core import config
from core.cli.main import main
from core.config import preset
from core.dataset import open_dataset
from core.errors import UserError
from core.inference import AuditLog
from core.registry import Event, events
from core.registry.history import add_event
from core.runs import create_run, import_weights, jobs, open_run
from core.runs import queue as run_queue
from core.weights import WeightsError

NEEDS_WRITING = {
    "train": ["train", "--data", "{data}", "--preset", "quick", "--weights", "none"],
    "sweep": ["sweep", "{plan}"],
    "demo": ["demo", "{home}/data/drawn"],
    "import": ["import", "{zip}", "--name", "imported"],
    "cache --clear": ["cache", "--clear"],
    "models rollback": ["models", "rollback"],
    "node": ["node", "--port", "0"],
    "import-weights": ["import-weights", "{weights}", "--scaling", "unit"],
    "pack": ["pack", BUNDLED_RUN.name, "--to", "{home}/packed"],
}
READS = {
    "models list": ["models", "list"],
    "runs": ["runs"],
    "queue": ["queue"],
    "cache": ["cache"],
    "sets": ["sets"],
}
PLAN = 'preset = "quick"\ndata = "{data}"\n[settings]\nweights = "none"\n[values]\nlearning_rate = [1e-4]\n'


@pytest.fixture
def disk(small_disk):
    """A small disk to fill; its second value makes it read-only."""
    folder = small_disk("64m")

    def close() -> None:
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)

    return folder, close


@pytest.fixture
def home_in(monkeypatch):
    """Makes a folder the home, with the bundled model at hand."""

    def choose(folder) -> None:
        monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(folder))
        monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED", raising=False)

    return choose


@pytest.fixture(params=["read-only and empty", "a file in its place", "below a file"])
def unwritable(request, disk, home_in, tmp_path):
    """Homes that cannot be written, for different reasons."""
    folder, close = disk
    if request.param == "read-only and empty":
        (folder / "home").mkdir()
        close()
        home_in(folder / "home")
    else:
        (tmp_path / "file").write_text("")
        home_in(tmp_path / "file" if "in its place" in request.param else tmp_path / "file" / "home")
    return config.home()


def filled(words: list[str], demo, home, folder) -> list[str]:
    """A command line with its placeholders replaced."""
    (folder / "plan.toml").write_text(PLAN.format(data=demo))
    archive = shutil.make_archive(str(folder / "set"), "zip", demo)
    weights = BUNDLED_WEIGHTS
    places = {"data": demo, "plan": folder / "plan.toml", "home": home, "zip": archive, "weights": weights}
    return [word.format(**places) for word in words]


@pytest.mark.parametrize("words", NEEDS_WRITING.values(), ids=NEEDS_WRITING)
def test_21_what_must_write_ends_with_one_sentence(words, unwritable, demo, tmp_path, capfd):
    assert main(filled(words, demo, unwritable, tmp_path)) == 2
    error = capfd.readouterr().err
    assert error.startswith("Error: ") and error.count("\n") == 1, error
    assert any(part in error for part in ("cannot be written", "could not be saved", "cannot be used")), error


@pytest.mark.parametrize("words", [["index", "{data}"], ["audit", "{data}"]], ids=["index", "audit"])
def test_21_a_data_set_that_cannot_be_indexed_is_refused(words, unwritable, demo, tmp_path, capfd):
    assert main(filled(words, demo, unwritable, tmp_path)) == 2
    assert "PNEUMONIA_STUDIO_HOME" in capfd.readouterr().err


@pytest.mark.parametrize("words", READS.values(), ids=READS)
def test_21_what_only_reads_works(words, unwritable, capfd):
    assert main(words) == 0
    assert "Error" not in capfd.readouterr().err


def test_21_stopping_a_bundled_run_writes_nothing_beside_it(own_home, home_in, capfd):
    home_in(own_home)
    before = sorted(config.bundled_folder().iterdir())
    assert main(["stop", BUNDLED_RUN.name]) == 0
    assert sorted(config.bundled_folder().iterdir()) == before


@pytest.mark.slow
def test_21_images_are_judged_in_a_home_that_cannot_be_written(unwritable, demo, capfd):
    image = next((demo / "test" / "NORMAL").glob("*.jpeg"))
    assert main(["predict", str(image)]) in (0, 1)
    assert "Model: bundled/3" in capfd.readouterr().out


def test_21_a_data_set_that_was_indexed_before_opens(disk, home_in, demo, capfd):
    folder, close = disk
    home_in(folder / "home")
    before = open_dataset(demo)
    for name in ("first", "second"):
        create_run(preset("quick").settings(data=str(demo)), name)
    run_queue.add(config.runs_folder(), "first")
    close()
    assert open_dataset(demo).fingerprint == before.fingerprint
    assert main(["index", str(demo)]) == 0 and main(["runs"]) == 0
    assert "its file system is read-only" in capfd.readouterr().err  # the queue cannot go on
    with pytest.raises(UserError, match="cannot be written: its file system is read-only"):
        jobs.start(open_run("second"))


def test_21_an_audit_without_lungs_runs_every_other_check(disk, home_in, demo, tmp_path, capfd):
    folder, close = disk
    home_in(folder / "home")
    open_dataset(demo)
    close()
    assert main(["audit", str(demo), "--json", "--report", str(tmp_path / "audit.md")]) == 0
    output, errors = capfd.readouterr()
    reason = "The checks of lungs were left out."
    assert reason in errors and "its file system is read-only" in errors
    assert "byte_identical_groups" in json.loads(output) and "implausible_lungs" not in output
    assert reason in (tmp_path / "audit.md").read_text()


def test_21_logs_are_read_where_they_cannot_be_written(disk, home_in):
    folder, close = disk
    home_in(folder / "home")
    assert events() == [] and not (config.home() / "registry").exists()  # looking creates nothing
    add_event(Event("promote", "mine/3", 1, "0" * 64, "somebody", "because", time=1.0))
    AuditLog().results()
    close()
    assert [event.title for event in events()] == ["mine/3@1"]
    assert AuditLog().results().empty
    with pytest.raises(UserError, match="cannot be used"):
        add_event(Event("retire", "mine/3", 1, "0" * 64, "somebody", "because", time=2.0))
    assert main(["models", "list"]) == 0


def test_21_a_failed_import_leaves_no_run_and_its_name_free(small_disk, home_in, tmp_path):
    home_in(tmp_path / "home")
    weights = BUNDLED_WEIGHTS
    runs = small_disk("4m") / "runs"
    for _ in range(2):  # the name is free again
        with pytest.raises(UserError, match="The disk is full"):
            import_weights(weights, 3, "unit", "mine", folder=runs)
        assert not list(runs.iterdir())
    with pytest.raises(WeightsError):
        import_weights(config.PROJECT / "pyproject.toml", 3, "unit", "mine", folder=runs)
    assert not list(runs.iterdir())
