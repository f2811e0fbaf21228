"""The installed package: whole, and at work from a folder that is not its own."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from benchmarks.app import browser, free_port, settled, wait_until_up
from core.config import PROJECT

PACKED = ("core", "pages", "server.py", "streamlit_app.py", ".streamlit", "model_weights/bundled")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The package, built as `pip install .` builds it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The folder of programs of an environment that has the package, and the libraries of this one."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", f"--python={python}", "install", "--no-deps", "--no-index", str(wheel)],
        check=True,
        capture_output=True,
    )
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin"


@pytest.fixture
def elsewhere(tmp_path) -> dict:
    """Arguments for a process: a folder with names of ours in it, and a user who has set nothing."""
    for name in ("core", "pages"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise ImportError('not ours')")
    variables = {name: text for name, text in os.environ.items() if not name.startswith("PNEUMONIA_STUDIO_")}
    return {
        "cwd": tmp_path,
        "env": variables | {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")},
    }


def test_the_wheel_holds_every_file_of_the_product(wheel):
    listing = subprocess.run(["git", "ls-files", *PACKED], cwd=PROJECT, capture_output=True, text=True)
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith(".pyc")}
    assert {f"pneumonia_studio/{name}" for name in listing.stdout.splitlines()} <= inside
    assert {name.partition("/")[0].partition("-")[0] for name in inside} == {
        "pneumonia_studio",
        "pneumonia_studio.pth",
    }


@pytest.mark.slow
def test_the_command_works_from_any_folder(installed, elsewhere):
    def studio(*words) -> str:
        command = [str(installed / "pneumonia-studio"), *words]
        return subprocess.run(command, **elsewhere, check=True, capture_output=True, text=True).stdout

    studio("demo", "set", "--images", "20")
    image = next((elsewhere["cwd"] / "set" / "test").rglob("*.jpeg"))
    answer = json.loads(studio("predict", str(image), "--json"))
    assert 0 <= answer[0].get("raw_probability", answer[0]["probability"]) <= 1
    assert "Usage: pneumonia-studio train" in studio("train", "--help")


@pytest.mark.slow
def test_the_app_runs_from_any_folder_and_keeps_its_data_in_the_users(installed, elsewhere):
    port = free_port()
    command = [str(installed / "pneumonia-studio"), "run", "--port", str(port)]
    with subprocess.Popen(command, **elsewhere, stdout=subprocess.DEVNULL) as process:
        try:
            assert wait_until_up(process, f"http://127.0.0.1:{port}/_stcore/health")
            with browser() as chrome:
                page = chrome.new_page()
                page.set_default_timeout(180_000)
                page.goto(f"http://127.0.0.1:{port}")
                page.get_by_role("heading", name="Diagnosis").wait_for()
                settled(page)
                assert page.get_by_text("Bundled model · stage 3").first.is_visible()
                page.goto(f"http://127.0.0.1:{port}/dataset")
                page.get_by_role("button", name="Use the synthetic data set").click()
                page.get_by_text("320 images at the model's resolution").wait_for()
        finally:
            process.terminate()
    assert (elsewhere["cwd"] / "data" / "pneumonia-studio" / "data").is_dir()
