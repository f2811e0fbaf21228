"""Results for files as plain values: the same keys over HTTP and in the terminal."""

import base64
import io
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial

import numpy as np
import PIL.Image

from core.errors import UserError
from core.images import DecoderBusy, ImageLoader
from core.inference.identity import ModelIdentity, short_digest
from core.inference.predictor import BATCH
from core.inference.reader import Reader
from core.inference.reading import Reading
from core.inference.stability import SecondOpinion
from core.sentence import Sentence
from core.weights import ModelRecord

Listener = Callable[[ModelIdentity, Sequence[Reading]], None]
NOTICE = Sentence("For research use only. Not a medical device.")
RECORD_KEYS = (
    "run",
    "backbone",
    "width",
    "data",
    "synthetic",
    "starting_weights",
    "preprocessing",
    "framing",
    "lung_margin",
    "threshold",
    "threshold_rule",
    "temperature_rule",
    "zones",
)


def file_results(
    reader: Reader,
    files: Sequence[tuple[str, ImageLoader]],
    listener: Listener | None = None,
    **switches: bool,
) -> dict:
    """One result per file, in order. A file that cannot be read gets an error; the others are unaffected.

    Args:
        files: name of each file and the function that decodes it.
        listener: called with the readings of each batch, such as to let shadow models read the same images.
        switches: as for `Reader.read`.

    Returns:
        Plain values: results, threshold, model, precision, seconds, notice.

    Raises:
        DecoderBusy: the computer had no time to read any of the files.
    """
    started = time.perf_counter()
    outcomes, busy = [], []
    for batch in reader.read_files([read for _, read in files], BATCH // 2, **switches):
        outcomes += map(partial(_values, str(reader.identity)), batch)
        busy += [reading for reading in batch if isinstance(reading, DecoderBusy)]
        if listener:
            listener(reader.identity, [reading for reading in batch if isinstance(reading, Reading)])
    if busy and len(busy) == len(files):
        raise busy[0]
    return {
        "results": [{"file": name} | values for (name, _), values in zip(files, outcomes, strict=True)],
        "threshold": reader.record.threshold,
        "model": described(reader.record, reader.stage, reader.identity),
        "precision": reader.predictor.precision,
        "seconds": round(time.perf_counter() - started, 4),
        "notice": NOTICE,
    }


def described(record: ModelRecord, stage: int, identity: ModelIdentity) -> dict:
    """Which model it is, where it comes from and how it was measured, as plain values."""
    name = {"name": identity.name, "version": identity.version, "weights": identity.digest}
    members = [
        {
            "name": member.name,
            "version": member.version,
            "weights": short_digest(member.sha256),
            "backbone": member.backbone,
        }
        for member in record.members
    ]
    values = {key: getattr(record, key) for key in (*RECORD_KEYS, "evaluation")}
    return {**name, "stage": stage, **values, "members": members}


def _values(model: str, reading: Reading | UserError) -> dict:
    """A reading with the model that gave it, or why there is none, as plain values."""
    if isinstance(reading, UserError):
        return {"error": str(reading)}
    if reading.withheld:
        reasons = {"error": " ".join(reading.image_warnings()), "withheld": reading.withheld_reason}
        return {**reasons, "model": model}
    frame = reading.output.frame
    values = {
        **reading.score_values(),
        "model": model,
        "facts": reading.image.facts,
        "warnings": reading.warnings(),
        "framing": frame.framing,
    }
    if reading.void_score:
        values["score_note"] = reading.void_score
    if frame.reason:
        values["framing_reason"] = frame.reason
    if (similar := reading.similar_scores) and not reading.void_score:
        values["similar_test_images"] = {
            "images": similar.images,
            "with_pneumonia": similar.positives,
            "lowest": round(similar.lowest, 4),
            "highest": round(similar.highest, 4),
        }
    if reading.heat_map:
        if location := reading.heat_location:
            values |= {
                "heat_in_lungs": round(location.inside, 4),
                "heat_side": location.side,
                "heat_third": location.third,
            }
        values["heatmap"] = _png(reading.heat_map.over(reading.image.pixels))
    if sharper := reading.sharper_map:
        values["sharper_heatmap"] = _png(sharper.over(reading.image.pixels))
        values["sharper_in_lungs"] = None if sharper.inside is None else round(sharper.inside, 4)
    elif reading.sharper_note:
        values["sharper_note"] = reading.sharper_note
    if reading.second_opinion:
        values |= _opinion(reading.second_opinion, not reading.void_score)
    return values


def _opinion(opinion: SecondOpinion, scored: bool) -> dict:
    """A second opinion under the keys that programs read, its probabilities null unless `scored`."""
    values = asdict(opinion)
    stages = {number: prediction.values() for number, prediction in opinion.stages.items()}
    if not scored:
        values |= dict.fromkeys(("lowest", "highest"))
        stages = {
            number: {"label": stage["label"], "probability": None, "calibrated": None}
            for number, stage in stages.items()
        }
    return {"otherwise": values.pop("changed"), "changes": values.pop("copies"), **values, "stages": stages}


def _png(heat: np.ndarray) -> str:
    """A heat map of values from 0 to 1 as a grey PNG, in base64."""
    buffer = io.BytesIO()
    PIL.Image.fromarray((heat * 255).astype("uint8")).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
