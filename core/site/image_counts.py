"""What became of local images: which count, and why the others do not."""

from collections import Counter
from dataclasses import dataclass

import pandas as pd

from core.evaluation import patient_groups
from core.sentence import Sentence, template


@dataclass(frozen=True)
class ImageCounts:
    """What became of the labelled images.

    Attributes:
        files: listed.
        copies: files with the content and label of another; they count once.
        contradictory: files with the content of another and the other label; they are left out.
        in_training: images that the model was trained on, by their digest; they are left out.
        patient_in_training: others of a patient that it was trained on, by DICOM headers; likewise.
        unreadable: by reason.
        withheld: results that the app would not show, by reason.
        withheld_by_class: the same by class.
        results: images with a result, which the metrics are of.
        patients: of those images; an image of an unknown patient counts as a patient.
        without_patient: results whose patient is unknown.
        warned: results with a warning.
        doubts: results by the reason why the model may not be able to judge them.
    """

    files: int
    copies: int
    contradictory: int
    in_training: int
    patient_in_training: int
    unreadable: dict[str, int]
    withheld: dict[str, int]
    withheld_by_class: dict[str, int]
    results: int
    patients: int
    without_patient: int
    warned: int
    doubts: dict[str, int]

    def titled(self) -> dict[str, int]:
        """The counts that are not 0 by a title, and that of the results."""
        not_measured = {
            Sentence("Labelled files"): self.files,
            Sentence("Left out: copies of other files"): self.copies,
            Sentence("Left out: labelled both ways"): self.contradictory,
            Sentence("Left out: the model was trained on them"): self.in_training,
            Sentence(
                "Left out: the model was trained on other images of the patient"
            ): self.patient_in_training,
            **_by_reason(template("Unreadable: {reason}"), self.unreadable),
            **_by_reason(template("Withheld: {reason}"), self.withheld),
            **_by_reason(template("Withheld, labelled {reason}"), self.withheld_by_class),
        }
        of_results = {
            Sentence("Patients with a result"): self.patients,
            Sentence("Results of unknown patients"): self.without_patient,
            Sentence("Results with a warning"): self.warned,
            **_by_reason(template("Results, {reason}"), self.doubts),
        }
        known = not_measured | {Sentence("Results"): self.results} | of_results
        return {title: count for title, count in known.items() if count or title == "Results"}


def _by_reason(title: str, counts: dict[str, int]) -> dict[str, int]:
    """Counts by a title for each reason."""
    return {Sentence(title, reason=reason): count for reason, count in counts.items()}


def counted_images(table: pd.DataFrame) -> tuple[pd.DataFrame, ImageCounts]:
    """The rows that count, each content once, and what became of all rows of `SiteReadings.table`."""
    readable = table[table["error"] == ""]
    labels_of = readable.groupby("sha256")["label"].nunique()
    contradictory = readable["sha256"].isin(labels_of.index[labels_of > 1])
    once = readable[~contradictory].drop_duplicates("sha256")
    unseen = once[~once["in_training"]]
    counted = unseen[~unseen["patient_in_training"]]
    withheld = counted[counted["withheld"] != ""]
    results = counted[counted["withheld"] == ""]
    doubts = [reason for joined in results["doubts"] if joined for reason in joined.split("; ")]
    return counted, ImageCounts(
        files=len(table),
        copies=int((~contradictory).sum()) - len(once),
        contradictory=int(contradictory.sum()),
        in_training=len(once) - len(unseen),
        patient_in_training=len(unseen) - len(counted),
        unreadable=dict(Counter(table.loc[table["error"] != "", "error"]).most_common()),
        withheld=dict(Counter(withheld["withheld"]).most_common()),
        withheld_by_class=dict(sorted(Counter(withheld["label"]).items())),
        results=len(results),
        patients=int(patient_groups(results).nunique()),
        without_patient=int((results["patient"] == "").sum()),
        warned=int(results["warned"].sum()),
        doubts=dict(Counter(doubts).most_common()),
    )
