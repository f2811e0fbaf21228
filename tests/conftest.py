"""What tests share: a home of their own, a synthetic set, one real training run, real X-rays if present."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock
from promotions import promote_unchecked

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("PNEUMONIA_STUDIO_SELF_TEST", "0")  # of servers that are started for something else
if "PYTEST_XDIST_WORKER" in os.environ:  # several at once: each on one core, or they wait for one another
    for name in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
if os.environ.get("KERAS_BACKEND") != "jax":  # TensorFlow imports it where it is installed, and does without
    sys.modules["jax"] = None

from narrow_bundle import write_narrow_bundle
from short_runs import one_thread, tiny_settings, wait_for
from warm_start import WarmProcess

from core.dataset import write_synthetic_dataset
from core.images import sandbox
from core.runs import Run, create_run, detached, jobs

REAL = Path(__file__).resolve().parents[2] / "shared" / "chest_xray"

pytest_plugins = ["frozen_heap", "longest_first"]
SLOW_FIXTURES = {"trained", "page", "real"}  # a training process, a browser, real X-rays
SLOW_FILE = re.compile(r"^pytestmark = (\[\s+)?pytest\.mark\.slow\b", re.MULTILINE)


def pytest_ignore_collect(collection_path, config):
    """Without slow tests, files of nothing else are not imported: most of them import Keras or a browser."""
    if config.option.markexpr != "not slow" or collection_path.suffix != ".py":
        return None
    in_browser = collection_path.parent.name == "end_to_end"
    return in_browser or SLOW_FILE.search(collection_path.read_text()) is not None or None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if SLOW_FIXTURES & set(item.fixturenames):
            item.add_marker("slow")


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory) -> Path:
    """Runs, data and weights of the tests, away from the user's."""
    folder = tmp_path_factory.mktemp("home")
    os.environ["PNEUMONIA_STUDIO_HOME"] = str(folder)
    os.environ["PNEUMONIA_STUDIO_BUNDLED"] = str(folder / "bundled")
    return folder


@pytest.fixture(scope="session", autouse=True)
def as_the_product(tmp_path_factory) -> Iterator[Callable[..., detached.Process]]:
    """Runs that tests start train in forks of a process that has imported TensorFlow.

    Returns:
        What starts processes as the product does.
    """
    start, folder = detached.start, tmp_path_factory.getbasetemp()
    with (
        closing(WarmProcess(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder)) as warm,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(detached, "start", warm.start)
        yield start


@pytest.fixture(scope="session", autouse=True)
def pages_as_in_the_server() -> Iterator[None]:
    """A page run by Streamlit's test runner does no more than one in the server.

    After each run, Streamlit clears the session of Keras where Keras is imported, and collects all garbage;
    no server imports it. And each `AppTest` reads the metadata of all installed packages, a server once.
    It would also leave the page in `__main__`, which processes that are spawned later would run.
    """
    if "streamlit.testing" not in sys.modules:  # no test of this process runs a page
        yield
        return
    from streamlit.components.v2 import manifest_scanner
    from streamlit.runtime.scriptrunner import script_runner
    from streamlit.testing.v1 import AppTest

    run = AppTest._run

    def run_beside_main(*args, **kwargs) -> AppTest:
        with pytest.MonkeyPatch.context() as main:
            main.setitem(sys.modules, "__main__", sys.modules["__main__"])
            return run(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AppTest, "_run", run_beside_main)
        patch.setattr(script_runner, "_clean_problem_modules", lambda: None)
        scan = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture
def own_home(tmp_path, monkeypatch) -> Path:
    """A home for one test that needs an empty one."""
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(tmp_path / "own"))
    return tmp_path / "own"


@pytest.fixture(scope="session")
def narrow_files(tmp_path_factory) -> Path:
    """A folder with a bundled model that answers at once."""
    return write_narrow_bundle(tmp_path_factory.mktemp("narrow"))


@pytest.fixture
def narrow_bundle(narrow_files, monkeypatch) -> None:
    """A narrow model is the bundled one: for tests in which any will do."""
    monkeypatch.setenv("PNEUMONIA_STUDIO_BUNDLED", str(narrow_files))


@pytest.fixture
def bundle(narrow_files, tmp_path, own_home, monkeypatch) -> Path:
    """The same, a copy whose files may be changed; the path of its golden images."""
    folder = shutil.copytree(narrow_files, tmp_path / "bundle")
    monkeypatch.setenv("PNEUMONIA_STUDIO_BUNDLED", str(folder))
    (path,) = folder.glob("*/golden.json")
    return path


@pytest.fixture
def never_ready(monkeypatch) -> None:
    """No process that decodes images is ever seen to have started."""
    monkeypatch.setattr(sandbox, "select", SimpleNamespace(select=lambda *_: ([], [], [])))


@pytest.fixture
def busy_computer(never_ready, monkeypatch) -> Iterator[None]:
    """No process that decodes images gets the time to start."""
    slots = sandbox.queue.LifoQueue()
    slots.put(None)
    monkeypatch.setattr(sandbox, "_idle", slots)
    yield
    if worker := slots.get():
        worker.kill()


@pytest.fixture
def impatient(tmp_path, monkeypatch) -> Path:
    """`nice` without its effect, so that a test need not wait for idle seconds; where it notes its calls."""
    folder = tmp_path / "impatient"
    folder.mkdir()
    program, calls = folder / "nice", folder / "calls"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {calls}\nshift 2\nexec "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return calls


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a file system of some size, such as `1m`; called again, it changes the size."""
    folder = tmp_path / "small"
    folder.mkdir()

    def mount(size: str) -> Path:
        mounted = os.path.ismount(folder)
        options = ["-o", f"remount,size={size}"] if mounted else ["-t", "tmpfs", "-o", f"size={size}"]
        if subprocess.run(["mount", *options, "tmpfs", str(folder)], capture_output=True).returncode:
            pytest.skip("no right to mount a small file system")
        return folder

    yield mount
    if os.path.ismount(folder):
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="session")
def demo(home) -> Path:
    """A small synthetic set."""
    return write_synthetic_dataset(home / "data" / "demo", images=60)


@pytest.fixture(scope="session")
def real() -> Path:
    """Real X-rays."""
    if not REAL.is_dir():
        pytest.skip("the real X-rays are not on this machine")
    return REAL


@pytest.fixture(scope="session")
def trained(demo, home, tmp_path_factory) -> Run:
    """A finished run of all three stages, in its own process, promoted: it answers."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return _train(demo)
    shared = tmp_path_factory.getbasetemp().parent / "trained"  # by the worker that needs it first
    with FileLock(f"{shared}.lock"):
        if not shared.exists():
            run = _train(demo)
            shutil.copytree(run.path, shared / "run")
            shutil.copytree(run.model_folder(), shared / "models")
            (shared / "home").write_text(str(home))
            return run
        shutil.copytree(shared / "models", home / "model_weights", dirs_exist_ok=True)
        run = Run(shutil.copytree(shared / "run", home / "runs" / "trained"))
        promote_unchecked("trained/3")
    settings = (run.path / "settings.json").read_text()
    settings = settings.replace((shared / "home").read_text(), str(home))
    (run.path / "settings.json").write_text(settings)
    return run


def _train(demo: Path) -> Run:
    run = create_run(tiny_settings(demo, epochs=2, plateau=1), name="trained")
    with one_thread():  # another run can be equal to the last bit
        jobs.start(run)
        wait_for(run)
    assert run.status().state == "finished", run.status().message + run.log_tail()
    promote_unchecked("trained/3")
    return run


@pytest.fixture(scope="session")
def certificates(tmp_path_factory) -> Path:
    """Keys and certificates: of an authority, signed by it, and unsigned."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=folder)

    authority = ("-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    openssl("req", *authority, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority")
    openssl("req", *authority, "-keyout", "no.key", "-out", "no.pem", "-subj", "/CN=nobody")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "ask", "-subj", "/CN=us")
    signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    openssl("x509", "-req", "-in", "ask", "-out", "cert.pem", *signing)
    return folder
