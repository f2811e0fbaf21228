"""What a probability was worth on test images stands beside it, and contradicts it where it was wrong."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core import atomic
from core.cli.main import main
from core.images import read_image
from core.inference import Reader, bundled_models, file_results
from core.inference.track_record import MIN_IMAGES, PREDICTIONS, TrackRecord, track_record_of
from core.weights import ModelRecord


def table(probabilities: np.ndarray, positive: np.ndarray) -> pd.DataFrame:
    """Predictions as a run saves them."""
    return pd.DataFrame(
        {
            "path": [f"{number:04}" for number in range(len(probabilities))],
            "label": np.where(positive, "PNEUMONIA", "NORMAL"),
            "probability": probabilities,
        }
    )


def record_of(predictions: tuple[np.ndarray, np.ndarray], temperature: float = 1.0) -> TrackRecord:
    """The track record of a model with these probabilities and true labels."""
    probabilities, positive = predictions
    return TrackRecord.of(probabilities, positive.astype(np.int64), temperature)


PROBABILITIES = np.linspace(0.005, 0.995, 300)


def test_a_calibrated_model_is_not_contradicted():
    positive = np.random.default_rng(0).random(300) < PROBABILITIES
    record = record_of((PROBABILITIES, positive))
    assert [record.near(value).contradiction(value) for value in (0.02, 0.3, 0.5, 0.7, 0.98)] == [""] * 5


@pytest.mark.parametrize(
    ("bound", "probability", "expected", "counts"),
    [(0.9, 0.7, "too high", "(65% to 75%), 0 had"), (0.1, 0.3, "too low", "(25% to 35%), 30 had")],
)
def test_a_probability_that_test_images_contradict_is_named(bound, probability, expected, counts):
    record = record_of((PROBABILITIES, bound < PROBABILITIES))
    similar = record.near(probability)
    assert similar.contradiction(probability) == expected
    assert counts in similar.sentence()


def test_one_image_has_pneumonia():
    record = record_of((PROBABILITIES, np.arange(300) == 299))
    assert record.near(0.99).sentence().endswith("1 had pneumonia.")


def test_temperature_is_applied():
    record = record_of((np.array([0.1, 0.9]), np.array([False, True])), 2.0)
    assert record.probabilities == pytest.approx([0.25, 0.75])


def test_the_bundled_model_says_what_its_probabilities_were_worth(monkeypatch):
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    (model,) = bundled_models()
    record = track_record_of(model.record, model.path)
    assert len(record.probabilities) == model.record.evaluation["test"]["n"]
    assert record.near(0.6).contradiction(0.6) == "too high"
    assert record.near(0.001).contradiction(0.001) == ""


def test_test_images_say_nothing_of_probabilities_that_were_calibrated_for_a_hospital(monkeypatch):
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    (model,) = bundled_models()
    record = replace(model.record, temperature=3.0, temperature_rule="on 400 images of ward")
    assert track_record_of(record, model.path) is None


def test_predictions_beside_the_weights_count_before_the_runs(tmp_path, monkeypatch):
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    (model,) = bundled_models()
    weights = tmp_path / model.path.name
    beside = weights.with_name(PREDICTIONS.format("test"))
    few = table(PROBABILITIES[: MIN_IMAGES - 1], np.arange(MIN_IMAGES - 1) % 2 == 0)
    atomic.write_text(beside, few.to_csv(index=False))
    assert track_record_of(model.record, weights) is None


@pytest.mark.parametrize("row", ["0301,NORMAL", "x" * 200_000])
def test_a_damaged_table_is_no_track_record(tmp_path, row):
    positive = np.arange(len(PROBABILITIES)) % 2 == 0
    text = table(PROBABILITIES, positive).to_csv(index=False)
    beside = tmp_path / PREDICTIONS.format("test")
    for content, known in ((text, True), (f"{text}{row}\n", False)):
        atomic.write_text(beside, content)
        assert (track_record_of(ModelRecord(run="r"), tmp_path / "weights.h5") is not None) is known


def test_remarks_api_and_terminal_say_it(monkeypatch, real, capsys):
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    (model,) = bundled_models()
    path = min((real / "test" / "PNEUMONIA").glob("*.jpeg"))
    reader = Reader(model.path)
    (reading,) = reader.read([read_image(path)], anyway=True)
    assert reading.similar_scores.sentence() in reading.remarks()
    (result,) = file_results(reader, [(path.name, lambda: read_image(path))], anyway=True)["results"]
    assert result["similar_test_images"]["with_pneumonia"] == reading.similar_scores.positives
    assert main(["predict", str(path), "--model", str(model.path), "--anyway"]) in (0, None)
    assert f"{reading.similar_scores.positives} of 30 have pneumonia." in capsys.readouterr().out
