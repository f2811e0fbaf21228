"""The plan of a sweep, from a TOML file: which settings to try, each with every seed.

    name = "rates"                      # of the sweep; its runs are named rates-000-s0 ...
    data = "chest_xray"
    preset = "recommended"
    search = "tpe"                      # or grid, random, ablation
    trials = 12                         # for tpe and random
    seeds = [0, 1, 2]

    [settings]                          # shared by all trials
    epochs = 5

    [values]                            # one of these values
    label_smoothing = [0, 0.05, 0.1]

    [ranges]                            # any value in between (tpe and random)
    learning_rate = { low = 1e-5, high = 1e-3, log = true }

A grid tries every combination of values. An ablation tries the shared settings, then changes one value at a
time, to show what each part of a recipe contributes.
"""

import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod
from operator import attrgetter
from pathlib import Path

from core.config import TrainingSettings, preset
from core.dataset import Dataset, open_dataset, rows_by_role, settings_of_new_runs
from core.errors import UserError
from core.runs import check_name, open_sweep, sweep_names

ENUMERATED = ("grid", "ablation")  # searches whose trials are known from the start
SEARCHES = (*ENUMERATED, "random", "tpe")
TEXT = (str, "a text")
WHOLE_NUMBER = (int, "a whole number")
SWITCH = (bool, "true or false")
TABLE = (dict, "a table")
KEYS = {  # of a plan's file: the type of each, and its name in TOML
    "name": TEXT,
    "data": TEXT,
    "preset": TEXT,
    "search": TEXT,
    "trials": WHOLE_NUMBER,
    "seeds": (list, "a list of different whole numbers, such as [0, 1, 2]"),
    "prune": SWITCH,
    "cpus": WHOLE_NUMBER,
    "settings": TABLE,
    "values": TABLE,
    "ranges": TABLE,
}
MAX_TRIALS = 1000
SELECTION = attrgetter(  # the settings that decide which images a run uses
    "seed_of_split",
    "held_out_site",
    "label_version",
    "cohort",
    "validation_fraction",
    "train_limit",
    "validation_limit",
    "without_copies",
    "without_test_patients",
)


@dataclass(frozen=True)
class Range:
    """A range of values; whole numbers if both bounds are.

    Attributes:
        low, high: bounds, inclusive.
        log: whether to sample on a logarithmic scale.
    """

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class SweepPlan:
    """The plan of a sweep.

    Attributes:
        name: of the sweep.
        base: settings that all trials share.
        search: `grid`, `ablation`, `random` or `tpe`.
        trials: their number; for a grid or an ablation, the number of its points.
        seeds: that each trial is trained with.
        values: choices by the setting's name; in an ablation the shared value comes first.
        ranges: by the setting's name.
        prune: whether unpromising trials are stopped early.
        cpus: per run, on a cluster.
    """

    name: str
    base: TrainingSettings
    search: str
    trials: int
    seeds: tuple[int, ...]
    values: dict[str, list]
    ranges: dict[str, Range] = field(default_factory=dict)
    prune: bool = True
    cpus: int = 2

    @property
    def max_epochs(self) -> int:
        """The most epochs that a stage of any trial can have."""
        tried = [*self.values.get("epochs", []), self.base.epochs]
        if "epochs" in self.ranges:
            tried.append(int(self.ranges["epochs"].high))
        return max(tried)

    def points(self) -> list[dict[str, object]]:
        """The points of a grid or an ablation, in order; [] for a random or TPE search."""
        if self.search == "grid":
            return [dict(zip(self.values, point, strict=True)) for point in product(*self.values.values())]
        if self.search == "ablation":
            base = {name: options[0] for name, options in self.values.items()}
            return [base, *({**base, name: value} for name in base for value in self.values[name][1:])]
        return []

    def settings(self, values: dict[str, object], seed: int) -> TrainingSettings:
        """Settings of one run; raises UserError if a value is not allowed."""
        changed = self.base.changed({name: json.dumps(value) for name, value in values.items()})
        return replace(changed, seed=seed)

    def terms(self) -> dict:
        """What must be unchanged for the sweep to be resumed; `cpus` and `prune` may change."""
        return {
            "base": self.base.to_json(),
            "search": self.search,
            "seeds": list(self.seeds),
            "values": self.values,
            "ranges": {name: vars(item) for name, item in self.ranges.items()},
        }


def read_plan(
    path: Path, progress: Callable[[int, int], None] | None = None, folder: Path | None = None
) -> SweepPlan:
    """Read a plan from a TOML file and check every value.

    Args:
        path: of the file.
        progress: called with (done, total) while the data set is indexed.
        folder: where the sweep's runs are kept, if it was started before; None for the default folder.

    Raises:
        UserError: the file cannot be read, or something in it is not allowed.
    """
    content = _content(Path(path))
    name, search = content.get("name", Path(path).stem), content.get("search", "grid")
    check_name(f"{name}-000-s0")
    if search not in SEARCHES:
        raise UserError(f"search is {search!r}; choose from {', '.join(SEARCHES)}.")
    values, ranges = content.get("values", {}), _ranges(content.get("ranges", {}))
    _check_space(values, ranges, search)
    seeds, cpus = content.get("seeds", [0]), content.get("cpus", 2)
    if not seeds or not all(type(seed) is int for seed in seeds) or len(set(seeds)) < len(seeds):
        raise UserError(f"seeds is {seeds!r}; give {KEYS['seeds'][1]}.")
    if cpus < 1:
        raise UserError(f"cpus is {cpus}; give at least 1.")
    dataset = open_dataset(content["data"], progress)
    base = _base(content, dataset, _recorded_base(name, folder))
    if search == "ablation":
        values = {name: _with_shared_value(base, name, options) for name, options in values.items()}
    count = _trial_count(values, search, content.get("trials", 20))
    prune = content.get("prune", search not in ENUMERATED)
    plan = SweepPlan(name, base, search, count, tuple(seeds), values, ranges, prune, cpus)
    points = plan.points() or _corners(plan)
    settings = [plan.settings(point, seed) for point in points for seed in seeds]
    for selection in {SELECTION(item): item for item in settings}.values():
        rows_by_role(dataset, selection)  # a trial without both classes is refused now, not when it starts
    return plan


def _content(path: Path) -> dict:
    """Content of a plan's file, its keys checked."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not a TOML file: {error}.") from error
    if unknown := sorted(set(content) - set(KEYS)):
        raise UserError(f"{path} has the unknown key {unknown[0]!r}; known keys are {', '.join(KEYS)}.")
    for key, value in content.items():
        kind, words = KEYS[key]
        if type(value) is not kind:  # `true` is no whole number
            raise UserError(f"{key} is {value!r}; give {words}.")
    if "data" not in content:
        raise UserError(f"{path} does not name a data set: add data = FOLDER.")
    return content


def _recorded_base(name: str, folder: Path | None) -> TrainingSettings | None:
    """The shared settings of a sweep that was started before; None for a new one."""
    if name not in sweep_names(folder):
        return None
    return TrainingSettings.from_json(open_sweep(name, folder).terms["base"])


def _base(content: dict, dataset: Dataset, recorded: TrainingSettings | None) -> TrainingSettings:
    """The settings that all trials share."""
    base = preset(content.get("preset", "seed")).settings(
        **settings_of_new_runs(dataset, recorded), data=str(dataset.root)
    )
    base = base.changed({key: json.dumps(value) for key, value in content.get("settings", {}).items()})
    if base.weights in ("imagenet", "none"):
        return base
    return replace(base, weights=str(Path(base.weights).resolve()))


def _ranges(given: dict) -> dict[str, Range]:
    """Ranges by the setting's name, checked."""
    ranges = {}
    for name, item in given.items():
        try:
            ranges[name] = Range(**item)
            low, high = ranges[name].low, ranges[name].high
            allowed = low < high and (low > 0 or not ranges[name].log)
        except TypeError:
            allowed = False
        if not allowed:
            raise UserError(
                f"The range of {name} is {item!r}; give {{ low = 1e-5, high = 1e-3, log = true }}, the lower "
                "bound first, above 0 where log is true."
            )
    return ranges


def _check_space(values: dict, ranges: dict, search: str) -> None:
    """Raise UserError unless values and ranges suit the search."""
    if not values and not ranges:
        raise UserError("Nothing is varied: add [values] or [ranges].")
    if ranges and search in ENUMERATED:
        raise UserError(
            f"A {search} needs single values, not a range: give {next(iter(ranges))} as [values], or use "
            "search = 'tpe'."
        )
    for name, options in values.items():
        if not isinstance(options, list) or not options:
            raise UserError(f"The values of {name} are {options!r}; give a list.")
        if any(isinstance(value, list | dict) for value in options):
            raise UserError(f"The values of {name} must be single numbers or words.")
    for name in (*values, *ranges):
        if name in ("seed", "data", "preset"):
            raise UserError(
                f"{name} cannot be varied" + ("; give seeds = [...]" if name == "seed" else "") + "."
            )
    if both := sorted(set(values) & set(ranges)):
        raise UserError(f"{both[0]} has both values and a range.")


def _trial_count(values: dict[str, list], search: str, requested: int) -> int:
    """Number of trials: of all points, or as requested."""
    count = requested
    if search == "grid":
        count = prod(map(len, values.values()))
    elif search == "ablation":
        count = 1 + sum(len(options) - 1 for options in values.values())
    if not 0 < count <= MAX_TRIALS:
        raise UserError(f"trials is {count}; give a whole number from 1 to {MAX_TRIALS}.")
    return count


def _with_shared_value(base: TrainingSettings, name: str, options: list) -> list:
    """The shared value of a setting, then the other options of an ablation."""
    outer, _, inner = name.partition(".")
    shared = base.to_json().get(outer)
    if inner:
        shared = shared.get(inner) if isinstance(shared, dict) else None
    return [shared, *(value for value in options if value != shared)]


def _corners(plan: SweepPlan) -> Iterator[dict]:
    """Points that contain every value and bound at least once, to check them before anything runs."""
    columns = {**plan.values, **{name: [item.low, item.high] for name, item in plan.ranges.items()}}
    for index in range(max(map(len, columns.values()))):
        yield {name: options[min(index, len(options) - 1)] for name, options in columns.items()}
