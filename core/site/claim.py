"""The items of CLAIM 2024 for one acceptance test: each answered from what was measured, or why it is not.

Tejani et al., "Checklist for Artificial Intelligence in Medical Imaging (CLAIM): 2024 update", Radiology:
Artificial Intelligence 2024. Its items are named here in fewer words; what they ask is in the publication.
"""

from core.config import CLASS_NAMES
from core.inference import AvailableModel
from core.site.acceptance import Acceptance
from core.site.measurement import SiteMeasurement

OF_A_PAPER = "Not applicable: this is a report to file, not a paper."
OF_THE_MODEL = "Not part of this test; recorded with the training run"
BY_THE_HOSPITAL = "To be filled in by the hospital; the program does not know it."
HOW_CHOSEN = "How they were chosen: to be filled in by the hospital; the program does not know it."


def claim_items(acceptance: Acceptance, model: AvailableModel) -> dict[str, dict[str, str]]:
    """Answers by part of the checklist and by item.

    Args:
        acceptance: of this model.
        model: that was measured.
    """
    measurement = acceptance.measurement
    return {
        "Title, abstract and introduction": {
            "Identification as a study of AI": f"Test of {model.provenance}: {model.method}.",
            "Structured summary": "Result and Criteria, above.",
            "Background and intended use": "Model card: uses and directions.",
            "Aims and hypotheses": f"Whether the criteria are met: {acceptance.criteria.sentence()}.",
        },
        "Study design and data": _design(acceptance),
        "Reference standard": _reference_standard(measurement),
        "Partitions and sample size": {
            "How data were assigned to partitions": _partitions(measurement),
            "Level at which partitions are disjoint": _disjoint(measurement),
            "Intended sample size": "Not planned in this report. What so many images can show is said under "
            "How many do I need? on the page Your hospital.",
        },
        "Model and training": _model(model),
        "Evaluation": _evaluation(measurement),
        "Results and discussion": _results(measurement),
        "Other information": {
            "Study protocol": "Criteria, above, with the time when they were written down. Methods: docs of "
            "the program, Your hospital.",
            "Availability of software, model and data": "Program and method are open; the model is named "
            "under Result with its digest. The images stay in the hospital.",
            "Funding": BY_THE_HOSPITAL,
        },
    }


def _partitions(measurement: SiteMeasurement) -> str:
    readings = measurement.readings
    if readings.threshold_from_here or readings.temperature_from_here or readings.zones_from_here:
        return "Every image is for testing, but the model was set on images from here: see What may mislead."
    return "Not applicable: every image is for testing; nothing was chosen on it for this report."


def _disjoint(measurement: SiteMeasurement) -> str:
    if not measurement.readings.training_images:
        return "Not checked: the model has no reference of its training images."
    return (
        "Images that the model was trained on are found by digest of the file and left out: "
        f"{measurement.counts.in_training:,}. Other images of their patients, where headers of DICOM "
        f"files tell who they are, in training and here: {measurement.counts.patient_in_training:,}."
    )


def _design(acceptance: Acceptance) -> dict[str, str]:
    measurement = acceptance.measurement
    readings, counts = measurement.readings, measurement.counts
    drawn = "Images that a program drew, of nobody." if readings.synthetic else ""
    groups = ", ".join(readings.groups)
    unreadable = sum(counts.unreadable.values())
    return {
        "Prospective or retrospective": f"{BY_THE_HOSPITAL} The criteria came "
        + ("after some images had been read." if acceptance.seen else "before any image was read."),
        "Study goal": "Acceptance of one model in one hospital.",
        "Data sources": f"{readings.name}. {drawn or BY_THE_HOSPITAL}",
        "Inclusion and exclusion": "Images labelled as one of the two classes; what was left out, and why: "
        f"Images, above. {HOW_CHOSEN}",
        "Preprocessing": "As for every image on the Diagnosis page; no image was prepared for this test.",
        "Selection of subsets": "None but those under inclusion and exclusion.",
        "De-identification": drawn
        or "The images were read on this computer. The report names no patient and no file; patients are "
        "digests.",
        "Missing data": f"Unreadable files: {unreadable:,}; withheld results: "
        f"{sum(counts.withheld.values()):,}; results of unknown patients: {counts.without_patient:,}. "
        "None is imputed.",
        "Image acquisition": f"Figures by {groups}, above."
        if groups
        else "Not recorded: no column was named. "
        "Groups by device, view or month can be read from DICOM headers.",
    }


def _reference_standard(measurement: SiteMeasurement) -> dict[str, str]:
    readings = measurement.readings
    source = readings.label_source or "an unknown source"
    annotation = "Blinded, image by image, in the app." if readings.by_readers else "Outside this program."
    return {
        "Definition": f"Labels {' and '.join(CLASS_NAMES)}, from {source}.",
        "Rationale": BY_THE_HOSPITAL,
        "Source and qualifications": f"{source[0].upper()}{source[1:]}. Qualifications: to be filled in by "
        "the hospital.",
        "Annotation of the test set": annotation,
        "Variability between readers": "Kappa between readers, and between each and the labels: Label "
        "blinded. Not part of this report.",
    }


def _model(model: AvailableModel) -> dict[str, str]:
    record = model.record
    return {
        "Description of the model": f"{model.method}; input 128 x 128 pixels, framing {record.framing}.",
        "Software": "Version of the program under Result; its libraries in the self-test named there.",
        "Initialisation": record.starting_weights or "Unknown.",
        "Training": f"{OF_THE_MODEL} {record.run}." if record.run else f"{OF_THE_MODEL}.",
        "Selection of the final model": "Best epoch by validation loss; decision threshold: "
        f"{record.threshold_rule or 'unknown rule'}.",
        "Ensembling": f"Mean of the calibrated log-odds of {len(record.members)} models."
        if record.members
        else "None.",
    }


def _evaluation(measurement: SiteMeasurement) -> dict[str, str]:
    return {
        "Metrics": "ROC AUC, sensitivity and specificity at the threshold, Brier score, calibration.",
        "Statistical measures": "95% intervals by patient: Wilson's for rates, 2,000 resamples of whole "
        "patients for the others; Holm's correction for groups.",
        "Robustness": "Weak slices and groups, above. Shift against the training images: "
        f"{' '.join(measurement.shift.sentences())}",
        "Explainability": "Heat maps in the app; not tested here.",
        "Internal data": "Model card: key metrics, where it was trained.",
        "External data": "This test, unless the model was trained on images of this hospital.",
        "Trial registration": "Not applicable: no trial.",
    }


def _results(measurement: SiteMeasurement) -> dict[str, str]:
    groups = ", ".join(measurement.readings.groups)
    return {
        "Numbers included and excluded": "Images, above.",
        "Demographic and clinical characteristics": f"By {groups}: Figures, above."
        if groups
        else "Not recorded: no column of groups was named.",
        "Performance and its uncertainty": "Criteria and Figures, above.",
        "Diagnostic performance and its precision": "Figures, above.",
        "Failure analysis": " ".join(measurement.weak_slices.sentences()),
        "Limitations": "What may mislead, above.",
        "Implications for practice": "Decided by those who sign, not by this report.",
    }
