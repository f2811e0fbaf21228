"""Local images with labels, patients and groups: from a folder with a folder per class, or from a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path, PurePosixPath

import pandas as pd

from core.config import CLASS_NAMES
from core.dataset import SYNTHETIC_MARK, is_synthetic
from core.errors import UserError
from core.images import (
    PassedOver,
    reason_for_file,
    shown,
    walk_folder,
)
from core.sentence import Sentence, joined
from core.site.groups import group_column
from core.site.label_log import LabelLog
from core.site.labelling import digest, reader_labels
from core.site.labels import LabelWords, folder_label
from core.site.local_table import (
    FOLDERS,
    LABEL,
    PATIENT,
    READERS,
    check_groups,
    table_path,
    table_rows,
)
from core.site.table_patients import AGE

NO_LABELS = LabelWords()


class Unlabelled(UserError):
    """A source whose images can be read, but of which none has a label yet."""


@dataclass(frozen=True, eq=False)
class LocalImages:
    """Labelled images of one hospital that have not been read yet.

    Attributes:
        name: of the folder or table, marked if a program drew the images.
        table: a row for each image: file (its path), label (a class), patient (a digest; "" if unknown), age
            (in years; NaN if the table does not tell), and a column of text for each group
            (`core.site.groups.group_column`).
        groups: names of the groups.
        notes: what was left out and why, one sentence each.
        synthetic: whether a program drew them.
        label_source: who or what labelled them, in words.
        by_readers: whether the labels are those that readers gave in the app.
    """

    name: str
    table: pd.DataFrame
    groups: tuple[str, ...]
    notes: tuple[str, ...]
    synthetic: bool
    label_source: str
    by_readers: bool = False


def open_local_images(
    source: Path,
    labels: str | None = None,
    patient: str | None = None,
    groups: Sequence[str] = (),
    words: LabelWords = NO_LABELS,
) -> LocalImages:
    """List the images of a folder or a table with their labels; nothing is decoded.

    Args:
        source: a folder, or a table as text with a column of paths, relative to its own folder.
        labels: column of labels, `folders`, or `readers` (those that were given in the app); None for
            `folders` or the column `label`.
        patient: column of patients; None for the column `patient` if there is one.
        groups: columns to keep for groups. Those that the table lacks are read from DICOM headers.
        words: what labels mean.

    Raises:
        UserError: the source cannot be read or a column is missing.
        Unlabelled: no image has a label.
    """
    source = Path(source).expanduser().resolve()
    if source.is_dir():
        rows, notes = _of_folder(source, labels or FOLDERS, groups)
    else:
        rows, notes = table_rows(table_path(source), labels or LABEL, patient, groups, words)
    what_helps = Sentence("Label them on the page Your hospital, or choose other labels.")
    if labels == READERS:
        label_source, disputed = _label_by_readers(rows)
        notes += [Sentence("Labels by {source}.", source=label_source), *disputed]
        what_helps = joined(disputed, " ") if disputed else what_helps
    elif labels == FOLDERS or source.is_dir():
        label_source = Sentence("the names of the folders")
    else:
        label_source = Sentence(
            "the column {column!r} of {table}", column=shown(labels or LABEL), table=shown(source.name)
        )
    labelled = rows["label"] != ""
    if not labelled.any():
        raise Unlabelled(
            Sentence(
                "No image of {source} has a label, {labels}. {what_helps}",
                source=shown(source),
                labels=" or ".join(CLASS_NAMES),
                what_helps=what_helps,
            )
        )
    if count := int((~labelled).sum()):
        notes.append(Sentence("Left out {images} without a label of the two classes.", images=_images(count)))
    folders = {Path(file).parent for file in rows["file"]}
    synthetic = any(map(is_synthetic, folders))
    name = f"{source.name} (SYNTHETIC)" if synthetic else source.name
    table = rows[labelled].reset_index(drop=True)
    return LocalImages(
        name, table, tuple(groups), tuple(notes), synthetic, label_source, by_readers=labels == READERS
    )


def list_local_images(source: Path) -> list[str]:
    """Paths of the images of a folder or a table, labelled or not; some of a table's may be missing.

    Raises:
        UserError: the source cannot be read.
    """
    source = Path(source).expanduser().resolve()
    if source.is_dir():
        return [str(path) for path in _files(source, PassedOver())]
    return list(table_rows(table_path(source), READERS, None, (), NO_LABELS)[0]["file"])


def _label_by_readers(rows: pd.DataFrame) -> tuple[str, list[str]]:
    """Set the labels to those that readers gave in the app; says by whom, and what they disagree about."""
    given = reader_labels(list(rows["file"]), LabelLog().entries())
    by_digest = dict(zip(given.table["sha256"], given.table["label"], strict=True))
    rows[LABEL] = [by_digest.get(digest(file), "") for file in rows["file"]]
    source = f"{len(given.readers):,} of your readers, version {given.version:,}"
    if not given.disputed:
        return source, []
    count = _images(len(given.disputed))
    return source, [
        Sentence(
            "Readers disagree about {count}: settle that by consensus (page Your hospital, Label blinded).",
            count=count,
        )
    ]


def _of_folder(root: Path, labels: str, groups: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    if labels not in (FOLDERS, READERS):
        raise UserError(
            Sentence(
                "A folder has no column {labels!r}. Its labels are its folders, or name a table.",
                labels=labels,
            )
        )
    passed_over = PassedOver()
    paths = list(_files(root, passed_over))
    if not paths:
        raise UserError(
            joined([Sentence("{name} contains no images.", name=shown(root)), *passed_over.sentences()], " ")
        )
    label = [folder_label(path.relative_to(root.parent)) for path in paths]
    check_groups(groups, set(), root)
    unknown = dict.fromkeys(map(group_column, groups), "")
    notes: list[str] = [
        Sentence("Passed over files that are not images: {count:,}.", count=sum(passed_over.counts.values()))
    ]
    rows = pd.DataFrame(
        {"file": [str(path) for path in paths], LABEL: label, PATIENT: "", AGE: nan, **unknown}
    )
    return rows, notes if passed_over.counts else []


def _files(root: Path, passed_over: PassedOver) -> Iterator[Path]:
    for folder, names in walk_folder(root, passed_over):
        for name in names:
            below = PurePosixPath((folder / name).relative_to(root).as_posix())
            if name == SYNTHETIC_MARK:
                continue
            if reason := reason_for_file(folder / name, below):
                passed_over.add(reason, shown(below))
            else:
                yield folder / name


def _images(count: int) -> str:
    return Sentence("1 image") if count == 1 else Sentence("{count:,} images", count=count)
