import ast
import importlib
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

PROJECT = Path(__file__).resolve().parents[2]
EXPERIMENTS = PROJECT / "experiments"


def imported_packages(path: Path) -> set[str]:
    """Top-level names of the modules that a file imports."""
    packages = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            packages |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            packages.add((node.module or "").split(".")[0])
    return packages


@pytest.mark.parametrize("folder", ["core", "pages", "benchmarks", "tests"])
def test_nothing_imports_an_experiment(folder):
    for path in (PROJECT / folder).rglob("*.py"):
        assert "experiments" not in imported_packages(path), path


def test_the_benchmark_imports_no_page():
    for path in [*(PROJECT / "benchmarks").glob("*.py"), *EXPERIMENTS.glob("*.py")]:
        assert not imported_packages(path) & {"pages", "streamlit"}, path


def test_the_readme_lists_each_experiment_with_its_question():
    listed = set(
        re.findall(r"^\| `(\w+)` \| .+\? \|$", (EXPERIMENTS / "README.md").read_text(), re.MULTILINE)
    )
    commands = {path.stem for path in EXPERIMENTS.glob("*.py") if "@click.command" in path.read_text()}
    assert listed == commands


@pytest.mark.slow
def test_each_experiment_starts():
    names = sorted(path.stem for path in EXPERIMENTS.glob("*.py") if "@click.command" in path.read_text())
    assert names
    for name in names:
        command = importlib.import_module(f"experiments.{name}").main
        result = CliRunner().invoke(command, ["--help"])
        assert result.exit_code == 0 and "Usage:" in result.output, (name, result.output)


def test_the_results_name_existing_commands():
    text = "\n".join(path.read_text() for path in (PROJECT / "docs" / "results").glob("*.md"))
    modules = re.findall(r"python -m ((?:experiments|benchmarks)\.\w+)", text)
    assert modules
    for module in modules:
        assert (PROJECT / f"{module.replace('.', '/')}.py").exists(), module
