"""The CLAIM checklist: Mongan, Moy and Kahn, Radiology: Artificial Intelligence 2020."""

from pathlib import Path

import pandas as pd

from core.comparison.data_statements import label_sentence, on_published_set, origin_sentence
from core.comparison.model_comparison import ModelComparison


def claim_checklist(comparison: ModelComparison) -> pd.DataFrame:
    """The items that can be filled in automatically: one row per item."""
    weights = sorted({Path(stage.run.settings().weights).name for stage in comparison.stages})
    compared = comparison.models[0]
    normal, pneumonia = (int((compared.labels == number).sum()) for number in (0, 1))
    sample = f"{len(compared)} {comparison.split} images ({normal} NORMAL, {pneumonia} PNEUMONIA) of "
    sample += f"{len(set(compared.patients))} patients; not chosen by a power calculation."
    items = {
        "Title and aim": "Deep learning: classification of chest X-rays as normal or pneumonia.",
        **_of_the_data(comparison),
        "Sample size": " ".join([sample, *comparison.small_samples]),
        "Model": "Described in the model card; the code is open.",
        "Initialisation": ", ".join(weights),
        "Training": "Augmentation, optimiser and learning rates in the run's settings; best epoch by "
        "validation loss.",
        "Evaluation": "Metrics with intervals, tests, subgroups, calibration and operating points: above.",
        "Robustness": f"Occlusion test, where it was run. {origin_sentence(comparison)}",
        "Explainability": "Grad-CAM heat maps in the app.",
        "Flow of images": "Counts under Data; the audit lists unreadable files.",
        "Failure analysis": "Subgroups above; the gallery of errors in the app.",
        "Registration, funding": "To be filled in by the author.",
    }
    return pd.DataFrame({"in this comparison": items})


def _of_the_data(comparison: ModelComparison) -> dict[str, str]:
    """The items on the data: what is known of the published set, for others what the runs recorded."""
    labels = label_sentence(comparison)
    partitions = {"Partitions": "Test images: see Robustness. Validation patients held out from training."}
    if comparison.synthetic:
        return {
            "Study design": "On SYNTHETIC images, which a program drew.",
            "Data sources": "Listed under Data.",
            "De-identification": "Not needed: the images show nobody.",
            "Ground truth": f"What the program drew. {labels}",
        } | partitions
    if on_published_set(comparison):
        return {
            "Study design": "Retrospective, on a published data set.",
            "Data sources": "Listed under Data; eligibility criteria are those of the data set's authors.",
            "De-identification": "By the data set's authors; file names contain a number per patient.",
            "Ground truth": "Folder names of the data set; annotators and their agreement are not recorded "
            f"there. {labels}",
            "Partitions": "Test as published; validation patients held out from training.",
        }
    return {
        "Study design": "Retrospective.",
        "Data sources": "Listed under Data; eligibility criteria to be filled in by the author.",
        "De-identification": "To be filled in by the author.",
        "Ground truth": f"{labels} Annotators and their agreement to be filled in by the author.",
    } | partitions
