"""What is to become an ensemble: its members are checked, and its operating point is found."""

import re
from contextlib import suppress
from dataclasses import dataclass

import pandas as pd

from core.config import LUNGS
from core.errors import UserError
from core.evaluation import RULES, OperatingPoint, Predictions, find_point, mean_log_odds
from core.registry.active import intact
from core.registry.ensemble_cost import EnsembleCost, measure_cost
from core.registry.models import RegisteredModel, find_usable_model
from core.sentence import Sentence
from core.weights import ModelRecord

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
PREFIX = "ensemble/"  # before the name: no run's stage is called so, because that ends in a number
DEFAULT_RULE = "sensitivity"  # for the operating point where the members do not share one found on validation


@dataclass(frozen=True, eq=False)
class EnsemblePlan:
    """An ensemble whose members were checked, before it is registered.

    Attributes:
        name: such as `ensemble/three-seeds`.
        members: in the order in which they were named.
        predictions: of the ensemble, by split; for test only if all members have the same test images.
        point: the operating point, found on validation.
    """

    name: str
    members: tuple[RegisteredModel, ...]
    predictions: dict[str, Predictions]
    point: OperatingPoint

    def cost(self) -> EnsembleCost:
        """What an answer will cost; raises UserError if the members do not fit into memory."""
        return measure_cost([item.model.path for item in self.members])


def plan_ensemble(name: str, titles: list[str]) -> EnsemblePlan:
    """Check what is to become an ensemble, and find its operating point.

    Args:
        name: up to 32 letters, digits, dashes and underscores, beginning with a letter.
        titles: names, or names and versions, of the members.

    Raises:
        UserError: the name is not allowed, there are fewer than two members, or one of them does not fit.
    """
    if not NAME.fullmatch(name):
        raise UserError(
            Sentence(
                "An ensemble cannot be called {name!r}; use up to 32 letters, digits, dashes and "
                "underscores, beginning with a letter.",
                name=name,
            )
        )
    if len(titles) < 2:
        raise UserError(
            Sentence(
                "An ensemble needs at least two members, and {count} was named. Name another.",
                count=len(titles),
            )
        )
    members = tuple(_member(title) for title in titles)
    _check_different(members)
    _check_same_input(members)
    validation = _combined(name, members, "validation")
    predictions = {"validation": validation}
    with suppress(UserError):  # the checklist says that it was not tested
        predictions["test"] = _combined(name, members, "test")
    return EnsemblePlan(PREFIX + name, members, predictions, _point(members, validation))


def _member(title: str) -> RegisteredModel:
    """A model that can be a member."""
    item = find_usable_model(title)
    if item.model.record.members:
        raise UserError(
            Sentence(
                "{title} is an ensemble itself. Name its members instead: {origin}.",
                title=item.title,
                origin=item.model.origin,
            )
        )
    return intact(item.folder) if item.version else item


def _check_different(members: tuple[RegisteredModel, ...]) -> None:
    """Refuse one network twice, be it at another decision threshold."""
    seen: dict[tuple, str] = {}
    for item in members:
        key = item.model.record.network
        if key in seen:
            raise UserError(
                Sentence(
                    "{title} and {other} are the same network, which would count twice. Name it once.",
                    title=item.title,
                    other=seen[key],
                )
            )
        seen[key] = item.title


def _check_same_input(members: tuple[RegisteredModel, ...]) -> None:
    """Refuse members that would see different pixels of one image."""
    first, *others = members
    for other in others:
        here, there = (_input(item.model.record) for item in (first, other))
        if here != there:
            raise UserError(
                Sentence(
                    "{title} sees {here}; {other} sees {there}. Name members that see the same of an image.",
                    title=first.title,
                    here=here,
                    other=other.title,
                    there=there,
                )
            )


def _input(record: ModelRecord) -> str:
    """What a model sees of an image, in words that differ where the pixels do."""
    framed = "the whole image"
    if record.framing == LUNGS:
        framed = f"the lungs with a margin of {record.lung_margin:g}, found by {record.lung_network}"
    return f"{framed}, preprocessing {record.preprocessing}"


def _combined(name: str, members: tuple[RegisteredModel, ...], split: str) -> Predictions:
    """The ensemble's predictions for the images of a split, from those that its members' runs saved.

    Raises:
        UserError: a member has none, or they are for different images.
    """
    tables = [_by_content(item, split) for item in members]
    for item, table in zip(members[1:], tables[1:], strict=True):
        if set(table.index) != set(tables[0].index):
            raise UserError(
                Sentence(
                    "{title} has predictions for {images} {split} images, {other} for {other_images}; "
                    "{shared} of them are the same. Name members with the same {split} images.",
                    title=members[0].title,
                    images=len(tables[0]),
                    split=split,
                    other=item.title,
                    other_images=len(table),
                    shared=len(set(tables[0].index) & set(table.index)),
                )
            )
    probabilities = mean_log_odds(
        [table.loc[tables[0].index, "probability"].to_numpy() for table in tables],
        [item.model.record.temperature for item in members],
    )
    return Predictions.of(name, tables[0].reset_index().assign(probability=probabilities))


def _by_content(item: RegisteredModel, split: str) -> pd.DataFrame:
    """A model's predictions with the digests of the images as the index, one row for each."""
    table = item.predictions(split)
    if table is None or table.empty:
        raise UserError(
            Sentence(
                "{title} has no predictions for {split} images, on which the ensemble is measured. Name "
                "another member.",
                title=item.title,
                split=split,
            )
        )
    return Predictions.of(item.title, table).table.drop_duplicates("sha256").set_index("sha256")


def _point(members: tuple[RegisteredModel, ...], validation: Predictions) -> OperatingPoint:
    """The operating point by the rule that all members share, or by the default one."""
    rules = {RULES.get(item.model.record.threshold_rule, DEFAULT_RULE) for item in members}
    rule = rules.pop() if len(rules) == 1 else DEFAULT_RULE
    return find_point(rule, validation.labels, validation.probabilities)
