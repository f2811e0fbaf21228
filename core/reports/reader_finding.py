"""What a reader says of a result, as a Structured Report of her own: TID 1500 of DICOM PS3.16."""

import io

import pydicom
from pydicom.uid import generate_uid

from core.errors import UserError
from core.inference import AvailableModel, HumanReading, Reading
from core.reports.dicom_objects import CODES, judgement
from core.reports.object_identity import derived_uid, file_bytes, identity
from core.reports.reader_region import reader_region
from core.reports.study_attributes import study_attributes
from core.sentence import Sentence

OPPOSITE = {"present": "absent", "absent": "present"}  # of the finding that a reader disagrees with
UNNAMED = "Reader^not signed in"
MAX_NAME = 64  # characters of a component of a person's name
NAME_MARKS = str.maketrans("^=\\", "   ")  # they separate parts of a person's name


def reader_finding(
    data: bytes,
    reading: Reading,
    model: AvailableModel,
    human: HumanReading,
    reader: str = "",
    previous: bytes | None = None,
) -> tuple[str, str, bytes]:
    """A reader's agreement or correction: instance UID, study UID and DICOM file; each call makes a new one.

    Args:
        data: the DICOM file of the image; the object carries its study's identifiers.
        reading: the result that she saw, with the full image.
        model: that made it.
        human: what she says.
        reader: her name; "" if she did not sign in.
        previous: her earlier finding of this image, which this one replaces; None without one.

    Raises:
        UserError: the file lacks the UIDs that identify its study, or a value of its header is refused.
    """
    source = study_attributes(data)
    try:
        report = _report(source, reading, model, human, reader.translate(NAME_MARKS)[:MAX_NAME], previous)
        return str(report.SOPInstanceUID), str(source.StudyInstanceUID), file_bytes(report)
    except Exception as error:  # highdicom and pydicom raise many types for values that they refuse
        raise UserError(
            Sentence(
                "Your reading cannot be sent: the header has a value that DICOM does not allow ({error}).",
                error=str(error),
            )
        ) from error


def judged(human: HumanReading, reading: Reading) -> str:
    """What the reader says of pneumonia, as a name in `CODES`; "" if she says only what it is not.

    The model answers one question, so who disagrees with its answer gives the other one.
    """
    of_model = judgement(reading)
    by_agreement = {"agree": of_model, "disagree": OPPOSITE.get(of_model, ""), "not sure": "indeterminate"}
    return by_agreement.get(human.agreement, "")


def _report(
    source: pydicom.Dataset,
    reading: Reading,
    model: AvailableModel,
    human: HumanReading,
    reader: str,
    previous: bytes | None,
) -> pydicom.Dataset:
    # Imported lazily: highdicom takes a second, and only DICOM objects need it.
    from highdicom import sr
    from pydicom.sr.codedict import codes

    observer = sr.ObserverContext(
        codes.DCM.Person, sr.PersonObserverIdentifyingAttributes(name=f"{reader}^" if reader else UNNAMED)
    )
    value = judged(human, reading)
    evaluation, site = sr.CodedConcept(*CODES["evaluation"]), sr.CodedConcept(*CODES["site"])
    group = sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            uid=derived_uid(source, model, "reading tracking", reader), identifier="Reading, whole image"
        ),
        finding_sites=[sr.FindingSite(site)],
        qualitative_evaluations=[sr.QualitativeEvaluation(evaluation, sr.CodedConcept(*CODES[value]))]
        if value
        else [],
        source_images=[sr.SourceImageForMeasurementGroup(source.SOPClassUID, source.SOPInstanceUID)],
    )
    shown = ", ".join(filter(None, [reading.finding, reading.shown_score]))
    comment = sr.TextContentItem(
        name=codes.DCM.Comment,
        value=f"{human.sentence()} The result of {model.identity} was: {shown}.",
        relationship_type=sr.RelationshipTypeValues.CONTAINS,
    )
    group[0].ContentSequence.append(comment)
    groups = [group]
    if human.box:
        groups.append(reader_region(source, reading.image, human, human.box, generate_uid()))
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_person_context=observer),
        procedure_reported=sr.CodedConcept(*CODES["procedure"]),
        imaging_measurements=groups,
    )
    report = sr.ComprehensiveSR(
        evidence=[source],
        content=content[0],
        is_complete=True,
        previous_versions=[pydicom.dcmread(io.BytesIO(previous))] if previous else None,
        **identity(source, model, "reading", reader) | {"sop_instance_uid": generate_uid()},
    )
    report.SeriesDescription = "Pneumonia: reader's finding, research only"
    return report
