"""The images on which a model's result contradicts the label, to be looked at."""

from collections.abc import Sequence

import pandas as pd

from core.evaluation import misclassified
from core.site.labelling import blinded
from core.site.measurement import SiteMeasurement


def misclassified_images(measurement: SiteMeasurement, files: Sequence[str]) -> pd.DataFrame:
    """Columns file, label and probability (calibrated, of PNEUMONIA), the most confident errors first.

    Args:
        measurement: of the model.
        files: paths of the images that were measured; errors in other files are left out.
    """
    if measurement.predictions is None:
        return pd.DataFrame(columns=["file", "label", "probability"])
    by_digest = blinded(files)
    table = misclassified(measurement.predictions, measurement.readings.threshold)
    table = table[table["sha256"].isin(by_digest)]
    return table.assign(file=table["sha256"].map(by_digest))[["file", "label", "probability"]].reset_index(
        drop=True
    )
