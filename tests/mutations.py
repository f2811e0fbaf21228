"""Breaks central lines, one at a time, in a copy of the project: the tests concerned must fail.

    python tests/mutations.py [NAME ...]

Prints for each mutation which test caught it; the exit code is 1 if one survived.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Mutation:
    """A piece of a file, what replaces it, and the tests that must notice."""

    name: str
    file: str
    before: str
    after: str
    tests: str


MUTATIONS = (
    Mutation(
        "threshold",
        "core/inference/prediction.py",
        "raw >= record.threshold",
        "raw > record.threshold",
        "tests/inference/test_predictor.py",
    ),
    Mutation(
        "threshold-of-metrics",
        "core/evaluation/outcomes.py",
        "self.probabilities >= self.threshold",
        "self.probabilities > self.threshold",
        "tests/evaluation/test_metrics.py",
    ),
    Mutation(
        "few-patients",
        "core/evaluation/zones.py",
        "below + 1 <= rate",
        "below <= rate",
        "tests/evaluation/test_zones.py",
    ),
    Mutation(
        "class-order",
        "core/inference/network_predictor.py",
        "[:, POSITIVE]",
        "[:, 1 - POSITIVE]",
        "tests/inference/test_predictor.py",
    ),
    Mutation(
        "monochrome1",
        "core/images/dicom_grey.py",
        'Interpretation") == "MONOCHROME1"',
        'Interpretation") == "MONOCHROME2"',
        "tests/images/test_dicom.py",
    ),
    Mutation(
        "patient-split",
        "core/dataset/roles.py",
        "patients = patient_groups(table)",
        'patients = table["path"]',
        "tests/dataset/test_roles.py",
    ),
    Mutation(
        "checkpoint-generations",
        "core/training/checkpoint.py",
        "[commit, *earlier]",
        "[*earlier, commit]",
        "tests/training/test_checkpoint.py",
    ),
    Mutation(
        "checkpoint-order",
        "core/training/checkpoint.py",
        '        self.commit()\n        if logs["best"]:\n            self.save_best()',
        '        if logs["best"]:\n            self.save_best()\n        self.commit()',
        "tests/training/test_checkpoint.py",
    ),
    Mutation(
        "atomic-write",
        "core/atomic.py",
        "yield temporary\n        with open",
        "yield path\n        with open",
        "tests/test_atomic.py",
    ),
    Mutation(
        "calibration",
        "core/evaluation/calibration.py",
        "log_odds(probabilities) / temperature",
        "log_odds(probabilities) * temperature",
        "tests/evaluation/test_calibration.py",
    ),
    Mutation(
        "specificity",
        "core/evaluation/metrics.py",
        "lambda c: c.tn, lambda c: c.negatives",
        "lambda c: c.tn, lambda c: c.positives",
        "tests/evaluation/test_metrics.py",
    ),
    Mutation(
        "image-sent-again",
        "core/dicom_node/queue.py",
        "INSERT OR REPLACE INTO images",
        "INSERT OR IGNORE INTO images",
        "tests/dicom_node/test_queue.py",
    ),
    Mutation(
        "colour-order",
        "core/architecture/scaling.py",
        "in IMAGENET_MEAN_BGR]",
        "in IMAGENET_MEAN_BGR[::-1]]",
        "tests/network/test_model.py",
    ),
)


def main(names: list[str]) -> int:
    """Try the named mutations, or all; the exit code."""
    chosen = [mutation for mutation in MUTATIONS if not names or mutation.name in names]
    survived = False
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(Path(folder) / "project")
        for tests in sorted({mutation.tests for mutation in chosen}):
            if failed := failures(copy, tests):
                raise SystemExit(f"{failed[0]} fails without any mutation")
        for mutation in chosen:
            failed = failures_with(mutation, copy)
            survived |= not failed
            print(f"{mutation.name}: {f'caught by {failed[0]}' if failed else 'SURVIVED'}", flush=True)
    return int(survived)


def copied(folder: Path) -> Path:
    """A copy of the project's files, as git knows them."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listing.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / name, folder / name)
    return folder


def failures_with(mutation: Mutation, project: Path) -> list[str]:
    """The first of its tests that fails with a mutation, if one does."""
    path = project / mutation.file
    text = path.read_text()
    if text.count(mutation.before) != 1:
        raise SystemExit(f"{mutation.name}: {mutation.file} does not contain {mutation.before!r} once")
    path.write_text(text.replace(mutation.before, mutation.after))
    try:
        return failures(project, mutation.tests)
    finally:
        path.write_text(text)


def failures(project: Path, tests: str) -> list[str]:
    """The first test of a file that fails, if one does."""
    command = [sys.executable, "-m", "pytest", tests, "-n", "0", "-q", "-x", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stdout + done.stderr)
    words = [line.split() for line in done.stdout.splitlines()]
    return [line[1] for line in words if line and line[0] in ("FAILED", "ERROR")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
