"""Which local images a model was trained on, and which are of patients that it was trained on."""

from dataclasses import dataclass

from core.images import patient_pseudonym
from core.inference import Reader
from core.sentence import Sentence


@dataclass(frozen=True)
class TrainedOn:
    """What a model's reference tells of its training images.

    Attributes:
        images: digests of their files.
        patients: pseudonyms of their patients, as far as DICOM headers told them.
        unknown: what of them cannot be told, one sentence each.
    """

    images: frozenset[str]
    patients: frozenset[str]
    unknown: tuple[str, ...]

    @classmethod
    def of(cls, reader: Reader) -> "TrainedOn":
        """Those of a model; nothing without a reference."""
        reference = reader.reference
        if reference is None:
            return cls(frozenset(), frozenset(), ())
        known, trained, unknown = reference.known_images, reader.record.training_images, []
        if 0 < known < trained:
            unknown.append(
                Sentence(
                    "The model was trained on {trained:,} images, of which {known:,} are known here: a local "
                    "image among the others counts. Once its reference is renewed, all are known.",
                    trained=trained,
                    known=known,
                )
            )
        if reference.patients_elsewhere:
            unknown.append(
                Sentence(
                    "The patients that the model was trained on were recorded in another home, under its own "
                    "key: whether some of them are here cannot be told."
                )
            )
        return cls(reference.training_images, reference.training_patients, tuple(unknown))

    def columns(self, sha256: str, patient: str) -> dict[str, bool]:
        """Whether it was trained on an image, and on its patient, by column of `SiteReadings.table`.

        Args:
            sha256: of the file; "" if unknown.
            patient: `Image.patient_digest`; "" if unknown.
        """
        return {
            "in_training": sha256 in self.images,
            "patient_in_training": patient_pseudonym(patient) in self.patients,
        }
