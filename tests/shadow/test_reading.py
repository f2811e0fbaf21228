"""Shadow models in their own process: what they read is kept, what fails is counted, no answer waits."""

import gc
import os
import shutil
import sys
import weakref
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from promotions import promote_unchecked
from short_runs import wait_until

from core import config
from core.config import LUNGS
from core.dataset.synthetic import draw_chest
from core.images import Image
from core.inference import ModelIdentity, Reader
from core.registry import Shadow, make_shadow, rollback, shadows, stop_shadow
from core.runs import Run
from core.shadow import (
    ShadowProcess,
    ShadowQueue,
    ShadowStore,
    ShadowTask,
    needs_full_images,
    shadow_reports,
    shadow_task,
    worker,
)
from core.shadow.worker import LoadedShadows
from core.weights import update_record

ACTIVE = ModelIdentity("bundled/3", 0, "12345678")


@pytest.fixture(autouse=True)
def published(trained, own_home, impatient) -> Path:
    """A home without a model that answers, and with the published stages of a run as candidates."""
    return Path(shutil.copytree(trained.model_folder(), config.model_folder()))


def images(count: int) -> list[Image]:
    chests = [draw_chest(np.random.default_rng(n), ("bacteria", "none")[n % 2]) for n in range(count)]
    return [Image("", pixels, f"{number:064}") for number, pixels in enumerate(chests)]


def tasks(count: int, active: ModelIdentity = ACTIVE) -> list[ShadowTask]:
    """Images as the first stage has read them."""
    readings = Reader(config.model_folder() / config.STAGES[1].file).read(images(count), anyway=True)
    return [shadow_task(active, reading, needs_full_images(shadows())) for reading in readings]


def read_here(offered: list[ShadowTask], loaded: LoadedShadows) -> None:
    """What the process of the shadow models does with images, without its two seconds of imports."""
    store = ShadowStore()
    for task in offered:
        for shadow in loaded.current():
            worker.read(task, shadow, loaded, store)


def child() -> psutil.Process | None:
    """The process of the shadow models that was started last; earlier tests' may still be idle."""
    workers = []
    for item in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # others end meanwhile
            if "core.shadow.worker" in item.cmdline():
                workers.append(item)
    return max(workers, key=psutil.Process.create_time, default=None)


def test_a_shadow_says_what_it_would_have_answered_at_the_lowest_priority(impatient, monkeypatch):
    monkeypatch.setenv("PATH", os.environ["PATH"].removeprefix(f"{impatient.parent}:"))
    item = make_shadow("published/2", "tests")
    offered = tasks(3)
    assert offered[0].pixels.shape == (128, 128)
    queue = ShadowQueue()
    queue.offer(offered)
    lowest = min(19, os.nice(0) + 19)
    wait_until(lambda: (process := child()) and process.nice() == lowest)  # `nice` starts as its parent runs
    assert queue.wait(600)
    answers = ShadowStore().answers(str(shadows()[0].identity)).sort_values("sha256")
    alone = Reader.of(item.model).predictor.predict(images(3))
    assert list(answers["shadow_label"]) == [prediction.label for prediction in alone]
    expected = [prediction.calibrated for prediction in alone]
    assert list(answers["shadow_probability"]) == pytest.approx(expected, abs=1e-6)
    assert list(answers["active_probability"]) == [task.probability for task in offered]
    assert set(answers["active"]) == {str(ACTIVE)}


def test_a_program_that_ends_counts_what_still_waits():
    make_shadow("published/2", "tests")
    queue = ShadowQueue()
    queue.offer(tasks(4))
    queue.abandon()
    assert queue.wait(600)
    (report,) = shadow_reports()
    read = sum(comparison.images for comparison in report.comparisons)
    assert read + sum(report.missed.values()) == 4 and read <= 1


def test_what_found_no_room_before_a_program_ends_is_counted(impatient):
    nice = impatient.with_name("nice")
    nice.write_text(nice.read_text().replace("exec", "kill -STOP $$\nexec"))
    make_shadow("published/2", "tests")
    first, *others = tasks(6)
    queue = ShadowQueue(max_bytes=2 * 128 * 128)
    earlier = child()
    queue.offer([first])
    wait_until(lambda: (new := child()) not in (None, earlier) and new.status() == psutil.STATUS_STOPPED)
    queue.offer(others)  # it has yet to read the first image
    queue.abandon()
    child().resume()
    assert queue.wait(600)
    (report,) = shadow_reports()
    assert report.missed == {
        "Passed over: too many images were waiting.": 3,
        "Passed over: the program ended before they were read.": 2,
    }


def test_a_shadow_whose_weights_have_changed_is_counted_and_the_other_goes_on():
    broken = make_shadow("published/2", "tests")
    make_shadow("published/1", "tests")
    update_record(broken.model.path, threshold=0.001)
    read_here(tasks(2), LoadedShadows())
    first, second = shadow_reports()
    assert not first.comparisons and second.comparisons[0].images == 2
    (reason,) = first.missed
    assert "has changed since published/2@1 was registered" in reason and first.missed[reason] == 2


def test_whatever_goes_wrong_with_an_image_the_queue_goes_on(monkeypatch):
    make_shadow("published/2", "tests")
    make_shadow("published/1", "tests")
    first, second, *others = tasks(7)
    queue = ShadowQueue(max_bytes=2 * 128 * 128)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/nowhere/python")
        patch.setenv("PATH", "")  # so that no other program starts it
        queue.offer([first])
        assert queue.wait(60)
    queue.offer([replace(second, active=b"not text")])  # unforeseen: it cannot be written as JSON
    assert queue.wait(600)
    queue.offer(others)  # there is room for two
    assert queue.wait(600)
    for report in shadow_reports():
        assert report.missed == {
            "The process of the shadow models could not be started: No such file or directory.": 1,
            "Passed over: too many images were waiting.": 3,
        }
        assert set(report.comparisons[0].answers["sha256"]) == {task.sha256 for task in others[:2]}


def test_four_shadows_are_loaded_once_for_all_images(trained):
    config.runs_folder().mkdir(parents=True)
    run = Run(shutil.copytree(trained.path, config.runs_folder() / "again"))
    for number in config.STAGES:
        update_record(run.weights_path(number), run="again")  # other models than the published ones
    titles = ("published/1", "published/2", "published/3", "again/2")
    sizes = [make_shadow(title, "tests").model.path.stat().st_size for title in titles]
    first, second = tasks(2)
    with ShadowProcess() as process:
        process.read(first)
        before = child().io_counters().read_chars
        process.read(second)
        assert child().io_counters().read_chars - before < min(sizes)
    assert [report.comparisons[0].images for report in shadow_reports()] == [2] * 4


def test_a_model_that_is_no_longer_a_shadow_is_dropped_from_memory():
    kept, stopped = (make_shadow(title, "tests") for title in ("published/1", "published/2"))
    loaded = LoadedShadows()
    first, second = loaded.current()
    predictor, other = loaded.predictor(first), weakref.ref(loaded.predictor(second))
    stop_shadow(stopped.title, "tests")
    assert loaded.current() == [Shadow.of(kept)]
    gc.collect()
    assert loaded.predictor(first) is predictor and other() is None


def test_a_crash_is_counted_and_the_next_image_is_read_by_a_new_process():
    make_shadow("published/2", "tests")
    first, second, third = tasks(3)
    with ShadowProcess() as process:
        process.read(first)
        child().kill()
        process.read(second)
        process.read(third)
    (report,) = shadow_reports()
    assert report.missed == {"The process of the shadow models ended while it read the image.": 1}
    assert sorted(report.comparisons[0].answers["sha256"]) == [first.sha256, third.sha256]


def test_after_a_rollback_a_running_shadow_is_compared_with_the_model_that_answers_again():
    make_shadow("published/2", "tests")
    loaded = LoadedShadows()
    for title in ("published/1", "published/3"):
        active = promote_unchecked(title).model.identity
        read_here(tasks(1, active), loaded)
    active = rollback("tests").model.identity
    assert active.name == "published/1"
    read_here(tasks(2, active), loaded)
    (report,) = shadow_reports()
    counts = {comparison.active: comparison.images for comparison in report.comparisons}
    assert list(counts.values()) == [2, 1] and next(iter(counts)) == str(active)


def test_a_shadow_framed_by_the_lungs_gets_the_image_at_its_own_resolution():
    update_record(config.model_folder() / config.STAGES[2].file, framing=LUNGS)
    item = make_shadow("published/2", "tests")
    (task,) = tasks(1)
    (image,) = images(1)
    assert task.pixels.shape == image.pixels.shape
    with ShadowProcess() as process:
        process.read(task)
    answer = shadow_reports()[0].comparisons[0].answers.iloc[0]
    (alone,) = Reader.of(item.model).predictor.predict([image])
    assert answer["shadow_probability"] == pytest.approx(alone.calibrated, abs=1e-6)


def test_a_shadow_framed_by_the_lungs_skips_images_that_were_reduced_before_it_was_made():
    update_record(config.model_folder() / config.STAGES[2].file, framing=LUNGS)
    make_shadow("published/1", "tests")
    (reduced,) = tasks(1)
    item = make_shadow("published/2", "tests")
    (full,) = tasks(1)
    loaded = LoadedShadows()
    read_here([reduced], loaded)
    whole, framed = shadow_reports()
    assert whole.comparisons[0].images == 1 and not framed.comparisons
    (reason,) = framed.missed
    assert "reduced to 128 x 128 pixels" in reason and framed.missed[reason] == 1
    read_here([full], loaded)
    answer = shadow_reports(item.title)[0].comparisons[0].answers.iloc[0]
    (alone,) = Reader.of(item.model).predictor.predict(images(1))
    assert answer["shadow_probability"] == pytest.approx(alone.calibrated, abs=1e-6)
