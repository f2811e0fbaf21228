import numpy as np
import pytest
from short_runs import forget_second_looks

from core import evaluation
from core.dataset import open_dataset
from core.diagnosis import load_predictor
from core.diagnosis.second_look import MASKS, hide
from core.errors import UserError
from core.evaluation import OperatingPoint
from core.study import ENSEMBLE, Study, film_map, look_again, losses, measured_stages

HALF = OperatingPoint("half", 0.5, "one half")


@pytest.fixture(scope="module")
def candidates(trained):
    return measured_stages([trained])


@pytest.fixture(scope="module")
def study(candidates, trained, demo):
    forget_second_looks(trained)
    for candidate in candidates[:2]:
        look_again(candidate, "test", open_dataset(demo))
    found = Study.of(candidates, "test", with_ensemble=True)
    return found.at(dict.fromkeys(found.validation, HALF))


def test_a_study_holds_what_each_stage_said_and_the_ensemble_last(study, trained):
    assert [model.name for model in study.models] == [*(f"Stage {n} · trained" for n in (1, 2, 3)), ENSEMBLE]
    for number, model in enumerate(study.models[:3], start=1):
        kept = trained.predictions(number, "test").sort_values("path")
        assert np.array_equal(model.probabilities, kept["probability"])
    calm = [
        evaluation.calibrated(model.probabilities, evaluation.fit_temperature(v.labels, v.probabilities))
        for model, v in zip(study.models[:3], study.validation.values(), strict=False)
    ]
    assert study.models[3].probabilities == pytest.approx(np.mean(calm, axis=0))
    assert list(study.histories()) == [model.name for model in study.models[:3]]
    assert study.synthetic


def test_a_cohort_narrows_the_films_and_an_empty_one_is_refused(candidates, trained):
    films = frozenset(trained.predictions(1, "test")["sha256"].iloc[:5])
    found = Study.of(candidates[:1], "test", ("five", films))
    assert set(found.models[0].table["sha256"]) == films and found.films == "five"
    assert len(found.validation["Stage 1 · trained"]) == len(trained.predictions(1, "validation"))
    with pytest.raises(UserError, match="No film of that cohort is in test of trained"):
        Study.of(candidates, "test", ("none", frozenset({"x"})))


def test_what_hiding_costs_is_what_the_model_says_of_hidden_films(study, candidates, demo):
    dataset = open_dataset(demo)
    found = {(item.model, item.mask): item for item in losses(study)}
    assert set(found) == {(item.name, mask) for item in candidates[:2] for mask in MASKS}
    item = candidates[0]
    model = study.models[0]
    rows = dataset.table.set_index("path").index.get_indexer(model.table["path"])
    predictor = load_predictor(item.run.weights_path(item.stage))
    for mask, hidden in MASKS.items():
        said = predictor.probabilities(hide(np.array(dataset.pixels[rows]), hidden))
        expected = evaluation.evaluate(model.labels, said)
        assert found[item.name, mask].masked["auc"] == pytest.approx(expected["auc"])
        assert found[item.name, mask].auc.value == pytest.approx(
            expected["auc"] - found[item.name, mask].whole["auc"]
        )


def test_films_that_are_gone_cannot_be_asked_about_again(candidates, demo, tmp_path, own_home):
    (tmp_path / "set/train").mkdir(parents=True)
    for place in ("train/NORMAL", "train/PNEUMONIA"):
        (tmp_path / "set" / place).symlink_to(demo / place)
    (tmp_path / "set/test/NORMAL").mkdir(parents=True)
    with pytest.raises(
        UserError, match="of the 15 films that Stage 3 · trained was measured on are no longer"
    ):
        look_again(candidates[2], "test", open_dataset(tmp_path / "set"))


def test_the_map_lays_films_out_as_the_last_hidden_layer_spreads_them(study, candidates):
    table, shares = film_map(candidates[0], study.models[0], "test")
    assert list(table["path"]) == list(study.models[0].table["path"])
    assert 0 < shares[1] <= shares[0] <= 1 and table[["x", "y"]].notna().all(axis=None)
    hidden = candidates[0].run.second_look(1, "test")[1].astype(np.float32)
    centred = hidden - hidden.mean(axis=0)
    _, singular, _ = np.linalg.svd(centred, full_matrices=False)  # another way to the same plane
    assert shares == pytest.approx((singular**2 / (singular**2).sum())[:2], rel=1e-3)
    assert film_map(candidates[2], study.models[2], "test") is None


def test_hiding_replaces_a_part_by_the_mean_of_the_rest():
    pixels = np.full((1, 128, 128), 100, np.uint8)
    pixels[:, :64] = 200
    for mask in MASKS.values():
        found = hide(pixels, mask)
        assert np.array_equal(found[:, ~mask], pixels[:, ~mask])
        assert (found[:, mask] == round(pixels[0][~mask].mean())).all()
    assert MASKS["corners"].sum() == 4 * 32 * 32
    assert MASKS["outer 15 %"].mean() == pytest.approx(1 - 0.7**2, abs=0.01)
