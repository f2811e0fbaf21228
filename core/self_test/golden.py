"""Golden images through the three ways in: a file, the API and the DICOM node."""

import io
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image

from core.errors import UserError, sentence_of
from core.evaluation import calibrated
from core.images import Image, read_image
from core.inference import Reader, Reading, bundled_models
from core.registry import (
    TOLERANCE,
    GoldenAgreement,
    GoldenImages,
    NoGoldenImages,
    RegisteredModel,
    active_model,
    active_registered_model,
    answering_registered_model,
    bundled_model,
    golden_images,
    missing_model,
    save_agreement,
    unchanged,
)
from core.self_test.api_answers import api_probabilities
from core.self_test.node_answers import NodeReport, node_reports
from core.self_test.result import FAILED, NO_FIGURE, PASSED, Finding
from core.sentence import Sentence, joined
from core.weights import WeightsError

ROUNDING = 0.05  # of a percentage with one decimal place


def active_by_file() -> Finding:
    """The active model's golden images, read from files; whether they agree decides whether it answers."""
    item = active_registered_model()
    if item is None:
        active = active_model()
        raise UserError(joined(active.model.notices, " ") if active else missing_model())
    if item.version:
        unchanged(item.folder)
    return _by_file(item)


def bundled_by_file() -> Finding | None:
    """The same of the bundled model where it stands by for another one; None where it does not."""
    item = active_registered_model()
    if not bundled_models() or (item and item.model.bundled):
        return None
    return _by_file(bundled_model())


def model_that_answers() -> Finding:
    """Which model answers now, and that it is the one that was promoted."""
    active = active_model()
    if active is None:
        return Finding(FAILED, NO_FIGURE, missing_model())
    identity = str(active.model.identity)
    if active.model.notices:
        return Finding(FAILED, identity, joined(active.model.notices, " "))
    return Finding(PASSED, identity, Sentence("It is the active model."))


def by_api() -> Finding:
    """The golden images of the model that answers, sent to the API as a form of PNG files."""
    item = _answering()
    golden = golden_images(item)
    probabilities = api_probabilities([_png(pixels) for pixels in golden.pixels], item.model.identity)
    return _finding(golden.agreement(probabilities))


def by_node() -> Finding:
    """The golden images of the model that answers, sent to a DICOM node, and what its reports say."""
    item = _answering()
    golden = golden_images(item)
    reports = node_reports(golden.pixels, item.model.identity)
    with tempfile.TemporaryDirectory() as folder:
        readings = Reader.of(item.model).read(_images(golden.pixels, Path(folder)))
    odd = sum(not _says_the_same(*pair) for pair in zip(reports, readings, strict=True))
    if odd:
        sentence = Sentence(
            "For {count} images, the node reports another percentage or other warnings than the same images "
            "get from files.",
            count=odd,
        )
        return Finding(FAILED, Sentence("{count} differ", count=odd), sentence)
    percentages = [report.percentage for report in reports]
    largest = _largest_difference(golden, percentages, item.model.record.temperature)
    count = len(percentages) - percentages.count(None)
    if not count:
        sentence = Sentence(
            "Reports give no percentage for any of these {total} images. Their warnings, numbers included, "
            "are those that the images get from files.",
            total=len(percentages),
        )
        return Finding(PASSED, Sentence("the same warnings"), sentence)
    detail = Sentence(
        "Largest difference {largest:.4f} on the {count} of {total} golden images for which reports give a "
        "percentage; at most {tolerance:g} is allowed. Reports round to 0.1%. Their warnings, numbers "
        "included, are those that all these images get from files.",
        largest=largest,
        count=count,
        total=len(percentages),
        tolerance=TOLERANCE,
    )
    return Finding(PASSED if largest <= TOLERANCE else FAILED, f"{largest:.4f}", detail)


def _says_the_same(report: NodeReport, reading: Reading) -> bool:
    """Whether a report gives a percentage where the reader does, and all warnings that the reader gives."""
    return (report.percentage is None) == (reading.probability is None) and report.comments >= set(
        reading.warnings()
    )


def _largest_difference(golden: GoldenImages, percentages: list[float | None], temperature: float) -> float:
    """How far the recorded probabilities are from what percentages of one decimal place can stand for.

    Args:
        golden: with one recorded probability for each percentage.
        percentages: calibrated; None where there is none.
        temperature: of the calibration.
    """
    largest = 0.0
    for recorded, percentage in zip(golden.probabilities, percentages, strict=True):
        if percentage is not None:
            bounds = np.clip(np.array([percentage - ROUNDING, percentage + ROUNDING]) / 100, 0, 1)
            low, high = calibrated(bounds, 1 / temperature)  # as the network computes them
            largest = max(largest, low - recorded, recorded - high)
    return float(largest)


def _by_file(item: RegisteredModel) -> Finding:
    """Compare, and keep in the registry whether the model may answer."""
    try:
        golden = golden_images(item)
        with tempfile.TemporaryDirectory() as folder:
            images = _images(golden.pixels, Path(folder))
        readings = Reader.of(item.model).read(images, anyway=True)
        agreement = golden.agreement(np.array([reading.prediction.probability for reading in readings]))
    except (NoGoldenImages, WeightsError):
        raise  # there is nothing to compare with, or nothing to compare
    except UserError as error:  # damaged golden images
        agreement = GoldenAgreement(False, sentence_of(error))
    finding = _finding(agreement)
    try:
        save_agreement(item.folder, item.model.path, agreement.passed, agreement.detail)
    except UserError as error:
        kept_not = Sentence("This cannot be kept: {error}", error=sentence_of(error))
        return replace(finding, outcome=FAILED, sentence=joined([finding.sentence, kept_not], " "))
    if agreement.passed:
        return finding
    unused = Sentence("{title} is not used any more.", title=item.title)
    return replace(finding, sentence=joined([finding.sentence, unused], " "))


def _answering() -> RegisteredModel:
    item = answering_registered_model()
    if item is None:
        raise UserError(missing_model())
    return item


def _images(pixels: np.ndarray, folder: Path) -> list[Image]:
    """The images, written to files and read again."""
    images = []
    for number, values in enumerate(pixels):
        path = folder / f"golden-{number:02d}.png"
        path.write_bytes(_png(values))
        images.append(read_image(path))
    return images


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _finding(agreement: GoldenAgreement) -> Finding:
    figure = NO_FIGURE if agreement.largest is None else f"{agreement.largest:.4f}"
    return Finding(PASSED if agreement.passed else FAILED, figure, agreement.detail)
