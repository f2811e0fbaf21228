"""Moments in tables: local time, on every page."""

import time
from datetime import datetime
from pathlib import Path

from pages.shared.times import local_times

PAGES = Path(__file__).parents[2] / "pages"


def test_a_moment_is_shown_in_local_time(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert local_times([0]) == [datetime(1970, 1, 1, 9)]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_no_page_shows_the_time_of_greenwich():
    assert not [path for path in PAGES.rglob("*.py") if "to_datetime(" in path.read_text()]
