"""Each line of the threat model in SECURITY.md names a test that exists."""

import ast
import re

from docs.generate.imports import PROJECT

LINE = re.compile(r"^\| (?!threat |---)[^|]+\| [^|]+\| `([^`]+)::([^`]+)` \|$", re.MULTILINE)


def test_each_threat_has_its_test():
    text = (PROJECT / "SECURITY.md").read_text(encoding="utf-8")
    lines = LINE.findall(text)
    assert len(lines) == text.count("\n| ") - 1 >= 25  # all but the header
    for path, name in lines:
        tree = ast.parse((PROJECT / path).read_text(encoding="utf-8"))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in names, f"{path} has no {name}"
