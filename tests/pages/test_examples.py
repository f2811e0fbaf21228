"""The drawn chests that people try the Diagnosis page with."""

import pytest

from core.images import decode
from core.inference import ABSENT, PRESENT, Reader, bundled_models
from pages.diagnosis.examples import EXAMPLES, examples

pytestmark = pytest.mark.slow


def test_the_bundled_model_gives_each_example_a_score_and_the_right_finding(monkeypatch):
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    (model,) = bundled_models()
    images = [decode(example.data(), example.name) for example in examples()]
    readings = Reader.of(model).read(images, second_opinion=True)
    expected = [PRESENT if with_opacity else ABSENT for _seed, with_opacity in EXAMPLES.values()]
    assert [reading.finding for reading in readings] == expected == [PRESENT, ABSENT]
    assert not any(reading.doubtful or reading.probability is None for reading in readings)
