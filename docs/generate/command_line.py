"""The page of commands, from the click commands in core/cli."""

import inspect
from collections.abc import Iterator

import click

from core.cli.main import commands
from docs.generate.template import filled

PROGRAM = "python -m core"


def page() -> str:
    """docs/command-line.md"""
    items = list(_commands(commands, click.Context(commands, info_name=PROGRAM)))
    return filled("command-line.md", "core/cli", commands=items)


def _commands(group: click.Group, parent: click.Context) -> Iterator[dict]:
    """Every command of a group; behind a group, its own commands."""
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        assert command is not None  # it is listed
        context = click.Context(command, info_name=name, parent=parent)
        yield _described(command, context)
        if isinstance(command, click.Group):
            yield from _commands(command, context)


def _described(command: click.Command, context: click.Context) -> dict:
    """Name, usage, summary, further help and options of a command."""
    summary, _, details = inspect.cleandoc(command.help or "").partition("\n\n")
    records = [item.get_help_record(context) for item in command.params if isinstance(item, click.Option)]
    return {
        "name": context.command_path.removeprefix(f"{PROGRAM} "),
        "usage": " ".join([context.command_path, *command.collect_usage_pieces(context)]),
        "summary": " ".join(summary.split()),
        "details": details,
        "options": [(f"`{names}`", meaning) for names, meaning in filter(None, records)],
    }
