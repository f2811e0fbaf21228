"""A reading with its sharper heat map, or the reason why there is none."""

from dataclasses import replace

from core.inference.known_references import AnyReference
from core.inference.network_predictor import NetworkPredictor
from core.inference.predictor import Predictor
from core.inference.reading import Reading
from core.inference.reference import Reference
from core.inference.sharper_map import SharperMap
from core.sentence import Sentence

NOT_OF_MODEL = Sentence(
    "This model has no sharper heat map: only a single VGG19 that is framed by the lungs has one."
)
NO_NORMAL = Sentence(
    "This model has no sharper heat map: its reference holds no mean of normal images. Compute it again with "
    "python -m core reference."
)
NO_PLAUSIBLE_LUNGS = Sentence("No sharper heat map: no plausible lungs were found in this image.")


def sharper_note(predictor: Predictor, reference: AnyReference | None) -> str:
    """Why a model has no sharper heat map, in a sentence; "" if it has one.

    Args:
        predictor, reference: of the model.
    """
    if not isinstance(predictor, NetworkPredictor) or not predictor.has_sharper_map:
        return NOT_OF_MODEL
    return "" if isinstance(reference, Reference) and reference.normal is not None else NO_NORMAL


def sharpened(reading: Reading, predictor: Predictor, reference: AnyReference | None) -> Reading:
    """A reading with its sharper heat map or with the reason why there is none; a withheld one as it is.

    Args:
        predictor, reference: of the model that read.
    """
    if reading.withheld:
        return reading
    if note := sharper_note(predictor, reference):
        return replace(reading, sharper_note=note)
    output = reading.output
    if output.lungs is None or not output.lungs.plausible:
        return replace(reading, sharper_note=NO_PLAUSIBLE_LUNGS)
    assert isinstance(predictor, NetworkPredictor) and isinstance(reference, Reference)
    assert reference.normal is not None  # as `sharper_note` says
    heat = predictor.sharper_heat_map(output, reference.normal)
    return replace(reading, sharper_map=SharperMap(heat, output.lungs))
