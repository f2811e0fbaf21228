"""Runs over settings times seeds: which are tried next says Optuna, what they are is ordinary runs.

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

A trial is worth the mean over its seeds of the best validation loss of the last stage; test is never looked
at. One that does worse than half of the others at the same epoch is given up (`prune = false` forbids it; a
grid and an ablation try everything to its end unless `prune = true`).
"""

import json
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from math import prod
from pathlib import Path
from typing import Protocol

import optuna

from core.config import TrainingSettings, preset
from core.dataset import choices, open_dataset
from core.errors import UserError
from core.runs import DIVERGED, Run, check_name, create_run, jobs
from core.runs.sweeps import Sweep, Trial, open_sweep

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
SECONDS_BETWEEN_LOOKS = 0.5
MOST_TRIALS = 1000
BEFORE_PRUNING = 3  # trials that must have finished


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


def run_sweep(
    plan: SweepPlan,
    trainer: "Trainer",
    folder: Path | None = None,
    ended: Callable[[Sweep, Trial], None] | None = None,
) -> Sweep:
    """Try what is left of a plan; returns when all trials have ended.

    Args:
        trainer: who trains the runs.
        folder: where runs are kept; the usual place if not given.
        ended: called after each trial.

    Raises:
        UserError: a sweep of this name was begun with another plan.
    """
    sweep = _opened(plan, jobs.runs_folder(folder))
    study = _study(plan, sweep)
    left = [trial for trial in sweep.trials if sweep.state(trial) not in ("finished", "pruned")]
    going: list[_Going] = []
    while True:
        while len(going) < trainer.at_once and (left or len(sweep.trials) < plan.trials):
            asked = None if left else study.ask(_distributions(plan))
            if asked is not None:
                number = len(sweep.trials)
                names = tuple(f"{plan.name}-{number:03d}-s{seed}" for seed in plan.seeds)
                sweep = sweep.with_trial(Trial(number, dict(asked.params), names))
            trial = left.pop(0) if left else sweep.trials[-1]
            going.append(_Going(plan, sweep, trial, asked, trainer))
        if not going:
            return sweep
        for item in list(going):
            if not item.look():
                continue
            going.remove(item)
            trial = replace(item.trial, pruned=item.pruned)
            sweep = sweep.with_trial(trial)
            _tell(study, plan, sweep, item, trial)
            if ended:
                ended(sweep, trial)
        time.sleep(SECONDS_BETWEEN_LOOKS)


class Trainer(Protocol):
    """Who trains the runs of a sweep.

    Attributes:
        at_once: trials that go on at the same time.
    """

    at_once: int

    def start(self, run: Run) -> None:
        """Let a run train, from its start or from where it ended; returns at once."""

    def is_busy(self, run: Run) -> bool:
        """Whether a run that was started waits or trains; asked again and again."""


class Queue:
    """Trains runs on this machine, one after another, as the page does."""

    at_once = 1

    def start(self, run: Run) -> None:
        """Put a run in the queue."""
        jobs.start(run)

    def is_busy(self, run: Run) -> bool:
        """Whether it waits or trains; sees to it that the queue is worked off."""
        jobs.keep_going(run.path.parent)
        return run.status().state in ("queued", "running")


class _Going:
    """A trial whose runs are trained one after another."""

    def __init__(self, plan: SweepPlan, sweep: Sweep, trial: Trial, asked, trainer: Trainer):
        self.trial, self.asked, self.pruned = trial, asked, ""
        self._plan, self._folder, self._trainer = plan, sweep.folder, trainer
        self._runs = self._started()
        self._run = next(self._runs, None)
        self._reported = 0

    def look(self) -> bool:
        """Whether the trial has ended; the next seed's run is started where one has."""
        if self._run is None:
            return True
        if self._trainer.is_busy(self._run):
            if not self.pruned and self._worse():
                self._run.request_stop()
            return False
        status = self._run.status()
        if status.state == "failed" and status.message.startswith(DIVERGED):
            self.pruned = status.message
        if self.pruned or status.state != "finished":
            return True
        self._run = next(self._runs, None)
        return self._run is None

    def _started(self) -> Iterator[Run]:
        """The runs, each made and started when it is asked for; those that have finished are passed over."""
        for name, seed in zip(self.trial.runs, self._plan.seeds, strict=True):
            run = Run(self._folder / name)
            if not (run.path / "state.json").exists():
                settings = self._plan.settings(self.trial.values, seed)
                run = create_run(settings, name, self._folder, publish=False)
            state = run.status().state
            if state == "finished":
                continue
            if state not in ("queued", "running"):
                self._trainer.start(run)
            yield run

    def _worse(self) -> bool:
        """Whether the first seed's run does so badly that Optuna gives the trial up."""
        if not self._plan.prune or self.asked is None or self._run.name != self.trial.runs[0]:
            return False
        for step, loss in list(_losses(self._run, self._plan).items())[self._reported :]:
            self.asked.report(loss, step)
            self._reported += 1
        if self._reported and self.asked.should_prune():
            stage, epoch = divmod(max(_losses(self._run, self._plan)), self._plan.base.epochs)
            self.pruned = f"stage {stage}, epoch {epoch + 1}: worse than half of the others"
        return bool(self.pruned)


def _opened(plan: SweepPlan, folder: Path) -> Sweep:
    """The sweep's record, new or from before."""
    fresh = Sweep(plan.name, folder, plan.trials, plan.terms())
    if not fresh.path.exists():
        fresh.save()
        return fresh
    found = open_sweep(plan.name, folder)
    if found.terms != json.loads(json.dumps(plan.terms())):
        raise UserError(
            f"The sweep {plan.name} was begun with other settings or values. Give this one another name, or "
            f"delete {found.path} to forget it; its runs stay."
        )
    return replace(found, total=plan.trials)


def _study(plan: SweepPlan, sweep: Sweep) -> optuna.Study:
    """Optuna's study, told of the trials from before; points that are known wait in its queue."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    seed = len(sweep.trials)  # so that a second start does not ask for the same again
    if plan.search == "tpe":
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=min(10, plan.trials // 3 + 1))
    else:
        sampler = optuna.samplers.RandomSampler(seed=seed)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=BEFORE_PRUNING)
    study = optuna.create_study(sampler=sampler, pruner=pruner if plan.prune else optuna.pruners.NopPruner())
    for trial in sweep.trials:
        if sweep.state(trial) in ("finished", "pruned"):
            study.add_trial(_past(plan, sweep, trial))
    tried = [trial.values for trial in sweep.trials]
    for point in plan.points():
        if point not in tried:
            study.enqueue_trial(point)
    return study


def _past(plan: SweepPlan, sweep: Sweep, trial: Trial) -> optuna.trial.FrozenTrial:
    """A trial that has ended, as Optuna keeps it."""
    loss, runs, state = sweep.loss(trial), sweep.runs(trial), optuna.trial.TrialState
    return optuna.trial.create_trial(
        state=state.PRUNED if trial.pruned else state.FAIL if loss is None else state.COMPLETE,
        value=None if trial.pruned else loss,
        params=trial.values,
        distributions=_distributions(plan),
        intermediate_values=_losses(runs[0], plan) if runs else {},
    )


def _tell(study: optuna.Study, plan: SweepPlan, sweep: Sweep, item: "_Going", trial: Trial) -> None:
    """Let Optuna know what became of a trial."""
    past = _past(plan, sweep, trial)
    if item.asked is None:
        study.add_trial(past)
    else:
        study.tell(item.asked, past.value, past.state)


def _losses(run: Run, plan: SweepPlan) -> dict[int, float]:
    """Validation loss by a number that grows from epoch to epoch and stage to stage."""
    epochs = run.epochs().dropna(subset=["val_loss"])
    return {
        int(row.stage) * plan.base.epochs + int(row.epoch) - 1: float(row.val_loss)
        for row in epochs.itertuples()
    }


def _distributions(plan: SweepPlan) -> dict:
    """Optuna's view of values and ranges."""
    found = {name: optuna.distributions.CategoricalDistribution(known) for name, known in plan.values.items()}
    for name, item in plan.ranges.items():
        whole = isinstance(item.low, int) and isinstance(item.high, int)
        kind = optuna.distributions.IntDistribution if whole else optuna.distributions.FloatDistribution
        found[name] = kind(item.low, item.high, log=item.log)
    return found


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
