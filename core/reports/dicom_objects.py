"""A reading as DICOM objects of the image's study: heat map, contours, lungs, Structured Report and PDF.

Their UIDs are derived from the image and the model, so that the same result sent twice is one object. They
are built with highdicom; the Structured Report follows TID 1500 of DICOM PS3.16.
"""

from typing import Any, cast

import numpy as np
import pydicom
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian, generate_uid

from core.errors import UserError
from core.inference import PRESENT, UNDECIDED, AvailableModel, HumanReading, Reading
from core.reports.heat_contours import heat_contours
from core.reports.lung_objects import lung_groups, lung_map, lung_segmentation
from core.reports.object_identity import MANUFACTURER, derived_uid, file_bytes, identity
from core.reports.reader_region import FINDING, reader_region
from core.reports.reading_report import overlaid, reading_report
from core.reports.study_attributes import study_attributes
from core.sentence import Sentence

KINDS = ("overlay", "finding", "report", "lungs", "contours")
CODES = {  # the coded concepts of the finding: code, scheme, meaning
    "procedure": ("399208008", "SCT", "Plain X-ray of chest"),
    "site": ("39607008", "SCT", "Lung"),
    "evaluation": ("233604007", "SCT", "Pneumonia"),
    "present": ("52101004", "SCT", "Present"),
    "absent": ("2667000", "SCT", "Absent"),
    "indeterminate": ("82334004", "SCT", "Indeterminate"),
    "reader's box": FINDING,
}


def dicom_objects(
    data: bytes,
    reading: Reading,
    model: AvailableModel,
    kinds: tuple[str, ...] = KINDS,
    human: HumanReading | None = None,
) -> dict[str, bytes]:
    """Files by name: image with heat map, finding as Structured Report, report as PDF, lungs and contours.

    Args:
        data: the DICOM file of the image; the objects carry its study's identifiers.
        reading: with the full image and the heat map.
        kinds: some of `KINDS`. With `lungs`, the finding refers to them;
            an image in which no lungs were found, or whose header says that it is mirrored or upside down,
            has no such object. An image without heat, or in colour, has no `contours`.
        human: a person's reading of the image, for finding and report.

    Raises:
        UserError: the file lacks the UIDs that identify its study, or a value of its header is refused.
    """
    source = study_attributes(data)
    lungs = reading.output.lungs if "lungs" in kinds and not reading.image.is_turned else None
    try:
        sides = lung_map(source, reading.image, lungs) if lungs and lungs.box else None
        segmentation = None
        if sides is not None:
            segmentation = lung_segmentation(source, sides, **identity(source, model, "lungs"))
        built = {
            "overlay": lambda: _overlay(source, reading, model),
            "finding": lambda: _finding(source, reading, model, human, segmentation, sides),
            "report": lambda: _encapsulated(source, reading, model, human),
            "lungs": lambda: segmentation,
            "contours": lambda: heat_contours(
                data, source, reading.image, reading.heat_map, **identity(source, model, "contours")
            ),
        }
        objects = {kind: built[kind]() for kind in kinds}
        return {f"{kind}.dcm": file_bytes(file) for kind, file in objects.items() if file is not None}
    except Exception as error:  # highdicom and pydicom raise many types for values that they refuse
        raise UserError(
            Sentence(
                "DICOM objects cannot be created: the header has a value that DICOM does not allow "
                "({error}). Correct the header, or save the PDF report instead.",
                error=str(error),
            )
        ) from error


def import_highdicom() -> None:
    """Import highdicom, which takes a second, before the first object is needed."""
    import highdicom.pr
    import highdicom.sc
    import highdicom.seg
    import highdicom.sr  # noqa: F401


def _overlay(source: pydicom.Dataset, reading: Reading, model: AvailableModel) -> pydicom.Dataset:
    # Imported lazily: highdicom takes a second, and only these objects need it.
    from highdicom.sc import SCImage

    pixels = overlaid(reading)
    orientation = tuple(source.PatientOrientation)
    image = SCImage.from_ref_dataset(
        source,
        pixel_array=pixels,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=cast(tuple[str, str], orientation),
        transfer_syntax_uid=ExplicitVRLittleEndian,
        **identity(source, model, "overlay"),
    )
    image.SeriesDescription = "Pneumonia: heat map, research only"
    image.BodyPartExamined = "CHEST"
    image.BurnedInAnnotation = "NO"
    image.ImageType = ["DERIVED", "SECONDARY"]
    image.DerivationDescription = f"Grad-CAM heat map. {model.provenance}. {model.identity}"[:1024]
    reference = pydicom.Dataset()
    reference.ReferencedSOPClassUID = source.SOPClassUID
    reference.ReferencedSOPInstanceUID = source.SOPInstanceUID
    image.SourceImageSequence = [reference]
    image.LossyImageCompression = "00"
    return image


def _finding(
    source: pydicom.Dataset,
    reading: Reading,
    model: AvailableModel,
    human: HumanReading | None,
    segmentation: pydicom.Dataset | None,
    sides: np.ndarray | None,
) -> pydicom.Dataset:
    from highdicom import sr
    from pydicom.sr.codedict import codes

    record = model.record
    observer = sr.DeviceObserverIdentifyingAttributes(
        uid=generate_uid(entropy_srcs=[MANUFACTURER]),
        name="Pneumonia studio",
        model_name=model.provenance[:64],
    )
    algorithm = sr.AlgorithmIdentification(
        name=model.method[:64],
        version=str(model.identity),
        parameters=[f"threshold {record.threshold:.4f}: {record.threshold_rule}"[:64], *_zones(model)],
    )
    value = sr.CodedConcept(*CODES[judgement(reading)])
    certainty = [
        sr.Measurement(
            name=codes.DCM.CertaintyOfFinding, value=round(100 * probability, 1), unit=codes.UCUM.Percent
        )
        for probability in [reading.probability]
        if probability is not None
    ]
    group = sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            uid=derived_uid(source, model, "tracking"), identifier="Pneumonia, whole image"
        ),
        algorithm_id=algorithm,
        finding_sites=[sr.FindingSite(sr.CodedConcept(*CODES["site"]))],
        measurements=certainty,
        qualitative_evaluations=[sr.QualitativeEvaluation(sr.CodedConcept(*CODES["evaluation"]), value)],
        source_images=[sr.SourceImageForMeasurementGroup(source.SOPClassUID, source.SOPInstanceUID)],
    )
    group[0].ContentSequence.extend(_comments(reading, sr))
    groups, evidence = [group], [source]
    if segmentation is not None and sides is not None:
        groups += lung_groups(source, segmentation, sides)
        evidence.append(segmentation)
    if human and human.box:
        tracking = derived_uid(source, model, "tracking", human)
        groups.append(reader_region(source, reading.image, human, human.box, tracking))
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(
            observer_device_context=sr.ObserverContext(codes.DCM.Device, observer)
        ),
        procedure_reported=sr.CodedConcept(*CODES["procedure"]),
        imaging_measurements=groups,
    )
    drawn = human if human and human.box else None
    report = sr.ComprehensiveSR(
        evidence=evidence,
        content=content[0],
        is_complete=True,
        **identity(source, model, "finding", drawn, segmentation is not None),
    )
    report.SeriesDescription = "Pneumonia: finding, research only"
    return report


def _zones(model: AvailableModel) -> list[str]:
    """The bounds between which nothing is decided, of a model with zones; before calibration."""
    zones = model.record.zones
    return [f"undecided {zones['low']:.4f} to {zones['high']:.4f}: {zones['rule']}"[:64]] if zones else []


def _comments(reading: Reading, sr: Any) -> list[pydicom.Dataset]:
    """Why there is no percentage, warnings, an ensemble's spread, where the heat lies; as TID 1501 allows."""
    from pydicom.sr.codedict import codes

    location = reading.heat_location.sentence() if reading.heat_location and not reading.withheld else ""
    return [
        sr.TextContentItem(
            name=codes.DCM.Comment, value=sentence, relationship_type=sr.RelationshipTypeValues.CONTAINS
        )
        for sentence in (reading.void_score, *reading.warnings(), reading.spread_sentence(), location)
        if sentence
    ]


def judgement(reading: Reading) -> str:
    """The finding as a name in `CODES`."""
    if reading.withheld or reading.finding == UNDECIDED:
        return "indeterminate"
    return "present" if reading.finding == PRESENT else "absent"


def _encapsulated(
    source: pydicom.Dataset, reading: Reading, model: AvailableModel, human: HumanReading | None
) -> pydicom.Dataset:
    from highdicom.base import SOPClass

    pdf = reading_report([reading], model, {reading.image.sha256: human} if human else None)
    document = SOPClass(
        study_instance_uid=source.StudyInstanceUID,
        sop_class_uid=EncapsulatedPDFStorage,
        modality="DOC",
        transfer_syntax_uid=ExplicitVRLittleEndian,
        patient_id=source.PatientID,
        patient_name=source.PatientName,
        patient_birth_date=source.PatientBirthDate,
        patient_sex=source.PatientSex,
        accession_number=source.AccessionNumber,
        study_id=source.StudyID,
        study_date=source.StudyDate,
        study_time=source.StudyTime,
        referring_physician_name=source.ReferringPhysicianName,
        series_description="Pneumonia: report, research only",
        **identity(source, model, "report", human),
    )
    document.ConversionType = "WSD"
    document.BurnedInAnnotation = "YES"
    document.AcquisitionDateTime = ""
    document.DocumentTitle = "Chest X-ray reading"
    document.ConceptNameCodeSequence = []
    document.MIMETypeOfEncapsulatedDocument = "application/pdf"
    document.EncapsulatedDocumentLength = len(pdf)
    document.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    return document
