"""Lungs on the dataset page: offered once they are found, and those of the network in use."""

import re

import numpy as np
import pytest
from framed_by_lungs import lenient_lung_network
from PIL import Image

from core.anatomy import LUNG_ISSUES, dataset_lungs
from core.dataset import open_dataset, write_synthetic_dataset
from tests.pages.opened_page import opened

pytestmark = pytest.mark.slow
ISSUE = "no plausible lungs"


def test_issues_of_lungs_are_offered_once_found_and_follow_the_network(own_home):
    folder = write_synthetic_dataset(own_home / "set", images=20)
    Image.fromarray(np.zeros((256, 256), np.uint8)).save(folder / "train" / "NORMAL" / "black.png")
    dataset = open_dataset(folder)
    app = opened("dataset", dataset=str(folder))
    counts = []
    for use_network in (lambda: None, lambda: lenient_lung_network(own_home)):
        use_network()
        app.run()
        assert ISSUE not in app.selectbox(key="issue").options
        dataset_lungs(dataset)
        app.run().selectbox(key="issue").select(ISSUE).run()
        assert not app.exception
        counts.append(len(LUNG_ISSUES[ISSUE](dataset)))
        assert any(re.match(rf"{counts[-1]} images? at", item.value) for item in app.caption)
    assert counts[0] != counts[1]
