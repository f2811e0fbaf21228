"""`run`: starts the app."""

import os
import socket
import sys

import click

from core.config import PROJECT, environment, home
from core.errors import UserError

WAY_OUT = "Set PNEUMONIA_STUDIO_HOME to a folder where this user may write."


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8501, show_default=True, help="Port to listen on."
)
@click.option(
    "--address",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Anyone who can reach it can use the app.",
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[STREAMLIT_OPTIONS]...")
def run(port: int, address: str, options: tuple[str, ...]) -> None:
    """Start the app, with its API, until Ctrl-C.

    Further options are Streamlit's own, such as --server.maxUploadSize 5000.
    """
    _check_port(address, port)
    _check_home()
    environment.LANGUAGE.value()  # of one that there is not, the terminal tells
    server = ["--server.port", str(port), "--server.address", address]
    # -P: a folder named core or pages in the current folder is not ours.
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(PROJECT / "server.py"), *server, *options]
    sys.stdout.flush()
    os.execv(sys.executable, command)  # signals reach the server itself


def _check_port(address: str, port: int) -> None:
    """Raise UserError where the server could not listen."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, port))
        except OSError as error:
            raise UserError(
                f"{address}:{port} cannot be used ({error.strerror}). Choose another port with --port "
                "(make run PORT=8502)."
            ) from error


def _check_home() -> None:
    """Create the home; raise UserError where nothing can be written there."""
    folder = home()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be created: {error.strerror}. {WAY_OUT}") from error
    if not os.access(folder, os.W_OK):
        raise UserError(f"{folder} cannot be written. {WAY_OUT}")
