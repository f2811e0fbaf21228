"""A whole archive is read shard by shard; whatever dies, every film has one row in the end."""

import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.dataset.demo import draw_chest
from core.diagnosis import (
    load_predictor,
    matching,
    open_archive,
    page_of,
    read_archive,
    start_archive,
    write_summary,
    written_as_csv,
)
from core.errors import UserError
from core.images import read
from core.weights import change_record

PROJECT = Path(__file__).resolve().parents[2]
FILMS = 10


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A tree as archives have them: good films, a DICOM file without extension, and what is none."""
    root = tmp_path_factory.mktemp("archive")
    (root / "2024/03").mkdir(parents=True)
    for number in range(FILMS):
        cause = ("bacteria", "none")[number % 2]
        film = Image.fromarray(draw_chest(np.random.default_rng(number), cause))
        film.save(root / "2024/03" / f"film{number}.png")
    (root / "cut.jpeg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    (root / "notes.txt").write_text("no film")
    (root / ".hidden.png").write_bytes(b"")
    if shutil.which("img2dcm"):
        film.save(root / "film.bmp")
        subprocess.run(["img2dcm", "-i", "BMP", root / "film.bmp", root / "IM000001"], check=True)
        change = [
            "dcmodify",
            "-nb",
            "-i",
            "Modality=CR",
            "-i",
            "PatientName=Doe^Jane",
            "-i",
            "PatientAge=003Y",
        ]
        subprocess.run([*change, root / "IM000001"], check=True)
        (root / "film.bmp").unlink()
    return root


@pytest.fixture(scope="module")
def model(trained, tmp_path_factory) -> Path:
    return Path(shutil.copy(trained.weights_path(1), tmp_path_factory.mktemp("model") / "model.h5"))


def rows_of(archive) -> pd.DataFrame:
    return archive.answers().to_table().to_pandas().set_index("path").sort_index()


def test_every_film_has_the_answer_that_it_has_alone_and_what_is_none_its_reason(source, model, tmp_path):
    archive = start_archive(source, tmp_path / "out", model, shard=4, anyway=True)
    shards = dict(read_archive(archive, workers=2))
    rows = rows_of(archive)
    assert sum(shards.values()) == len(rows) == archive.films() and not archive.missing()
    assert rows.index.is_unique and "notes.txt" not in rows.index and ".hidden.png" not in rows.index
    assert "cut.jpeg is not an image" in rows.loc["cut.jpeg", "error"]
    assert pd.isna(rows.loc["cut.jpeg", "label"])
    answered = rows.drop("cut.jpeg")
    alone = load_predictor(model).predict([read(source / path) for path in answered.index])
    assert list(answered["label"]) == [answer.label for answer in alone]
    assert np.allclose(answered["probability"], [answer.probability for answer in alone], atol=1e-6)
    assert list(answered["sha256"]) == [read(source / path).sha256 for path in answered.index]
    if "IM000001" in rows.index:
        assert list(rows.loc["IM000001", ["modality", "age"]]) == ["CR", "003Y"]
        assert not any(b"Jane" in path.read_bytes() for path in archive.path.rglob("*.*"))


def test_a_second_start_reads_what_is_missing_and_nothing_else(source, model, tmp_path):
    archive = start_archive(source, tmp_path / "out", model, shard=4)
    assert len(list(read_archive(archive))) == archive.shards()
    archive.shard_path(1).unlink()
    before = archive.shard_path(0).stat().st_mtime_ns
    again = start_archive(source, tmp_path / "out", model)
    assert [shard for shard, _ in read_archive(again)] == [1]
    assert archive.shard_path(0).stat().st_mtime_ns == before
    summary = write_summary(archive)
    assert summary.read == archive.films() and sum(summary.errors.values()) == 1
    assert summary.positives + summary.negatives + sum(summary.withheld.values()) == summary.read - 1
    assert sum(summary.histogram) == summary.positives + summary.negatives
    assert json.loads((archive.path / "summary.json").read_text())["films"] == archive.films()
    assert "<svg" in (archive.path / "summary.html").read_text()


def test_answers_are_filtered_and_ordered(source, model, tmp_path):
    archive = start_archive(source, tmp_path / "out", model, shard=4, anyway=True)
    list(read_archive(archive))
    rows = rows_of(archive).reset_index()

    def found(kind, order, text=""):
        return page_of(archive, kind, text, matching(archive, kind, order, text))

    def paths(*wanted):
        return [row["path"] for row in found(*wanted)]

    likely = [row["probability"] for row in found("all", "most likely first")]
    assert likely[:-1] == sorted(likely[:-1], reverse=True) and likely[-1] is None
    positive = found("pneumonia", "least likely first")
    assert {row["path"] for row in positive} == set(rows.loc[rows["label"] == "PNEUMONIA", "path"])
    assert [row["probability"] for row in positive] == sorted(row["probability"] for row in positive)
    near = [
        abs(row["probability"] - row["threshold"]) for row in found("all", "nearest to the threshold")[:-1]
    ]
    assert near == sorted(near)
    assert paths("all", "by path") == sorted(rows["path"])
    assert paths("not read", "by path") == ["cut.jpeg"]
    assert paths("all", "by path", "FILM3") == ["2024/03/film3.png"]
    table = pd.read_csv(io.BytesIO(written_as_csv(archive, "all", "film")))
    assert sorted(table["path"]) == [path for path in sorted(rows["path"]) if "film" in path]

    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=300).run()
    app.session_state["archive"] = str(archive.path)
    app.switch_page("pages/diagnosis.py").run()
    assert not app.exception and not app.error
    assert any(f"{len(rows)} of {len(rows)} films have been read" in item.value for item in app.caption)
    app.text_input(key="archive").set_value("/nowhere").run()
    assert "holds no answers" in app.error[0].value


def test_a_zip_and_a_list_are_read_like_the_folder(source, model, tmp_path):
    paths = sorted(path for path in source.rglob("film*.png"))
    with zipfile.ZipFile(tmp_path / "films.zip", "w") as packed:
        for path in paths:
            packed.write(path, path.relative_to(source))
    listed = pd.DataFrame({"number": range(len(paths) + 1), "path": [*map(str, paths), "/nowhere.png"]})
    listed.to_csv(tmp_path / "films.csv", index=False)
    listed[["path"]].to_parquet(tmp_path / "films.parquet")
    found = {}
    for kind in ("zip", "csv", "parquet"):
        archive = start_archive(tmp_path / f"films.{kind}", tmp_path / kind, model, anyway=True)
        list(read_archive(archive))
        found[kind] = rows_of(archive)
    assert list(found["zip"]["probability"]) == list(found["csv"]["probability"].dropna())
    assert found["csv"].equals(found["parquet"])
    assert "does not exist" in found["csv"].loc["/nowhere.png", "error"]


def test_what_was_begun_otherwise_is_refused_with_the_way_out(source, model, tmp_path):
    start_archive(source, tmp_path / "out", model, shard=4)
    changed = Path(shutil.copy(model, tmp_path / "other.h5"))
    change_record(changed, threshold=0.3)
    for reason, arguments in {
        "another model or operating point": (source, tmp_path / "out", changed),
        "another source": (source / "2024", tmp_path / "out", model),
        "answers withheld": (source, tmp_path / "out", model, None, True),
        "shards of 4 films": (source, tmp_path / "out", model, 5),
        "lies within": (source, source / "out", model),
        "holds no images": (tmp_path / "out", tmp_path / "empty", model),
        "cannot be read|no folder": (tmp_path / "none", tmp_path / "none-out", model),
    }.items():
        with pytest.raises(UserError, match=reason):
            start_archive(*arguments)
    with pytest.raises(UserError, match="holds no answers"):
        open_archive(tmp_path)


def test_a_film_that_kills_its_reader_is_tried_alone_and_then_recorded(source, model, tmp_path, monkeypatch):
    """Whoever opens it dies at once, as a decoder with a fault in it would."""
    films = shutil.copytree(source, tmp_path / "films")
    (films / "killer.png").write_bytes((films / "2024/03/film0.png").read_bytes())
    (tmp_path / "sitecustomize.py").write_text(
        "import io, os\nplain = io.open\n"
        "def opened(path, *more, **options):\n"
        "    if str(path).endswith('killer.png'): os.abort()\n"
        "    return plain(path, *more, **options)\n"
        "io.open = opened\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    archive = start_archive(films, tmp_path / "out", model, shard=50, anyway=True)
    list(read_archive(archive))
    rows = rows_of(archive)
    assert len(rows) == archive.films()
    assert "ended the process" in rows.loc["killer.png", "error"]
    assert rows["label"].notna().sum() == archive.films() - 2
    assert not list(archive.path.rglob("*.now"))


def test_two_at_once_are_refused(source, model, tmp_path):
    archive = start_archive(source, tmp_path / "out", model, shard=4)
    reading = read_archive(archive)
    next(reading)
    with pytest.raises(UserError, match="Another process reads into"):
        next(read_archive(archive))
    assert len(list(reading)) == archive.shards() - 1


def test_ten_kills_of_the_reader_lose_and_double_nothing(source, model, tmp_path):
    chance = random.Random(5)
    listed = tmp_path / "many.csv"
    films = sorted(map(str, source.rglob("film*.png")))
    links = tmp_path / "links"
    links.mkdir()
    names = []
    for number in range(120):
        names.append(links / f"{number:04}.png")
        names[-1].symlink_to(films[number % len(films)])
    listed.write_text("path\n" + "\n".join(map(str, names)))
    command = [sys.executable, "-m", "core", "read", listed, "--out", tmp_path / "out", "--model", model]
    command = [*map(str, command), "--shard", "4", "--anyway"]
    kills = 0
    while kills < 10:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.5, 4))
        if process.poll() is not None:  # done before it could be killed: begin anew
            shutil.rmtree(tmp_path / "out")
            continue
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
    done = subprocess.run([*command, "--json"], cwd=PROJECT, capture_output=True, text=True)
    summary = json.loads(done.stdout)
    assert done.returncode == 0 and summary["read"] == 120
    rows = rows_of(open_archive(tmp_path / "out"))
    assert rows.index.is_unique and sorted(rows.index) == sorted(map(str, names))
