import numpy as np
import pytest
from PIL import Image

from core.dataset import open_dataset, rows_by_role
from core.dataset.demo import draw_chest
from core.diagnosis import available_models, check, keep_reference, load_predictor, read_films, reference_of
from core.diagnosis.reference import ATTITUDES, Reference, measure_reference, thumbnails
from core.errors import UserError
from core.images import Radiograph, network_pixels, read

OTHERWISE = [name for name in ATTITUDES if name != "upright"]


def film_of(pixels: np.ndarray, **facts) -> Radiograph:
    return Radiograph("film", np.ascontiguousarray(pixels), "digest", **facts)


@pytest.fixture(scope="module")
def predictor(trained):
    return load_predictor(trained.weights_path(1))


@pytest.fixture(scope="module")
def reference(predictor):
    """What training kept of the first stage."""
    return reference_of(predictor.record)


@pytest.fixture(scope="module")
def films():
    """Films that no run was trained on, drawn by the same hand."""
    random = np.random.default_rng(11)
    return [draw_chest(random, ("bacteria", "virus", None)[number % 3]) for number in range(12)]


def reasons(predictor, reference, film) -> list[str]:
    look = predictor.look([film])[0]
    return [item.reason for item in check(film, look, predictor, reference)]


def test_training_keeps_its_films_with_each_stage(trained, demo):
    roles = rows_by_role(open_dataset(demo), trained.settings())
    table = open_dataset(demo).table
    for stage in (1, 2, 3):
        kept = Reference.load(trained.reference_path(stage))
        assert list(kept.sha256) == list(table["sha256"].iloc[np.sort(roles["training"])])
        assert list(kept.labels) == list(table["label"].iloc[np.sort(roles["training"])])
        assert np.allclose(np.linalg.norm(kept.hidden.astype(float), axis=1), 1, atol=2e-3)


def test_a_film_is_nearest_to_itself(predictor, reference, demo):
    dataset = open_dataset(demo)
    row = dataset.table.index[dataset.table["sha256"] == reference.sha256[3]][0]
    look = predictor.look([film_of(dataset.pixels[row])])[0]
    found = reference.nearest(look.hidden)
    assert found[0].sha256 == reference.sha256[3] and found[0].distance < 1e-3 and len(found) == 5
    assert [film.distance for film in found] == sorted(film.distance for film in found)


def test_films_like_those_of_training_pass(predictor, reference, films):
    passed = [not reasons(predictor, reference, film_of(film)) for film in films]
    assert np.mean(passed) >= 0.5  # the threshold is the farthest of eight validation films here


@pytest.mark.parametrize("attitude", OTHERWISE)
def test_inverted_and_turned_films_are_named(predictor, reference, films, attitude):
    pixels = [network_pixels(film_of(film)) for film in films]
    named = [reference.attitude(np.ascontiguousarray(ATTITUDES[attitude](film))) for film in pixels]
    assert named.count(attitude) >= 11
    assert [reference.attitude(film) for film in pixels].count("upright") >= 11


def test_what_is_no_film_gets_no_answer(predictor, reference):
    random = np.random.default_rng(3)
    others = [random.integers(0, 256, (300, 300)).astype(np.uint8) for _ in range(5)]
    for _ in range(5):
        patches = Image.fromarray(random.integers(0, 256, (7, 9)).astype(np.uint8))
        others.append(np.asarray(patches.resize((300, 300), Image.Resampling.NEAREST)))
    readings = read_films(map(film_of, others), predictor, reference)
    assert all(reading.withheld for reading in readings)
    assert all("does not look like" in reading.warnings()[0] for reading in readings)
    anyway = read_films(map(film_of, others), predictor, reference, anyway=True)
    assert not any(reading.withheld for reading in anyway) and all(item.warnings() for item in anyway)


def test_blank_and_coloured_images_are_refused_without_any_reference(predictor):
    assert reasons(predictor, None, film_of(np.full((200, 200), 90, np.uint8))) == ["blank"]
    noise = np.random.default_rng(0).integers(0, 256, (200, 200)).astype(np.uint8)
    assert reasons(predictor, None, film_of(noise, coloured=True)) == ["colour"]
    assert reasons(predictor, None, film_of(noise)) == []


def test_the_threshold_is_what_validation_keeps_below(trained, predictor, reference, demo):
    dataset = open_dataset(demo)
    roles = rows_by_role(dataset, trained.settings())
    found = reference.distance(predictor.seen(dataset.pixels[roles["validation"]])[0])
    assert (found <= 1).mean() >= 0.8 and found.max() >= 1
    again = measure_reference(predictor, dataset, roles["training"], roles["validation"])
    assert again.far == pytest.approx(reference.far, rel=0.02)


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
    assert all(reference_of(model.record) for model in available_models())


def test_a_set_that_changed_gives_no_reference(trained, demo, tmp_path):
    other = tmp_path / "other"
    for path in demo.rglob("*.jpeg"):
        if "1" in path.stem:
            target = other / path.relative_to(demo)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    with pytest.raises(UserError, match="changed since|too few|patients"):
        keep_reference(trained, 1, open_dataset(other))


def test_a_film_of_training_reads_as_before(predictor, reference, demo):
    path = next((demo / "test/PNEUMONIA").iterdir())
    checked = read_films([read(path)], predictor, reference, anyway=True)[0]
    assert checked.prediction == predictor.predict([read(path)])[0]
