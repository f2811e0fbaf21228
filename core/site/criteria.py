"""What a model must reach in one hospital: written down before it is measured, with time and name."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from core import atomic, config
from core.errors import UserError
from core.roles import Role, takes
from core.sentence import Sentence, joined

MAX_NAME = 80  # characters
RANGES = {  # what each criterion may be
    "sensitivity": (0.5, 1.0),
    "specificity": (0.5, 1.0),
    "auc": (0.5, 1.0),
    "withheld": (0.0, 0.5),
}


@dataclass(frozen=True)
class Criteria:
    """What a model must reach; None for what is not asked of it.

    Attributes:
        sensitivity, specificity, auc: at least; rates at the model's decision threshold.
        withheld: share of images without a result, at most.
        by: who wrote them down.
        time: when, ISO 8601 with the offset from UTC.
    """

    sensitivity: float | None
    specificity: float | None
    auc: float | None
    withheld: float | None
    by: str
    time: str

    def sentence(self) -> str:
        """What is asked, by whom and since when."""
        asked = {"sensitivity": self.sensitivity, "specificity": self.specificity, "ROC AUC": self.auc}
        given = [
            Sentence("{name} of at least {value:g}", name=Sentence(name), value=value)
            for name, value in asked.items()
            if value is not None
        ]
        if self.withheld is not None:
            given.append(Sentence("at most {share:g}% of results withheld", share=100 * self.withheld))
        moment = f"{datetime.fromisoformat(self.time):%Y-%m-%d %H:%M %z}"
        return Sentence(
            "{criteria}; written down by {by} at {moment}",
            criteria=joined(given, ", "),
            by=self.by,
            moment=moment,
        )


@takes(Role.OWNER)
def write_criteria(
    sensitivity: float | None, specificity: float | None, auc: float | None, withheld: float | None, by: str
) -> Criteria:
    """Write criteria down; those written before are kept, and the last ones count.

    Raises:
        UserError: none is given, one is out of range, nobody is named, or the disk is full.
    """
    given = {"sensitivity": sensitivity, "specificity": specificity, "auc": auc, "withheld": withheld}
    for name, value in given.items():
        low, high = RANGES[name]
        if value is not None and not low <= value <= high:
            raise UserError(
                Sentence(
                    "The criterion for {name} is {value:g}; give one from {low:g} to {high:g}.",
                    name=name,
                    value=value,
                    low=low,
                    high=high,
                )
            )
    if set(given.values()) == {None}:
        raise UserError(Sentence("There is no criterion. Give at least one."))
    if not 0 < len(by.strip()) <= MAX_NAME:
        raise UserError(
            Sentence("Whoever writes criteria down gives a name of 1 to {most} characters.", most=MAX_NAME)
        )
    criteria = Criteria(**given, by=by.strip(), time=datetime.now().astimezone().isoformat())
    with atomic.changing(_path()):
        atomic.write_json(_path(), [asdict(item) for item in [*written_criteria(), criteria]])
    return criteria


def written_criteria() -> list[Criteria]:
    """All criteria that were written down, the oldest first.

    Raises:
        UserError: their file is damaged.
    """
    path = _path()
    if not path.exists():
        return []
    try:
        return [Criteria(**item) for item in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            Sentence("The criteria in {path} are damaged. Restore the file, or move it away.", path=path)
        ) from error


def _path() -> Path:
    return config.home() / "site-criteria.json"
