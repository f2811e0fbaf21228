"""A reader's box as a measurement group of a Structured Report: TID 1410 of DICOM PS3.16, with its SCOORD."""

from typing import Any

import numpy as np
import pydicom

from core.images import Box, Image
from core.inference import HumanReading

FINDING = ("404684003", "SCT", "Clinical finding")


def reader_region(source: pydicom.Dataset, image: Image, human: HumanReading, box: Box, uid: str) -> Any:
    """The group: the region on the image's pixels, and what the reader said of it as a comment.

    Args:
        source: the image's identifiers.
        image: as it was decoded, perhaps without padding at its edges.
        human: the reading.
        box: of the reading.
        uid: that tracks the finding.
    """
    # Imported lazily: highdicom takes a second, and only DICOM objects need it.
    from highdicom import sr
    from pydicom.sr.codedict import codes

    referenced = sr.SourceImageForRegion(source.SOPClassUID, source.SOPInstanceUID)
    region = sr.ImageRegion(sr.GraphicTypeValues.POLYLINE, outline(image, box), referenced)
    group = sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=uid, identifier="Finding of the reader"),
        referenced_region=region,
        finding_type=sr.CodedConcept(*FINDING),
    )
    comment = sr.TextContentItem(
        name=codes.DCM.Comment,
        value=f"Drawn by the reader. {human.sentence()}",
        relationship_type=sr.RelationshipTypeValues.CONTAINS,
    )
    group[0].ContentSequence.append(comment)
    return group


def outline(image: Image, box: Box) -> np.ndarray:
    """The closed outline of a box, float64 (5, 2): column and row from the file's top left corner."""
    left, top, right, bottom = box
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])
    return corners * (image.width, image.height) + image.origin
