"""A short run of the network at full width ends with the bits that are stored in `same_bits.json`.

`full_width` trains on one thread with a fixed seed: the same code gives the same bits on the same processor.
The digests belong to its settings and to the images that `write_synthetic_dataset` draws. A change of either
fails here, like a change of what training computes. If the change is intended, store new digests and say why
in the commit:

    PNEUMONIA_STUDIO_NEW_BITS=1 python -m pytest -n 0 tests/training/test_same_bits.py

The last bits also depend on the processor and the versions of the libraries, so digests are stored for each.
On a machine that is not listed, stage 1 of the narrow network is trained a second time and must give the same
bits, and the weights and losses of all stages must agree with the stored ones up to rounding errors.
"""

import hashlib
import json
import os
import platform
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from short_runs import one_thread, tiny_settings, wait_for

from core.config import TrainingSettings
from core.config.processor import CPU_FACTS, resolved
from core.runs import Run, create_run, jobs
from core.weights import read_model

pytestmark = pytest.mark.slow
STORE = Path(__file__).with_name("same_bits.json")
UPDATE = "PNEUMONIA_STUDIO_NEW_BITS"
STAGES = (1, 2, 3)
LIBRARIES = ("tensorflow", "keras", "numpy", "scipy")
VECTORS = ("amx_bf16", "avx512_bf16", "avx512f", "avx2", "avx")  # the widest first
STEP_COLUMNS = ("epoch", "step", "loss", "accuracy")
EPOCH_COLUMNS = (
    *("epoch", "loss", "accuracy", "val_loss", "val_accuracy"),
    *("val_tn", "val_fp", "val_fn", "val_tp", "learning_rate", "best"),
)


@pytest.fixture(scope="module")
def full_width(demo, tmp_path_factory) -> Run:
    """A finished run of the three stages at full width."""
    return trained_run(tiny_settings(demo, epochs=2, plateau=1, width=1), tmp_path_factory.mktemp("full"))


def trained_run(settings: TrainingSettings, folder: Path) -> Run:
    """A run that has finished, on one thread, and without activations that another test cached."""
    run = create_run(settings, "run", folder / "runs", folder / "models", publish=False)
    with one_thread(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("PNEUMONIA_STUDIO_HOME", str(folder / "home"))
        jobs.start(run)
        wait_for(run)
    assert run.status().state == "finished", run.status().message + run.log_tail()
    return run


@pytest.fixture(scope="module")
def stored(full_width) -> dict:
    """The stored digests by machine and stage, and the stored norms and losses by stage."""
    content = json.loads(STORE.read_text()) if STORE.exists() else {"digests": {}}
    if not os.environ.get(UPDATE):
        return content
    measured = {str(stage): stage_digests(full_width, stage) for stage in STAGES}
    if (
        content["digests"].get(machine(), measured) != measured
    ):  # those of other machines are out of date, too
        content = {"digests": {}}
    content["digests"][machine()] = measured
    content.setdefault("summary", {str(stage): stage_summary(full_width, stage) for stage in STAGES})
    STORE.write_text(json.dumps(content, indent=1) + "\n")
    return content


@pytest.mark.parametrize("stage", STAGES)
def test_a_short_run_ends_with_the_stored_bits(full_width, stored, stage):
    if machine() not in stored["digests"]:
        pytest.skip("no digests of this processor and these libraries: see the tests below")
    assert stage_digests(full_width, stage) == stored["digests"][machine()][str(stage)], (
        f"training computes something else than before; if that is intended, see {Path(__file__).name}"
    )


@pytest.mark.parametrize("stage", STAGES)
def test_a_short_run_ends_with_the_stored_weights_but_for_rounding(full_width, stored, stage):
    """On every machine. Without AVX, losses differed by 4e-5 of themselves and changes of weights by 8e-4."""
    float32 = resolved(full_width.settings().precision) == "float32"
    losses, norms = (1e-3, 5e-3) if float32 else (0.1, 0.1)  # bfloat16 leaves three digits
    measured, expected = stage_summary(full_width, stage), stored["summary"][str(stage)]
    assert measured["losses"] == pytest.approx(expected["losses"], rel=losses)
    assert measured["norms"] == pytest.approx(expected["norms"], rel=norms)


def test_a_machine_without_stored_bits_repeats_its_own(trained, stored, tmp_path):
    if machine() in stored["digests"]:
        pytest.skip("the digests of this machine are stored: see the test above")
    again = trained_run(replace(trained.settings(), stages=(1,)), tmp_path)
    assert stage_digests(again, 1) == stage_digests(trained, 1)


def machine() -> str:
    """What decides the last bits: processor, widest vectors, precision, versions of the libraries."""
    try:
        lines = CPU_FACTS.read_text().split("\n\n")[0].splitlines()
    except OSError:  # not Linux
        lines = []
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    flags = facts.get("flags", "").split()
    vectors = next((name for name in VECTORS if name in flags), platform.machine())
    model = " ".join(facts.get(name, "unknown") for name in ("vendor_id", "cpu family", "model"))
    return ", ".join([model, vectors, resolved("auto"), *(f"{name} {version(name)}" for name in LIBRARIES)])


def stage_digests(run: Run, stage: int) -> dict[str, str]:
    """SHA-256 of a stage's weights, and of its history and predictions."""
    weights, history = hashlib.sha256(), hashlib.sha256()
    for name, arrays in sorted(read_model(run.weights_path(stage))[0].items()):
        weights.update(name.encode() + b"".join(array.tobytes() for array in arrays))
    for table, columns in ((run.steps(), STEP_COLUMNS), (run.epochs(), EPOCH_COLUMNS)):
        history.update(table.loc[table["stage"] == stage, [*columns]].to_numpy(float, copy=True).tobytes())
    for split in ("validation", "test"):
        history.update(run.results.predictions(stage, split)["probability"].to_numpy(float).tobytes())
    return {"weights": weights.hexdigest(), "history": history.hexdigest()}


def stage_summary(run: Run, stage: int) -> dict:
    """A stage's losses by step and epoch, and the norm of each kernel; after stage 1, of its change since."""
    first, last = (read_model(run.weights_path(number))[0] for number in (1, stage))
    changes = {name: kernel if stage == 1 else kernel - first[name][0] for name, (kernel, _) in last.items()}
    steps, epochs = (table[table["stage"] == stage] for table in (run.steps(), run.epochs()))
    return {
        "losses": [*steps["loss"], *epochs["val_loss"]],
        "norms": {name: float(np.linalg.norm(change)) for name, change in changes.items()},
    }
