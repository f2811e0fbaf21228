"""Which images the node reads: a file of rules, the first of which that applies decides.

[[rule]]
action = "ignore"
station = ["ROOM 3", "DEMO*"]

[[rule]]
action = "shadow"
min_age = 18
"""

import logging
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pydicom

from core.dicom_node.queue_files import node_folder
from core.disk import explained, stamp
from core.errors import UserError
from core.images import decoded_text, open_dicom, patient_age

JUDGE, SHADOW, IGNORE = "judge", "shadow", "ignore"
ACTIONS = (JUDGE, SHADOW, IGNORE)
ATTRIBUTES = {  # condition of a rule -> the attribute that it looks at
    "modality": "Modality",
    "body_part": "BodyPartExamined",
    "view": "ViewPosition",
    "station": "StationName",
}
AGES = ("min_age", "max_age")  # years, both included
HEADER = (
    *ATTRIBUTES.values(),
    *("SpecificCharacterSet", "PatientAge", "PatientBirthDate"),
    *("AcquisitionDate", "ContentDate", "SeriesDate", "StudyDate"),
)
FILE = "rules.toml"

log = logging.getLogger("pneumonia.node")


@dataclass(frozen=True)
class NodeRule:
    """One rule; it applies if all its conditions hold.

    Attributes:
        action: `judge`; `shadow`, judge without sending the result; or `ignore`.
        patterns: by the names in `ATTRIBUTES`, the values that hold; `*` and `?` stand for any characters,
            capitals do not matter.
        min_age, max_age: of the patient in years, both included; None for any. Without a known age, a rule
            with one of them does not apply.
    """

    action: str
    patterns: dict[str, tuple[str, ...]]
    min_age: float | None = None
    max_age: float | None = None

    def __str__(self) -> str:
        conditions = [f"{name} {' or '.join(patterns)}" for name, patterns in self.patterns.items()]
        ages = [
            f"{name} {age:g}"
            for name, age in zip(AGES, (self.min_age, self.max_age), strict=True)
            if age is not None
        ]
        return f"{self.action}: {', '.join([*conditions, *ages]) or 'every image'}"

    def applies(self, header: pydicom.Dataset) -> bool:
        """Whether all conditions hold for an image's header."""
        for name, patterns in self.patterns.items():
            value = decoded_text(header, ATTRIBUTES[name]).strip().upper()
            if not any(fnmatchcase(value, _literal_brackets(pattern.upper())) for pattern in patterns):
                return False
        if self.min_age is None and self.max_age is None:
            return True
        age = patient_age(header)
        if age is None:
            return False
        oldest = float("inf") if self.max_age is None else self.max_age
        return (self.min_age or 0) <= age.whole_years <= oldest


@dataclass(frozen=True)
class NodeRules:
    """Rules in their order; an image that none applies to is judged."""

    rules: tuple[NodeRule, ...] = ()

    def decision(self, data: bytes) -> tuple[str, int | None]:
        """What to do with a DICOM file, and the number of the rule that says so, from 1; None if none does.

        A file whose header cannot be read is judged, and then fails with its reason as any other.
        """
        try:
            header = open_dicom(data, HEADER)
            for number, rule in enumerate(self.rules, start=1):
                if rule.applies(header):
                    return rule.action, number
        except Exception:  # pydicom raises many types for damaged headers
            return JUDGE, None
        return JUDGE, None


def _literal_brackets(pattern: str) -> str:
    """A pattern in which brackets stand for themselves."""
    return pattern.replace("[", "[[]")


def read_rules(path: Path) -> NodeRules:
    """The rules in a file; none if there is no file.

    Raises:
        UserError: the file cannot be read, or a rule is not valid.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return NodeRules()
    except OSError as error:
        raise explained(error, path) from error
    except ValueError as error:  # of TOML or of UTF-8
        raise UserError(f"The rules in {path} are not valid TOML: {error}.") from error
    entries = content.get("rule", [])
    if set(content) - {"rule"} or not isinstance(entries, list):
        raise UserError(f"The rules in {path} must be tables [[rule]] and nothing else.")
    return NodeRules(tuple(_rule(entry, number, path) for number, entry in enumerate(entries, start=1)))


def _rule(entry: Any, number: int, path: Path) -> NodeRule:
    """Raises UserError with the rule, the key and the value at fault."""

    def fault(what: str) -> UserError:
        return UserError(f"Rule {number} in {path}: {what}.")

    if not isinstance(entry, dict):
        raise fault("it is not a table [[rule]]")
    if unknown := set(entry) - {"action", *ATTRIBUTES, *AGES}:
        known = ", ".join(("action", *ATTRIBUTES, *AGES))
        raise fault(f"{min(unknown)!r} is unknown; use {known}")
    if entry.get("action") not in ACTIONS:
        raise fault(f"its action is {entry.get('action')!r}; use {', '.join(ACTIONS)}")
    patterns = {}
    for name in (name for name in ATTRIBUTES if name in entry):
        values = entry[name] if isinstance(entry[name], list) else [entry[name]]
        if not values or not all(isinstance(value, str) for value in values):
            raise fault(f'{name} is {entry[name]!r}; give texts, such as {name} = ["A", "B*"]')
        patterns[name] = tuple(value.strip() for value in values)
    ages = [entry.get(name) for name in AGES]
    for name, age in zip(AGES, ages, strict=True):
        if age is not None and (isinstance(age, bool) or not isinstance(age, int | float) or not age >= 0):
            raise fault(f"{name} is {age!r}; give a number of years")
    return NodeRule(entry["action"], patterns, *ages)


class RulesFile:
    """The rules of a node, read again whenever the file changes.

    Args:
        path: of the file.

    Raises:
        UserError: the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = stamp(path)
        self._rules = read_rules(path)

    def current(self) -> NodeRules:
        """The rules as the file is now; the earlier ones where it has become invalid, which is logged."""
        seen = stamp(self._path)
        if seen != self._seen:
            self._seen = seen
            try:
                self._rules = read_rules(self._path)
                log.info("read the rules again: %d", len(self._rules.rules))
            except UserError as error:
                log.error("the earlier rules stay in force: %s", error)
        return self._rules


def rules_path(folder: Path | None = None) -> Path:
    """The file of a node's rules.

    Args:
        folder: of the queue; `node_folder()` if None.
    """
    return (folder or node_folder()) / FILE
