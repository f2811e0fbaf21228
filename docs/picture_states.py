"""What a server holds when its pages are photographed: nothing, a model, a run, X-rays, a hospital's set."""

import csv
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlencode

from benchmarks.app import running
from core.config import CLASS_NAMES, POSITIVE, STAGES, preset
from core.dataset import open_dataset, write_synthetic_dataset
from core.images import read_image
from core.inference import AuditLog, AvailableModel, Reader
from core.registry import (
    active_registered_model,
    answering_registered_model,
    checklist,
    find_model,
    promote,
    register_operating_point,
)
from core.runs import create_run, jobs
from core.site import (
    LabelLog,
    LocalImages,
    SiteMeasurement,
    blinded,
    find_site_point,
    measure,
    open_local_images,
    read_local_images,
    write_criteria,
)
from docs.screenshots import PROJECT, RUN, prepare

REAL = PROJECT.parent / "shared" / "chest_xray"
REAL_SHARE = {"test": 4, "train": 40}  # of so many images, one
OWN_MODELS = "comparison?" + urlencode([("models", f"Stage {stage} · {RUN}") for stage in STAGES])
STATES = {  # the addresses of each
    "empty": ("diagnosis", "comparison", "training", "dataset", "site"),
    "bundled": ("diagnosis", "comparison", "site"),
    "synthetic": (OWN_MODELS, "training", "dataset"),
    "real": ("diagnosis", "comparison?section=Errors", "training", "dataset"),
    "hospital": ("site",),
    "failed": ("training",),
}
WARD, GROUP, READERS = "ward", "device", ("Ada", "Grace")  # a hospital's images, their groups, who labels
DEVICES, CLASS_IMAGES, DISPUTED_EVERY = 2, 40, 15
DAYS, DAY_S = 25, 24 * 3600  # of the audit log
LOGGED, LOGGED_IMAGES = 250, 20  # results, and images that they are of


@contextmanager
def served(state: str, home: Path, scratch: Path) -> Iterator[str]:
    """Run a server in one of the states; yields its address.

    Args:
        state: one of `STATES`.
        home: of the synthetic run, which takes minutes to train.
        scratch: an empty folder for the homes of the other states.
    """
    folder = home if state == "synthetic" else scratch / state
    variables = {"PNEUMONIA_STUDIO_HOME": str(folder)}
    if state != "bundled":  # which shows the result of its self-test
        variables["PNEUMONIA_STUDIO_SELF_TEST"] = "0"
    if state == "empty":
        variables["PNEUMONIA_STUDIO_BUNDLED"] = str(scratch / "none")
    with patch.dict(os.environ, variables):
        if state in PREPARATIONS:
            PREPARATIONS[state](folder)
        with running(folder) as address:
            yield address


def real_images(split: str) -> list[Path]:
    """The files of the real X-rays of a split; none where the data set is not there."""
    return sorted((REAL / split).glob("*/*.jpeg"))


def open_real_images(home: Path) -> None:
    """A data set of a part of the real images."""
    folder = home / "data" / "chest_xray"
    for split, step in REAL_SHARE.items():
        for path in real_images(split)[::step]:
            copy = folder / path.relative_to(REAL)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    open_dataset(folder)


def fail(home: Path) -> None:
    """Start a run whose weights are missing, and wait for its end."""
    demo = write_synthetic_dataset(home / "data" / "demo", images=60)
    run = create_run(preset("quick").settings(data=str(demo), weights="/nowhere.h5"), "without-weights")
    jobs.start(run)
    while jobs.is_active(run) or run.status().state == "queued":
        time.sleep(0.5)


def ward_table(home: Path) -> Path:
    """The table of the hospital's images."""
    return home / WARD / "table.csv"


def open_hospital(home: Path) -> None:
    """A hospital that has labelled and measured, promoted a threshold of its own, and watches.

    Its images are real ones where there are some, else drawn.
    """
    files = _ward_files(home)
    _write_table(ward_table(home), files)
    _label(files)
    write_criteria(0.9, 0.7, 0.9, 0.05, READERS[0])
    _set_threshold(ward_table(home))
    _log_results(files)


def _ward_files(home: Path) -> list[Path]:
    """As many images of each class."""
    files = real_images("test") or list(write_synthetic_dataset(home / "drawn", seed=40).rglob("*.jpeg"))
    by_class = ([path for path in sorted(files) if path.parent.name == name] for name in CLASS_NAMES)
    return [path for each in by_class for path in each[:: max(1, len(each) // CLASS_IMAGES)][:CLASS_IMAGES]]


def _write_table(path: Path, files: list[Path]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["image", "label", GROUP])
        for number, image in enumerate(files):
            rows.writerow([image, image.parent.name, f"Device {number % DEVICES + 1}"])


def _label(files: list[Path]) -> None:
    """Labels of two readers; the second doubts some of the first's."""
    log = LabelLog()
    for number, (sha256, file) in enumerate(blinded([str(path) for path in files]).items()):
        label = Path(file).parent.name
        log.add(sha256, READERS[0], label)
        other = CLASS_NAMES[POSITIVE] if label != CLASS_NAMES[POSITIVE] else CLASS_NAMES[1 - POSITIVE]
        log.add(sha256, READERS[1], other if number % DISPUTED_EVERY == 0 else label)


def _set_threshold(table: Path) -> None:
    """Promote the active model with a threshold for the hospital, and measure what then answers."""
    active = active_registered_model()
    assert active is not None
    local = open_local_images(table, groups=[GROUP])
    point = find_site_point(_measured(local, active.model), "sensitivity", 0.95)
    version = find_model(
        register_operating_point(active.title, point.point, READERS[0], point.values()).title
    )
    failed = [check.title for check in checklist(version, active) if not check.passed]
    promote(version.title, READERS[0], "Its threshold suits us.", failed)
    _measured(local, _answering())  # readings are kept: the page measures at once


def _measured(local: LocalImages, model: AvailableModel) -> SiteMeasurement:
    (readings,) = read_local_images(local, [Reader.of(model)])
    return measure(readings)


def _answering() -> AvailableModel:
    answering = answering_registered_model()
    assert answering is not None
    return answering.model


def _log_results(files: list[Path]) -> None:
    """Results of the model that answers, over some weeks."""
    model, log = _answering(), AuditLog()
    shown = files[:: len(files) // LOGGED_IMAGES]
    readings = Reader.of(model).read([read_image(str(path)) for path in shown])
    now = time.time()
    with patch("core.inference.audit_log.time.time") as clock:
        for number in range(LOGGED):
            clock.return_value = now - DAYS * DAY_S * (1 - number / LOGGED)
            log.add_result(readings[number % len(readings)], model.record, model.identity)


PREPARATIONS: dict[str, Callable[[Path], None]] = {
    "synthetic": prepare,
    "real": open_real_images,
    "hospital": open_hospital,
    "failed": fail,
}
