"""The command group; a user's mistake is reported in one line, with exit code 2."""

import ast
import io
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import click

import core
from core.config import NAME, home, old_names
from core.disk import explained
from core.errors import UserError

MODULES = {
    "run": "app",
    "index": "data",
    "demo": "data",
    "fetch": "data",
    "import": "data",
    "sets": "data",
    "audit": "data",
    "labels": "labels",
    "train": "training",
    "leave-site-out": "leave_site_out",
    "settings": "settings",
    "sweep": "sweep",
    "runs": "runs",
    "stop": "runs",
    "queue": "runs",
    "cache": "cache",
    "import-weights": "weights",
    "pack": "weights",
    "evaluate": "evaluation",
    "compare": "evaluation",
    "models": "models",
    "site": "site",
    "predict": "diagnosis",
    "lungs": "lungs",
    "masks": "masks",
    "train-lungs": "lung_training",
    "evaluate-lungs": "lung_training",
    "batch": "batch",
    "node": "node",
    "priors": "priors",
    "tokens": "tokens",
    "reference": "reference",
    "self-test": "self_test",
}


class Commands(click.Group):
    """The commands by name; a module is imported when one of its commands is used."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(MODULES)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        name = old_names.COMMANDS.get(name, name)
        if name not in MODULES:
            return None
        module = import_module(f"core.cli.{MODULES[name]}")
        return next(
            item for item in vars(module).values() if isinstance(item, click.Command) and item.name == name
        )

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their sentences, of modules that are read: to import all takes seconds."""
        limit = formatter.width - 6 - max(map(len, MODULES))  # as click does
        listed = [click.Command(name, help=_docstrings(MODULES[name])[name]) for name in MODULES]
        with formatter.section("Commands"):
            formatter.write_dl([(str(item.name), item.get_short_help_str(limit)) for item in listed])


@cache
def _docstrings(module: str) -> dict[str, str]:
    """Docstrings of the functions of a module beside this one, by the command that each may be."""
    tree = ast.parse(Path(__file__).with_name(f"{module}.py").read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {_command_name(function): ast.get_docstring(function) or "" for function in functions}


def _command_name(function: ast.FunctionDef) -> str:
    """The name that its first decorator gives, or its own."""
    match function.decorator_list:
        case [ast.Call(args=[ast.Constant(value=str(name))]), *_]:
            return name
    return function.name


def current_option(name: str) -> str:
    """The name of an option, without dashes, in this version."""
    return old_names.OPTIONS.get(f"--{name}", f"--{name}").removeprefix("--")


@click.group(
    cls=Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "token_normalize_func": current_option,
    },
)
@click.version_option(core.__version__, prog_name="Pneumonia studio")
def commands() -> None:
    """Detect pneumonia on chest X-rays.

    For research use only. Not a medical device.
    """


def main(arguments: list[str] | None = None) -> int:
    """Run a command line; returns the exit code: 0 success, 1 partial success, 2 a user's mistake."""
    for stream in (sys.stdout, sys.stderr):  # names of files are not always text
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return commands.main(arguments, prog_name=_program(), standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.ctx.get_help())
        return 2
    except click.ClickException as error:
        return _mistake(error.format_message())
    except UserError as error:
        return _mistake(str(error))
    except (click.Abort, KeyboardInterrupt):
        return _mistake("Interrupted.")
    except BrokenPipeError:  # the reader of our output has gone, as in `| head`
        sys.stderr.close()
        return 1
    except OSError as error:  # a folder or file that nobody has explained
        return _mistake(str(explained(error, Path(error.filename or home()))))


def _program() -> str:
    """What the user typed: the installed command, or `python -m core`."""
    return NAME if Path(sys.argv[0]).stem == NAME else "python -m core"


def _mistake(sentence: str) -> int:
    print(f"Error: {' '.join(sentence.split())}", file=sys.stderr)
    return 2
