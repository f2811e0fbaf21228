"""Which weights files are at hand, and what each says of itself."""

from dataclasses import dataclass
from pathlib import Path

from core import config
from core.config import STAGES, THRESHOLD, Stage
from core.evaluation import OperatingPoint, wilson
from core.runs import shipped_runs
from core.weights import ModelRecord, WeightsError, change_record, read_record


@dataclass(frozen=True)
class AvailableModel:
    """A stage's weights.

    Attributes:
        stage: of the method.
        path: of the weights file.
        record: what the file says of itself.
        shipped: whether it came with the project.
    """

    stage: Stage
    path: Path
    record: ModelRecord
    shipped: bool = False

    @property
    def title(self) -> str:
        """One line for people: stage, run, data; synthetic data are named as such."""
        origin = f"run {self.record.run}" if self.record.run else "unknown origin"
        mark = ", SYNTHETIC data" if self.record.synthetic else ""
        mark += ", came with the studio" if self.shipped else ""
        return f"Stage {self.stage.number} · {self.stage.name} · {origin}{mark}"

    def measured(self) -> str:
        """How well it did on its test films, at the threshold that they were measured at; 95 % intervals."""
        test = (self.record.evaluation or {}).get("test")
        if not test or test["recall"] is None or test["specificity"] is None:
            return "not measured on test images"
        (tn, fp), (fn, tp) = test["confusion_matrix"]
        rates = {"sensitivity": (tp, tp + fn), "specificity": (tn, tn + fp)}
        said = [
            "{} {:.0%} ({:.0%} to {:.0%})".format(name, part / whole, *wilson(part, whole))
            for name, (part, whole) in rates.items()
        ]
        where = f"{test['n']} test images at a threshold of {test.get('threshold', THRESHOLD):.3g}"
        return f"on {where}: {', '.join(said)}"


def save_operating_point(model: AvailableModel, point: OperatingPoint) -> None:
    """Keep a threshold with a model's file: whoever answers with it uses it from now on.

    Raises:
        UserError: the file cannot be written.
    """
    change_record(model.path, threshold=point.threshold, threshold_rule=point.rule)


def available_models() -> list[AvailableModel]:
    """What answers, by stage: the weights that training published, else those that came with the project."""
    return published_models() or shipped_models()


def published_models(folder: Path | None = None) -> list[AvailableModel]:
    """The published weights that can be opened, by stage."""
    folder = Path(folder or config.model_folder())
    return _opened([(stage, folder / stage.file) for stage in STAGES.values()])


def shipped_models() -> list[AvailableModel]:
    """The models that came with the project, by stage."""
    found = [(STAGES[stage], run.weights_path(stage)) for run in shipped_runs() for stage in STAGES]
    return _opened(found, shipped=True)


def companions(model: AvailableModel) -> list[AvailableModel]:
    """The models of the same origin, itself among them, by stage: those that may be asked beside it."""
    return shipped_models() if model.shipped else published_models()


def _opened(files: list[tuple[Stage, Path]], shipped: bool = False) -> list[AvailableModel]:
    found = []
    for stage, path in files:
        try:
            found.append(AvailableModel(stage, path, read_record(path), shipped))
        except WeightsError:
            continue
    return found
