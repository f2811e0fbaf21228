"""What a sweep tries: settings times seeds, from a TOML file.

    name = "rates"                      # of the sweep; runs are called rates-000-s0 ...
    data = "chest_xray"
    preset = "recommended"
    search = "tpe"                      # or grid, random, ablation
    trials = 12                         # of tpe and random
    seeds = [0, 1, 2]

    [settings]                          # the same for all
    epochs = 5

    [values]                            # one of these
    label_smoothing = [0, 0.05, 0.1]

    [ranges]                            # anything between (tpe and random)
    learning_rate = { low = 1e-5, high = 1e-3, log = true }

A grid tries every combination of values. An ablation tries the settings as they are, then each value alone in
the place of what it replaces: what does each part of a recipe do?
"""

import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from math import prod
from pathlib import Path

from core.config import TrainingSettings, preset
from core.dataset import choices, open_dataset
from core.errors import UserError
from core.runs import check_name

LISTED = ("grid", "ablation")  # searches whose trials are known from the start
SEARCHES = (*LISTED, "random", "tpe")
KNOWN = (
    "name",
    "data",
    "preset",
    "search",
    "trials",
    "seeds",
    "prune",
    "cpus",
    "settings",
    "values",
    "ranges",
)
MOST_TRIALS = 1000


@dataclass(frozen=True)
class Range:
    """Values between two; whole numbers where both bounds are whole.

    Attributes:
        low, high: bounds, themselves included.
        log: whether factors count, not differences.
    """

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class SweepPlan:
    """What a sweep tries.

    Attributes:
        name: of the sweep.
        base: settings that all trials share.
        search: `grid`, `ablation`, `random` or `tpe`.
        trials: how many; of a grid or an ablation as many as it has points.
        seeds: each trial is trained with.
        values: choices, by the setting's name; of an ablation the base's own stands first.
        ranges: by the setting's name.
        prune: whether trials are given up early.
        cpus: of each run, on a cluster.
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

    def points(self) -> list[dict[str, object]]:
        """The choices of a grid or an ablation, in order; none where a search finds them."""
        if self.search == "grid":
            return [dict(zip(self.values, point, strict=True)) for point in product(*self.values.values())]
        if self.search == "ablation":
            base = {name: known[0] for name, known in self.values.items()}
            return [base, *({**base, name: value} for name in base for value in self.values[name][1:])]
        return []

    def settings(self, values: dict[str, object], seed: int) -> TrainingSettings:
        """Of one run; raises UserError where a value is not allowed."""
        changed = self.base.changed({name: json.dumps(value) for name, value in values.items()})
        return replace(changed, seed=seed)

    def terms(self) -> dict:
        """What must stay the same for a second start to go on; `cpus` and `prune` may change."""
        return {
            "base": self.base.to_json(),
            "search": self.search,
            "seeds": list(self.seeds),
            "values": self.values,
            "ranges": {name: vars(item) for name, item in self.ranges.items()},
        }


def read_plan(path: Path, progress: Callable[[int, int], None] | None = None) -> SweepPlan:
    """A plan from a TOML file, every value of it tried.

    Args:
        path: of the file.
        progress: called while the data set is read for the first time.

    Raises:
        UserError: it cannot be read, or something in it is not allowed.
    """
    content = _content(Path(path))
    name, search = content.get("name", Path(path).stem), content.get("search", "grid")
    check_name(f"{name}-000-s0")
    if search not in SEARCHES:
        raise UserError(f"search is {search!r}; choose from {', '.join(SEARCHES)}.")
    values, ranges = content.get("values", {}), _ranges(content.get("ranges", {}))
    _check_space(values, ranges, search)
    seeds, cpus = content.get("seeds", [0]), content.get("cpus", 2)
    if not seeds or len(set(seeds)) < len(seeds) or not all(isinstance(seed, int) for seed in seeds):
        raise UserError(f"seeds is {seeds!r}; give different whole numbers, such as [0, 1, 2].")
    if not isinstance(cpus, int) or cpus < 1:
        raise UserError(f"cpus is {cpus!r}; give a whole number.")
    base = _base(content, progress)
    if search == "ablation":
        values = {name: _with_own(base, name, given) for name, given in values.items()}
    count = _count(values, search, content.get("trials", 20))
    prune = content.get("prune", search not in LISTED)
    plan = SweepPlan(name, base, search, count, tuple(seeds), values, ranges, prune, cpus)
    for point in plan.points() or _corners(plan):
        plan.settings(point, seeds[0])
    return plan


def _content(path: Path) -> dict:
    """What a plan's file says, its names checked."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no TOML file: {error}.") from error
    if unknown := sorted(set(content) - set(KNOWN)):
        raise UserError(f"{path} has {unknown[0]!r}, which is not known; known are {', '.join(KNOWN)}.")
    if "data" not in content:
        raise UserError(f"{path} does not say which data set to train on: add data = FOLDER.")
    return content


def _base(content: dict, progress: Callable[[int, int], None] | None) -> TrainingSettings:
    """The settings that all trials share."""
    dataset = open_dataset(content["data"], progress)
    base = preset(content.get("preset", "seed")).settings(
        **asdict(choices(dataset.root)), data=str(dataset.root)
    )
    base = base.changed({key: json.dumps(value) for key, value in content.get("settings", {}).items()})
    if base.weights in ("imagenet", "none"):
        return base
    return replace(base, weights=str(Path(base.weights).resolve()))


def _ranges(given: dict) -> dict[str, Range]:
    found = {}
    for name, item in given.items():
        try:
            found[name] = Range(**item)
            allowed = found[name].low < found[name].high and (found[name].low > 0 or not found[name].log)
        except TypeError:
            allowed = False
        if not allowed:
            raise UserError(
                f"The range of {name} is {item!r}; give {{ low = 1e-5, high = 1e-3, log = true }}, the lower "
                "bound first, above 0 where log is true."
            )
    return found


def _check_space(values: dict, ranges: dict, search: str) -> None:
    if not values and not ranges:
        raise UserError("Nothing is varied: add [values] or [ranges].")
    if ranges and search in LISTED:
        raise UserError(
            f"Of a range no {search} can be made: give {next(iter(ranges))} as [values], or search = 'tpe'."
        )
    for name, given in values.items():
        if not isinstance(given, list) or not given:
            raise UserError(f"The values of {name} are {given!r}; give a list.")
        if any(isinstance(value, list | dict) for value in given):
            raise UserError(f"The values of {name} must be single numbers or words.")
    for name in (*values, *ranges):
        if name in ("seed", "data", "preset"):
            raise UserError(
                f"{name} cannot be varied" + ("; give seeds = [...]" if name == "seed" else "") + "."
            )
    if both := sorted(set(values) & set(ranges)):
        raise UserError(f"{both[0]} has both values and a range.")


def _count(values: dict[str, list], search: str, asked: object) -> int:
    """How many trials there are to be."""
    if search == "grid":
        count = prod(map(len, values.values()))
    else:
        count = 1 + sum(len(known) - 1 for known in values.values()) if search == "ablation" else asked
    if not isinstance(count, int) or not 0 < count <= MOST_TRIALS:
        raise UserError(f"trials is {count!r}; give a whole number from 1 to {MOST_TRIALS}.")
    return count


def _with_own(base: TrainingSettings, name: str, given: list) -> list:
    """What an ablation puts in a setting's place, after what stands there."""
    outer, _, inner = name.partition(".")
    own = base.to_json().get(outer)
    if inner:
        own = own.get(inner) if isinstance(own, dict) else None
    return [own, *(value for value in given if value != own)]


def _corners(plan: SweepPlan) -> Iterator[dict]:
    """Choices that hold every value and bound at least once, to be tried before anything runs."""
    columns = {**plan.values, **{name: [item.low, item.high] for name, item in plan.ranges.items()}}
    for place in range(max(map(len, columns.values()))):
        yield {name: known[min(place, len(known) - 1)] for name, known in columns.items()}
