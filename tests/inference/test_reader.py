from functools import partial

import numpy as np
import pytest

from core.errors import UserError
from core.images import Image, read_image
from core.inference import Reader, load_predictor, reference_of
from core.weights import WeightsError


@pytest.fixture(scope="module")
def reader(trained):
    return Reader(trained.weights_path(3))


@pytest.fixture(scope="module")
def paths(demo):
    return sorted((demo / "test").glob("*/*.jpeg"))[:5]


def test_files_are_read_in_order_and_errors_are_passed_through(reader, paths, tmp_path):
    broken = tmp_path / "broken.jpeg"
    broken.write_bytes(b"x")
    files = [partial(read_image, path) for path in (*paths[:3], broken, *paths[3:])]
    batches = list(reader.read_files(files, batch=2, anyway=True))
    assert [len(batch) for batch in batches] == [2, 2, 2]
    readings = [reading for batch in batches for reading in batch]
    assert isinstance(readings.pop(3), UserError)
    assert [reading.image.name for reading in readings] == [path.name for path in paths]
    alone = reader.predictor.predict([read_image(path) for path in paths])
    probabilities = [prediction.probability for prediction in alone]
    assert [reading.prediction.probability for reading in readings] == pytest.approx(probabilities, abs=1e-5)


def test_heat_maps_and_second_opinions_are_made_only_where_they_are_wanted(reader, paths):
    image = read_image(paths[0])
    (plain,) = reader.read([image], anyway=True)
    assert plain.heat_map is None and plain.second_opinion is None
    (full,) = reader.read([image], heat_map=True, second_opinion=True, anyway=True)
    assert full.heat_map is not None and list(full.second_opinion.stages) == [1, 2, 3]
    noise = np.random.default_rng(0).integers(0, 256, (300, 300)).astype(np.uint8)
    (withheld,) = reader.read([Image("noise", noise, "digest")], second_opinion=True)
    assert withheld.withheld and withheld.second_opinion is None


def test_the_other_stages_in_the_folder_are_companions(reader, trained):
    assert reader.stage == 3 and list(reader.companions) == [1, 2]
    assert reader.reference is reference_of(reader.record)
    for stage, predictor in reader.companions.items():
        assert predictor.record == load_predictor(trained.weights_path(stage)).record


def test_a_missing_weights_file_is_reported(tmp_path):
    with pytest.raises(WeightsError):
        Reader(tmp_path / "missing.h5").read([])
