import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from core import atomic
from core.errors import UserError


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path):
    path = tmp_path / "file.json"
    atomic.write_json(path, {"old": 1})
    with pytest.raises(RuntimeError), atomic.replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == '{\n  "old": 1\n}\n'
    assert [item.name for item in tmp_path.iterdir()] == ["file.json"]


def test_the_temporary_file_keeps_the_extension(tmp_path):
    with atomic.replacing(tmp_path / "model.h5") as temporary:
        assert temporary.suffix == ".h5"


def test_a_full_disk_is_told_in_a_sentence_and_spares_the_old_file(small_disk):
    small = small_disk("1m")
    path = small / "history.txt"
    atomic.write_text(path, "old")
    with pytest.raises(UserError, match="disk is full: .*history.txt could not be saved and is unchanged"):
        atomic.write_text(path, "x" * 2_000_000)
    assert path.read_text() == "old"
    assert len(list(small.iterdir())) == 1


def test_a_new_folder_removes_what_a_killed_process_left_and_spares_what_another_one_writes(tmp_path):
    program = f"""
from pathlib import Path
from core import atomic
with atomic.new_folder(Path({str(tmp_path)!r}) / "set") as folder:
    (folder / "half").write_text("half")
    print("writing", flush=True)
    input()
"""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    assert [writer.stdout.readline() for writer in writers] == ["writing\n"] * 2
    killed, alive = writers
    killed.kill()
    killed.wait()
    with atomic.new_folder(tmp_path / "other"):
        assert len(list(tmp_path.glob(".unfinished-set-*/half"))) == 1
    alive.communicate("\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "set"]


def test_of_changes_at_once_none_is_lost(tmp_path):
    path = tmp_path / "names.json"
    atomic.write_json(path, [])

    def add(name: str) -> None:
        with atomic.changing(path):
            atomic.write_json(path, [*json.loads(path.read_text()), name])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, "ABCDEFGH"))
    assert sorted(json.loads(path.read_text())) == list("ABCDEFGH")
