"""Answers for files as plain values: the same fields over HTTP and in the terminal."""

import base64
import io
import time
from collections.abc import Callable
from dataclasses import asdict, replace

from PIL import Image

from core.diagnosis.opinions import opinion
from core.diagnosis.predictor import BATCH, Predictor
from core.diagnosis.reading import Reading, read_films
from core.diagnosis.reference import reference_of
from core.images import ImageError, Radiograph
from core.weights import ModelRecord

NOTICE = "Research software, not a medical device."


def answer_files(
    files: list[tuple[str, Callable[[], Radiograph]]],
    predictors: dict[int, Predictor],
    stage: int,
    heat: bool = False,
    opinions: bool = False,
    anyway: bool = False,
) -> dict:
    """One result a file, in order; a bad file has an error and never spoils the others.

    Args:
        files: name, and what reads it.
        predictors: by stage number; the others than `stage` are asked for opinions alone.
        stage: whose answers are wanted.
        heat: whether to add where the model looked, as a PNG.
        opinions: whether to add what small changes of the film and the other stages say.
        anyway: whether to answer for films that the model cannot judge, with a warning.

    Returns:
        Plain values: results, threshold, model, precision, seconds, notice.
    """
    began = time.perf_counter()
    predictor = predictors[stage]
    results = []
    for start in range(0, len(files), BATCH):
        results += _batch(files[start : start + BATCH], predictors, stage, heat, opinions, anyway)
    return {
        "results": results,
        "threshold": predictor.record.threshold,
        "model": described(predictor.record, stage),
        "precision": predictor.precision,
        "seconds": round(time.perf_counter() - began, 4),
        "notice": NOTICE,
    }


def _batch(
    files, predictors: dict[int, Predictor], stage: int, heat: bool, opinions: bool, anyway: bool
) -> list[dict]:
    """Results for as many films as are read at once."""
    films, results = {}, []
    for place, (name, read) in enumerate(files):
        try:
            films[place] = read()
            results.append({"file": name})
        except ImageError as error:
            results.append({"file": name, "error": str(error)})
    reference = reference_of(predictors[stage].record)
    readings = read_films(films.values(), predictors[stage], reference, heat, anyway)
    for place, reading in zip(films, readings, strict=True):
        if opinions and not reading.withheld:
            second = opinion(reading.film, reading.look, predictors, stage, reference)
            reading = replace(reading, opinion=second)
        results[place] |= _values(reading)
    return results


def _values(reading: Reading) -> dict:
    """A reading as plain values."""
    if reading.withheld:
        return {"error": " ".join(reading.warnings()), "withheld": reading.checks[0].reason}
    values = {**asdict(reading.prediction), "facts": reading.film.facts, "warnings": reading.warnings()}
    if reading.heat:
        values["heatmap"] = _png(reading.heat.over(reading.film.pixels))
    if reading.opinion:
        values |= asdict(reading.opinion)
    return values


def described(record: ModelRecord, stage: int) -> dict:
    """What a model's file says of itself."""
    names = ("run", "data", "synthetic", "starting_weights", "preprocessing", "threshold", "threshold_rule")
    return {"stage": stage, **{name: getattr(record, name) for name in (*names, "evaluation")}}


def _png(heat) -> str:
    """A map as a grey PNG, base64."""
    buffer = io.BytesIO()
    Image.fromarray((heat * 255).astype("uint8")).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
