"""Images whose label a reader contradicted, on the Dataset page."""

import re

from core.dataset import open_dataset, write_synthetic_dataset
from core.inference import CONTRADICTED, AuditLog, FirstReading
from tests.pages.opened_page import opened


def test_labels_that_a_reader_contradicted_are_listed_at_once(own_home):
    folder = write_synthetic_dataset(own_home / "set", images=20)
    table = open_dataset(folder).table
    app = opened("dataset", dataset=str(folder))
    app.selectbox(key="issue").select(CONTRADICTED).run()
    assert not app.exception and "No images match" in app.info[-1].value
    normal = table.loc[table["label"] == "NORMAL", "sha256"].iloc[0]
    AuditLog().add_first_reading(normal, FirstReading("pneumonia"))
    app.run()
    assert not app.exception
    assert any(re.match("1 images? at", item.value) for item in app.caption)
