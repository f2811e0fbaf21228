import shutil

import numpy as np
import pandas as pd
import pytest
from short_runs import delete_occlusion_tests

from core import evaluation
from core.anatomy import shared_lung_finder
from core.comparison import (
    ENSEMBLE_NAME,
    HEAT_IN_LUNGS,
    EvaluatedStage,
    ModelComparison,
    evaluated_stages,
    heat_share_table,
    image_map,
    occlusion_effects,
    run_occlusion_test,
    shortly_named,
    stage_named,
)
from core.dataset import open_dataset, review_label
from core.errors import UserError
from core.evaluation import OperatingPoint
from core.images import Image
from core.inference import heat_location, load_predictor
from core.inference.occlusion import LUNGS_ALONE, LUNGS_HIDDEN, MASKS, hide
from core.runs import Run

HALF = OperatingPoint("half", 0.5, "one half")


@pytest.fixture(scope="module")
def stages(trained):
    return evaluated_stages([trained])


@pytest.fixture(scope="module")
def comparison(stages, trained, demo):
    delete_occlusion_tests(trained)
    for stage in stages[:2]:
        run_occlusion_test(stage, "test", open_dataset(demo))
    comparison = ModelComparison.of(stages, "test", with_ensemble=True)
    return comparison.at(dict.fromkeys(comparison.validation, HALF))


def test_a_comparison_has_the_predictions_of_each_stage_and_of_the_ensemble_last(comparison, trained):
    assert [model.name for model in comparison.models] == [
        *(f"Stage {n} · trained" for n in (1, 2, 3)),
        ENSEMBLE_NAME,
    ]
    for number, model in enumerate(comparison.models[:3], start=1):
        saved = trained.results.predictions(number, "test").sort_values("path")
        assert np.array_equal(model.probabilities, saved["probability"])
    scaled = [
        evaluation.calibrated(model.probabilities, evaluation.fit_temperature(v.labels, v.probabilities))
        for model, v in zip(comparison.models[:3], comparison.validation.values(), strict=False)
    ]
    assert comparison.models[3].probabilities == pytest.approx(np.mean(scaled, axis=0))
    assert list(comparison.histories()) == [model.name for model in comparison.models[:3]]
    assert comparison.synthetic


def test_a_cohort_selects_images_and_an_empty_one_is_refused(stages, trained):
    images = frozenset(trained.results.predictions(1, "test")["sha256"].iloc[:5])
    five = ModelComparison.of(stages[:1], "test", ("five", images))
    assert set(five.models[0].table["sha256"]) == images and five.cohort == "five"
    assert len(five.validation["Stage 1 · trained"]) == len(trained.results.predictions(1, "validation"))
    with pytest.raises(UserError, match="test split of trained has no image of this cohort"):
        ModelComparison.of(stages, "test", ("none", frozenset({"x"})))


def test_runs_with_other_exclusions_are_compared_on_the_validation_images_of_both(trained, tmp_path):
    later = Run(shutil.copytree(trained.path, tmp_path / "later"))
    table = later.results.predictions(1, "validation")
    later.results.write_predictions(1, "validation", table.iloc[1:])
    both = [EvaluatedStage(run, 1) for run in (trained, later)]
    tested = ModelComparison.of(both, "test", with_ensemble=True)
    assert tested.left_out.startswith("1 validation image is left out")
    assert len(tested.validation[ENSEMBLE_NAME]) == len(table) - 1
    assert not ModelComparison.of(both, "test").left_out
    comparison = ModelComparison.of(both, "validation", with_ensemble=True)
    assert {len(model) for model in [*comparison.models, *comparison.baselines]} == {len(table) - 1}
    assert "1 validation image is left out: not all runs validated on them." in comparison.notes
    assert [len(comparison.validation[stage.name]) for stage in both] == [len(table), len(table) - 1]
    as_reviewed = ModelComparison.of(both, "validation", reviewed=True)
    assert as_reviewed.labels.endswith("(no reviews yet): 0 changed, 0 images left out.")
    later.results.write_predictions(1, "validation", table[table["label"] == "NORMAL"])
    with pytest.raises(UserError, match="Compare models that were evaluated on the same images"):
        ModelComparison.of(both, "validation", with_ensemble=True)
    assert not ModelComparison.of(both, "validation").left_out  # no image is: a class would be missing


def test_a_name_in_an_address_means_the_same_stage_after_other_runs_have_come(trained, tmp_path):
    (tmp_path / "later").symlink_to(trained.path)
    alone = shortly_named([EvaluatedStage(trained, stage) for stage in (1, 2)])
    together = shortly_named([*evaluated_stages([Run(tmp_path / "later")]), *evaluated_stages([trained])])
    assert [stage.name for stage in alone] == ["Stage 1", "Stage 2"]
    for name in ("Stage 2 · trained", "Stage 2"):
        for stages in (alone, together):
            meant = stage_named(name, stages)
            assert meant and (meant.run.name, meant.number) == ("trained", 2)
    assert stage_named("Stage 2 · gone", together) is None


def test_the_effect_of_occlusion_is_that_on_predictions_for_occluded_images(comparison, stages, demo):
    dataset = open_dataset(demo)
    effects = {(effect.model, effect.mask): effect for effect in occlusion_effects(comparison)}
    masks = {*MASKS, LUNGS_HIDDEN, LUNGS_ALONE}
    assert set(effects) == {(stage.name, mask) for stage in stages[:2] for mask in masks}
    stage = stages[0]
    model = comparison.models[0]
    rows = dataset.table.set_index("path").index.get_indexer(model.table["path"])
    predictor = load_predictor(stage.run.weights_path(stage.number))
    pixels = np.array(dataset.pixels[rows])
    lungs = shared_lung_finder().find_in_pixels(pixels)
    of_lungs = np.stack([item.mask(128, 128) for item in lungs])
    plausible = np.array([item.plausible for item in lungs])
    assert 0 < plausible.sum() < len(rows)
    hidden = {name: np.broadcast_to(mask, of_lungs.shape) for name, mask in MASKS.items()}
    for mask, where in {**hidden, LUNGS_HIDDEN: of_lungs, LUNGS_ALONE: ~of_lungs}.items():
        known = np.full(len(rows), True) if mask in MASKS else plausible
        probabilities = predictor.probabilities(hide(pixels, where))
        expected = evaluation.evaluate(model.labels[known], probabilities[known])
        effect = effects[stage.name, mask]
        assert effect.images == known.sum()
        assert effect.masked["auc"] == pytest.approx(expected["auc"])
        if mask in MASKS:  # of few images no difference is tested
            assert effect.auc.value == pytest.approx(expected["auc"] - effect.whole["auc"])


def test_the_share_of_heat_in_the_lungs_is_saved_with_the_occlusion_test(comparison, stages, demo):
    dataset = open_dataset(demo)
    table = heat_share_table(comparison)
    assert list(table["model"]) == [stage.name for stage in stages[:2]]
    saved = stages[0].run.results.occlusion_test(1, "test")[0]
    rows = dataset.table.set_index("path").index.get_indexer(saved["path"])
    images = [Image("", dataset.pixels[row], "") for row in rows]
    outputs = load_predictor(stages[0].run.weights_path(1)).outputs(images, heat=True)
    locations = [heat_location(output.heat, output.lungs) for output in outputs]
    expected = [location.inside if location else np.nan for location in locations]
    assert np.allclose(
        pd.to_numeric(saved[HEAT_IN_LUNGS], errors="coerce"), expected, atol=0.02, equal_nan=True
    )
    assert table["images"][0] == np.isfinite(expected).sum()


def test_the_occlusion_test_needs_the_images(stages, demo, tmp_path, own_home):
    (tmp_path / "set/train").mkdir(parents=True)
    for folder in ("train/NORMAL", "train/PNEUMONIA"):
        (tmp_path / "set" / folder).symlink_to(demo / folder)
    (tmp_path / "set/test/NORMAL").mkdir(parents=True)
    with pytest.raises(
        UserError, match="of the 15 images that Stage 3 · trained was evaluated on are no longer"
    ):
        run_occlusion_test(stages[2], "test", open_dataset(tmp_path / "set"))


def test_the_map_shows_the_principal_components_of_the_last_hidden_layer(comparison, stages):
    table, shares = image_map(stages[0], comparison.models[0], "test")
    assert list(table["path"]) == list(comparison.models[0].table["path"])
    assert 0 < shares[1] <= shares[0] <= 1 and table[["x", "y"]].notna().all(axis=None)
    hidden = stages[0].run.results.occlusion_test(1, "test")[1].astype(np.float32)
    centred = hidden - hidden.mean(axis=0)
    _, singular, _ = np.linalg.svd(centred, full_matrices=False)  # another way to the same plane
    assert shares == pytest.approx((singular**2 / (singular**2).sum())[:2], rel=1e-3)
    assert image_map(stages[2], comparison.models[2], "test") is None


def test_hiding_replaces_a_part_by_the_mean_of_the_rest():
    pixels = np.full((1, 128, 128), 100, np.uint8)
    pixels[:, :64] = 200
    for mask in MASKS.values():
        found = hide(pixels, mask[np.newaxis])
        assert np.array_equal(found[:, ~mask], pixels[:, ~mask])
        assert (found[:, mask] == round(pixels[0][~mask].mean())).all()
    assert MASKS["corners"].sum() == 4 * 32 * 32
    assert MASKS["outer 15%"].mean() == pytest.approx(1 - 0.7**2, abs=0.01)


def test_labels_are_compared_as_published_or_as_reviewed(stages, demo, own_home):
    dataset = open_dataset(demo)
    published = ModelComparison.of(stages[:1], "test")
    first, second = published.models[0].table["path"].iloc[:2]
    rows = {path: row for row, path in enumerate(dataset.table["path"])}
    review_label(dataset, rows[first], "PNEUMONIA", "Dr Lee", "clear infiltrate")
    review_label(dataset, rows[second], "excluded", "Dr Lee", "lateral view")
    reviewed = ModelComparison.of(stages[:1], "test", reviewed=True)
    assert reviewed.notes[0].endswith("(version 2): 1 changed, 1 image left out.")
    assert set(published.models[0].table["path"]) - set(reviewed.models[0].table["path"]) == {second}
    assert [reviewed.models[0].labels[0], published.models[0].labels[0]] == [1, 0]
    assert reviewed.fingerprint != published.fingerprint == ModelComparison.of(stages[:1], "test").fingerprint
    assert published.at(dict.fromkeys(published.validation, HALF)).fingerprint != published.fingerprint
    assert np.array_equal(ModelComparison.of(stages[:1], "test").models[0].labels, published.models[0].labels)
