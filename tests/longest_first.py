"""A pytest plugin: the files that took longest start first, so that none is left for the end.

Their times are kept in pytest's cache. Where there are none, as on a fresh clone, the files with most slow
tests start first. Workers get the times from the process that started them, so that all sort alike. Files
that share servers and a browser are one unit: they count together and go to one worker.
"""

from collections import Counter

import pytest
from xdist.scheduler import LoadFileScheduling

KEY = "longest_first/seconds"
SLOW_TEST_S = 10  # a guess, for files that have never run
SHARING = "tests/end_to_end/"  # the folder of files that share


class Scheduling(LoadFileScheduling):
    """Gives units to workers."""

    def _split_scope(self, nodeid: str) -> str:
        return _unit(_file(nodeid))


class Stopwatch:
    """Adds up the seconds of each file and stores them in the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config, self._seconds = config, Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[_file(report.nodeid)] += report.duration

    def pytest_sessionfinish(self) -> None:
        chosen = self._config.option.keyword or self._config.option.markexpr
        if not chosen:  # which would leave parts of files
            self._config.cache.set(KEY, {**recorded(self._config), **self._seconds})


def recorded(config: pytest.Config) -> dict[str, float]:
    """Seconds of each file in earlier sessions; empty without pytest's cache."""
    return config.cache.get(KEY, {}) if hasattr(config, "cache") else {}


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and hasattr(config, "cache"):
        config.pluginmanager.register(Stopwatch(config))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling | None:
    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    node.workerinput[KEY] = recorded(node.config)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seconds = getattr(config, "workerinput", {}).get(KEY) or recorded(config)
    guess = Counter(_file(item.nodeid) for item in items if item.get_closest_marker("slow"))
    expected = Counter()
    for file in dict.fromkeys(_file(item.nodeid) for item in items):
        expected[_unit(file)] += seconds.get(file, guess[file] * SLOW_TEST_S)
    items.sort(key=lambda item: expected[_unit(_file(item.nodeid))], reverse=True)


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def _unit(file: str) -> str:
    return SHARING if file.startswith(SHARING) else file
