import os

import pytest

from core.config import processor

COMPUTER = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, COMPUTER),
        ({"cpu.max": "max 100000\n"}, COMPUTER),
        ({"cpu.max": "100000 100000\n"}, 1),
        ({"cpu.max": "20000 100000\n"}, 1),
        ({"cpu.max": "6400000 100000\n"}, min(COMPUTER, 64)),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, COMPUTER),
        ({"cpu/cpu.cfs_quota_us": "100000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1),
        ({"cpu.max": "nonsense"}, COMPUTER),
    ],
)
def test_a_containers_cpu_limit_counts(tmp_path, files, cores):
    (tmp_path / "cpu").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert processor.cores(tmp_path) == cores


@pytest.mark.skipif(COMPUTER < 2, reason="one core cannot be limited")
def test_an_affinity_counts():
    everything = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everything)})
    try:
        processor.cores.cache_clear()
        assert processor.cores() == 1
    finally:
        os.sched_setaffinity(0, everything)
        processor.cores.cache_clear()
