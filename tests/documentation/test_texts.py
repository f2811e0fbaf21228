"""What the Markdown files name is there: paths, commands with their options, and targets of make."""

import re
import subprocess
from pathlib import Path

import click
import pytest

from core.cli.main import commands
from docs.generate.imports import PROJECT

FOLDERS = "core|pages|tests|docs|benchmarks|experiments|model_weights|\\.streamlit"
PATH = re.compile(rf"`((?:{FOLDERS})/[\w./-]*)`")
COMMAND = re.compile(r"python -m core ([a-z][a-z-]*)((?: (?!#)[^`\n|)#]*)?)")
MODULE = re.compile(r"python -m ((?:benchmarks|experiments|docs|core)(?:\.[a-z_]+)*)(?![.\w])")
TARGET = re.compile(r"(?:`|^)make ([a-z]+)", re.MULTILINE)
WRITTEN_LATER = re.compile(r"model_weights/\w+\.h5|\.streamlit/secrets\.toml")
MAX_README_LINES = 150


def texts() -> list[Path]:
    """The Markdown files that somebody reads; the changelog also names what is gone."""
    listing = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    names = [name for name in listing.stdout.split() if not name.startswith("docs/generate/")]
    return [PROJECT / name for name in names if name != "CHANGELOG.md"]


@pytest.mark.parametrize("path", texts(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_text_names_what_exists(path):
    text = path.read_text(encoding="utf-8")
    for name in PATH.findall(text):
        assert (PROJECT / name).exists() or WRITTEN_LATER.fullmatch(name), name
    for name in MODULE.findall(text):
        file = PROJECT / name.replace(".", "/")
        assert file.with_suffix(".py").exists() or (file / "__main__.py").exists(), name
    targets = re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    assert set(TARGET.findall(text)) <= set(targets)


@pytest.mark.parametrize("path", texts(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_text_names_commands_with_options_that_they_have(path):
    context = click.Context(commands)
    for name, arguments in COMMAND.findall(path.read_text(encoding="utf-8")):
        command = commands.get_command(context, name)
        first = arguments.split()[0] if arguments.split() else ""
        if isinstance(command, click.Group) and first in command.commands:
            command = command.commands[first]
        assert command is not None, f"python -m core {name} {arguments}"
        known = {option for item in command.params for option in item.opts} | {"--help"}
        assert set(re.findall(r"--[a-z-]+", arguments)) <= known, f"python -m core {name} {arguments}"


def test_the_patterns_find_what_they_are_for():
    assert COMMAND.findall("`python -m core audit DATA --report FILE`") == [("audit", " DATA --report FILE")]
    assert PATH.findall("in `core/api/guards.py`") == ["core/api/guards.py"]
    assert TARGET.findall("```\nmake run\n```\nor `make docs`") == ["run", "docs"]


def test_the_readme_is_short():
    assert len((PROJECT / "README.md").read_text().splitlines()) <= MAX_README_LINES


def test_every_database_in_the_home_is_listed_where_files_are_stored_and_copied():
    sources = " ".join(path.read_text() for path in (PROJECT / "core").rglob("*.py"))
    databases = re.findall(r'home\(\) / "([\w-]+\.sqlite)"', sources)
    operations = (PROJECT / "docs/operations.md").read_text()
    backup, stored = operations.split("**Backup.**")[1], (PROJECT / "docs/security.md").read_text()
    assert "label-reviews.sqlite" in databases
    for name in databases:
        assert f"| `{name}` |" in stored and f"`{name}`" in backup, name
        assert f"`{name}`" in operations.split("rules out NFS for")[1].split("## ")[0], name
