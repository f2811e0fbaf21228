"""A network is unpacked once in a home; then every process maps it, and answers as before."""

import os
import re
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from short_runs import NARROW, random_weights

from core.inference import load_network, loading, network_cache
from core.inference.engine_parts import engine_parts
from core.weights import ModelRecord, WeightsError, read_stored_model, write_model

pytestmark = pytest.mark.slow

CORE = Path(network_cache.__file__).parents[1]
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


@pytest.mark.skipif(not network_cache.MAPS.exists(), reason="only Linux tells what is in memory")
def test_pages_of_a_mapped_network_are_given_back_once_it_is_compiled(weights):
    predictor = load_network(weights, "float32")
    first = predictor.probabilities(PIXELS)
    smaps = Path("/proc/self/smaps").read_text().split("VmFlags")
    mapped = [entry for entry in smaps if f"{network_cache.folder()}/" in entry]
    assert len(mapped) >= 3
    in_memory = [int(re.search(r"^Rss: +(\d+) kB", entry, re.MULTILINE)[1]) for entry in mapped]
    assert sum(in_memory) < weights.stat().st_size / 1024 / 10
    assert np.array_equal(predictor.probabilities(PIXELS), first)


def test_a_second_load_unpacks_nothing(weights, monkeypatch):
    first = answers(weights)
    monkeypatch.setattr(loading, "read_stored_model", None)
    assert np.array_equal(answers(weights), first)


def test_of_those_who_need_a_network_at_once_one_unpacks_it(weights):
    arrays, record = read_stored_model(weights)
    unpacked, start = [], threading.Barrier(3)

    def prepare():
        unpacked.append(1)
        return engine_parts(arrays, record.scaling, record.architecture)

    def ask(_):
        start.wait()
        return network_cache.cached_parts("a model", prepare)

    with ThreadPoolExecutor(3) as threads:
        parts = list(threads.map(ask, range(3)))
    assert len(unpacked) == 1 and all(set(each) == {"body", "head", "slope"} for each in parts)


def test_a_file_that_is_replaced_meanwhile_is_refused_and_not_kept(weights, monkeypatch):
    def replaced(path):
        content = read_stored_model(path)
        write_model(path, random_weights(NARROW.weighted), ModelRecord(width=NARROW.width, stage=2))
        return content

    monkeypatch.setattr(loading, "read_stored_model", replaced)
    with pytest.raises(WeightsError, match="was replaced while it was read"):
        load_network(weights, "float32")
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


def test_a_process_keeps_nothing_under_the_key_of_code_that_replaced_its_own(weights, tmp_path):
    shutil.copytree(CORE, tmp_path / "core", ignore=shutil.ignore_patterns("__pycache__"))
    program = """
import sys
from pathlib import Path
from core.inference import Reader, network_cache
if "updated" in sys.argv:
    with Path("core/compilation/network.py").open("a") as file:
        file.write("# of the next version")
network_cache.cached_parts("a model", dict)
"""
    for argument in ("updated", "restarted"):
        subprocess.run([sys.executable, "-c", program, argument], cwd=tmp_path, check=True)
    assert len(list(network_cache.folder().iterdir())) == 2
