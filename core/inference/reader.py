"""A model that reads images: its predictor, its reference and its companion stages in one place."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from core.anatomy import lung_network
from core.compilation import winograd_pays
from core.config import CLASS_NAMES, POSITIVE, stage_of_file
from core.errors import UserError
from core.images import Image, ImageLoader, decode_ahead
from core.inference.framed_images import WholeImages
from core.inference.heat_location import HeatLocation, heat_location
from core.inference.heat_map_doubt import doubt
from core.inference.identity import ModelIdentity, identity_of, model_warnings
from core.inference.known_references import AnyReference, reference_files, reference_of
from core.inference.loading import shared_predictor
from core.inference.models import AvailableModel, published_models
from core.inference.out_of_distribution import check, out_of_distribution_score
from core.inference.prediction import ModelOutput, shown_threshold, shown_zones
from core.inference.predictor import BATCH, Predictor
from core.inference.reading import Reading
from core.inference.sharpened_reading import sharpened, sharper_note
from core.inference.stability import SecondOpinion
from core.inference.track_record import TrackRecord, track_record_of
from core.weights import ModelRecord, file_digest


class Reader:
    """Reads images with one model. Its parts are loaded when first needed and shared between readers.

    Args:
        path: weights file. The other stages' weights files in the same folder are its companions.
        precision: of the convolutions; see `load_predictor`.
        threads: to compute with; 0 for one per core, None for what the environment says.
        notices: what every reading must say of the model besides, such as that it stands in for another.
    """

    def __init__(
        self,
        path: Path,
        precision: str = "auto",
        threads: int | None = None,
        notices: tuple[str, ...] = (),
    ) -> None:
        self.path = Path(path)
        self.precision = precision
        self.threads = threads
        self.notices = notices

    @classmethod
    def of(cls, model: AvailableModel, precision: str = "auto") -> "Reader":
        """A reader of an available model, with its notices."""
        return cls(model.path, precision, notices=model.notices)

    @property
    def stage(self) -> int:
        """Number of the stage whose weights these are, by the name of the file; 0 if it has another name."""
        stage = stage_of_file(self.path.name)
        return stage.number if stage else 0

    @cached_property
    def predictor(self) -> Predictor:
        """The compiled model.

        Raises:
            WeightsError: the file is missing, damaged or of another architecture.
            UserError: `PNEUMONIA_STUDIO_CONVOLUTION` is none of its values.
        """
        return shared_predictor(self.path, self.precision, self.threads)

    @property
    def record(self) -> ModelRecord:
        """Where the model comes from."""
        return self.predictor.record

    @property
    def threshold(self) -> float:
        """Calibrated probability from which the model predicts pneumonia."""
        return shown_threshold(self.record)

    @cached_property
    def identity(self) -> ModelIdentity:
        """Name, version and digest of the model."""
        return identity_of(self.path, self.record)

    @property
    def basis(self) -> tuple[str, ...]:
        """What its readings depend on besides images and program: digests of files, precision, convolution.

        Raises:
            WeightsError, UserError: as `predictor`.
        """
        digests = [file_digest(path) for path in (self.path, *reference_files(self.record, self.path))]
        first = self.predictor.precision
        convolution = "winograd" if winograd_pays(self.record.architecture.layers, first) else "direct"
        return *digests, lung_network(), self.precision, first, convolution

    @cached_property
    def model_warnings(self) -> tuple[str, ...]:
        """What every reading must say of the model, one sentence each."""
        return model_warnings(self.identity, self.record, self.notices)

    @cached_property
    def reference(self) -> AnyReference | None:
        """Out-of-distribution reference of the model; None if it has none."""
        return reference_of(self.record, self.path)

    @cached_property
    def track_record(self) -> TrackRecord | None:
        """The model's predictions for its test images; None as for `track_record_of`."""
        return track_record_of(self.record, self.path)

    @cached_property
    def companions(self) -> dict[int, Predictor]:
        """Predictors of the other stages of the same backbone, by stage number."""
        return {
            model.stage.number: shared_predictor(model.path, self.precision, self.threads)
            for model in published_models(self.path.parent)
            if model.path != self.path and model.record.architecture is self.record.architecture
        }

    def read(self, images: Iterable[Image], **switches: bool) -> list[Reading]:
        """One reading per image, in order.

        Args:
            switches: as for `read_decoded`.
        """
        readings = self.read_decoded(list(images), **switches)
        return [reading for reading in readings if isinstance(reading, Reading)]

    def read_decoded(
        self,
        images: Sequence[Image | UserError],
        heat_map: bool = False,
        second_opinion: bool = False,
        anyway: bool = False,
        sharper: bool = False,
    ) -> list[Reading | UserError]:
        """One reading per image, in order; the errors among them are passed through.

        Args:
            heat_map: whether to compute heat maps.
            sharper: whether to add sharper heat maps, except to withheld results.
            second_opinion: whether to add second opinions, except to withheld results.
            anyway: whether to give results that would be withheld.
        """
        decoded = [image for image in images if isinstance(image, Image)]
        readings = self._readings(images, self.predictor.outputs(decoded, heat_map), second_opinion, anyway)
        if not sharper:
            return readings
        return [self.sharpened(each) if isinstance(each, Reading) else each for each in readings]

    def read_shared(
        self, images: Sequence[Image | UserError], whole: WholeImages
    ) -> list[Reading | UserError]:
        """The same without heat maps, of at most `BATCH` images that other models read, too.

        Args:
            whole: the images among `images`.
        """
        return self._readings(images, self.predictor.outputs_of(whole))

    def read_files(
        self, files: Sequence[ImageLoader], batch: int = BATCH, **switches: bool
    ) -> Iterator[list[Reading | UserError]]:
        """Read files in batches, each while the next one is being decoded.

        Args:
            files: functions that each decode one file.
            batch: files at a time; two batches are held in memory.
            switches: as for `read_decoded`.

        Yields:
            For each file of a batch, its reading, or why it cannot be read.
        """
        for images in decode_ahead(files, batch):
            yield self.read_decoded(images, **switches)

    def second_opinion(self, reading: Reading) -> SecondOpinion:
        """How far a reading can be relied on."""
        stages = {number: other.predict([reading.image])[0] for number, other in self.companions.items()}
        stages[self.stage] = reading.prediction
        similar = self.reference.nearest(reading.output.hidden) if self.reference else []
        return SecondOpinion.of(reading.output, self.predictor, stages, similar)

    @property
    def sharper_note(self) -> str:
        """Why the model has no sharper heat map, in a sentence; "" if it has one."""
        return sharper_note(self.predictor, self.reference)

    def sharpened(self, reading: Reading) -> Reading:
        """A reading with its sharper heat map, or with the reason why there is none."""
        return sharpened(reading, self.predictor, self.reference)

    def _readings(
        self,
        images: Sequence[Image | UserError],
        outputs: Iterable[ModelOutput],
        second_opinion: bool = False,
        anyway: bool = False,
    ) -> list[Reading | UserError]:
        """The readings of the images among the errors; the outputs are of the images alone."""
        of_images = iter(outputs)
        readings: list[Reading | UserError] = []
        for image in images:
            if isinstance(image, UserError):
                readings.append(image)
                continue
            reading = self._reading(image, next(of_images), anyway)
            if second_opinion and not reading.withheld:
                reading = replace(reading, second_opinion=self.second_opinion(reading))
            readings.append(reading)
        return readings

    def _reading(self, image: Image, output: ModelOutput, anyway: bool) -> Reading:
        """The reading that a model's output gives after its checks."""
        score = out_of_distribution_score(output, self.reference)
        checks = tuple(check(image, output, self.predictor, self.reference, score))
        withheld = not anyway and any(item.withheld for item in checks)
        location = heat_location(output.heat, output.lungs) if output.heat else None
        if location and image.is_turned:  # right and left, upper and lower would be the wrong ones
            location = replace(location, side="", third="")
        warning = self._doubt(output, location)
        similar = self.track_record.near(output.prediction.calibrated) if self.track_record else None
        return Reading(
            image,
            output,
            self.threshold,
            checks,
            withheld,
            warning,
            model_warnings=self.model_warnings,
            heat_location=location,
            similar_scores=similar,
            zones=shown_zones(self.record),
            distance=score,
        )

    def _doubt(self, output: ModelOutput, location: HeatLocation | None) -> str:
        """Why the heat map may say more about the model; where it is hot counts for pneumonias only."""
        if output.heat is None:
            return ""
        peaks = self.reference.peaks if self.reference else None
        is_pneumonia = output.prediction.label == CLASS_NAMES[POSITIVE]
        return doubt(output.heat, output.pixels, peaks, location if is_pneumonia else None)
