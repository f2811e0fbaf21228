"""A reading as DICOM objects of the film's own study: overlay, structured report, and the PDF.

Their UIDs follow from the film's and the model's, so that the same answer given twice is one object. Made
with highdicom; the report is TID 1500 of DICOM PS3.16.
"""

import io
import re
from importlib.metadata import version

import pydicom
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian, generate_uid

from core.diagnosis.models import AvailableModel
from core.diagnosis.opinions import UNCERTAIN
from core.diagnosis.reading import FINDINGS, Reading
from core.diagnosis.report import overlaid, reading_report
from core.errors import UserError

MAKER = "Pneumonia studio, research software"
SERIES = {"overlay": 9101, "finding": 9102, "report": 9103}
NEEDED = {  # what highdicom copies from the film, and what stands where the film has none
    "SOPClassUID": None,
    "SOPInstanceUID": None,
    "StudyInstanceUID": None,
    "SeriesInstanceUID": None,
    "PatientID": "",
    "PatientName": "",
    "PatientBirthDate": "",
    "PatientSex": "",
    "StudyID": "",
    "StudyDate": "",
    "StudyTime": "",
    "AccessionNumber": "",
    "ReferringPhysicianName": "",
}
FORMS = {  # values of another form are left empty: highdicom refuses them, and nothing is guessed
    "PatientBirthDate": r"\d{8}",
    "StudyDate": r"\d{8}",
    "StudyTime": r"\d{2,6}(\.\d{1,6})?",
    "PatientSex": "[MFO]",
}
OPTIONAL = ("SpecificCharacterSet", "PatientOrientation", "Rows", "Columns")


def dicom_objects(
    data: bytes, reading: Reading, model: AvailableModel, kinds: tuple[str, ...] = tuple(SERIES)
) -> dict[str, bytes]:
    """Files by name: the film with its heat map, the finding as a structured report, the report as PDF.

    Args:
        data: of the DICOM file that was read; its study's identifiers go into the objects.
        reading: its film in full, with the heat map.
        kinds: which are wanted: `overlay`, `finding`, `report`.

    Raises:
        UserError: the file lacks the UIDs that tell its study.
    """
    source = _identifiers(data)
    return {f"{kind}.dcm": _bytes(BUILDERS[kind](source, reading, model)) for kind in kinds}


def load_makers() -> None:
    """Import what makes the objects, a second's work, before the first one is needed."""
    import highdicom.sc
    import highdicom.sr  # noqa: F401


def _identifiers(data: bytes) -> pydicom.Dataset:
    """The few attributes that tie an object to the film's study."""
    file = pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True, specific_tags=[*NEEDED, *OPTIONAL])
    source = pydicom.Dataset()
    for name, otherwise in NEEDED.items():
        value = file.get(name, None)
        if not value and otherwise is None:
            raise UserError(f"The DICOM file has no {name}, so no object can be added to its study.")
        if name in FORMS and not re.fullmatch(FORMS[name], str(value or "")):
            value = otherwise
        setattr(source, name, value or otherwise)
    for name in OPTIONAL:
        if name in file:
            setattr(source, name, file[name].value)
    source.file_meta = file.file_meta
    return source


def _uid(source: pydicom.Dataset, model: AvailableModel, kind: str) -> str:
    record = model.record
    parts = [str(source.SOPInstanceUID), record.run, str(record.stage), record.created, str(record.threshold)]
    return generate_uid(entropy_srcs=[*parts, kind])


def _placed(source: pydicom.Dataset, model: AvailableModel, kind: str) -> dict:
    """Where an object of our own stands in the study."""
    return {
        "series_instance_uid": _uid(source, model, f"{kind} series"),
        "series_number": SERIES[kind],
        "sop_instance_uid": _uid(source, model, kind),
        "instance_number": 1,
        "manufacturer": MAKER,
    }


def _overlay(source: pydicom.Dataset, reading: Reading, model: AvailableModel) -> pydicom.Dataset:
    # Imported here: highdicom takes a second, and only who files an answer needs it.
    from highdicom.sc import SCImage

    pixels = overlaid(reading)
    image = SCImage.from_ref_dataset(
        source,
        pixel_array=pixels,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=tuple(source.get("PatientOrientation", None) or ("L", "F")),
        transfer_syntax_uid=ExplicitVRLittleEndian,
        **_placed(source, model, "overlay"),
    )
    image.SeriesDescription = "Pneumonia: where the model looked"
    image.BodyPartExamined = "CHEST"
    image.BurnedInAnnotation = "NO"
    image.ImageType = ["DERIVED", "SECONDARY"]
    image.DerivationDescription = f"Grad-CAM over the film. {model.title}"[:1024]
    reference = pydicom.Dataset()
    reference.ReferencedSOPClassUID = source.SOPClassUID
    reference.ReferencedSOPInstanceUID = source.SOPInstanceUID
    image.SourceImageSequence = [reference]
    image.LossyImageCompression = "00"
    return image


def _finding(source: pydicom.Dataset, reading: Reading, model: AvailableModel) -> pydicom.Dataset:
    from highdicom import sr
    from pydicom.sr.codedict import codes

    record = model.record
    observer = sr.DeviceObserverIdentifyingAttributes(
        uid=generate_uid(entropy_srcs=[MAKER]), name="Pneumonia studio", model_name=model.title[:64]
    )
    algorithm = sr.AlgorithmIdentification(
        name="VGG19, staged fine-tuning",
        version=f"{record.run or 'unknown'}, stage {record.stage}, {record.created or 'unknown'}"[:64],
        parameters=[f"threshold {record.threshold:.4f}: {record.threshold_rule}"[:64]],
    )
    value = sr.CodedConcept(*_judgement(reading))
    certainty = [
        sr.Measurement(
            name=codes.DCM.CertaintyOfFinding,
            value=round(100 * reading.prediction.calibrated, 1),
            unit=codes.UCUM.Percent,
        )
    ]
    group = sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            uid=_uid(source, model, "tracking"), identifier="Pneumonia on the whole film"
        ),
        algorithm_id=algorithm,
        finding_sites=[sr.FindingSite(sr.CodedConcept("39607008", "SCT", "Lung"))],
        measurements=[] if reading.withheld else certainty,
        qualitative_evaluations=[
            sr.QualitativeEvaluation(sr.CodedConcept("233604007", "SCT", "Pneumonia"), value)
        ],
        source_images=[sr.SourceImageForMeasurementGroup(source.SOPClassUID, source.SOPInstanceUID)],
    )
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(
            observer_device_context=sr.ObserverContext(codes.DCM.Device, observer)
        ),
        procedure_reported=sr.CodedConcept("399208008", "SCT", "Plain X-ray of chest"),
        imaging_measurements=[group],
    )
    report = sr.ComprehensiveSR(
        evidence=[source], content=content[0], is_complete=True, **_placed(source, model, "finding")
    )
    report.SeriesDescription = "Pneumonia: finding, research only"
    return report


def _judgement(reading: Reading) -> tuple[str, str, str]:
    """The finding as a SNOMED code."""
    if reading.withheld or reading.finding == FINDINGS[UNCERTAIN]:
        return "82334004", "SCT", "Indeterminate"
    present = reading.finding == FINDINGS["PNEUMONIA"]
    return ("52101004", "SCT", "Present") if present else ("2667000", "SCT", "Absent")


def _encapsulated(source: pydicom.Dataset, reading: Reading, model: AvailableModel) -> pydicom.Dataset:
    from highdicom.base import SOPClass

    pdf = reading_report([reading], model)
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
        **_placed(source, model, "report"),
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


def _bytes(found: pydicom.Dataset) -> bytes:
    found.SpecificCharacterSet = "ISO_IR 192"
    found.SoftwareVersions = f"highdicom {version('highdicom')}"
    buffer = io.BytesIO()
    found.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


BUILDERS = {"overlay": _overlay, "finding": _finding, "report": _encapsulated}
