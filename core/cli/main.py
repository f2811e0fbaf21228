"""The command group, and how mistakes are told: one clear line, exit code 2."""

import sys

import click

from core.cli.data import demo, index
from core.cli.diagnosis import predict
from core.cli.evaluation import evaluate
from core.cli.training import train
from core.errors import UserError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def commands() -> None:
    """Detect pneumonia on chest X-rays: data, staged training, evaluation, prediction.

    Research software, not a medical device.
    """


for command in (index, demo, train, evaluate, predict):
    commands.add_command(command)


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
