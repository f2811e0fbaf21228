from dataclasses import replace

import numpy as np
import PIL.Image
import pytest

from core.dataset import open_dataset, rows_by_role
from core.dataset.synthetic import draw_chest
from core.errors import UserError
from core.images import Image, network_pixels, read_image
from core.inference import Reader, check, load_predictor, reference_of, save_reference
from core.inference.lung_check import LUNG_REASONS
from core.inference.orientation import ORIENTATIONS, thumbnails
from core.inference.out_of_distribution import out_of_distribution_score
from core.inference.reference import Reference
from core.inference.reference_fitting import compute_reference
from core.registry import answering_models

NOT_UPRIGHT = [name for name in ORIENTATIONS if name != "upright"]


def image_of(pixels: np.ndarray, **facts) -> Image:
    return Image("image", np.ascontiguousarray(pixels), "digest", **facts)


@pytest.fixture(scope="module")
def predictor(trained):
    return load_predictor(trained.weights_path(1))


@pytest.fixture(scope="module")
def reference(predictor):
    """What training kept of the first stage."""
    return reference_of(predictor.record)


@pytest.fixture(scope="module")
def images():
    """Images that no run was trained on, drawn by the same hand."""
    random = np.random.default_rng(11)
    return [draw_chest(random, ("bacteria", "virus", None)[number % 3]) for number in range(12)]


def reasons(predictor, reference, image) -> list[str]:
    output = predictor.outputs([image])[0]
    score = out_of_distribution_score(output, reference)
    return [item.reason for item in check(image, output, predictor, reference, score)]


def test_training_keeps_its_images_with_each_stage(trained, demo):
    roles = rows_by_role(open_dataset(demo), trained.settings())
    table = open_dataset(demo).table
    for stage in (1, 2, 3):
        kept = Reference.load(trained.reference_path(stage))
        assert list(kept.sha256) == list(table["sha256"].iloc[np.sort(roles["training"])])
        assert list(kept.labels) == list(table["label"].iloc[np.sort(roles["training"])])
        assert np.allclose(np.linalg.norm(kept.hidden.astype(float), axis=1), 1, atol=2e-3)


def test_an_image_is_nearest_to_itself(predictor, reference, demo):
    dataset = open_dataset(demo)
    row = dataset.table.index[dataset.table["sha256"] == reference.sha256[3]][0]
    output = predictor.outputs([image_of(dataset.pixels[row])])[0]
    found = reference.nearest(output.hidden)
    assert found[0].sha256 == reference.sha256[3] and found[0].distance < 1e-3 and len(found) == 5
    assert [image.distance for image in found] == sorted(image.distance for image in found)


def test_images_like_those_of_training_pass(predictor, reference, images):
    passed = [not reasons(predictor, reference, image_of(image)) for image in images]
    assert np.mean(passed) >= 0.5  # the threshold is the farthest of eight validation images here


@pytest.mark.parametrize("orientation", NOT_UPRIGHT)
def test_inverted_and_turned_images_are_named(predictor, reference, images, orientation):
    pixels = [network_pixels(image_of(image)) for image in images]
    named = [
        reference.orientation(np.ascontiguousarray(ORIENTATIONS[orientation](image))) for image in pixels
    ]
    assert named.count(orientation) >= 11
    assert [reference.orientation(image) for image in pixels].count("upright") >= 11


def test_what_is_no_image_gets_no_result(trained):
    random = np.random.default_rng(3)
    others = [random.integers(0, 256, (300, 300)).astype(np.uint8) for _ in range(5)]
    for _ in range(5):
        patches = PIL.Image.fromarray(random.integers(0, 256, (7, 9)).astype(np.uint8))
        others.append(np.asarray(patches.resize((300, 300), PIL.Image.Resampling.NEAREST)))
    reader = Reader(trained.weights_path(1))
    readings = reader.read(map(image_of, others))
    assert all(reading.withheld for reading in readings)
    assert all("No lungs found" in reading.warnings()[0] for reading in readings)
    assert all("Outside the range" in reading.warnings()[1] for reading in readings)
    anyway = reader.read(map(image_of, others), anyway=True)
    assert not any(reading.withheld for reading in anyway) and all(item.warnings() for item in anyway)


def test_blank_and_coloured_images_are_refused_without_any_reference(predictor):
    assert reasons(predictor, None, image_of(np.full((200, 200), 90, np.uint8))) == ["blank"]
    noise = np.random.default_rng(0).integers(0, 256, (200, 200)).astype(np.uint8)
    assert reasons(predictor, None, image_of(noise, coloured=True)) == ["colour"]
    assert reasons(predictor, None, image_of(noise)) == ["no lungs"]


def test_the_threshold_is_what_validation_keeps_below(trained, predictor, reference, demo):
    dataset = open_dataset(demo)
    roles = rows_by_role(dataset, trained.settings())
    found = reference.distance(predictor.features(dataset.pixels[roles["validation"]])[0])
    assert (found <= 1).mean() >= 0.8 and found.max() >= 1
    again = compute_reference(predictor, dataset, roles["training"], roles["validation"])
    assert again.distance_limit == pytest.approx(reference.distance_limit, rel=0.02)


def test_all_training_images_are_known_where_only_some_are_compared(
    trained, predictor, demo, tmp_path, monkeypatch
):
    monkeypatch.setattr("core.inference.reference_fitting.MAX_IMAGES", 5)
    dataset = open_dataset(demo)
    roles = rows_by_role(dataset, trained.settings())
    limited = compute_reference(predictor, dataset, roles["training"], roles["validation"])
    limited.save(tmp_path / "reference.npz")
    loaded = Reference.load(tmp_path / "reference.npz")
    assert loaded.compared_images == len(loaded.hidden) == 5 < len(roles["training"])
    assert loaded.training_images == frozenset(dataset.table["sha256"].iloc[roles["training"]])


def test_thumbnails_are_means_of_blocks():
    pixels = np.zeros((1, 128, 128), np.uint8)
    pixels[0, :8, 8:16] = 200
    found = thumbnails(pixels)[0].reshape(16, 16)
    assert found.argmax() == 1 and found.mean() == pytest.approx(0, abs=1e-6)
    assert found.std() == pytest.approx(1)


def test_a_reference_of_another_model_or_a_damaged_one_is_none(trained, tmp_path, predictor):
    assert reference_of(predictor.record) is not None
    path = trained.reference_path(1)
    kept = path.read_bytes()
    path.write_bytes(kept[:1000])
    assert reference_of(predictor.record) is None
    path.write_bytes(kept)
    assert all(reference_of(model.record) for model in answering_models())


def test_a_set_that_changed_gives_no_reference(trained, demo, tmp_path):
    other = tmp_path / "other"
    for path in demo.rglob("*.jpeg"):
        if "1" in path.stem:
            target = other / path.relative_to(demo)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    with pytest.raises(UserError, match="changed since|too few|patients"):
        save_reference(trained, 1, open_dataset(other))


def test_a_limit_of_lungs_holds_for_the_network_that_it_was_found_with(predictor, reference, images):
    def remarks_on_lungs(reference):
        found = [reasons(predictor, reference, image_of(image)) for image in images]
        return sum(bool(set(LUNG_REASONS) & set(each)) for each in found)

    assert reference.current and reference.lung_limit > 1  # drawn lungs are odd
    assert remarks_on_lungs(replace(reference, lung_network="another")) > remarks_on_lungs(reference)


def test_renewing_lungs_tells_a_damaged_reference_from_what_else_may_fail(trained, demo):
    def closed(*_):
        raise BrokenPipeError("the terminal is gone")

    with pytest.raises(BrokenPipeError):
        save_reference(trained, 1, open_dataset(demo), closed, only_lungs=True)
    path = trained.reference_path(1)
    kept = path.read_bytes()
    path.write_bytes(kept[:1000])
    try:
        with pytest.raises(UserError, match="cannot be read. Compute the whole reference"):
            save_reference(trained, 1, open_dataset(demo), only_lungs=True)
    finally:
        path.write_bytes(kept)


def test_an_image_of_training_reads_as_before(trained, predictor, demo):
    path = next((demo / "test/PNEUMONIA").iterdir())
    (checked,) = Reader(trained.weights_path(1)).read([read_image(path)], anyway=True)
    assert checked.prediction == predictor.predict([read_image(path)])[0]
