"""The result of a self-test: its checks, its digest, and the last one in the home.

self-test/result.json    the last result, replaced whole
self-test/.lock          held while a self-test runs
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core import atomic, config
from core.runs import lock
from core.sentence import Sentence

PASSED, FAILED, NOT_CHECKED = "passed", "failed", "not checked"
NO_FIGURE = "–"  # where nothing was measured
PROGRAM = "Pneumonia studio"


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        outcome: `passed`, `failed` or `not checked`.
        figure: what was measured, in a few characters.
        sentence: what it means, and what to do if it failed.
    """

    outcome: str
    figure: str
    sentence: str


@dataclass(frozen=True)
class CheckResult:
    """A check of the self-test with what it found; see `Finding`."""

    name: str
    outcome: str
    figure: str
    sentence: str


@dataclass(frozen=True)
class SelfTest:
    """The result of a self-test.

    Attributes:
        time: when it began, ISO 8601 with the offset from UTC.
        seconds: how long it took.
        version: of the program.
        computer: name of the computer.
        model: that answers: name, version and digest; "" if none does.
        by: who signs it; "" if nobody is named.
        checks: in the order in which they were made.
    """

    time: str
    seconds: float
    version: str
    computer: str
    model: str
    by: str
    checks: tuple[CheckResult, ...]

    @property
    def failed(self) -> list[CheckResult]:
        """The checks that failed."""
        return [check for check in self.checks if check.outcome == FAILED]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not self.failed

    @property
    def sha256(self) -> str:
        """Digest of everything that the result says."""
        return _digest(self._content())

    @property
    def moment(self) -> str:
        """When it began, for people in this time zone: the time of today, or date and time."""
        began = datetime.fromisoformat(self.time).astimezone()
        return f"{began:%H:%M}" if began.date() == datetime.now().date() else f"{began:%Y-%m-%d %H:%M}"

    def to_json(self) -> dict[str, Any]:
        """The result as plain values, with its digest."""
        return {**self._content(), "sha256": self.sha256}

    def _content(self) -> dict[str, Any]:
        values = {**asdict(self), "checks": [asdict(check) for check in self.checks]}
        return {"program": PROGRAM, **values, "passed": self.passed}

    @classmethod
    def of(cls, content: dict[str, Any]) -> "SelfTest":
        """The result that `to_json` wrote; raises KeyError, TypeError or ValueError for anything else."""
        checks = tuple(CheckResult(**check) for check in content["checks"])
        names = ("time", "seconds", "version", "computer", "model", "by")
        result = cls(**{name: content[name] for name in names}, checks=checks)
        datetime.fromisoformat(result.time)
        return result


def is_unchanged(content: dict[str, Any]) -> bool:
    """Whether the JSON of a result is as the self-test wrote it.

    Its `sha256` is that of the other entries as JSON with sorted keys, without spaces, in UTF-8.
    """
    return isinstance(content, dict) and content.get("sha256") == _digest(content)


def last_self_test() -> SelfTest | None:
    """The last result in the home; None if there is none, or if it was changed."""
    try:
        content = json.loads(result_path().read_text(encoding="utf-8"))
        return SelfTest.of(content) if is_unchanged(content) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def save_result(result: SelfTest) -> None:
    """Make a result the last one in the home; raises UserError if that cannot be written."""
    atomic.write_json(result_path(), result.to_json())


def self_test_line() -> str:
    """How the last self-test ended, in one line; "" if there was none."""
    if lock.is_held(lock_path()):
        return Sentence("Self-test running")
    last = last_self_test()
    if last is None:
        return ""
    if last.failed:
        first = last.failed[0]
        figure = "" if first.figure == NO_FIGURE else f" ({first.figure})"
        return Sentence(
            "Self-test failed at {moment}: {name}{figure}", moment=last.moment, name=first.name, figure=figure
        )
    open_checks = sum(check.outcome == NOT_CHECKED for check in last.checks)
    if open_checks:
        return Sentence(
            "Self-test passed at {moment}, {count} not checked", moment=last.moment, count=open_checks
        )
    return Sentence("Self-test passed at {moment}", moment=last.moment)


def result_path() -> Path:
    """Where the last result is kept."""
    return config.home() / "self-test" / "result.json"


def lock_path() -> Path:
    """The lock that a running self-test holds."""
    return config.home() / "self-test" / ".lock"


def _digest(content: dict[str, Any]) -> str:
    values = {name: value for name, value in content.items() if name != "sha256"}
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
