"""`run` starts the app, and says in a sentence why it cannot."""

import os
import socket
import subprocess
import sys

import pytest

from benchmarks.app import free_port, wait_until_up
from core.cli.main import main
from core.config import PROJECT


@pytest.mark.slow
def test_options_of_streamlit_are_passed_on():
    port = free_port()
    command = [sys.executable, "-m", "core", "run", "--port", str(port), "--server.baseUrlPath", "studio"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL) as process:
        try:
            assert wait_until_up(process, f"http://127.0.0.1:{port}/studio/_stcore/health")
        finally:
            process.terminate()


def test_a_port_that_is_taken_is_named_with_the_way_out(capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["run", "--port", str(port)]) == 2
    message = capsys.readouterr().err
    assert f"127.0.0.1:{port} cannot be used" in message and "--port" in message


def test_a_home_that_cannot_be_created_is_named_with_the_way_out(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(tmp_path / "file" / "home"))
    assert main(["run", "--port", str(free_port())]) == 2
    message = capsys.readouterr().err
    assert f"{tmp_path / 'file' / 'home'} cannot be created" in message
    assert "PNEUMONIA_STUDIO_HOME" in message


def test_a_language_that_there_is_not_is_named_with_those_there_are(monkeypatch, capsys):
    monkeypatch.setenv("PNEUMONIA_STUDIO_LANGUAGE", "tlh")
    assert main(["run", "--port", str(free_port())]) == 2
    message = capsys.readouterr().err
    assert "PNEUMONIA_STUDIO_LANGUAGE is 'tlh'; give a language of the pages: en or de" in message


def test_the_command_is_called_as_it_was_typed():
    def usage(program: str) -> str:
        code = (
            f"import sys; sys.argv[0] = {program!r}; from core.cli.main import main; main(['run', '--help'])"
        )
        command = [sys.executable, "-c", code]
        return subprocess.run(command, cwd=PROJECT, env=os.environ, capture_output=True, text=True).stdout

    assert usage("/usr/bin/pneumonia-studio").startswith("Usage: pneumonia-studio run")
    assert usage("core/__main__.py").startswith("Usage: python -m core run")
