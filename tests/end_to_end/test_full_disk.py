"""A full disk in a server that others use, too: case 20 of what the field throws at the product."""

import urllib.request

from playwright.sync_api import expect

from benchmarks.app import running
from core.dataset import write_synthetic_dataset


def test_20_the_server_outlives_a_data_set_that_the_disk_has_no_room_for(page, port, small_disk, tmp_path):
    small = small_disk("1m")
    folder = write_synthetic_dataset(tmp_path / "set", images=100)
    with running(small, port) as address:
        page.goto(f"{address}/dataset")
        box = page.get_by_role("combobox", name="Data set folder")
        box.fill(str(folder))
        box.press("Enter")
        expect(page.get_by_text("The disk is full")).to_be_visible()
        with urllib.request.urlopen(f"{address}/_stcore/health") as answer:
            assert answer.status == 200
        assert not list(small.rglob(".unfinished-*"))
        small_disk("8m")
        page.get_by_role("button", name="Reload").click()
        expect(page.get_by_text("100 images").first).to_be_visible()
