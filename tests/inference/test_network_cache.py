"""A network is unpacked once in a home; then every process maps it, and answers as before."""

import os

import numpy as np
import pytest
from short_runs import NARROW, random_weights

from core.inference import load_network, network_cache
from core.weights import ModelRecord, write_model

pytestmark = pytest.mark.slow

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 128, 128)).astype(np.uint8)


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A weights file, and a home whose cache is empty."""
    monkeypatch.setenv("PNEUMONIA_STUDIO_HOME", str(tmp_path))
    path = tmp_path / "vgg_unfrozen.h5"
    write_model(path, random_weights(NARROW.weighted), ModelRecord(width=NARROW.width))
    return path


def answers(path):
    return load_network(path, "float32").probabilities(PIXELS)


def test_a_mapped_network_answers_exactly_like_an_unpacked_one_and_like_none_that_cannot_be_kept(
    weights, tmp_path
):
    (tmp_path / "data").touch()  # no folder can be made there
    alone = answers(weights)
    (tmp_path / "data").unlink()
    first, second = answers(weights), answers(weights)
    assert np.array_equal(first, alone) and np.array_equal(second, alone)
    assert network_cache.size() > weights.stat().st_size
    network_cache.clear()
    assert network_cache.size() == 0


def test_a_damaged_entry_is_made_anew(weights):
    alone = answers(weights)
    for part in network_cache.folder().glob("*/*.xml"):
        part.write_text("<net")
    assert np.array_equal(answers(weights), alone)
    assert all(part.stat().st_size > 100 for part in network_cache.folder().glob("*/*.xml"))
    (stored,) = network_cache.folder().glob("*/head.bin")
    content = bytearray(stored.read_bytes())
    content[len(content) // 2] ^= 64
    stored.write_bytes(content)
    assert np.array_equal(answers(weights), alone)
    assert stored.read_bytes() != content


def test_the_networks_used_last_are_kept(weights):
    answers(weights)
    (entry,) = network_cache.folder().iterdir()
    for number in range(network_cache.MAX_NETWORKS):
        other = network_cache.folder() / f"earlier-{number}"
        other.mkdir()
        os.utime(other, (number, number))
    network_cache.cached_parts("another", dict)
    left = {path.name for path in network_cache.folder().iterdir()}
    assert entry.name in left and "earlier-0" not in left and len(left) == network_cache.MAX_NETWORKS
