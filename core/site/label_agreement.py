"""How well readers agree with the labels that came with a hospital's images."""

import pandas as pd

from core.config import CLASS_NAMES
from core.evaluation import cohens_kappa
from core.site.labelling import ReaderPair, digest
from core.site.local_images import LocalImages


def agreement_with_labels(local: LocalImages, log: pd.DataFrame) -> list[ReaderPair]:
    """The agreement of each reader's first labels with those of a table or of folders.

    Args:
        local: images with the labels that they came with; an image with both of them does not count.
        log: as `LabelLog.entries` returns it.

    Returns:
        [] where the labels are those of the readers: it would compare them with themselves.
    """
    if local.by_readers:
        return []
    labels: dict[str, str] = {}
    for file, label in zip(local.table["file"], local.table["label"], strict=True):
        sha256 = digest(file)
        labels[sha256] = label if labels.get(sha256, label) == label else ""
    own = log[~log["consensus"]].drop_duplicates(["sha256", "reader"])
    known = own[own["sha256"].map(labels).isin(CLASS_NAMES)]
    return [
        ReaderPair(
            str(reader),
            local.label_source,
            cohens_kappa(list(given["label"]), [labels[sha256] for sha256 in given["sha256"]]),
        )
        for reader, given in known.groupby("reader")
    ]
