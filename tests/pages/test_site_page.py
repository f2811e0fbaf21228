"""The page on one hospital, by Streamlit's own test runner."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from promotions import promote_unchecked

from core import config
from core.evaluation import OperatingPoint
from core.inference import AuditLog
from core.registry import (
    active_model,
    find_model,
    list_models,
    register_operating_point,
    retire,
)
from core.site import (
    SiteMeasurement,
    SiteReadings,
    compare_models,
    find_site_point,
    find_site_temperature,
    measure,
    measured_set,
    write_criteria,
)
from pages.shared.model_title import model_title
from pages.site import zones
from pages.site.versions import offer_version
from tests.monitor.logged_results import WITHHELD, add_results, steady
from tests.pages.opened_page import click_meanwhile, opened, shown_table
from tests.site_measurements import measured

pytestmark = pytest.mark.slow

VERSION = "Stage 3 · narrow, VGG19 (width 0.125) · version 1"  # of the bundled model


def bring(app, source) -> None:
    """Enter a folder or table."""
    app.text_input(key="site-source").set_value(str(source)).run()
    assert not app.exception


def captions(app) -> str:
    """All small print of the page, and its lists, without escapes."""
    elements = [element for kind in ("caption", "markdown") for element in getattr(app, kind)]
    return "\n".join(element.value for element in elements).replace("\\", "")


def successes(app) -> str:
    """What the page says was done, without escapes."""
    return "\n".join(element.value for element in app.success).replace("\\", "")


def test_without_images_the_page_tells_how_many_are_needed(trained):
    app = opened("site")
    assert "141 PNEUMONIA images" in captions(app)
    app.number_input(key="site-sensitivity").set_value(100.0).run()
    app.number_input(key="site-width").set_value(3.0).run()
    assert not app.exception and "141 PNEUMONIA images" not in captions(app)
    app.number_input(key="site-prevalence").set_value(0.5).run()
    assert not app.exception and not app.error


def test_the_audit_log_is_watched_without_images_and_beside_later_labels(narrow_bundle, own_home, tmp_path):
    app = opened("site")
    watching = app.button_group(key="site-start")
    watching.set_value("Watch").run()
    assert "There is no audit log yet" in app.info[-1].value and not list(own_home.glob("audit*"))
    model = str(active_model().model.identity)
    add_results(AuditLog(), [row | {"model": model} for row in steady(150)])
    app.run()
    assert app.success[0].value.startswith("Green.") and not app.exception
    assert shown_table(app)["Light"].tolist() == ["green"] * 5 + ["too few"] * 4
    add_results(AuditLog(), [row | {"model": model} for row in [WITHHELD] * 50])
    app.run()
    assert app.error[0].value.startswith("Red. Results withheld")
    (tmp_path / "a.png").write_text("a")
    (tmp_path / "reports.csv").write_text("image,label\na.png,1\n")
    bring(app, tmp_path / "reports.csv")
    app.button_group(key="site-section").set_value("Watch").run()
    assert "0 of 1 labels belong to a result" in captions(app)
    assert "1 (no result in the audit log)" in captions(app) and not app.exception
    AuditLog().path.write_bytes(b"no database" * 1000)
    app.run()
    assert "cannot be used" in app.error[0].value and not app.exception


def test_a_source_or_column_that_cannot_be_used_is_told(trained, tmp_path):
    app = opened("site")
    bring(app, tmp_path / "nowhere")
    assert "does not exist" in app.error[0].value
    (tmp_path / "table.csv").write_text("file,label,taken\na.png,0,2024-01-31\nb.png,1,2024-02-01\n")
    bring(app, tmp_path / "table.csv")
    assert "2 labelled images: 1 NORMAL, 1 PNEUMONIA" in captions(app) and not app.error
    app.selectbox(key="site-labels").set_value("taken").run()
    assert "holds dates" in app.error[0].value


def test_readers_labels_are_offered_for_a_folder_below_the_home_of_the_user(
    narrow_bundle, own_home, tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "ward" / "NORMAL").mkdir(parents=True)
    (tmp_path / "ward" / "NORMAL" / "a.png").write_text("a")
    app = opened("site")
    bring(app, "~/ward")
    assert "1 labelled images: 1 NORMAL" in captions(app)
    app.selectbox(key="site-folder-labels").set_value("readers").run()
    assert "No image of" in app.info[0].value  # has a label by readers


def test_images_are_measured_and_what_became_of_them_is_shown(trained, demo):
    app = opened("site")
    bring(app, demo)
    assert "60 SYNTHETIC labelled images: " in captions(app)
    next(button for button in app.button if button.label.startswith("Measure Stage 3")).click().run()
    assert not app.exception and not app.error
    counts = dict(shown_table(app).to_numpy())
    assert counts["Labelled files"] == "60"
    assert int(counts["Left out: the model was trained on them"]) > 0
    assert "SYNTHETIC" in "".join(warning.value for warning in app.warning)
    assert "SYNTHETIC images" in app.warning[0].value
    assert "Where it was trained. On 15 test images" in captions(app)
    headings = [heading.value for heading in app.subheader]
    assert "Weak slices" in headings and "Shift against the training images" in headings
    errors = next((toggle for toggle in app.toggle if toggle.key == "site-errors"), None)
    assert errors or "No result contradicts its label" in captions(app)
    if errors:
        errors.set_value(True).run()
        assert not app.exception and "the most confident errors first" in captions(app)
    assert "Decision curve" not in headings
    app.session_state["site-more"] = True  # the part that is closed at first
    app.run()
    headings = [heading.value for heading in app.subheader]
    assert not app.exception and "Decision curve" in headings and "Probabilities by class" in headings
    assert "**Stage 3 · trained" in "".join(text.value for text in app.markdown if "PPV" in text.value)
    app.button_group(key="site-section").set_value("How many do I need?").run()
    assert "What the images at hand can show" in [heading.value for heading in app.subheader]
    app.button_group(key="site-section").set_value("Set the threshold").run()
    assert "a threshold takes at least 30 of each class" in app.error[0].value
    app.button_group(key="site-section").set_value("Measure").run()
    assert app.table
    bring(app, demo / "nowhere")
    assert app.error and not app.table  # of other images


def test_shortcuts_are_tested_on_demand_and_once(narrow_bundle, demo, own_home):
    app = opened("site")
    bring(app, demo)
    next(button for button in app.button if button.label.startswith("Measure Bundled model")).click().run()
    assert "Test for shortcuts on " in app.button(key="site-test-shortcuts").label
    app.button(key="site-test-shortcuts").click().run()
    assert not app.exception and not app.error
    assert "The shortcut baselines take at least 50 images of each class" in captions(app)
    assert "Lungs are hidden only in images where they were found" in captions(app)
    headings = [heading.value for heading in app.subheader]
    assert "Map of the images" in headings and "Shortcuts" in headings
    app.button_group(key="site-map-colour").set_value("error").run()
    assert not app.exception
    assert not [button for button in app.button if button.key == "site-test-shortcuts"]
    next(button for button in app.button if button.label.startswith("Measure Bundled model")).click().run()
    assert app.button(key="site-test-shortcuts")  # of a new measurement


def test_other_models_are_measured_beside_the_active_one_and_shown_in_full(narrow_bundle, demo, own_home):
    register_operating_point("bundled/3", OperatingPoint("low", 0.2, "fixed"), "tests", {})
    app = opened("site")
    bring(app, demo / "test")
    app.multiselect(key="site-models").set_value(["bundled/3@1"]).run()
    next(button for button in app.button if button.label.startswith("Measure Bundled model")).click().run()
    assert not app.exception and not app.error
    assert "Models side by side" in [heading.value for heading in app.subheader]
    assert "images have a result of each model; only these are compared." in captions(app)
    shown = app.selectbox(key="site-shown")
    assert shown.options == ["Bundled model · stage 3", VERSION]
    shown.set_value(shown.options[1]).run()
    assert not app.exception and f"Model {VERSION}, " in captions(app)
    assert "decision threshold 20.0%" in captions(app)
    app.button_group(key="site-section").set_value("Accept").run()
    assert not app.exception and not app.error


def test_three_zones_are_found_for_rates_that_the_user_sets_and_saved(narrow_bundle, own_home):
    readings = replace(measured(600).readings, model=str(active_model().model.identity))
    app = opened("site", **{"site-measurement": (0, compare_models([measure(readings)]))})
    app.button_group(key="site-section").set_value("Set the threshold").run()
    app.button_group(key="site-kind").set_value("zones").run()
    assert not app.exception and "at most 2.0% of images with pneumonia are ruled out" in captions(app)
    app.number_input(key="site-miss-rate").set_value(0.1).run()
    assert "to promise 0.001 takes at least 1,249" in app.error[0].value
    app.number_input(key="site-miss-rate").set_value(5.0).run()
    next(button for button in app.button if button.label == "Save as a version").click().run()
    assert not app.exception and f"Registered as {VERSION}" in successes(app)
    zones = find_model("bundled/3@1").model.record.zones
    assert (zones["miss_rate"], zones["rule"]) == (0.05, "on 600 images of site")
    promote_unchecked("bundled/3@1")
    readings = replace(measured(600).readings, model=str(active_model().model.identity))
    app = opened("site", **{"site-measurement": (0, compare_models([measure(readings)]))})
    app.button_group(key="site-section").set_value("Set the threshold").run()
    assert not app.exception and "a version with another one has none" in captions(app)


def test_a_click_while_a_version_is_registered_does_not_offer_it_again(narrow_bundle, own_home, monkeypatch):
    def offer_slow_version(evidence, measurement, register, permission):
        def register_slowly(title):
            version = register(title)
            click_meanwhile()
            return version

        offer_version(evidence, measurement, register_slowly, permission)

    monkeypatch.setattr(zones, "offer_version", offer_slow_version)
    readings = replace(measured(600).readings, model=str(active_model().model.identity))
    app = opened("site", **{"site-measurement": (0, compare_models([measure(readings)]))})
    app.button_group(key="site-section").set_value("Set the threshold").run()
    app.button_group(key="site-kind").set_value("zones").run()
    next(button for button in app.button if button.label == "Save as a version").click().run()
    assert not app.exception and f"Registered as {VERSION}" in successes(app)
    assert not [button for button in app.button if button.label == "Save as a version"]
    assert measured_set(find_model("bundled/3@1").model.identity)


def test_readers_label_blinded_compare_and_settle_what_they_disagree_about(
    narrow_bundle, demo, own_home, tmp_path
):
    source = tmp_path / "ward"
    source.mkdir()
    for path in sorted((demo / "test").rglob("*.jpeg"))[:3]:
        shutil.copy(path, source)
    (source / "damaged.png").write_bytes(b"no image")
    app = opened("site")
    bring(app, source)
    assert "No image of" in app.info[0].value and not app.error  # has a label yet

    def press(title: str) -> None:
        next(button for button in app.button if button.label == title).click().run()
        assert not app.exception

    for reader, titles in {
        "Ada": ["Pneumonia"] * 4,
        "Grace": ["Pneumonia", "Normal", *["Not sure"] * 2],
    }.items():
        app.text_input(key="site-reader-field").set_value(reader).run()
        for title in titles:
            assert "Ada:" not in captions(app) and "Cohen" not in captions(app)
            press(title)
        if reader == "Ada":
            press("Another reader")
    assert "Ada:" not in captions(app)  # until it is asked for
    app.button_group(key="site-view-Grace").set_value("Compare the readers").run()
    assert "Cohen's kappa 0.00" in captions(app) and "settled by consensus: 3" in captions(app)
    assert "Ada: PNEUMONIA; Grace: NORMAL" in captions(app)
    press("Normal")
    press("No label")
    assert "settled by consensus: 1" in captions(app)
    assert "damaged" not in captions(app) + "".join(error.value for error in app.error)
    app.selectbox(key="site-folder-labels").set_value("readers").run()
    assert "2 labelled images: 1 NORMAL, 1 PNEUMONIA" in captions(app)
    app.button_group(key="site-section").set_value("Measure").run()
    assert "write your criteria down before you measure" in captions(app) and not app.error


def measured_ward(trained) -> SiteMeasurement:
    """Of the active model, on images that nobody took."""
    shutil.copytree(trained.model_folder(), config.model_folder())
    promote_unchecked("published/3")
    random = np.random.default_rng(0)
    positive = random.random(400) < 0.5
    raw = np.clip(random.normal(0.4 + 0.25 * positive, 0.15), 0.01, 0.99)
    rows = {"sha256": np.arange(400).astype(str), "label": np.where(positive, "PNEUMONIA", "NORMAL")}
    rows |= dict.fromkeys(("patient", "error", "withheld", "doubts"), "")
    table = pd.DataFrame(
        rows
        | {
            "probability": raw,
            "raw": raw,
            "warned": False,
            "in_training": False,
            "patient_in_training": False,
        }
    )
    model = str(active_model().model.identity)
    return measure(SiteReadings("ward", model, 0.5, (), (), (), True, table))


def test_criteria_are_written_down_and_a_measurement_is_checked_against_them(trained, own_home):
    measurement = measured_ward(trained)
    app = opened("site", **{"site-measurement": (0, compare_models([measurement]))})
    app.button_group(key="site-section").set_value("Accept").run()
    assert any("Write criteria down first" in item.value for item in app.info)
    next(button for button in app.button if button.label == "Write down").click().run()
    assert "There is no criterion" in app.error[0].value
    app.number_input(key="criterion-sensitivity").set_value(0.6)
    app.text_input(key="criteria-by").set_value("Dr Roe")
    next(button for button in app.button if button.label == "Write down").click().run()
    assert not app.exception and any("written down by Dr Roe" in item.value for item in app.markdown)
    assert "1 of 1 criteria are met. The images are SYNTHETIC" in app.warning[0].value


def test_a_threshold_is_found_and_saved_as_a_version_that_does_not_answer_yet(trained, own_home):
    measurement = measured_ward(trained)
    model = measurement.readings.model
    app = opened("site", **{"site-measurement": (0, compare_models([measurement]))})
    app.button_group(key="site-section").set_value("Set the threshold").run()
    app.number_input(key="site-rate").set_value(90.0).run()
    assert "sensitivity of at least 90% on 400 images of ward" in captions(app)
    assert "SYNTHETIC images" in app.warning[0].value
    next(button for button in app.button if button.label == "Save as a version").click().run()
    assert not app.exception and not app.error
    (version,) = [item for item in list_models() if model_title(item.model) in successes(app)]
    assert version.model.record.threshold == find_site_point(measurement, "sensitivity", 0.9).point.threshold
    assert str(active_model().model.identity) == model
    app.run()
    assert model_title(version.model) in successes(app)  # and once is enough
    assert not [button for button in app.button if button.label == "Save as a version"]
    app.button_group(key="site-section").set_value("Recalibrate").run()
    assert "Temperature" in captions(app) and "each image at a temperature fitted without" in captions(app)
    next(button for button in app.button if button.label == "Save as a version").click().run()
    assert not app.exception and not app.error
    (version,) = [item for item in list_models() if model_title(item.model) in successes(app)]
    assert version.model.record.temperature == find_site_temperature(measurement).temperature


def measure_on_page(app) -> None:
    """Press the button that measures."""
    next(button for button in app.button if button.label.startswith("Measure ")).click().run()
    assert not app.exception and not app.error


def test_a_model_is_accepted_by_page_and_then_watched_beside_these_images(
    narrow_bundle, own_home, demo, tmp_path
):
    for path in (demo / "test").rglob("*.jpeg"):  # without the mark that they are synthetic
        (tmp_path / "ward" / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / "ward" / path.parent.name)
    write_criteria(None, None, None, 0.5, "Dr. Roe")
    app = opened("site")
    bring(app, tmp_path / "ward")
    measure_on_page(app)
    app.button_group(key="site-section").set_value("Accept").run()
    assert "1 of 1 criteria are met" in app.success[0].value
    next(button for button in app.button if button.label == "Accept the model").click().run()
    assert "Accepted. Watch compares later results with the" in app.success[-1].value and not app.error
    accepted = measured_set(active_model().model.identity)
    assert accepted.occasion == "accepted" and accepted.site == "ward"
    add_results(AuditLog(), [row | {"model": str(active_model().model.identity)} for row in steady(10)])
    app.button_group(key="site-section").set_value("Watch").run()
    assert "10 of 150 results" in app.info[-1].value or "10 of 50 results" in app.info[-1].value


def test_a_retired_version_is_measured_beside_the_active_model_and_called_retired(
    narrow_bundle, own_home, demo
):
    point = OperatingPoint("one", 0.3, "on images of ward")
    version = register_operating_point("bundled/3", point, "tests", {})
    retire(version.title, "tests")
    app = opened("site")
    bring(app, demo / "test")
    others = app.multiselect(key="site-models")
    assert others.options == [f"{VERSION} · retired"]
    others.select("bundled/3@1").run()
    measure_on_page(app)
    shown = app.selectbox(key="site-shown")
    assert shown.options == ["Bundled model · stage 3", VERSION]
    shown.set_value(shown.options[1]).run()
    assert f"Model {VERSION}, " in captions(app) and "decision threshold 30.0%" in captions(app)
    app.button_group(key="site-section").set_value("Set the threshold").run()
    assert not app.exception
