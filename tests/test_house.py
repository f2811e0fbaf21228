"""The arrows between the rooms, read from the source; and what may not be imported where."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
SHARED = {"cluster", "config", "errors", "atomic", "architecture", "backbones", "document", "processor"}
MAY_IMPORT = {
    "images": set(),
    "dataset": {"images"},
    "weights": set(),
    "network": {"weights"},
    "runs": {"weights"},
    "training": {"dataset", "images", "network", "runs", "evaluation", "weights", "diagnosis"},
    "evaluation": set(),
    "diagnosis": {"images", "dataset", "runs", "evaluation", "figures", "weights"},
    "figures": {"evaluation"},
    "study": {"dataset", "diagnosis", "evaluation", "figures", "runs"},
    "cli": {"dataset", "images", "runs", "evaluation", "diagnosis", "study", "weights", "training"},
}


def imports(path: Path) -> set[str]:
    """Modules that a file imports, with dots."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_arrows_go_one_way(room):
    allowed = MAY_IMPORT[room] | SHARED | {room}
    for path in (PROJECT / "core" / room).glob("*.py"):
        rooms = {name.split(".")[1] for name in imports(path) if name.startswith("core.")}
        assert rooms <= allowed, f"{path.name} reaches into {rooms - allowed}"


@pytest.mark.parametrize("path", sorted((PROJECT / "core").rglob("*.py")), ids=lambda path: path.stem)
def test_core_never_imports_streamlit_and_few_rooms_import_keras(path):
    top = {name.split(".")[0] for name in imports(path)}
    assert "streamlit" not in top
    if path.parent.name not in ("network", "training"):
        assert not top & {"keras", "tensorflow"}


def test_what_the_pages_and_the_terminal_import_does_without_tensorflow():
    code = """
import sys
import core.cli.main, core.dataset, core.runs, core.evaluation, core.diagnosis
import core.figures.dataset, core.figures.training, core.figures.comparison, core.figures.diagnosis
assert not {"tensorflow", "keras"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)
