"""The command group, and how mistakes are told: one clear line, exit code 2."""

import sys
from importlib import import_module

import click

from core.errors import UserError

ROOMS = {
    "index": "data",
    "demo": "data",
    "fetch": "data",
    "import": "data",
    "sets": "data",
    "audit": "data",
    "train": "training",
    "sweep": "sweep",
    "runs": "runs",
    "stop": "runs",
    "waiting": "runs",
    "features": "training",
    "import-weights": "weights",
    "pack": "weights",
    "evaluate": "evaluation",
    "compare": "evaluation",
    "predict": "diagnosis",
    "read": "archive",
    "node": "node",
    "reference": "diagnosis",
}


class Commands(click.Group):
    """The commands by name; a room's file is imported when one of its commands is asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(ROOMS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in ROOMS:
            return None
        room = import_module(f"core.cli.{ROOMS[name]}")
        return next(
            item for item in vars(room).values() if isinstance(item, click.Command) and item.name == name
        )


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def commands() -> None:
    """Detect pneumonia on chest X-rays: data, staged training, evaluation, prediction.

    Research software, not a medical device.
    """


def main(arguments: list[str] | None = None) -> int:
    """Run a command line; returns the exit code: 0 well, 1 in part, 2 a user's mistake."""
    try:
        return commands.main(arguments, prog_name="python -m core", standalone_mode=False) or 0
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


def _mistake(sentence: str) -> int:
    print(f"Error: {' '.join(sentence.split())}", file=sys.stderr)
    return 2
