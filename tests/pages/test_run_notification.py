"""What the sidebar tells the browser of runs that end."""

import json
import os

from short_runs import tiny_settings

from core.runs import create_run, lock
from tests.pages.opened_page import opened


def test_a_run_is_told_to_have_ended_where_the_next_one_trains_already(own_home, tmp_path):
    _first, second = (create_run(tiny_settings(tmp_path), name) for name in ("first", "second"))
    held = lock.acquire(second.lock_path)
    try:
        app = opened("dataset", **{"in-training": ("first", "Dataset")})
    finally:
        os.close(held)
    (told,) = app.get("bidi_component")
    data = json.loads(told.proto.json)
    assert data["run"] == "second"
    assert data["ended"] == {"run": "first", "sentence": "first stopped"}
