"""Saved strategies: which layers a custom stage trains. One file for all runs."""

import json
from dataclasses import asdict
from pathlib import Path

from core import atomic, config
from core.config import Strategy
from core.roles import Role, takes


def saved() -> dict[str, Strategy]:
    """All strategies by name, in the order in which they were saved."""
    try:
        content = json.loads(_file().read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return {item["name"]: Strategy.from_json(item) for item in content}


@takes(Role.TRAINER)
def save(strategy: Strategy) -> None:
    """Save a strategy under its name; one of the same name is replaced."""
    with atomic.changing(_file()):
        _write({**saved(), strategy.name: strategy})


@takes(Role.TRAINER)
def forget(name: str) -> None:
    """Delete a strategy; runs that used it keep their settings."""
    with atomic.changing(_file()):
        _write({other: strategy for other, strategy in saved().items() if other != name})


def _write(strategies: dict[str, Strategy]) -> None:
    atomic.write_json(_file(), [asdict(strategy) for strategy in strategies.values()])


def _file() -> Path:
    return config.data_folder() / "strategies.json"
