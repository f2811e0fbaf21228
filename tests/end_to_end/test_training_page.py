"""A run in a browser: start, watch, zoom, refresh, stop, resume, while server and process come and go."""

import io
import json
import os
import re
import signal
import urllib.request
import zipfile
from dataclasses import replace

import pytest
from playwright.sync_api import expect
from short_runs import halted, slowed, tiny_settings, wait_for, wait_until

from benchmarks.app import comes_true, exceeds, running, settled
from core.runs import Run, create_run, housekeeping, jobs, list_runs, lock, open_run, queue

CURVES = ".live-figures .js-plotly-plot"
POINTS = """() => [...document.querySelectorAll('.live-figures .js-plotly-plot')]
    .flatMap(plot => plot._fullData ?? []).reduce((sum, trace) => sum + (trace.x?.length ?? 0), 0)"""

# What the browser would show outside of the page.
NOTIFICATIONS = """() => { window.told = []; window.Notification = class {
    static permission = 'granted';
    static async requestPermission() { return 'granted'; }
    constructor(text) { window.told.push(text); }
} }"""


@pytest.fixture
def new_run(served_home, demo):
    """What creates a run of stage 1; by default one that goes on for longer than any test looks at it."""

    def create(name: str, epochs: int = 900, width: float = 1 / 4) -> Run:
        settings = tiny_settings(demo, stages=(1,), precision="float32", early_stopping=900)
        settings = replace(settings, epochs=epochs, width=width)
        return create_run(settings, name, served_home / "runs", served_home / "model_weights")

    yield create
    queue.clear(served_home / "runs")
    runs = list_runs(served_home / "runs")
    try:
        for run in runs:
            jobs.stop(run)
            wait_for(run, 60)
        wait_until(lambda: not lock.is_held(jobs.scheduler_lock(served_home / "runs")))
    finally:
        for run in runs:
            housekeeping.delete(run)


def start(run: Run) -> None:
    """Start it; what it takes to begin need not be watched in a browser."""
    jobs.start(run)
    wait_until(lambda: len(run.steps()) > 10)


def watch(page, address):
    page.goto(f"{address}/training?view=Runs")
    exceeds(page, POINTS, 10)


def test_nothing_that_happens_to_page_or_server_touches_a_run(served_home, server, port, new_run, page):
    run = new_run("steady")
    start(run)
    with running(served_home, port) as address, slowed(run):
        closed = page.context.new_page()
        watch(closed, address)
        before = closed.evaluate(POINTS)
        closed.reload()
        exceeds(closed, POINTS, before)
        closed.close()
    process = run.process()  # the server has gone
    assert process.process() is not None and run.status().state == "running"
    with slowed(run):
        watch(page, server)
        assert run.process() == process
        expect(page).to_have_title(re.compile(r"^\d+% steady · Training$"))

        # A zoom stays while the curve grows, and the node of the figure is the same all the time.
        plot = page.locator(CURVES).first
        plot.evaluate("plot => { plot.mark = 1; return Plotly.relayout(plot, {'xaxis.range': [1, 5]}); }")
        grown = page.evaluate(POINTS)
        exceeds(page, POINTS, grown + 5)
        assert plot.evaluate("plot => [plot.mark, ...plot.layout.xaxis.range]") == [1, 1, 5]

        page.evaluate(NOTIFICATIONS)
        page.get_by_role("button", name="Notify me when it ends").click()
        expect(page.get_by_role("button", name="Notify me when it ends", pressed=True)).to_be_visible()
        expect(page.get_by_role("status").get_by_text("You will be notified")).to_be_visible()

    with halted(run):  # a step that lasts until the page was seen
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.get_by_text("Stopping after the current step")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect(page).to_have_title("steady stopped · Training")
    comes_true(page, "window.told?.join() === 'steady stopped'")
    wait_for(run)
    assert run.status().state == "stopped"
    epochs = len(run.epochs())

    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_test_id("stMain").get_by_text(re.compile("Stage 1: training"))).to_be_visible()
    assert len(run.epochs()) >= epochs

    os.kill(run.process().pid, signal.SIGKILL)
    expect(page.get_by_text("was killed (SIGKILL)").first).to_be_visible()


def test_a_second_browser_queues_and_the_queue_is_emptied_on_the_page(server, new_run, page):
    first, second, third = (new_run(name) for name in ("first", "second", "third"))
    start(first)
    for run in (second, third):
        jobs.start(run)
    with slowed(first):
        watch(page, server)
        expect(page.get_by_text("Queue: 2 runs")).to_be_visible()
        page.get_by_text("1 · second").wait_for()
        page.locator("[class*=st-key-up-third] button").first.click()
        page.get_by_text("1 · third").wait_for()
        page.get_by_role("button", name="Clear queue").click()
        expect(page.get_by_text("Queue:")).to_have_count(0)
        assert [run.status().state for run in (first, second, third)] == ["running", "stopped", "stopped"]


def test_a_run_is_renamed_noted_downloaded_and_deleted(served_home, server, new_run, page):
    run = new_run("plain", epochs=1, width=1 / 8)
    jobs.start(run)
    wait_for(run)
    page.goto(f"{server}/training?view=Runs")
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Name", exact=True).fill("better")
    page.get_by_label("Name", exact=True).press("Tab")
    page.get_by_role("textbox", name="Note").fill("The first one.")
    page.get_by_role("textbox", name="Note").press("Tab")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="better")).to_be_visible()
    expect(page.get_by_role("cell", name="The first one.")).to_be_visible()
    settled(page)

    address_of_zip = page.get_by_role("link", name="Download").get_attribute("href")
    data = urllib.request.urlopen(f"{server}{address_of_zip}").read()
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        names = set(file.namelist())
        settings = json.loads(file.read("better/settings.json"))
    wanted = {
        "epochs.csv",
        "evaluation.json",
        "predictions/model_01-test.csv",
        "weights/vgg19_model_01.h5",
    }
    assert names >= {f"better/{name}" for name in wanted}
    assert settings["training"]["epochs"] == 1
    assert open_run("better", served_home / "runs").note() == "The first one."

    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_text("No model has been trained yet")).to_be_visible()
    assert not list((served_home / "runs").glob("[!.]*/"))
    assert (served_home / "model_weights" / "vgg19_model_01.h5").exists()


def test_a_long_history_is_thinned_out_where_it_is_drawn(server, new_run, page):
    run = new_run("long")
    rows = [
        {"stage": 1, "epoch": i // 100 + 1, "step": i % 100 + 1, "loss": 0.5, "accuracy": 0.8, "seconds": i}
        for i in range(10_000)
    ]
    run.append_steps(rows)
    page.goto(f"{server}/training?view=Runs")
    exceeds(page, POINTS, 1000)
    assert page.evaluate(POINTS) < 4000
    assert len(run.steps()) == 10_000
