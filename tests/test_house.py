"""The rooms of the house, read from the source: arrows go one way, doors are used, heavy imports stay in."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from docs.generate.imports import PROJECT, imports, purpose, rooms, sources

FOUNDATION = {
    "door",
    "errors",
    "disk",
    "webhook_request",
    "mail_message",
    "atomic",
    "database",
    "cluster",
    "roles",
    "sentence",
    "architecture",
    "config",
}
MAY_IMPORT = {
    "architecture": set(),
    "config": {"architecture"},
    "images": set(),
    "weights": set(),
    "evaluation": set(),
    "compilation": {"weights"},
    "anatomy": {"dataset", "images", "weights", "compilation", "network"},
    "figures": {"evaluation"},
    "access": set(),
    "dataset": {"images", "evaluation"},
    "network": {"weights"},
    "runs": {"evaluation", "weights"},
    "inference": {"images", "dataset", "runs", "evaluation", "weights", "compilation", "anatomy"},
    "training": {"anatomy", "dataset", "images", "network", "runs", "evaluation", "weights", "inference"},
    "registry": {"dataset", "images", "inference", "runs", "evaluation", "weights"},
    "shadow": {"images", "inference", "registry", "evaluation"},
    "export": {"images", "inference", "network", "registry", "weights"},
    "reports": {"anatomy", "images", "inference", "evaluation", "figures"},
    "comparison": {
        "anatomy",
        "dataset",
        "inference",
        "evaluation",
        "figures",
        "images",
        "registry",
        "reports",
        "runs",
        "weights",
    },
    "monitor": {"evaluation", "inference", "runs", "site"},
    "site": {
        "comparison",
        "dataset",
        "evaluation",
        "images",
        "inference",
        "registry",
        "reports",
        "self_test",
    },
    "batch": {"evaluation", "images", "inference", "registry", "shadow", "weights"},
    "dicom_node": {"images", "inference", "registry", "reports", "runs", "shadow"},
    "metrics": {"dicom_node", "registry", "runs"},
    "api": {"access", "images", "inference", "metrics", "registry", "shadow"},
    "self_test": {
        "api",
        "compilation",
        "dicom_node",
        "evaluation",
        "images",
        "inference",
        "registry",
        "reports",
        "runs",
        "weights",
    },
    "cli": {
        "access",
        "anatomy",
        "batch",
        "comparison",
        "dataset",
        "dicom_node",
        "evaluation",
        "export",
        "images",
        "inference",
        "monitor",
        "registry",
        "reports",
        "runs",
        "self_test",
        "shadow",
        "site",
        "training",
        "weights",
    },
}
LOW = {
    "architecture": {"door", "errors"},
    "config": {"door", "errors", "atomic", "disk", "sentence", "architecture"},
}
# A room whose door would load a heavy library for everybody lets these be imported where they are used.
SIDE_DOORS = {
    "core.figures": "Plotly; one file per subject",
    "pages.shared": "one file per widget",
    "core.cli.main": "what `python -m core` starts",
    "core.training.sweep": "Optuna and Ray",
    "core.anatomy.training": "Keras; the half of the room that trains",
}
KERAS = ("core/network/", "core/training/", "core/anatomy/training/", "core/export/formats.py")


@cache
def offered(room: str) -> set[str]:
    """Names in the `__all__` of a room's door."""
    tree = ast.parse((PROJECT / room.replace(".", "/") / "__init__.py").read_text(encoding="utf-8"))
    lists = [node.value for node in tree.body if isinstance(node, ast.Assign) and _is_all(node.targets[0])]
    return {name for value in lists for name in ast.literal_eval(value)}


def _is_all(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == "__all__"


def named(path: Path) -> Iterator[tuple[str, str]]:
    """Room and name of everything that a file imports from a room's door."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").count(".") == 1:
            house, room = node.module.split(".")
            if house in ("core", "pages") and room in rooms(house) and home_of(path) != (house, room):
                yield from ((node.module, alias.name) for alias in node.names)


def home_of(path: Path) -> tuple[str, ...]:
    """House and room of a file: ("core", "images")."""
    return path.relative_to(PROJECT).parts[:2]


@pytest.mark.parametrize("room", sorted(rooms("core")))
def test_arrows_go_one_way(room):
    allowed = LOW.get(room, FOUNDATION) | MAY_IMPORT[room] | {room}
    for path in (PROJECT / "core" / room).rglob("*.py"):
        reached = {name.split(".")[1] for name in imports(path) if name.startswith("core.")}
        assert reached <= allowed, f"{path.name} reaches into {reached - allowed}"


def test_nobody_reaches_past_a_door():
    past = []
    for path in sources():
        for name in imports(path):
            house, *inner = name.split(".")
            if house not in ("core", "pages") or len(inner) < 2 or inner[0] not in rooms(house):
                continue
            if home_of(path) == (house, inner[0]) or name.startswith(tuple(SIDE_DOORS)):
                continue
            past.append(f"{path.relative_to(PROJECT)} imports {name}; its door is {house}.{inner[0]}")
    assert not past, "\n".join(past)


def test_a_door_offers_what_others_take():
    taken = [(path, room, name) for path in sources() for room, name in named(path)]
    missing = [
        f"{path.relative_to(PROJECT)} takes {name}, which is not in the __all__ of {room}"
        for path, room, name in taken
        if f"{room}.{name}" not in SIDE_DOORS and name not in offered(room)
    ]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("room", sorted(rooms("core")))
def test_a_door_says_what_its_room_is_for(room):
    assert purpose(room).endswith("."), f"core/{room}/__init__.py has no sentence"


def test_core_never_imports_streamlit_and_few_rooms_import_keras():
    for path in (PROJECT / "core").rglob("*.py"):
        top, place = {name.split(".")[0] for name in imports(path)}, str(path.relative_to(PROJECT))
        assert "streamlit" not in top and "pages" not in top, place
        if not place.startswith(KERAS):
            assert not top & {"keras", "tensorflow"}, place


def test_the_contributors_table_names_every_room():
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    missing = [room for room in rooms("core") if f"`core/{room}`" not in text]
    assert not missing, f"CONTRIBUTING.md does not name {missing}"


def test_what_the_pages_and_the_terminal_import_does_without_tensorflow():
    names = "\n".join(
        f"from core.{room} import *" for room in sorted(rooms("core") - {"network", "training"})
    )
    code = f"""
import sys
import core.cli.main
{names}
import core.figures.dataset, core.figures.training, core.figures.curves, core.figures.diagnosis
assert not {{"tensorflow", "keras"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)


def test_the_terminal_answers_without_libraries_that_only_other_things_need():
    """Each takes longer to import than the model takes to answer."""
    code = """
import sys, core.cli.diagnosis
heavy = {"pandas", "pydicom", "scipy", "sklearn", "plotly", "pyarrow", "requests", "tensorflow"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)


def test_a_door_offers_a_name_rather_than_the_file_that_is_called_so():
    evaluation = import_module("core.evaluation")
    import_module("core.evaluation.misclassified")
    assert callable(evaluation.misclassified)


def test_the_server_starts_without_scipy_and_scikit_learn():
    """They take longer to import than everything else that the first page needs."""
    code = "import sys, server, pages.diagnosis.card; assert not {'scipy', 'sklearn'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)
