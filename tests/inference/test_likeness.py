"""Is an image like those that the model was trained on?"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageFilter
import pytest
from bundled_run import BUNDLED_RUN, BUNDLED_WEIGHTS

from core.anatomy import shared_lung_finder
from core.api.schema import Result
from core.images import Image, network_pixels, read_image
from core.inference import Reader, file_results, load_predictor
from core.inference.ensemble_reference import EnsembleReference
from core.inference.likeness import MIN_VALIDATION_IMAGES, QUANTILE, appearance, fit_likeness
from core.inference.out_of_distribution import MAX_BLUR, check, out_of_distribution_score
from core.inference.reference import Reference


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference.load(BUNDLED_RUN.path / "references/model_03.npz")


@pytest.fixture(scope="module")
def chests(real) -> list[np.ndarray]:
    paths = sorted((real / "test").glob("*/*.jpeg"))[::16]
    return [network_pixels(read_image(path)) for path in paths]


def scores(reference, images) -> np.ndarray:
    pixels = np.stack(images)
    lungs = shared_lung_finder().find_in_pixels(pixels)
    return np.array([reference.likeness_score(*pair) for pair in zip(pixels, lungs, strict=True)])


def test_the_bundled_model_knows_the_lung_network_that_is_bundled(reference):
    assert reference.current, f"python -m core reference {BUNDLED_RUN.name} --lungs --data DATA"
    assert reference.lung_limit == 1


def test_images_from_home_are_like_those_it_was_trained_on(reference, chests):
    assert np.mean(scores(reference, chests) > 1) <= 0.1


def bordered(chest, grey):
    return np.pad(np.asarray(PIL.Image.fromarray(chest).resize((104, 104))), 12, constant_values=grey)


def noisy(chest):
    noise = np.random.default_rng(0).normal(0, 8, chest.shape)
    return np.clip(chest + noise, 0, 255).astype(np.uint8)


def sharpened(chest):
    return np.asarray(PIL.Image.fromarray(chest).filter(PIL.ImageFilter.UnsharpMask(2, 250, 0)))


@pytest.mark.parametrize(
    "change",
    [lambda chest: bordered(chest, 0), lambda chest: bordered(chest, 255), noisy, sharpened],
    ids=["black border", "white border", "noisy", "sharpened"],
)
def test_another_frame_or_sharpness_is_unlike(reference, chests, change):
    assert np.mean(scores(reference, list(map(change, chests))) > 1) >= 0.6


def test_an_unlike_image_is_answered_with_a_warning(real, monkeypatch):
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    chest = read_image(next((real / "test/NORMAL").iterdir())).pixels
    bright = np.clip(1.6 * chest.astype(float), 0, 255).astype(np.uint8)
    reader = Reader(BUNDLED_WEIGHTS)
    home, other = reader.read([Image("home", chest, "a"), Image("other", bright, "b")])
    assert home.warnings() == []
    assert not other.withheld and other.warnings()[-1].startswith(
        "Unlike the images this model was trained on"
    )
    assert home.probability == home.prediction.calibrated and other.probability is None


def test_programs_get_the_number_of_an_unlike_image_only_as_a_raw_one(real, monkeypatch):
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    chest = read_image(next((real / "test/NORMAL").iterdir())).pixels
    bright = np.clip(1.6 * chest.astype(float), 0, 255).astype(np.uint8)
    reader = Reader(BUNDLED_WEIGHTS)
    files = [("home", lambda: Image("home", chest, "a")), ("other", lambda: Image("other", bright, "b"))]
    home, other = file_results(reader, files, second_opinion=True)["results"]
    (prediction,) = reader.predictor.predict([Image("other", bright, "b")])
    assert home["probability"] and "raw_probability" not in home and "score_note" not in home
    assert other["score_note"].startswith("The score means nothing here")
    assert other["raw_probability"] == pytest.approx(prediction.probability, abs=1e-3)
    numbers = [other[name] for name in ("probability", "calibrated", "lowest", "highest")]
    assert numbers == [None] * 4 and "similar_test_images" not in other
    assert other["stages"] == {3: {"label": other["label"], "probability": None, "calibrated": None}}
    for result in (home, other):
        Result.model_validate(result)


def test_a_percentage_that_was_calibrated_for_a_hospital_is_given_there(real, monkeypatch):
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    chest = read_image(next((real / "test/NORMAL").iterdir())).pixels
    bright = Image("other", np.clip(1.6 * chest.astype(float), 0, 255).astype(np.uint8), "b")
    predictor = load_predictor(BUNDLED_WEIGHTS)
    predictor = replace(
        predictor, record=replace(predictor.record, temperature_rule="on a hospital's images")
    )
    (output,) = predictor.outputs([bright])
    reference = Reference.load(BUNDLED_RUN.path / "references/model_03.npz")
    score = out_of_distribution_score(output, reference)
    checks = check(bright, output, predictor, reference, score)
    assert checks[-1].reason == "unlike tested images" and not checks[-1].voids_score
    assert checks[-1].sentence.endswith("The percentage may not hold.")


def test_the_limit_is_what_validation_keeps(chests):
    random = np.random.default_rng(1)
    training = list(random.normal(size=(300, 5)).astype(np.float32))
    held_out = list(random.normal(size=(200, 5)).astype(np.float32))
    classes = np.arange(300) % 2
    likeness = fit_likeness([None, *training], np.array([0, *classes]), [*held_out, None])
    kept = [likeness.score(each) <= 1 for each in held_out]
    assert np.mean(kept) == pytest.approx(QUANTILE, abs=0.005)
    assert likeness.score(np.full(5, 10, np.float32)) > 2
    assert fit_likeness(training, classes, held_out[: MIN_VALIDATION_IMAGES - 1]) is None
    assert fit_likeness(training, np.zeros(300, int), held_out) is None


def test_no_score_without_two_lungs_or_with_another_lung_network(reference, chests):
    pixels = chests[0]
    (lungs,) = shared_lung_finder().find_in_pixels(pixels[np.newaxis])
    assert appearance(pixels, replace(lungs, geometry=None)) is None
    assert reference.likeness_score(255 - pixels, lungs) > 1
    other = replace(reference, lung_network="another", lung_limit=3.0)
    assert other.likeness_score(255 - pixels, lungs) == 0
    assert other.current_lung_limit == 1 and replace(reference, lung_limit=3.0).current_lung_limit == 3
    ensemble = EnsembleReference((other, reference))
    assert ensemble.likeness_score(pixels, lungs) == reference.likeness_score(pixels, lungs)


def test_a_reference_is_the_same_after_saving_and_old_ones_still_load(reference, tmp_path, chests):
    reference.save(tmp_path / "saved.npz")
    saved = Reference.load(tmp_path / "saved.npz")
    assert (scores(saved, chests[:3]) == scores(reference, chests[:3])).all()
    with np.load(BUNDLED_RUN.path / "references/model_03.npz") as file:
        old = {name: file[name] for name in file if not name.startswith(("likeness", "lung_"))}
    np.savez(tmp_path / "old.npz", **old)
    loaded = Reference.load(Path(tmp_path / "old.npz"))
    assert loaded.likeness is None and loaded.lung_limit == 1 and loaded.created == reference.created
    assert (scores(loaded, chests[:3]) == 0).all()


def deviations(reference, images, number: int) -> list[dict[str, float]]:
    pixels = np.stack(images)
    lungs = shared_lung_finder().find_in_pixels(pixels)
    told = [reference.deviations(*pair, number) for pair in zip(pixels, lungs, strict=True)]
    return [each for each in told if each]


def test_a_deviation_is_told_in_the_direction_of_the_change(reference, chests):
    plain = deviations(reference, chests[:8], 1)
    brighter = deviations(reference, [np.minimum(chest, 215) + np.uint8(40) for chest in chests[:8]], 1)
    flatter = deviations(reference, [chest // 2 + np.uint8(64) for chest in chests[:8]], 1)
    for name, changed, sign in (("brightness", brighter, 1), ("contrast", flatter, -1)):
        means = [np.mean([each[name] for each in group]) for group in (plain, changed)]
        assert sign * (means[1] - means[0]) > 1 and abs(means[0]) < 1


def test_an_ensemble_tells_the_deviations_of_a_member_that_knows(reference, chests):
    ensemble = EnsembleReference((replace(reference, likeness=None), reference))
    assert deviations(ensemble, chests[:2], 0) == deviations(reference, chests[:2], 0)
    assert not deviations(replace(reference, likeness=None), chests[:2], 0)


def blurred(chest, radius: float) -> np.ndarray:
    return np.asarray(PIL.Image.fromarray(chest).filter(PIL.ImageFilter.GaussianBlur(radius)))


def test_blur_is_told_whatever_the_contrast_and_sharp_images_are_not_blurred(reference, chests):
    faint = [(100 + chest * 0.4).astype(np.uint8) for chest in chests]
    assert max(map(reference.blur, [*chests, *faint])) < MAX_BLUR
    assert min(reference.blur(blurred(chest, 1)) for chest in [*chests, *faint]) > MAX_BLUR
    assert reference.blur(sharpened(chests[0])) < reference.blur(chests[0])
    without = replace(reference, likeness=None)
    assert without.blur(blurred(chests[0], 2)) == 0
    assert EnsembleReference((without, reference)).blur(chests[0]) == max(0, reference.blur(chests[0]))


def test_a_blurred_image_is_uncertain_and_has_no_percentage(real, monkeypatch):
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    chest = read_image(next((real / "test/NORMAL").iterdir()))
    soft = replace(chest, pixels=blurred(chest.pixels, chest.width / 64))
    sharp, reading = Reader(BUNDLED_WEIGHTS).read([chest, soft])
    assert not sharp.checks
    assert "blurred" in [check.reason for check in reading.checks]
    assert reading.finding == "Uncertain" and reading.probability is None and not reading.withheld
