"""Every page, empty and with data, by Streamlit's own test runner; the browser test sees the rest."""

import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from short_runs import NEAR, noted, tiny_settings, wait_for
from streamlit.testing.v1 import AppTest

from core.dataset import delete_cohort, open_dataset, save_cohort
from core.dicom_node import ImageQueue, Outbox
from core.evaluation import calibrated
from core.images import read_image
from core.inference import load_predictor
from core.registry import answering_models, find_model, retire, rollback
from core.runs import Run, Sweep, Trial, create_run, housekeeping, jobs, list_runs, strategies
from tests.pages.opened_page import PROJECT, opened, shown_table

pytestmark = pytest.mark.slow

ALL_OPEN = {"all-metrics": True, "differences": True}  # the parts of Comparison that are closed at first
PAGES = ("dataset", "training", "comparison", "site", "diagnosis")


def texts(app: AppTest) -> str:
    """All that the page says, without escapes."""
    kinds = ("title", "markdown", "caption", "info", "warning", "error", "success", "subheader")
    return "\n".join(element.value for kind in kinds for element in getattr(app, kind)).replace("\\", "")


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_page_says_what_to_do_next(page, own_home):
    app = opened(page)
    assert app.info, texts(app)
    assert any(word in texts(app) for word in ("Train", "synthetic data set"))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_with_data_and_models_names_what_is_synthetic(page, demo, trained):
    app = opened(page, dataset=str(demo))
    assert "SYNTHETIC" in texts(app)
    assert not app.error


def test_one_click_makes_the_synthetic_set(own_home):
    app = opened("dataset")
    next(button for button in app.button if "synthetic" in button.label).click().run()
    assert not app.exception and not app.error
    assert "**320** images" in texts(app)


def test_the_grid_follows_its_filters(demo):
    app = opened("dataset", dataset=str(demo))
    assert "60 images" in texts(app)
    app.button_group(key="split").set_value("test").run()
    app.button_group(key="label").set_value("NORMAL").run()
    assert "6 images" in texts(app)


@pytest.mark.parametrize("folder", ["/nowhere", "/dev/null"])
def test_a_folder_that_is_none_is_told_and_the_page_goes_on(folder, own_home):
    app = opened("dataset", dataset=folder)
    assert folder in app.error[0].value


def test_training_shows_what_each_stage_trains_and_warns_above_the_start_button(demo):
    app = opened("training", dataset=str(demo))
    assert "43,065,218 parameters trained, 20,024,384 frozen" in texts(app)
    assert "63,089,602 parameters trained, 0 frozen" in texts(app)
    order = [getattr(element, "label", element.type) for element in app.main]
    assert order.count("warning") == 1 and order.index("warning") < order.index("Start training")


def test_training_on_no_stage_is_refused(demo):
    app = opened("training", dataset=str(demo))
    app.button_group(key="form-stages").set_value([]).run()
    assert "Choose at least one stage" in app.error[0].value


def test_a_custom_stage_is_chosen_saved_and_found_again(demo, own_home):
    app = opened("training", dataset=str(demo))
    app.button_group(key="form-stages").set_value([1, 4]).run()
    assert "last-block trains 4 convolutions and the head" in texts(app)
    app.button_group(key="quick-vgg19-New strategy-blocks").set_value(["block4", "block5"]).run()
    app.text_input(key="quick-vgg19-New strategy-name").set_value("two blocks").run()
    assert "cannot be called 'two blocks'" in app.error[0].value
    app.text_input(key="quick-vgg19-New strategy-name").set_value("two-blocks").run()
    assert "two-blocks trains 8 convolutions" in texts(app) and not app.error
    next(button for button in app.button if button.label == "Save strategy").click().run()
    assert list(strategies.saved()) == ["two-blocks"]
    app.session_state["terminal"] = True
    assert "strategy.name=two-blocks" in app.run().code[0].value


def test_what_was_typed_last_counts_although_start_is_pressed_before_the_page_shows_it(demo, own_home):
    app = opened("training", dataset=str(demo), view="New run")
    app.number_input(key="quick-epochs").set_value(3)
    app.number_input(key="quick-width").set_value(0.125)
    next(button for button in app.button if button.label == "Start training").click().run()
    (run,) = list_runs()
    jobs.stop(run)
    assert (run.settings().epochs, run.settings().width) == (3, 0.125)
    assert app.session_state["run"] == run.name and run.name in texts(app)
    wait_for(run)
    housekeeping.delete(run)


def test_a_run_shows_its_followed_images_and_starts_again_with_its_own_settings(trained):
    app = opened("training", view="Runs", run="trained")
    followed = shown_table(app, 1)
    assert len(followed) == 8 and followed["Image"].str.startswith("![](data:image/jpeg").all()
    assert followed["By epoch"].str.contains("data:image/svg").all()
    next(button for button in app.button if button.label == "New run with these settings").click().run()
    assert "Settings copied from **trained**" in app.info[0].value
    assert app.number_input(key="trained-epochs").value == trained.settings().epochs
    assert not app.error and not app.exception


def test_a_run_that_failed_shows_its_reason_and_its_log(demo):
    run = create_run(tiny_settings(demo, weights="/nowhere.h5"), "broken")
    jobs.start(run)
    wait_for(run)
    app = opened("training", view="Runs", run="broken")
    assert "The weights file /nowhere.h5 does not exist" in app.error[0].value
    table = shown_table(app).set_index("Run")
    assert "The weights file /nowhere.h5 does not exist" in table.loc["broken", "Reason"]
    assert "Resume" in {button.label for button in app.button}
    housekeeping.delete(run)


def test_comparison_shows_the_numbers_that_training_kept(trained):
    assert not opened("comparison").table, "what is closed is not drawn"
    app = opened("comparison", **ALL_OPEN)
    numbers = shown_table(app)
    kept = trained.results.evaluation()["3"]["test"]
    assert numbers.loc["Accuracy", "Stage 3"].startswith(f"{kept['accuracy']:.1%} (")
    assert numbers.loc["Images", "Stage 1"] == "15" and "All of run trained." in texts(app)
    assert "Of 100 patients" in app.slider(key="prevalence").label
    tested = shown_table(app, -1)
    assert (tested["Metric"] == "ROC AUC").sum() == 3, "a row for each pair"


def test_what_a_run_says_of_itself_stands_on_the_comparison_page(trained):
    with noted(trained, "Validation may look better than it is."):
        assert "trained: Validation may look better than it is." in texts(opened("comparison"))


SECTIONS = ["Curves", "Calibration", "Subgroups", "Errors", "Shortcuts", "Map", "Training", "Report"]


@pytest.fixture(scope="module")
def comparison(trained) -> AppTest:
    return opened("comparison")


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_of_the_comparison_draws(comparison, section):
    comparison.button_group(key="section").set_value(section).run()
    assert not comparison.exception and not comparison.error


def test_a_cohort_narrows_the_comparison(trained, demo):
    dataset = open_dataset(demo)
    few = np.flatnonzero(dataset.table["split"] == "test")[::2]
    save_cohort(dataset, "every second", few)
    app = opened("comparison", **ALL_OPEN)
    app.selectbox(key="cohort").set_value("every second").run()
    assert shown_table(app).loc["Images", "Stage 1"] == str(len(few))
    delete_cohort(demo, "every second")


def test_images_are_filtered_by_a_models_predictions(trained, demo):
    kept = pd.concat([trained.results.predictions(1, split) for split in ("validation", "test")])
    wrong = (kept["probability"] >= 0.5) != (kept["label"] == "PNEUMONIA")
    app = opened("dataset", dataset=str(demo))
    app.selectbox(key="model").set_value("trained · stage 1").run()
    app.button_group(key="correct").set_value("wrong").run()
    expected = f"{wrong.sum():,} images" if wrong.any() else "No images match"
    assert expected in texts(app)


def test_one_threshold_moves_every_number(trained):
    app = opened("comparison", **ALL_OPEN)
    app.selectbox(key="rule").set_value("manual").run()
    app.slider(key="threshold").set_value(0.0).run()
    assert (shown_table(app).loc["Specificity"].str.startswith("0.0%")).all()
    assert "predicts the same label for every image" in texts(app)
    for rule in ("youden", "sensitivity", "specificity", "cost"):
        app.selectbox(key="rule").set_value(rule).run()
        assert not app.exception and not app.error
        assert "on validation" in texts(app)


def test_diagnosis_answers_as_training_measured_and_survives_a_bad_file(trained, demo):
    image = sorted((demo / "test/PNEUMONIA").iterdir())[0]
    app = opened("diagnosis", anyway=True)
    files = [(image.name, image.read_bytes(), "image/jpeg"), ("bad.jpeg", b"x", "image/jpeg")]
    app.file_uploader[0].set_value(files).run()
    assert not app.exception
    assert "bad.jpeg is not an image" in app.error[0].value
    kept = trained.results.predictions(3, "test").set_index("path").loc[f"test/PNEUMONIA/{image.name}"]
    record = answering_models()[-1].record
    answer = load_predictor(answering_models()[-1].path).predict([read_image(image)])[0]
    assert answer.probability == pytest.approx(kept["probability"], abs=NEAR)
    shown = calibrated(answer.probability, record.temperature)
    assert f"Probability of pneumonia **{shown:.1%}**" in texts(app)
    facts = answering_models()[-1].threshold_and_test_sentences()
    assert "On 15 test images" in facts
    assert f"Run trained, trained on demo from random weights. {facts}" in texts(app)


def test_a_saved_operating_point_is_used_in_diagnosis(trained, demo):
    before = answering_models()[-1].identity.version
    app = opened("comparison")
    app.selectbox(key="rule").set_value("manual").run()
    app.slider(key="threshold").set_value(0.01).run()
    next(button for button in app.button if button.label == "Use in diagnosis").click().run()
    assert not app.exception
    model = answering_models()[-1]
    assert model.record.threshold == 0.01 and model.identity.version > before
    image = next((demo / "test/NORMAL").iterdir())
    answer = load_predictor(model.path).predict([read_image(image)])[0]
    assert answer.label == ("PNEUMONIA" if answer.probability >= 0.01 else "NORMAL")
    app = opened("diagnosis", anyway=True)
    app.file_uploader[0].set_value([(image.name, image.read_bytes(), "image/jpeg")]).run()
    assert "chosen by hand" in texts(app)
    rollback("tests")
    assert answering_models()[-1].record.threshold != 0.01


def labelled(elements, start: str):
    """The one whose label starts so."""
    return next(element for element in elements if element.label.startswith(start))


def test_a_model_is_promoted_and_rolled_back_on_the_comparison_page(trained):
    app = opened("comparison", section="Promotion")
    assert "Training changes nothing there until a model is promoted" in texts(app)
    app.selectbox(key="to-promote").set_value(find_model("trained/2")).run()
    assert "**Trained on real data**" in texts(app)
    assert labelled(app.button, "Promote").disabled
    labelled(app.text_input, "Reason").set_value("a demonstration").run()
    labelled(app.checkbox, "Promote Stage 2 · trained").check().run()
    labelled(app.button, "Promote").click().run()
    assert not app.exception
    assert answering_models()[-1].identity.name == "trained/2"
    assert app.success[0].value.endswith("is active now.")
    assert not labelled(app.text_input, "Reason").value, "given for one decision"
    assert not labelled(app.checkbox, "Promote Stage ").value
    labelled(app.button, "Roll back").click().run()
    assert not app.exception
    assert answering_models()[-1].identity.name == "trained/3"
    assert app.success[0].value.endswith("is active again.")
    retire("trained/2", "tests")
    app.run()
    assert not app.success, "somebody else decided since"


def test_the_model_that_came_along_is_compared_as_it_answers_and_keeps_its_threshold(own_home, monkeypatch):
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    (model,) = answering_models()
    app = opened("comparison")
    assert app.selectbox(key="rule").value == "own"
    assert f"All of run {model.record.run}." in texts(app)
    assert f"Stage 3: {model.record.threshold:.3f}" in texts(app)
    assert "Stage 3 ranks 329 test images better than Stage 2" in texts(app)
    app.selectbox(key="rule").set_value("half").run()
    assert "Use in diagnosis" not in [button.label for button in app.button]
    app.selectbox(key="rule").set_value("own").run()
    app.button_group(key="section").set_value("Errors").run()
    assert not app.exception and "Open their data set" in app.info[0].value
    errors, others = shown_table(app), shown_table(app, 1)  # of stage 1: 32 false positives, a false negative
    assert len(errors) + len(others) == 33 and errors["Label"].iloc[0] == "NORMAL"


def test_the_format_of_figures_outlasts_a_section_without_figures(trained):
    app = opened("comparison")
    app.button_group(key="section").set_value("Curves").run()
    app.button_group(key="format").set_value("SVG").run()
    app.button_group(key="section").set_value("Errors").run()
    app.button_group(key="section").set_value("Curves").run()
    assert app.button_group(key="format").value == "SVG" and not app.exception


def test_where_sign_in_is_set_up_a_stranger_sees_nothing_else(trained):
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=300)
    app.secrets["auth"] = {"redirect_uri": "http://127.0.0.1/oauth2callback", "client_id": "a"}
    app.run()
    assert not app.exception and [button.label for button in app.button] == ["Sign in"]
    assert "Trained stages" not in texts(app) and not app.file_uploader
    app.button[0].click().run()
    assert not app.exception and "Sign-in failed" in app.error[0].value


def test_no_page_imports_tensorflow(trained, demo):
    code = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("streamlit_app.py", default_timeout=300).run()
for page in ("dataset", "training", "comparison", "site", "diagnosis"):
    app.switch_page(f"pages/{page}/page.py").run()
    assert not app.exception, app.exception
image = open(sys.argv[1], "rb").read()
app.toggle(key="anyway").set_value(True)
app.file_uploader[0].set_value([("image.jpeg", image, "image/jpeg")]).run()
assert any("Probability" in element.value for element in app.markdown)
assert not {"tensorflow", "keras"} & set(sys.modules)
"""
    image = next((demo / "test/NORMAL").iterdir())
    subprocess.run([sys.executable, "-c", code, str(image)], cwd=PROJECT, check=True)


@pytest.fixture
def sweep(trained):
    """A sweep of two trials, one of which is the run that was trained; its record alone is made here."""
    made = Sweep(
        "rates",
        trained.path.parent,
        3,
        {},
        (
            Trial(0, {"learning_rate": 1e-3, "optimizer": "adam"}, (trained.name,)),
            Trial(1, {"learning_rate": 1e-1, "optimizer": "sgd"}, ("rates-001-s0",), "worse than half"),
        ),
    )
    made.save()
    yield made
    made.path.unlink()


def test_a_sweep_is_one_group_of_the_training_page(sweep, trained):
    app = opened("training", view="Runs", group="rates")
    assert "Best so far: trial 0 with learning_rate 0.001, optimizer adam" in texts(app)
    runs = shown_table(app)["Run"].tolist()
    assert runs == [trained.name]
    alone = create_run(trained.settings(), "alone")
    others = opened("training", view="Runs", group="Single runs")
    assert "Best so far" not in texts(others)
    shown = shown_table(others)["Run"].tolist()
    assert "alone" in shown and trained.name not in shown
    shutil.rmtree(alone.path)


def test_the_comparison_page_draws_a_sweep_as_lines(sweep):
    app = opened("comparison", section="Sweeps")
    table = shown_table(app)
    assert table["State"].tolist() == ["finished", "pruned"]
    assert table["learning_rate"].tolist() == ["0.001", "0.1"]
    assert table["Validation loss"].eq("–").tolist() == [False, True]
    assert "Test results are not shown" in texts(app)


def test_the_comparison_page_shows_what_each_change_of_an_ablation_did(trained):
    """The changed run is the trained one with its validation loss raised: the difference is known."""
    folder = trained.path.parent
    changed = Run(shutil.copytree(trained.path, folder / "changed"))
    epochs = pd.read_csv(changed.path / "epochs.csv")
    epochs.assign(val_loss=epochs["val_loss"] + 0.25).to_csv(changed.path / "epochs.csv", index=False)
    trials = (Trial(0, {"mixup": 0.0}, (trained.name,)), Trial(1, {"mixup": 0.2}, ("changed",)))
    made = Sweep("parts", folder, 2, {"search": "ablation"}, trials)
    try:
        replace(made, trials=trials[:1]).save()
        assert "at least one change have finished" in texts(opened("comparison", section="Sweeps"))
        made.save()
        found = made.ablation_effects()
        assert found["change"].tolist() == ["mixup 0.2"] and found["seed"].tolist() == [0]
        assert found["loss"].iloc[0] == pytest.approx(0.25) and found["auc"].iloc[0] == 0
        assert made.describe(trials[0]) == "nothing changed"
        app = opened("comparison", section="Sweeps")
        assert "compared with the unchanged settings at the same seed" in texts(app)
        app.button_group(key="departure").set_value("auc").run()
        assert not app.exception and "Points to the right of the line are better" in texts(app)
    finally:
        made.path.unlink()
        shutil.rmtree(changed.path)


def test_the_sidebar_says_what_the_dicom_node_has_done(own_home):
    def said() -> str:
        app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=300).run()
        return "\n".join(caption.value for caption in app.sidebar.caption)

    assert "DICOM node" not in said()
    queue = ImageQueue()
    for number in range(3):
        queue.store(f"1.2.{number}", "1.2", "SENDER", (b"image",))
    first, second, _ = queue.complete_studies(0, 9)
    queue.mark_failed(first, "The image is damaged.")
    queue.add_results(second, {})
    Outbox(queue, "PACS").postpone([second], "ORTHANC@127.0.0.1:4242 does not answer", 60)
    queue.close()
    assert "3 received, 1 processed, 0 delivered, 2 pending, 1 failed" in said()
    assert "1 failed: The image is damaged." in said() and "does not answer" in said()
