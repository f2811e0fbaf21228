"""The CLAIM checklist: Mongan, Moy and Kahn, Radiology: Artificial Intelligence 2020."""

from pathlib import Path

import pandas as pd

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
        "Study design": "Retrospective, on a published data set.",
        "Data sources": "Listed under Data; eligibility criteria are those of the data set's authors.",
        "De-identification": "By the data set's authors; file names contain a number per patient.",
        "Ground truth": "Folder names of the data set; annotators and their agreement are not recorded "
        "there.",
        "Partitions": "Test as published; validation patients held out from training.",
        "Sample size": " ".join([sample, *comparison.small_samples]),
        "Model": "Described in the model card; the code is open.",
        "Initialisation": ", ".join(weights),
        "Training": "Augmentation, optimiser and learning rates in the run's settings; best epoch by "
        "validation loss.",
        "Evaluation": "Metrics with intervals, tests, subgroups, calibration and operating points: above.",
        "Robustness": "Occlusion test, where it was run; no external test.",
        "Explainability": "Grad-CAM heat maps in the app.",
        "Flow of images": "Counts under Data; the audit lists unreadable files.",
        "Failure analysis": "Subgroups above; the gallery of errors in the app.",
        "Registration, funding": "To be filled in by the author.",
    }
    return pd.DataFrame({"in this comparison": items})
