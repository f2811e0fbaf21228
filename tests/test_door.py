"""A door offers the names under `if TYPE_CHECKING:`, in whichever thread it is opened."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from docs.generate.imports import PROJECT

DOORS = [path for path in PROJECT.glob("core/*/__init__.py") if "open_door(" in path.read_text()]
WHILE_ANOTHER_THREAD_PARSES = """
import ast, gc, sys, threading
from pathlib import Path
import core.site
from core.door import open_door
source = Path("core/runs/folder.py").read_text()
gc.callbacks.append(lambda *_: sum(range(2000)))  # collections let the other thread go on
gc.set_threshold(50)
sys.setswitchinterval(1e-5)
done = threading.Event()
def parse(depth=40):
    if depth:
        return parse(depth - 1)
    try:
        while not done.is_set():
            ast.parse(source)
    except SystemError as error:
        sys.exit(error)
parsing = threading.Thread(target=parse)
parsing.start()
for _ in range(300):
    open_door("core.site")
assert parsing.is_alive()
done.set()
"""


@pytest.mark.parametrize("path", DOORS, ids=lambda path: path.parent.name)
def test_a_door_offers_what_type_checkers_see(path: Path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    seen = {alias.asname or alias.name: (node.module, alias.name) for node in imports for alias in node.names}
    assert import_module(f"core.{path.parent.name}")._offered == seen


def test_a_door_opens_while_another_thread_parses():
    subprocess.run([sys.executable, "-c", WHILE_ANOTHER_THREAD_PARSES], cwd=PROJECT, check=True, timeout=120)
