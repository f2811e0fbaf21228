from dataclasses import dataclass, fields

import pytest

from core.config import PRESETS, Augmentation, TrainingSettings, preset
from core.config.declaration import check_all, declarations, parts, setting
from core.errors import UserError

DECLARED = declarations(TrainingSettings)


@dataclass(frozen=True)
class Example:
    count: int = setting(3, "Count", "How many.", "Example", bounds=(1, None))
    share: float = setting(0.5, "Share", "How much.", "Example", bounds=(0, 1))
    limit: int | None = setting(None, "Limit", "At most.", "Example", bounds=(1, 9), none="no limit")
    on: bool = setting(True, "On", "Whether.", "Example")
    kind: str = setting("a", "Kind", "Which.", "Example", choices=("a", "b"))
    rates: tuple[float, ...] = setting(
        (1.0, 0.1, 1.0), "R", "Each.", "Example", bounds=(0, 1), per_stage=True
    )
    names: tuple[str, ...] = setting((), "N", "All.", "Example", many=True)

    def __post_init__(self):
        check_all(self)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"count": 0}, "count is 0; it must be at or above 1."),
        ({"count": 1.5}, "count is 1.5; a whole number at or above 1 is needed."),
        ({"count": float("inf")}, "a whole number"),
        ({"share": "x"}, "share is 'x'; a number between 0 and 1 is needed."),
        ({"share": float("nan")}, "share is nan; it must be between 0 and 1."),
        ({"share": None}, "share is None; a number"),
        ({"limit": 10}, "limit is 10; it must be between 1 and 9."),
        ({"on": "yes"}, "on is 'yes'; give true or false."),
        ({"kind": "c"}, "kind is 'c'; choose from a, b."),
        ({"rates": (1.0,)}, "rates is .1.0,.; give 3 values, one for each stage."),
        ({"rates": (1.0, 2.0, 0.0)}, "rates is 2.0; it must be between 0 and 1."),
        ({"names": "one"}, "names is 'one'; give a list."),
        ({"names": (1,)}, "names is 1; give text."),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_what_is(values, sentence):
    with pytest.raises(UserError, match=sentence):
        Example(**values)


def test_allowed_values_are_accepted():
    Example(count=10**9, share=1, limit=None, on=False, kind="b", rates=(0, 0.5, 1), names=("x", "y"))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("on", True, "on"), ("limit", None, "no limit"), ("rates", (1.0, 0.1, 1e-4), "1, 0.1, 0.0001")],
)
def test_values_are_told_in_words(name, value, words):
    assert declarations(Example)[name].in_words(value) == words


def test_help_ends_with_the_default():
    assert declarations(Example)["on"].full_help() == "Whether. Default: on."
    assert declarations(Example)["rates"].full_help(2) == "Each. Default: 0.1."


def test_every_setting_is_declared_with_label_help_and_group():
    assert parts(TrainingSettings).keys() == {"augmentation", "strategy"}
    declared = {name.partition(".")[0] for name in DECLARED}
    assert declared == {item.name for item in fields(TrainingSettings)}
    for declaration in DECLARED.values():
        assert declaration.label and declaration.group and declaration.help.endswith(".")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_and_default_is_allowed(name):
    settings = preset(name).settings()
    check_all(settings)
    check_all(settings.augmentation or Augmentation())


def test_a_setting_that_depends_on_another_comes_after_it():
    names = list(DECLARED)
    for declaration in DECLARED.values():
        if declaration.only_with:
            other, value = declaration.only_with
            assert names.index(other) < names.index(declaration.name)
            DECLARED[other].check(value)
