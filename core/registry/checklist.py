"""The checklist before a promotion: what must hold, or be overridden with a reason."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES, IMAGE_SIZE
from core.errors import UserError
from core.evaluation import Difference, Predictions, delong, paired_rate
from core.inference import MIN_TRAINING_IMAGES, Reader
from core.registry.evidence import evidence_of
from core.registry.golden_images import TOLERANCE, chosen_test_images, golden_agreement
from core.registry.models import RETIRED, RegisteredModel
from core.sentence import Sentence

MIN_VALIDATION_PATIENTS = 30
NON_INFERIORITY_MARGIN = 0.02  # of AUC and of sensitivity


@dataclass(frozen=True)
class PromotionCheck:
    """One line of the checklist.

    Attributes:
        title: what must hold.
        passed: whether it does.
        detail: the figures, or why it cannot be told.
        command: what helps from a terminal; "" for nothing.
    """

    title: str
    passed: bool
    detail: str
    command: str = ""


def checklist(
    item: RegisteredModel, active: RegisteredModel | None, margin: float = NON_INFERIORITY_MARGIN
) -> list[PromotionCheck]:
    """What must hold before a model is promoted.

    Args:
        item: the model to promote.
        active: the model that answers now; None if there is none.
        margin: by how much AUC and sensitivity may be below those of the active model.
    """
    return list(checks_in_turn(item, active, margin))


def checks_in_turn(
    item: RegisteredModel, active: RegisteredModel | None, margin: float
) -> Iterator[PromotionCheck]:
    """The same, each line once it is known: those for which the model has to read images take longest."""
    yield from _not_retired(item)
    yield _real_data(item)
    yield _enough_images(item)
    yield _validation(item)
    yield _tested(item)
    yield from _not_inferior(item, active, margin)
    yield _golden_images(item)
    yield _answers(item)
    yield from _of_site(item)


def _not_retired(item: RegisteredModel) -> Iterator[PromotionCheck]:
    """A failed check for a retired version; none for other models."""
    if item.state == RETIRED:
        yield PromotionCheck(
            Sentence("Not retired"),
            False,
            Sentence("{title} was retired: models show says when and why.", title=item.title),
        )


def _real_data(item: RegisteredModel) -> PromotionCheck:
    record = item.model.record
    if record.synthetic:
        detail = Sentence("Trained on SYNTHETIC images.")
    else:
        detail = Sentence("Trained on {data}.", data=record.data or Sentence("unknown data"))
    return PromotionCheck(
        Sentence("Trained on real data"), bool(record.data) and not record.synthetic, detail
    )


def _enough_images(item: RegisteredModel) -> PromotionCheck:
    count = item.training_images
    detail = (
        Sentence("{count:,} training images.", count=count)
        if count
        else Sentence("The number of training images is unknown.")
    )
    title = Sentence("At least {least} training images", least=MIN_TRAINING_IMAGES)
    return PromotionCheck(title, count >= MIN_TRAINING_IMAGES, detail)


def _validation(item: RegisteredModel) -> PromotionCheck:
    title = Sentence(
        "Validation has both classes and at least {least} patients", least=MIN_VALIDATION_PATIENTS
    )
    try:
        predictions = _predictions(item, "validation")
    except UserError as error:
        return PromotionCheck(title, False, str(error))
    patients = len(np.unique(predictions.patients))
    counts = [int((predictions.labels == number).sum()) for number in range(len(CLASS_NAMES))]
    detail = Sentence(
        "{normal:,} NORMAL and {pneumonia:,} PNEUMONIA images of {patients:,} patients.",
        normal=counts[0],
        pneumonia=counts[1],
        patients=patients,
    )
    return PromotionCheck(title, min(counts) > 0 and patients >= MIN_VALIDATION_PATIENTS, detail)


def _tested(item: RegisteredModel) -> PromotionCheck:
    test = (item.model.record.evaluation or {}).get("test")
    return PromotionCheck(Sentence("Evaluated on test images"), bool(test), item.model.test_result_sentence())


def _not_inferior(
    item: RegisteredModel, active: RegisteredModel | None, margin: float
) -> Iterator[PromotionCheck]:
    """AUC and sensitivity against the active model's, paired on the same test images."""
    titles = {
        "AUC": Sentence("ROC AUC not more than {margin:g} below the active model's", margin=margin),
        "sensitivity": Sentence(
            "Sensitivity not more than {margin:g} below the active model's", margin=margin
        ),
    }
    if active is None:
        yield from (PromotionCheck(title, True, Sentence("No model is active.")) for title in titles.values())
        return
    if active.model.path == item.model.path:
        yield from (
            PromotionCheck(title, True, Sentence("It is the active model.")) for title in titles.values()
        )
        return
    try:
        before, after = _on_the_same_images(active, item)
        differences = {
            "AUC": delong(before.labels, before.probabilities, after.probabilities),
            "sensitivity": paired_rate(
                before.labels,
                before.probabilities >= active.model.record.threshold,
                after.probabilities >= item.model.record.threshold,
                "sensitivity",
            ),
        }
    except UserError as error:
        yield from (PromotionCheck(title, False, str(error)) for title in titles.values())
        return
    for name, difference in differences.items():
        passed = difference.interval[0] >= -margin
        yield PromotionCheck(titles[name], passed, _sentence(difference, len(before)))


def _sentence(difference: Difference, count: int) -> str:
    low, high = difference.interval
    return Sentence(
        "Difference {value:+.3f} (95% interval {low:+.3f} to {high:+.3f}) on {count:,} test images.",
        value=difference.value,
        low=low,
        high=high,
        count=count,
    )


def _on_the_same_images(active: RegisteredModel, item: RegisteredModel) -> tuple[Predictions, Predictions]:
    """Test predictions of both models for the images that both were tested on, in the same order.

    Raises:
        UserError: a model was not tested, or there is no such image.
    """
    tables = [_predictions(model, "test").table.drop_duplicates("sha256") for model in (active, item)]
    shared = set(tables[0]["sha256"]) & set(tables[1]["sha256"])
    if not shared:
        raise UserError(
            Sentence(
                "{title} and the active model {active} were tested on different images. Evaluate "
                "both on the same data set.",
                title=item.title,
                active=active.title,
            )
        )
    before, after = (
        Predictions.of(model.title, table[table["sha256"].isin(shared)].sort_values("sha256"))
        for model, table in zip((active, item), tables, strict=True)
    )
    return before, Predictions.of(item.title, _in_order(after.table, before.table))


def _in_order(table: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table under the paths of another table's rows for the same images."""
    rows = table.set_index("sha256").loc[like["sha256"]].reset_index()
    return rows.assign(path=like["path"].to_numpy())


def _golden_images(item: RegisteredModel) -> PromotionCheck:
    title = Sentence(
        "Gives its recorded probabilities on this computer, within {tolerance:g}", tolerance=TOLERANCE
    )
    if item.model.bundled or item.version:
        result = golden_agreement(item)
        return PromotionCheck(title, result.passed, result.detail)
    try:
        table = _predictions(item, "test").table
        assert item.run is not None  # it has predictions
        dataset, rows, golden = chosen_test_images(table, item.run)
        predictor = Reader(item.model.path).predictor
        probabilities = predictor.probabilities(predictor.framed(dataset)[rows])
    except UserError as error:
        return PromotionCheck(title, False, str(error))
    largest = float(np.abs(probabilities - golden["probability"].to_numpy()).max())
    detail = Sentence(
        "Largest difference {largest:.4f} on {count} test images.", largest=largest, count=len(golden)
    )
    return PromotionCheck(title, largest <= TOLERANCE, detail)


def _answers(item: RegisteredModel) -> PromotionCheck:
    title = Sentence("Loads, answers and has a reference of its training images")
    try:
        reader = Reader(item.model.path)
        blank = np.zeros((1, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
        reader.predictor.probabilities(blank)
    except UserError as error:
        return PromotionCheck(title, False, str(error))
    if reader.reference is None:
        detail = Sentence("It has no reference of its training images. Compute one.")
        return PromotionCheck(title, False, detail, "python -m core reference RUN")
    precision = reader.predictor.precision
    return PromotionCheck(title, True, Sentence("Answers in {precision}.", precision=precision))


def _of_site(item: RegisteredModel) -> Iterator[PromotionCheck]:
    """What was found when a version was set for a hospital: whether its threshold or temperature helps."""
    try:
        parts = [part for part in evidence_of(item).values() if isinstance(part, dict)]
        yield from (PromotionCheck(**part["check"]) for part in parts if "check" in part)
    except (UserError, TypeError) as error:
        yield PromotionCheck(Sentence("Evidence of its changes can be read"), False, str(error))


def _predictions(item: RegisteredModel, split: str) -> Predictions:
    return Predictions.of(item.title, item.predictions(split))
