"""The examples in docstrings are true."""

import doctest
import importlib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
MODULES = sorted(
    ".".join(path.relative_to(PROJECT).with_suffix("").parts)
    for folder in ("core", "docs")
    for path in (PROJECT / folder).rglob("*.py")
    if ">>> " in path.read_text()
)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module_give_what_they_show(module):
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried and not failed
