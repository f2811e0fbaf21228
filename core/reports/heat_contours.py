"""The heat map as contours over the original image: a Grayscale Softcopy Presentation State."""

from typing import Any

import numpy as np
import pydicom

from core.images import SHOWN, Image, ShownAs, open_dicom, shown_as
from core.inference import HeatMap
from core.reports.object_identity import EQUIPMENT

LEVEL = 0.5  # of the map's maximum, along which a contour runs
TOLERANCE = 1.0  # pixels by which a contour may be simplified
MIN_POINTS = 3
LAYER = "HEAT MAP"
LABEL = "Heat map of a model, research only"
UINT16_MAX = 2**16 - 1  # white in a VOI LUT, as highdicom writes it


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
    """The presentation state; None for an image in colour, where nothing is hot, or a table begins below 0.

    Args:
        data: the DICOM file of the image.
        source: attributes of the image, as `study_attributes` read them.
        image: as it was decoded.
        heat: of the image.
        identity: series and instance of the object, as highdicom's classes take them.
    """
    # Imported lazily: highdicom takes a second, and only these objects need it.
    from highdicom import pr

    file = open_dicom(data, ("SamplesPerPixel", *SHOWN))
    outlines = contours(heat, image) if heat and file.get("SamplesPerPixel", 1) == 1 else []
    if not outlines:
        return None
    shown = shown_as(file)
    if any(table and table.first < 0 for table in (shown.modality, shown.voi)):
        return None  # highdicom writes descriptors of unsigned values alone
    monochrome = pydicom.Dataset()
    monochrome.update(source)
    monochrome.SamplesPerPixel = 1
    layer = pr.GraphicLayer(LAYER, order=1, description=LABEL)
    objects = [pr.GraphicObject("POLYLINE", outline, "PIXEL") for outline in outlines]
    top = min((tuple(outline[outline[:, 1].argmin()]) for outline in outlines), key=lambda point: point[1])
    text = pr.TextObject(LABEL, "PIXEL", anchor_point=top, anchor_point_visible=False)
    state = pr.GrayscaleSoftcopyPresentationState(
        referenced_images=[monochrome],
        **EQUIPMENT,
        content_label="HEAT_MAP",
        content_description=f"Regions with at least {LEVEL:.0%} of the heat map's maximum",
        graphic_layers=[layer],
        graphic_annotations=[
            pr.GraphicAnnotation([monochrome], layer, graphic_objects=objects, text_objects=[text])
        ],
        **_transformations(shown),
        **identity,
    )
    state.BodyPartExamined = "CHEST"
    state.SeriesDescription = "Pneumonia: heat map contours, research only"
    return state


def _transformations(shown: ShownAs) -> dict[str, Any]:
    """Each step as highdicom takes it, so that it copies none from the header, where it refuses much.

    A step that the header does not name has no transformation.
    """
    import highdicom as hd

    steps: dict[str, Any] = {
        "presentation_lut_transformation": hd.PresentationLUTTransformation(
            "INVERSE" if shown.inverse else "IDENTITY"
        )
    }
    if shown.modality:
        entries = shown.modality.entries.astype(np.uint16)
        lut = hd.ModalityLUT("US", shown.modality.first, entries)
        steps["modality_lut_transformation"] = hd.ModalityLUTTransformation(modality_lut=lut)
    elif shown.rescale:
        slope, intercept = shown.rescale
        steps["modality_lut_transformation"] = hd.ModalityLUTTransformation(intercept, slope, "US")
    if shown.window:
        window = hd.pr.SoftcopyVOILUTTransformation(*shown.window, voi_lut_function=shown.function)
        steps["voi_lut_transformations"] = [window]
    elif shown.voi:
        entries = np.rint(shown.voi.entries / shown.voi.highest * UINT16_MAX).astype(np.uint16)
        lut = hd.VOILUT(shown.voi.first, entries)
        steps["voi_lut_transformations"] = [hd.pr.SoftcopyVOILUTTransformation(voi_luts=[lut])]
    return steps
