"""Whether a model still holds: its results in the audit log beside what it was measured on, and its first."""

from dataclasses import dataclass

import pandas as pd

from core.config import CLASS_NAMES
from core.inference import AuditLog, agreement_summary
from core.monitor.criteria import withheld_outcome
from core.monitor.expected_rates import ExpectedRates, expectation, expected_rates
from core.monitor.limits import AMBER_TAIL, RED_TAIL, limits
from core.monitor.log_rows import LogRows, read_rows
from core.monitor.signals import (
    AMBER,
    GREEN,
    LIGHTS,
    MIN_NUMBERS,
    RED,
    SHARES,
    TOO_FEW,
    Signal,
    find_signals,
    share_count,
)
from core.sentence import Sentence, joined, template
from core.site import MISSED, MeasuredSet, Outcome

BASELINE = 100  # first results, which the shares of later ones are compared with; without local images, all
BLOCK = 50  # results that are compared at once
BLOCKS = 20  # the last ones, which are shown
LIGHT_WORDS = {GREEN: template("Green"), AMBER: template("Amber"), RED: template("Red")}
# Before 0.2.0, a reading was logged with run and stage alone, which no ensemble has.
READINGS = """
SELECT * FROM notes WHERE time >= :time
    AND (model = :model OR (model = '' AND run != '' AND run = :run AND stage = :stage))
ORDER BY rowid
"""
NO_LOG = Sentence(
    "There is no audit log yet. Switch it on: Diagnosis page, Session and audit log; or have "
    "the DICOM node keep it."
)


@dataclass(frozen=True, eq=False)
class Watch:
    """What the audit log tells of a model.

    Attributes:
        model: name, version and digest.
        rows: its results in the log; None without a log.
        signals: everything that is watched; none while there are too few results.
        agreement: how often readers agreed with its results, in a sentence; "" without a result.
        criterion: the share withheld lately against what was accepted; None if nothing was asked.
        expected: rates to be expected, without labels, of the first results and of the last two blocks; None
            where they are not known.
        measured: local images with which scores, grey levels, lungs and distances are compared; None where
            they are compared with the first results, too.
    """

    model: str
    rows: LogRows | None = None
    signals: tuple[Signal, ...] = ()
    agreement: str = ""
    criterion: Outcome | None = None
    expected: tuple[ExpectedRates | None, ExpectedRates | None] = (None, None)
    measured: MeasuredSet | None = None

    @property
    def missed(self) -> bool:
        """Whether the criterion is missed."""
        return self.criterion is not None and self.criterion.result == MISSED

    @property
    def light(self) -> str:
        """One of `LIGHTS`: `RED` if the criterion is missed, else the worst of the signals."""
        if self.missed:
            return RED
        return max((signal.light for signal in self.signals), key=LIGHTS.index, default=TOO_FEW)

    @property
    def raised(self) -> list[Signal]:
        """The signals that are not green, the least expected first."""
        raised = [signal for signal in self.signals if signal.light in (AMBER, RED)]
        order = {
            signal.name: (-LIGHTS.index(signal.light), signal.worst.tail) for signal in raised if signal.worst
        }
        return sorted(raised, key=lambda signal: order[signal.name])

    @property
    def unknown(self) -> list[Signal]:
        """The signals of which too little is known, as of results before a version that records them."""
        return [signal for signal in self.signals if signal.light == TOO_FEW]

    def reason(self) -> str:
        """Why the light is what it is, in a sentence."""
        if self.rows is None:
            return NO_LOG
        if not self.signals:
            needed = BLOCK if self.measured else BASELINE + BLOCK
            return Sentence(
                "{results:,} of {needed} results of {model}; nothing can be said yet.",
                results=self.rows.results,
                needed=needed,
                model=self.model,
            )
        if self.light == GREEN:
            known = Sentence(", as far as is known") if self.unknown else ""
            if self.measured:
                basis = Sentence("the images of {site}", site=self.measured.site)
            else:
                basis = Sentence("the first {count}", count=BASELINE)
            return Sentence("The last results are as {basis} led to expect{known}.", basis=basis, known=known)
        return self._reasons()[0]

    def baseline(self) -> Sentence:
        """What the last results are compared with."""
        if self.measured is None:
            return Sentence(
                "Each {block} results are compared with the first {first}.", block=BLOCK, first=BASELINE
            )
        return Sentence(
            "Of each {block} results, scores, grey levels, lungs and distance from the training images are "
            "compared with {images}, whatever the share of pneumonias; how many found pneumonia, were "
            "withheld or came with a warning, with the first {first} results.",
            block=BLOCK,
            images=self.measured.words(),
            first=BASELINE,
        )

    def headline(self) -> str:
        """The light and its reason."""
        if self.light == TOO_FEW:
            return self.reason()
        return Sentence("{light}. {reason}", light=Sentence(LIGHT_WORDS[self.light]), reason=self.reason())

    def sentences(self) -> list[str]:
        """What else there is to say, one sentence each."""
        if self.rows is None:
            return []
        sentences = self._reasons()[1:]
        if self.signals and self.rows.pending:
            sentences.append(_not_compared(self.rows.pending))
        if self.unknown:
            titles = joined([signal.title for signal in self.unknown], ", ")
            sentences.append(
                Sentence("Not watched, because known of too few of the results: {titles}.", titles=titles)
            )
        if self.criterion and not self.missed:
            sentences.append(self.criterion.sentence())
        if self.rows.others:
            sentences.append(
                Sentence("Results of other models, which do not count: {others:,}.", others=self.rows.others)
            )
        return [*sentences, *filter(None, (expectation(*self.expected), self.agreement))]

    def _reasons(self) -> list[str]:
        """Why the light is not green, the gravest first."""
        missed = [self.criterion.sentence()] if self.criterion and self.missed else []
        return [*missed, *(signal.sentence() for signal in self.raised)]

    def control_limits(self, share: str) -> pd.DataFrame:
        """Between which shares each day is to be expected, by the first results.

        Args:
            share: a key of `SHARES`.

        Returns:
            The columns day, share, low and high (amber beyond them), lowest and highest (red beyond them);
            only days of which the share is known; no limits without one, or while there are too few results.
        """
        assert self.rows is not None
        sizes = "warned_known" if share == "warned" else "results"
        days = self.rows.days[self.rows.days[sizes] > 0]
        table = pd.DataFrame({"day": days["day"], "n": days[sizes], "share": days[share] / days[sizes]})
        baseline = share_count(self.rows.baseline, share)
        if table.empty or self.rows.results < BASELINE + BLOCK or not baseline.n:
            return table
        for (low, high), tail in ((("low", "high"), AMBER_TAIL), (("lowest", "highest"), RED_TAIL)):
            known = {n: limits(baseline, int(n), tail) for n in table["n"].unique()}
            table[[low, high]] = [[bound / n for bound in known[n]] for n in table["n"]]
        return table

    def values(self) -> dict:
        """Everything as plain values."""
        values = {
            "model": self.model,
            "light": self.light,
            "reason": self.reason(),
            "compared_with": self.baseline(),
            "notes": self.sentences(),
        }
        if self.rows is None:
            return values
        return values | {
            "results": self.rows.results,
            "days": self.rows.days.to_dict("records"),
            "baseline": _counts(self.rows.baseline),
            "blocks": [_counts(block) for block in self.rows.blocks],
            "criterion": vars(self.criterion) if self.criterion else None,
            "expected": [vars(rates) if rates else None for rates in self.expected],
            "signals": {
                signal.name: {
                    "light": signal.light,
                    "tails": [item.tail if item else None for item in signal.deviations],
                    "cusum": vars(signal.cusum) if signal.cusum else None,
                    "text": signal.sentence(),
                }
                for signal in self.signals
            },
        }


def watch(
    model: str, log: AuditLog | None = None, temperature: float = 1.0, measured: MeasuredSet | None = None
) -> Watch:
    """Compare the last results of a model with what it was measured on, and with its first.

    Args:
        model: name, version and digest, as in the log.
        log: the audit log; None for that of this computer. It is not created.
        temperature: of the model's calibration; the log holds probabilities before it.
        measured: local images that it was accepted on or set on; those with few of a class are not used.

    Raises:
        UserError: log or criteria cannot be read.
    """
    log = log or AuditLog()
    if measured and min(len(measured.images(label)) for label in CLASS_NAMES) < MIN_NUMBERS:
        measured = None
    if not log.path.exists():
        return Watch(model, measured=measured)
    rows = read_rows(log, model, BASELINE, BLOCK, BLOCKS, from_first=measured is not None)
    signals = find_signals(rows.baseline, rows.blocks, measured, rows.before) if rows.blocks else ()
    return Watch(
        model,
        rows,
        signals,
        _agreement(log, model, rows),
        withheld_outcome(rows),
        _expected(rows, temperature),
        measured,
    )


def _expected(rows: LogRows, temperature: float) -> tuple[ExpectedRates | None, ExpectedRates | None]:
    """Rates to be expected of the first results and of the last two blocks."""
    if rows.results < BASELINE + BLOCK:
        return None, None
    return expected_rates(rows.baseline, temperature), expected_rates(
        pd.concat(rows.blocks[-2:]), temperature
    )


def _agreement(log: AuditLog, model: str, rows: LogRows) -> str:
    """How often readers agreed with the results of a model since its first."""
    if not rows.results:
        return ""
    first = rows.baseline.iloc[0]
    of_model = {"run": first["run"], "stage": int(first["stage"]), "time": first["time"], "model": model}
    return agreement_summary(log.query(READINGS, of_model))


def _not_compared(pending: int) -> str:
    """How many results count for nothing yet, and until when."""
    missing = BLOCK - pending
    if pending == 1:
        return Sentence(
            "The last result is not judged yet: {block} are compared at once, and {missing} more are "
            "missing.",
            block=BLOCK,
            missing=missing,
        )
    return Sentence(
        "The last {pending} results are not judged yet: {block} are compared at once, and {missing} more are "
        "missing.",
        pending=pending,
        block=BLOCK,
        missing=missing,
    )


def _counts(rows: pd.DataFrame) -> dict:
    """What became of some results."""
    first, last = (int(rows.index[end]) for end in (0, -1)) if len(rows) else (0, 0)
    return {"first": first, "last": last, "results": len(rows)} | {
        name: share_count(rows, name).count for name in SHARES
    }
