"""The lungs of an image as a DICOM Segmentation, and as measurement groups of a Structured Report."""

from typing import Any

import numpy as np
import pydicom
from pydicom.uid import generate_uid

import core
from core.anatomy import LEFT, RIGHT, Lungs
from core.images import Image
from core.reports.object_identity import EQUIPMENT

ALGORITHM = "Pneumonia studio: lungs"
CODES = {  # code, scheme, meaning
    "category": ("123037004", "SCT", "Anatomical Structure"),
    "lung": ("39607008", "SCT", "Lung"),
    "area": ("42798000", "SCT", "Area"),
    "unit": ("%", "UCUM", "percent of the image"),
}
SIDES = {RIGHT: ("24028007", "SCT", "Right"), LEFT: ("7771000", "SCT", "Left")}  # by segment number


def lung_map(source: pydicom.Dataset, image: Image, lungs: Lungs) -> np.ndarray:
    """Which lung each pixel of the file belongs to: uint8 (Rows, Columns), 0 none, 1 right, 2 left.

    Args:
        source: attributes of the image, with Rows and Columns.
        image: as it was decoded, perhaps without padding at its edges.
        lungs: of that image.
    """
    sides = np.zeros((source.Rows, source.Columns), np.uint8)
    left, top = image.origin
    sides[top : top + image.height, left : left + image.width] = lungs.side_map(image.height, image.width)
    return sides


def lung_segmentation(source: pydicom.Dataset, sides: np.ndarray, **identity: Any) -> pydicom.Dataset:
    """Segment 1 is the patient's right lung and segment 2 the left one, pixel for pixel of the image.

    Args:
        source: attributes of the image.
        sides: as `lung_map` made it.
        identity: series and instance of the object, as highdicom's classes take them.
    """
    # Imported lazily: highdicom takes a second, and only these objects need it.
    from highdicom import seg, sr
    from highdicom.content import AlgorithmIdentificationSequence
    from pydicom.sr.codedict import codes

    algorithm = AlgorithmIdentificationSequence(
        name=ALGORITHM, family=codes.DCM.ArtificialIntelligence, version=core.__version__
    )
    descriptions = []
    for number, side in SIDES.items():
        description = seg.SegmentDescription(
            segment_number=number,
            segment_label=f"{side[2]} lung",
            segmented_property_category=sr.CodedConcept(*CODES["category"]),
            segmented_property_type=sr.CodedConcept(*CODES["lung"]),
            algorithm_type=seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=algorithm,
        )
        kind = description.SegmentedPropertyTypeCodeSequence[0]
        kind.SegmentedPropertyTypeModifierCodeSequence = [sr.CodedConcept(*side)]
        descriptions.append(description)
    segmentation = seg.Segmentation(
        source_images=[source],
        pixel_array=sides,
        segmentation_type=seg.SegmentationTypeValues.BINARY,
        segment_descriptions=descriptions,
        **EQUIPMENT,
        content_label="LUNGS",
        content_description="Lungs, research only",
        omit_empty_frames=False,
        **identity,
    )
    segmentation.PatientOrientation = source.PatientOrientation
    segmentation.SeriesDescription = "Pneumonia: lungs, research only"
    return segmentation


def lung_groups(source: pydicom.Dataset, segmentation: pydicom.Dataset, sides: np.ndarray) -> list[Any]:
    """A measurement group (TID 1410 of PS3.16) for each lung: its segment and its share of the image.

    Args:
        source: attributes of the image.
        segmentation: as `lung_segmentation` made it of the same image.
        sides: as `lung_map` made it.
    """
    from highdicom import sr

    image = sr.SourceImageForSegmentation(source.SOPClassUID, source.SOPInstanceUID)
    algorithm = sr.AlgorithmIdentification(name=ALGORITHM, version=core.__version__)
    groups = []
    for number in SIDES:
        share = float((sides == number).mean())
        side, lung = sr.CodedConcept(*SIDES[number]), sr.CodedConcept(*CODES["lung"])
        segment = sr.ReferencedSegmentationFrame(
            segmentation.SOPClassUID, segmentation.SOPInstanceUID, number, number, image
        )
        # PS3.3 C.18.4: a reference has the number of a frame or of a segment, not both.
        del segment[0].ReferencedSOPSequence[0].ReferencedFrameNumber
        groups.append(
            sr.PlanarROIMeasurementsAndQualitativeEvaluations(
                tracking_identifier=sr.TrackingIdentifier(
                    uid=generate_uid(entropy_srcs=[segmentation.SOPInstanceUID, str(number)]),
                    identifier=f"{SIDES[number][2]} lung",
                ),
                referenced_segment=segment,
                finding_type=lung,
                finding_sites=[sr.FindingSite(lung, laterality=side)],
                algorithm_id=algorithm,
                measurements=[
                    sr.Measurement(
                        name=sr.CodedConcept(*CODES["area"]),
                        value=round(100 * share, 1),
                        unit=sr.CodedConcept(*CODES["unit"]),
                    )
                ],
            )
        )
    return groups
