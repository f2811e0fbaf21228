"""Settings read from JSON or from typed text, also with the names and shapes of older versions."""

import json
from difflib import get_close_matches
from typing import Any, TypeVar

from core.config import old_names
from core.config.declaration import METHOD_STAGES, Declaration, declarations, parts
from core.errors import UserError
from core.sentence import Sentence

T = TypeVar("T")


def read(owner: type[T], values: dict[str, Any], prefix: str = "") -> T:
    """An instance of a dataclass of settings from what `dataclasses.asdict` gave for it.

    Args:
        owner: the dataclass.
        values: by name; lists for tuples, a dictionary or None for a part, such as `augmentation`.
        prefix: of a part's settings in messages and old names, such as `augmentation.`.

    Raises:
        UserError: a name is unknown or missing, or a value is not allowed.
    """
    known, arguments = declarations(owner), {}
    paths = {f"{prefix}{name}": value for name, value in values.items()}
    for path, value in old_names.renamed(paths, old_names.SETTINGS).items():
        name = path.removeprefix(prefix)
        if name in parts(owner):
            arguments[name] = _part(parts(owner)[name], name, value)
        elif name in known and "." not in name:
            arguments[name] = _shaped(known[name], value)
        else:
            raise UserError(_unknown(name, owner, prefix))
    for name, declaration in known.items():
        if declaration.required and "." not in name and name not in arguments:
            raise UserError(
                Sentence("{prefix}{name} is missing. {help}", prefix=prefix, name=name, help=declaration.help)
            )
    return owner(**arguments)


def typed(owner: type, changes: dict[str, str], values: dict[str, Any]) -> dict[str, Any]:
    """Values for `read`, changed as somebody types it: JSON, or the text itself.

    Args:
        owner: the dataclass.
        changes: by name; a dot reaches into a part, as `augmentation.rotation`.
        values: what they change.

    Raises:
        UserError: a name is unknown.
    """
    known, values = declarations(owner), dict(values)
    for path, text in old_names.renamed(changes, old_names.SETTINGS).items():
        if path not in known and path not in parts(owner):
            raise UserError(_unknown(path, owner))
        value = _value(known.get(path), text)
        part, _, name = path.rpartition(".")
        if part:
            values[part] = {**(values.get(part) or {}), name: value}
        else:
            values[name] = value
    return values


def _value(declaration: Declaration | None, text: str) -> Any:
    """One typed value. `none` is None, unless the setting is a text that is never None."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = text
    if declaration and declaration.kind is str and not declaration.many:
        value = value if value is None or isinstance(value, str) else text
        return None if value == "none" and declaration.none else value
    return None if value == "none" else value


def _part(owner: type[T], name: str, values: Any) -> T | None:
    if values is None or isinstance(values, owner):
        return values
    if not isinstance(values, dict):
        example = next(iter(declarations(owner)))
        raise UserError(
            Sentence(
                "{name} is {values!r}; set its parts, such as {name}.{example}.",
                name=name,
                values=values,
                example=example,
            )
        )
    return read(owner, values, f"{name}.")


def _shaped(declaration: Declaration, value: Any) -> Any:
    """The value as its field holds it: a tuple for a list, or for one value that holds for every stage."""
    if isinstance(value, list | tuple):
        missing = METHOD_STAGES - len(value) if declaration.per_stage else 0  # older versions took fewer
        return (*value, *declaration.default[-missing:]) if missing > 0 else tuple(value)
    if declaration.per_stage:
        return (value,) * METHOD_STAGES
    return (value,) if declaration.many else value


def _unknown(name: str, owner: type, prefix: str = "") -> str:
    near = get_close_matches(name, declarations(owner), 1)
    if near:
        return Sentence(
            "Unknown setting {name!r}; did you mean {near}?", name=prefix + name, near=f"{prefix}{near[0]}"
        )
    return Sentence(
        "Unknown setting {name!r}; see them all with `python -m core settings`.", name=prefix + name
    )
