"""The door of a room: the names that a room offers, each loaded from its file when it is first asked for.

So importing one name costs what that name needs, not what its whole room does: an answer for a PNG loads
neither pandas nor pydicom.
"""

import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

IMPORT = re.compile(r"^    from (\S+) import (?:\(([^)]*)\)|(.*))$", re.MULTILINE)  # in brackets or one line
NAME = re.compile(r"(\w+)(?: as (\w+))?")


class Door(ModuleType):
    """The package of a room, after `open_door`."""

    _offered: dict[str, tuple[str, str]]  # by name: the module that holds it, and its name there

    def __getattr__(self, name: str) -> object:
        """A name that is asked for the first time."""
        if name not in self._offered:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        module, attribute = self._offered[name]
        if module == self.__name__:  # a file of the room
            return import_module(f"{module}.{attribute}")
        value = getattr(import_module(module), attribute)
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute; but a file that Python has loaded never hides a name that the room offers."""
        module, _ = self._offered.get(name, (self.__name__, name))
        if module == self.__name__ or not isinstance(value, ModuleType):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._offered})


def open_door(package: str) -> None:
    """Let a package offer the names that it imports under `if TYPE_CHECKING:`, where type checkers see them.

    Rooms are opened in several threads at once, in which `ast.parse` of Python 3.11 may raise SystemError
    (https://github.com/python/cpython/issues/106905).

    Args:
        package: `__name__` of the package that calls this.
    """
    module = sys.modules[package]
    assert module.__file__ is not None
    imports = IMPORT.findall(Path(module.__file__).read_text(encoding="utf-8"))
    module.__dict__["_offered"] = {
        other or name: (room, name)
        for room, in_brackets, in_line in imports
        for name, other in NAME.findall(in_brackets or in_line)
    }
    module.__class__ = Door
