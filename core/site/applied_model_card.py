"""The card of a model in one hospital, by the headings of an Applied Model Card.

That of the Coalition for Health AI (CHAI), draft of 2024. What the program does not know is to be filled in
by the hospital, and says so.
"""

import pandas as pd

from core.inference import NOTICE, AvailableModel
from core.reports import Section
from core.site.claim import BY_THE_HOSPITAL
from core.site.measurement import SiteMeasurement, metric_texts

TARGET = "Children with a frontal chest X-ray."
SCOPE = (
    "Adults, other views and body parts, other findings than pneumonia, and any decision without a person "
    "who reads the image."
)
RISKS = (
    "A missed pneumonia can cost a child's life; a false positive means needless antibiotics. The model may "
    "rely on how an image was taken rather than on the lungs."
)


def applied_model_card(measurement: SiteMeasurement, model: AvailableModel) -> list[Section]:
    """The card, heading by heading.

    Args:
        measurement: of this model on the hospital's images.
        model: that was measured.
    """
    headings = {
        "name and release": _release(model),
        "uses and directions": {
            "Intended use": f"Pneumonia on an X-ray, as a second opinion. {model.threshold_sentence()}",
            "Primary users": "A person who reads the image and decides.",
            "How to use": "Diagnosis page, API, DICOM node or batch of the program; docs of each.",
            "Target population": TARGET,
            "Out of scope": SCOPE,
        },
        "warnings": {
            "Known risks and limitations": " ".join([RISKS, *measurement.readings.model_warnings]),
            "Known biases": " ".join(measurement.weak_slices.sentences()),
            "Clinical risk level": BY_THE_HOSPITAL,
        },
        "trust ingredients": _trust(measurement, model),
        "key metrics": _metrics(measurement, model),
        "resources": {
            "Evaluation references": "This report; what is known from elsewhere: docs of the program.",
            "Clinical trial": "None known to the program.",
            "Funding and stakeholders": BY_THE_HOSPITAL,
        },
    }
    return [
        Section(f"Model card: {heading}", [pd.DataFrame({"": list(rows.values())}, index=list(rows))])
        for heading, rows in headings.items()
    ]


def _release(model: AvailableModel) -> dict[str, str]:
    return {
        "Name and version": f"{model.provenance}, {model.identity}",
        "Developer": f"Trained in {model.origin}; who did is not recorded.",
        "Release": f"Trained {model.record.created or 'at an unknown time'}.",
        "Regulatory status": NOTICE,
    }


def _trust(measurement: SiteMeasurement, model: AvailableModel) -> dict[str, str]:
    record = model.record
    images = f"{record.training_images:,} images" if record.training_images else "an unknown number of images"
    source = measurement.readings.label_source or "an unknown source"
    return {
        "Input and output": "One image; a probability of pneumonia and a heat map.",
        "Model": f"{model.method}. {model.calibration_sentence()}",
        "Development data": f"Trained on {images} of {record.data or 'an unknown data set'}.",
        "Reference standard here": f"Where it was measured here, the labels come from {source}.",
        "Bias mitigation": "Not recorded of the training; groups and weak slices are measured here.",
        "Ongoing maintenance": "Each result can be logged and watched: Your hospital, Watch.",
        "Security": "Images leave the computer only where a DICOM node sends results; docs of the program, "
        "Security.",
    }


def _metrics(measurement: SiteMeasurement, model: AvailableModel) -> dict[str, str]:
    metrics = metric_texts(measurement.metrics) if measurement.metrics else {}
    counts = measurement.counts
    withheld = sum(counts.withheld.values())
    groups = ", ".join(measurement.readings.groups)
    return {
        "Usefulness here": "; ".join(f"{title} {text}" for title, text in metrics.items()) or "Not measured.",
        "Usefulness where it was trained": model.test_result_sentence(),
        "Fairness": f"By {groups}: Figures, above."
        if groups
        else "Not measured: no column of groups was named.",
        "Safety": f"{withheld:,} results withheld and {counts.warned:,} with a warning, of "
        f"{counts.results + withheld:,} images.",
    }
