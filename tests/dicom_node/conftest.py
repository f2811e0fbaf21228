"""A running node that the tests of this folder share."""

from collections.abc import Iterator

import pytest
from dicom_peers import Node, home_with

from core.runs import Run

ALLOWED = ("--allow", "MODALITY=127.0.0.1", "--allow", "ELSEWHERE=192.0.2.1")


@pytest.fixture(scope="module")
def node(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node without a remote AE, so that its results stay on disk."""
    home = home_with(trained.model_folder(), tmp_path_factory.mktemp("node"))
    node = Node(home, "--study-timeout", "0", "--log", *ALLOWED).start()
    yield node
    assert node.stop() == 0
