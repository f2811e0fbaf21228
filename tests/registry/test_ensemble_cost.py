"""What a process holds of its own, without the weights that it maps."""

import mmap

from core.registry.ensemble_cost import _memory

SIZE = 64 * 2**20


def test_mapped_files_are_no_memory_of_a_process(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(bytes(SIZE))
    before = _memory()
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert sum(mapped[:: mmap.PAGESIZE]) == 0  # every page is in memory now
        assert _memory() - before < SIZE / 4
