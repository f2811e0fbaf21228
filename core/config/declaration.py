"""What one setting is: type, default, allowed values, label, help and group, declared at its field.

The form, validation, `--set`, `python -m core settings` and the documentation all read it here.
"""

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from functools import cache
from math import inf
from typing import Any, cast, get_args, get_type_hints

from core.errors import UserError
from core.sentence import Sentence, joined, template

DECLARATION = "declaration"  # key in a field's metadata
METHOD_STAGES = 3


class Group(StrEnum):
    """Headings under which settings are shown."""

    RUN = template("Run")
    STRATEGY = template("Strategy")
    LOOP = template("Epochs and steps")
    OPTIMIZER = template("Optimiser")
    REGULARISATION = template("Regularisation")
    DATA = template("Data")
    AUGMENTATION = template("Augmentation")
    APPEARANCE = template("Appearance")
    ADVANCED = template("Advanced")

    @property
    def heading(self) -> Sentence:
        """What the pages translate."""
        return Sentence(self.value)


@dataclass(frozen=True)
class Declaration:
    """One setting.

    Attributes:
        label: of its widget.
        help: one or two sentences, without the default.
        group: heading under which it is shown.
        bounds: lowest and highest number; None for the highest where there is none.
        step: by which its widget changes it.
        choices: allowed values where they are few.
        none: what None means, such as `all images`; empty where None is not allowed.
        per_stage: whether it is a tuple of one value for each stage of the method.
        many: whether it is a tuple of any length.
        only_with: an earlier setting and the value of it with which this one has an effect.
        slider: whether its widget is a slider.
        from_dataset: whether the data set decides what it is at first.
        name, kind, default, required: filled in from the field; the kind is the type of a single value.
    """

    label: str
    help: str
    group: Group
    bounds: tuple[float, float | None] | None = None
    step: float = 1
    choices: tuple = ()
    none: str = ""
    per_stage: bool = False
    many: bool = False
    only_with: tuple[str, Any] | None = None
    slider: bool = False
    from_dataset: bool = False
    name: str = ""
    kind: type = str
    default: Any = None
    required: bool = False

    def check(self, value: Any) -> None:
        """Accept a value.

        Raises:
            UserError: it is of the wrong type or out of range; the message names it and what is allowed.
        """
        if not (self.per_stage or self.many):
            self._check_single(value)
            return
        if not isinstance(value, tuple) or (self.per_stage and len(value) != METHOD_STAGES):
            needed = Sentence("give a list")
            if self.per_stage:
                needed = Sentence("give {count} values, one for each stage", count=METHOD_STAGES)
            raise UserError(self._refusal(value, needed))
        for item in value:
            self._check_single(item)

    def _check_single(self, value: Any) -> None:
        if not (value is None and self.none) and not self._is_allowed(value):
            raise UserError(self._refusal(value, self._needed(value)))

    def _refusal(self, value: Any, needed: Sentence) -> Sentence:
        return Sentence("{name} is {value!r}; {needed}.", name=self.name, value=value, needed=needed)

    def _is_allowed(self, value: Any) -> bool:
        if self.choices:
            return value in self.choices
        if self.kind is bool:
            return value in (True, False)
        if self.kind is str:
            return isinstance(value, str)
        assert self.bounds is not None  # every number has them
        low, high = self.bounds
        return self._is_number(value) and low <= value <= (inf if high is None else high)

    def _is_number(self, value: Any) -> bool:
        return isinstance(value, int | float) and (self.kind is float or float(value).is_integer())

    def _needed(self, value: Any) -> Sentence:
        if self.choices:
            return Sentence("choose from {allowed}", allowed=self.allowed)
        if self.bounds is None:
            return Sentence("give {allowed}", allowed=self.allowed)
        if self._is_number(value):
            return Sentence("it must be {allowed}", allowed=self.allowed)
        if self.kind is int:
            return Sentence("a whole number {allowed} is needed", allowed=self.allowed)
        return Sentence("a number {allowed} is needed", allowed=self.allowed)

    @property
    def allowed(self) -> str:
        """The allowed values in words, such as `between 1 and 1000`."""
        if self.choices:
            return ", ".join(map(str, self.choices))
        if self.kind is bool:
            return Sentence("true or false")
        if self.bounds is None:
            return Sentence("text")
        low, high = self.bounds
        if high is None:
            return Sentence("at or above {low}", low=low)
        return Sentence("between {low} and {high}", low=low, high=high)

    def in_words(self, value: Any) -> str:
        """A value as people read it, such as `on`, `all images` or `1, 0.1, 1`."""
        if isinstance(value, tuple):
            return joined(list(map(self.in_words, value)), ", ")
        if value is None:
            return self.none
        if isinstance(value, bool):
            return Sentence("on") if value else Sentence("off")
        return f"{value:g}" if isinstance(value, float) else str(value)

    def full_help(self, stage: int | None = None) -> Sentence:
        """The help and the default, which is that of `stage` where there is one for each."""
        default = self.default if stage is None else self.default[stage - 1]
        value = self.in_words(default) or Sentence("empty")
        return Sentence("{help} Default: {default}.", help=self.help, default=value)


def setting(default: Any, label: str, help: str, group: Group, **more: Any) -> Any:
    """A dataclass field with its declaration; `more` are further attributes, a default MISSING is none."""
    return field(default=default, metadata={DECLARATION: Declaration(label, help, group, **more)})


@cache
def declarations(owner: type) -> dict[str, Declaration]:
    """The settings of a dataclass by name; those of a part have a dot, as `augmentation.rotation`."""
    return {item.name: item for item in _declared(owner)}


@cache
def parts(owner: type) -> dict[str, type]:
    """Fields of a dataclass that hold another one or None, with its type."""
    hints = get_type_hints(owner)
    dataclasses = {
        item.name: [kind for kind in get_args(hints[item.name]) if is_dataclass(kind)]
        for item in fields(owner)
    }
    return {name: cast(type, kinds[0]) for name, kinds in dataclasses.items() if kinds}


def check_all(owner: Any) -> None:
    """Check every declared value of a dataclass instance, parts aside: those check themselves.

    Raises:
        UserError: a value is of the wrong type or out of range.
    """
    for name, declaration in declarations(type(owner)).items():
        if "." not in name:
            declaration.check(getattr(owner, name))


def _declared(owner: type) -> Iterator[Declaration]:
    hints = get_type_hints(owner)
    for item in fields(owner):
        if item.name in parts(owner):
            for inner in _declared(parts(owner)[item.name]):
                yield replace(inner, name=f"{item.name}.{inner.name}")
        else:
            required = item.default is MISSING
            yield replace(
                item.metadata[DECLARATION],
                name=item.name,
                kind=_single(hints[item.name]),
                default=None if required else item.default,
                required=required,
            )


def _single(hint: Any) -> type:
    """The type of a single value: int of `tuple[int | None, ...]`."""
    while inner := [kind for kind in get_args(hint) if kind not in (type(None), Ellipsis)]:
        hint = inner[0]
    return hint
