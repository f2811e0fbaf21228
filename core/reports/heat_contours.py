"""The heat map as contours over the original image: a Grayscale Softcopy Presentation State."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pydicom

import core
from core.images import Image, open_dicom
from core.inference import HeatMap

LEVEL = 0.5  # of the map's maximum, along which a contour runs
TOLERANCE = 1.0  # pixels by which a contour may be simplified
MIN_POINTS = 3
LAYER = "HEAT MAP"
LABEL = "Heat map of a model, research only"
SHOWN = (  # how the image itself says that it is shown; a presentation state repeats it
    *("SamplesPerPixel", "PhotometricInterpretation"),
    *("RescaleIntercept", "RescaleSlope", "RescaleType", "ModalityLUTSequence"),
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence"),
)


def contours(heat: HeatMap, image: Image) -> list[np.ndarray]:
    """Closed outlines of the regions with at least half of the map's maximum, float64 (points, 2).

    A point is column and row from the top left corner of the file's first pixel, as in PIXEL units of DICOM
    PS3.3 C.10.5: the centre of that pixel is 0.5, 0.5.

    Args:
        heat: of the image.
        image: as it was decoded, perhaps without padding at its edges.
    """
    import cv2  # imported lazily: only presentation states need it

    hot = np.pad((heat.over(image.pixels) >= LEVEL).astype(np.uint8), 1)
    outlines, _ = cv2.findContours(hot, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    simplified = [cv2.approxPolyDP(outline, TOLERANCE, True)[:, 0] for outline in outlines]
    centre = np.array(image.origin) - 1 + 0.5
    return [np.vstack([points, points[:1]]) + centre for points in simplified if len(points) >= MIN_POINTS]


def heat_contours(
    data: bytes, source: pydicom.Dataset, image: Image, heat: HeatMap | None, **identity: Any
) -> pydicom.Dataset | None:
    """The presentation state; None for an image in colour, and where nothing is hot.

    Args:
        data: the DICOM file of the image.
        source: attributes of the image, as `study_attributes` read them.
        image: as it was decoded.
        heat: of the image.
        identity: series and instance of the object, as highdicom's classes take them.
    """
    # Imported lazily: highdicom takes a second, and only these objects need it.
    from highdicom import PresentationLUTTransformation, pr

    shown = _shown(data, source)
    outlines = contours(heat, image) if heat and shown.SamplesPerPixel == 1 else []
    if not outlines:
        return None
    layer = pr.GraphicLayer(LAYER, order=1, description=LABEL)
    objects = [pr.GraphicObject("POLYLINE", outline, "PIXEL") for outline in outlines]
    top = min((tuple(outline[outline[:, 1].argmin()]) for outline in outlines), key=lambda point: point[1])
    text = pr.TextObject(LABEL, "PIXEL", anchor_point=top, anchor_point_visible=False)
    inverse = shown.PhotometricInterpretation == "MONOCHROME1"
    state = pr.GrayscaleSoftcopyPresentationState(
        referenced_images=[shown],
        manufacturer_model_name="Pneumonia studio",
        software_versions=core.__version__,
        device_serial_number="0",
        content_label="HEAT_MAP",
        content_description=f"Regions with at least {LEVEL:.0%} of the heat map's maximum",
        graphic_layers=[layer],
        graphic_annotations=[
            pr.GraphicAnnotation([shown], layer, graphic_objects=objects, text_objects=[text])
        ],
        presentation_lut_transformation=PresentationLUTTransformation("INVERSE" if inverse else "IDENTITY"),
        **identity,
    )
    state.BodyPartExamined = "CHEST"
    state.SeriesDescription = "Pneumonia: heat map contours, research only"
    return state


def _shown(data: bytes, source: pydicom.Dataset) -> pydicom.Dataset:
    """The image's attributes with those that say how it is shown: the first usable window or VOI LUT."""
    file = open_dicom(data, SHOWN)
    shown = pydicom.Dataset()
    shown.update(source)
    for name in SHOWN:
        if name in file:
            shown[name] = file[name]
    window = next(_windows(file), None)
    for name in ("WindowCenter", "WindowWidth"):
        if name in shown:
            del shown[name]
    if window:
        shown.WindowCenter, shown.WindowWidth = window
    if {"RescaleSlope", "RescaleIntercept"} <= set(shown.dir()):
        shown.RescaleType = shown.get("RescaleType", "US") or "US"
    return shown


def _windows(file: pydicom.Dataset) -> Iterator[tuple[float, float]]:
    """Centre and width of each window that a viewer can apply."""
    centres, widths = (np.atleast_1d(file.get(name, None) or []) for name in ("WindowCenter", "WindowWidth"))
    for centre, width in zip(centres, widths, strict=False):
        with suppress(TypeError, ValueError):
            if np.isfinite(float(centre)) and float(width) >= 1:
                yield float(centre), float(width)
