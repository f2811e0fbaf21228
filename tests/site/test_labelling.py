import sqlite3
import subprocess
from contextlib import closing

import pytest

from core.errors import UserError
from core.site import (
    LabelLog,
    agreement_with_labels,
    blinded,
    digest,
    open_local_images,
    reader_labels,
)


@pytest.fixture
def files(tmp_path, own_home):
    """Six images, of which two are the same."""
    folder = tmp_path / "site" / "NORMAL"
    folder.mkdir(parents=True)
    for number, content in enumerate("abcdee"):
        (folder / f"{number}.png").write_text(content)
    return [str(path) for path in sorted(folder.iterdir())]


def give(files, **labels: str) -> None:
    """Labels by reader: P, N, U (not sure) or a blank for each image, in the blinded order."""
    names = {"P": "PNEUMONIA", "N": "NORMAL", "U": "not sure"}
    for reader, letters in labels.items():
        for sha256, letter in zip(blinded(files), letters, strict=True):
            if letter != " ":
                LabelLog().add(sha256, reader, names[letter])


def told(files) -> str:
    return " ".join(reader_labels(files, LabelLog().entries()).sentences())


def test_images_come_once_in_an_order_that_tells_no_class(files, tmp_path):
    order = blinded([*files, str(tmp_path / "missing.png")])
    assert len(order) == 5 and list(order) == sorted(order) and list(order.values()) != sorted(order.values())


def test_a_majority_of_the_readers_makes_a_label(files):
    give(files, Ada="PPPU ", Grace="PNUU ", Mary="PPN N")
    labels = reader_labels(files, LabelLog().entries())
    assert list(labels.table["label"]) == ["PNEUMONIA", "PNEUMONIA", "", "", "NORMAL"]
    assert labels.disputed == tuple(blinded(files))[2:4]
    assert [pair.kappa.images for pair in labels.pairs] == [4, 3, 3]


def test_agreement_is_of_first_labels(files):
    give(files, Ada="PPNN ", Grace="NNPP ")
    give(files, Grace="PPNN ")  # after she has seen Ada's
    labels = reader_labels(files, LabelLog().entries())
    assert labels.pairs[0].kappa.agreed == 0 and labels.pairs[0].kappa.value == -1
    assert list(labels.table["reader: Grace"]) == list(labels.table["reader: Ada"]) and not labels.disputed


def test_a_consensus_settles_a_dispute_until_one_of_its_readers_changes_a_label(files):
    give(files, Ada="P    ", Grace="N    ")
    first = next(iter(blinded(files)))
    LabelLog().add(first, "Ada", "NORMAL", consensus=True)
    labels = reader_labels(files, LabelLog().entries())
    assert labels.table["label"][0] == "NORMAL" and not labels.disputed and labels.version == 3
    assert labels.pairs[0].kappa.agreed == 0  # what each said at first
    for reader, label, holds in (
        ("Mary", "PNEUMONIA", True),  # has not labelled it before
        ("Grace", "NORMAL", True),  # the same key again
        ("Mary", "not sure", True),
        ("Grace", "PNEUMONIA", False),
    ):
        LabelLog().add(first, reader, label)
        given = reader_labels(files, LabelLog().entries())
        assert (given.table["label"][0] == "NORMAL") == holds
    assert given.table["label"][0] == "PNEUMONIA"
    LabelLog().add(first, "Ada", "not sure", consensus=True)
    labels = reader_labels(files, LabelLog().entries())
    assert labels.table["label"][0] == "" and not labels.disputed


def test_a_label_is_changed_by_another_entry_and_none_is_ever_lost(files, own_home):
    give(files, Ada="P    ")
    give(files, Ada="N    ")
    assert list(LabelLog().of_reader(" Ada ").values()) == ["NORMAL"]
    with closing(sqlite3.connect(own_home / "labels.sqlite")) as database:
        assert database.execute("SELECT label FROM labels").fetchall() == [("PNEUMONIA",), ("NORMAL",)]
        for change in ("UPDATE labels SET label = 'NORMAL'", "DELETE FROM labels"):
            with pytest.raises(sqlite3.IntegrityError, match="only added"):
                database.execute(change)


def test_a_label_without_a_reader_or_of_no_class_is_refused(files):
    for reader, label in ((" ", "NORMAL"), ("a" * 81, "NORMAL"), ("Ada", "effusion")):
        with pytest.raises(UserError, match="characters|no label"):
            LabelLog().add("0", reader, label)
    assert LabelLog().entries().empty and "Nobody has labelled any of these 5 images" in told(files)


def test_labels_are_read_where_nothing_can_be_written(small_disk):
    log = LabelLog(small_disk("8m") / "labels.sqlite")
    log.add("0", "Ada", "NORMAL")
    subprocess.run(["mount", "-o", "remount,ro", str(log.path.parent)], check=True)
    assert log.of_reader("Ada") == {"0": "NORMAL"}
    with pytest.raises(UserError, match="cannot be used"):
        log.add("1", "Ada", "NORMAL")


def test_a_damaged_log_is_told(own_home):
    own_home.mkdir()
    (own_home / "labels.sqlite").write_bytes(b"no database " * 100)
    for use in (LabelLog().entries, lambda: LabelLog().add("0", "Ada", "NORMAL")):
        with pytest.raises(UserError, match="labels.sqlite cannot be used.*backup"):
            use()


def test_one_reader_and_readers_who_are_never_sure_or_always_disagree_are_told(files, tmp_path):
    give(files, Ada="UUUUU")
    assert "Ada is not sure about any of the 5 images" in told(files) and "One reader only" in told(files)
    give(files, Ada="PNPNP", Grace="NPNPN")
    text = told(files)
    assert "agree on 0 of 5" in text and "no better than chance" in text and "by consensus: 5" in text
    with pytest.raises(UserError, match="Readers disagree about 5 images: settle that by consensus"):
        open_local_images(tmp_path / "site", "readers")


def test_the_labels_of_readers_are_labels_of_local_images(files, tmp_path):
    with pytest.raises(UserError, match="Label them on the page"):
        open_local_images(tmp_path / "site", "readers")
    give(files, Ada="PNNNN")
    (tmp_path / "site" / "table.csv").write_text("file\n" + "".join(f"{file}\n" for file in files))
    for source in (tmp_path / "site", tmp_path / "site" / "table.csv"):
        local = open_local_images(source, "readers")
        assert sorted(local.table["label"]).count("PNEUMONIA") >= 1 and len(local.table) == 6
        assert local.notes[-1] == "Labels by 1 of your readers, version 5."


def test_agreement_of_all_leaves_out_who_has_labelled_little(files):
    give(files, Ada="PNPNN", Grace="PNPNN", Mary="PNP  ", Nina="P    ")
    assert (
        "Images that all 3 readers have labelled: 3; Fleiss' kappa 1.00. Left out, with few labels: Nina."
        in told(files)
    )
    give(files, Rosalind="  PNN")
    assert "Images that all 4 readers have labelled: 1; Fleiss'" in told(files)


def test_agreement_of_all_keeps_those_who_have_labelled_less_than_one_has(files):
    give(files, Ada="PNPNN", Grace="PN   ", Mary="PN   ")
    assert "Images that all 3 readers have labelled: 2; Fleiss' kappa 1.00." in told(files)


def test_readers_are_compared_with_the_labels_that_came_with_the_images(files, tmp_path):
    """The last two files are one image, which came with both labels and does not count."""
    rows = "".join(f"{file},{label}\n" for file, label in zip(files, "110010", strict=True))
    (tmp_path / "table.csv").write_text(f"file,label\n{rows}")
    given = dict(zip(files, ["PNEUMONIA", "NORMAL", "not sure", "NORMAL", "NORMAL", "NORMAL"], strict=True))
    for file, label in given.items():
        LabelLog().add(digest(file), "Ada", label)
    LabelLog().add(digest(files[1]), "Ada", "PNEUMONIA")  # what a reader said first counts
    (ada,) = agreement_with_labels(open_local_images(tmp_path / "table.csv"), LabelLog().entries())
    assert (ada.kappa.agreed, ada.kappa.images) == (2, 4)
    assert ada.sentence().startswith("Ada and the column 'label' of table.csv agree on 2 of 4 images")
    assert (
        agreement_with_labels(open_local_images(tmp_path / "table.csv", "readers"), LabelLog().entries())
        == []
    )
