"""The lock files give what the requirements and every package ask for, on each supported Python."""

import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.11", "3.12", "3.13")
LOCKS = {
    "requirements.lock": ("requirements.txt",),
    "requirements-dev.lock": (
        "requirements.txt",
        "requirements-scale.txt",
        "requirements-export.txt",
        "requirements-dev.txt",
    ),
}
ENTRY = re.compile(
    r"^(?P<requirement>[A-Za-z0-9][^\\\n]*?) \\\n(?P<hashes>(?:    --hash=\S+(?: \\)?\n)+)", re.M
)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def declared(name: str) -> list[Requirement]:
    """The requirements in a file."""
    lines = (line.partition("#")[0].strip() for line in (PROJECT / name).read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def entries(lock: str) -> list[tuple[Requirement, list[str]]]:
    """Requirement and hashes of every entry of a lock file."""
    text = (PROJECT / lock).read_text()
    return [(Requirement(match["requirement"]), match["hashes"].split()) for match in ENTRY.finditer(text)]


def environment(python: str) -> dict[str, str]:
    """What markers are evaluated with."""
    return {
        **default_environment(),
        "python_version": python,
        "python_full_version": f"{python}.0",
        "extra": "",
    }


def pins(lock: str, python: str) -> dict[str, str]:
    """Version of each package that a lock file installs on a Python of this machine."""
    applying = [
        item for item, _ in entries(lock) if not item.marker or item.marker.evaluate(environment(python))
    ]
    versions = {canonicalize_name(item.name): str(item.specifier).removeprefix("==") for item in applying}
    assert len(versions) == len(applying), "a package is pinned twice"
    return versions


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_satisfies_its_requirements(lock, python):
    pinned = pins(lock, python)
    for item in (item for name in LOCKS[lock] for item in declared(name)):
        assert item.specifier.contains(pinned[canonicalize_name(item.name)]), f"{item}: run `make lock`"


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_what_each_of_its_packages_needs(lock, python):
    pinned = pins(lock, python)
    for name, pin in pinned.items():
        try:
            needs = requires(name) if version(name) == pin else None
        except PackageNotFoundError:  # of another Python
            continue
        for item in map(Requirement, needs or ()):
            if not item.marker or item.marker.evaluate(environment(python)):
                given = pinned.get(canonicalize_name(item.name), "nothing")
                assert given != "nothing" and item.specifier.contains(given), (
                    f"{name} needs {item}, not {given}"
                )


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_is_pinned_and_hashed_and_comes_from_no_named_place(lock):
    text = (PROJECT / lock).read_text()
    for item, hashes in entries(lock):
        assert re.fullmatch(r"==[\w.+!]+", str(item.specifier)) and not item.url, item
        assert all(HASH.fullmatch(word) for word in hashes if word != "\\"), item
    rest = ENTRY.sub("", text)
    assert all(line.startswith("#") for line in rest.splitlines() if line), rest
    assert not re.search(r"://|file:|index-url|find-links|/work|/opt", text)


@pytest.mark.parametrize("python", PYTHONS)
def test_tests_run_with_the_packages_of_the_app(python):
    everything = pins("requirements-dev.lock", python)
    assert pins("requirements.lock", python).items() <= everything.items()
