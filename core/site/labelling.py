"""Labelling blinded: images in an order that tells nothing, and what several readers' labels amount to."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path

import pandas as pd

from core.config import CLASS_NAMES
from core.evaluation import Kappa, cohens_kappa, fleiss_kappa
from core.sentence import Sentence, joined
from core.site.label_log import LABELS

MAX_DIGESTS = 2**17  # of files, kept as long as the process lives


@dataclass(frozen=True)
class ReaderPair:
    """How well two readers, or one and the labels that came with images, agree on what both have labelled."""

    first: str
    second: str
    kappa: Kappa

    def sentence(self) -> str:
        """The agreement in words."""
        return Sentence(
            "{first} and {second} {kappa}.", first=self.first, second=self.second, kappa=self.kappa.sentence()
        )

    def values(self) -> dict:
        """The agreement as plain values."""
        return {
            "readers": [self.first, self.second],
            "images": self.kappa.images,
            "agreed": self.kappa.agreed,
            "kappa": self.kappa.value,
            "interval": self.kappa.interval,
        }


@dataclass(frozen=True)
class AllReaders:
    """How well more than two readers agree on the images that all of them have labelled.

    Attributes:
        readers, images: their numbers.
        kappa: Fleiss' kappa; None where it is undefined.
        left_out: who has labelled less than half as many images as the reader with the third most labels.
    """

    readers: int
    images: int
    kappa: float | None
    left_out: tuple[str, ...] = ()

    def sentence(self) -> str:
        """The agreement in words."""
        kappa = Sentence("undefined") if self.kappa is None else f"{self.kappa:.2f}"
        sentence = Sentence(
            "Images that all {readers} readers have labelled: {images:,}; Fleiss' kappa {kappa}.",
            readers=self.readers,
            images=self.images,
            kappa=kappa,
        )
        if not self.left_out:
            return sentence
        names = ", ".join(self.left_out)
        return joined([sentence, Sentence("Left out, with few labels: {names}.", names=names)], " ")


@dataclass(frozen=True, eq=False)
class ReaderLabels:
    """What readers said of some images.

    Attributes:
        table: a row for each image: file, sha256, a column for each reader (`reader: NAME`) with their label
            ("" if none), and label, what theirs amount to ("" without one).
        readers: their names, sorted.
        disputed: digests of the images that several readers have labelled and that have no label yet.
        version: number of the last entry in the log of any image; 0 without one.
        pairs: agreement of every two readers' first labels, before they can have seen those of others.
        together: of all who have labelled enough; None of fewer than three.
    """

    table: pd.DataFrame
    readers: tuple[str, ...]
    disputed: tuple[str, ...]
    version: int
    pairs: tuple[ReaderPair, ...]
    together: AllReaders | None = None

    def sentences(self, with_labels: Sequence[ReaderPair] = ()) -> list[str]:
        """Everything in words.

        Args:
            with_labels: agreement of the readers with the labels that the images came with.
        """
        labelled = Counter(self.table["label"])
        counts = ", ".join(f"{labelled[name]:,} {name}" for name in CLASS_NAMES)
        lines = [self._reader_sentence(reader) for reader in self.readers]
        if not self.readers:
            return [Sentence("Nobody has labelled any of these {count:,} images yet.", count=len(self.table))]
        if len(self.readers) == 1 and with_labels:
            lines.append(
                Sentence("One reader only, to be compared with the labels that the images came with.")
            )
        elif len(self.readers) == 1:
            lines.append(Sentence("One reader only: nothing tells how reliable these labels are."))
        lines += [pair.sentence() for pair in [*self.pairs, *with_labels]]
        lines += [self.together.sentence()] if self.together else []
        lines.append(
            Sentence(
                "Labels by majority or consensus: {counts}; without one: {labelled:,}.",
                counts=counts,
                labelled=labelled[""],
            )
        )
        if self.disputed:
            lines.append(Sentence("To be settled by consensus: {count:,}.", count=len(self.disputed)))
        return lines

    def by_reader(self, sha256: str) -> str:
        """The label that each reader gave an image, in words."""
        row = list(self.table["sha256"]).index(sha256)
        given = {reader: str(self.table[reader_column(reader)].iloc[row]) for reader in self.readers}
        return "; ".join(f"{reader}: {label}" for reader, label in given.items() if label)

    def _reader_sentence(self, reader: str) -> str:
        given = Counter(self.table[reader_column(reader)])
        total = len(self.table) - given[""]
        if given[LABELS[-1]] == total and total:
            return Sentence(
                "{reader} is not sure about any of the {total:,} images they labelled.",
                reader=reader,
                total=total,
            )
        counts = ", ".join(f"{given[label]:,} {label}" for label in LABELS)
        return Sentence(
            "{reader} has labelled {total:,} of {count:,}: {counts}.",
            reader=reader,
            total=total,
            count=len(self.table),
            counts=counts,
        )

    def values(self) -> dict:
        """The figures as plain values; no file is named."""
        return {
            "images": len(self.table),
            "readers": {
                reader: dict(Counter(filter(None, self.table[reader_column(reader)])))
                for reader in self.readers
            },
            "agreement": [pair.values() for pair in self.pairs],
            "agreement_of_all": asdict(self.together) if self.together else None,
            "labels": dict(Counter(filter(None, self.table["label"]))),
            "to_settle": len(self.disputed),
            "version": self.version,
        }


def reader_column(reader: str) -> str:
    """The column of our tables that holds a reader's labels."""
    return f"reader: {reader}"


def blinded(files: Sequence[str]) -> dict[str, str]:
    """Files by digest, each content once, in an order that tells no class; without unreadable ones."""
    by_digest = {digest(file): file for file in files}
    return {sha256: by_digest[sha256] for sha256 in sorted(by_digest) if sha256}


def digest(file: str) -> str:
    """SHA-256 of a file, as `core.images.Image` has it; "" if the file cannot be read."""
    try:
        status = Path(file).stat()
        return _digest(file, status.st_size, status.st_mtime_ns)
    except (OSError, ValueError):
        return ""


@lru_cache(maxsize=MAX_DIGESTS)
def _digest(file: str, size: int, modified: int) -> str:
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def reader_labels(files: Sequence[str], log: pd.DataFrame) -> ReaderLabels:
    """What readers said of the images in `files`.

    An image has the label that more than half of its readers gave; one who is not sure counts as a reader who
    gave neither. A consensus outweighs that, unless one of those who had labelled the image has changed their
    label since.

    Args:
        files: paths.
        log: as `LabelLog.entries` returns it.
    """
    images = blinded(files)
    entries = log[log["sha256"].isin(images)]
    own = entries[~entries["consensus"]]
    readers = tuple(sorted(own["reader"].unique()))
    first, given = (
        own.drop_duplicates(["sha256", "reader"], keep=which)
        .pivot(index="sha256", columns="reader", values="label")
        .reindex(list(images))
        .fillna("")
        for which in ("first", "last")
    )
    settled = _consensus(entries)
    votes = {sha256: [label for label in row if label] for sha256, *row in given.itertuples(name=None)}
    labels = {sha256: settled.get(sha256, _majority(votes[sha256])) for sha256 in images}
    disputed = [
        sha256 for sha256 in images if len(votes[sha256]) > 1 and not labels[sha256] and sha256 not in settled
    ]
    columns = {reader_column(reader): given[reader].to_numpy() for reader in readers}
    files_and_labels = {"file": images.values(), "sha256": images, **columns, "label": labels.values()}
    return ReaderLabels(
        pd.DataFrame({name: list(values) for name, values in files_and_labels.items()}, dtype=object),
        readers,
        tuple(disputed),
        int(log["version"].max()) if len(log) else 0,
        _pairs(first, readers),
        _together(first, readers),
    )


def _majority(votes: list[str]) -> str:
    """The class that more than half of the labels are; "" if none is."""
    return next((name for name in CLASS_NAMES if 2 * votes.count(name) > len(votes)), "")


def _consensus(entries: pd.DataFrame) -> dict[str, str]:
    """What was settled and still holds, by digest: a class, or "" if an image is to have no label."""
    settled = {}
    agreed = entries[entries["consensus"]].drop_duplicates("sha256", keep="last")
    for sha256, version, label in agreed[["sha256", "version", "label"]].itertuples(index=False):
        own = entries[(entries["sha256"] == sha256) & ~entries["consensus"]]
        before = own[own["version"] < version]
        since = own[own["reader"].isin(before["reader"])]
        if _last_labels(before) == _last_labels(since):
            settled[sha256] = label if label in CLASS_NAMES else ""
    return settled


def _last_labels(own: pd.DataFrame) -> dict[str, str]:
    """Of each reader."""
    return dict(zip(own["reader"], own["label"], strict=True))


def _pairs(given: pd.DataFrame, readers: tuple[str, ...]) -> tuple[ReaderPair, ...]:
    """The agreement of every two readers; `given` has a column of labels for each."""
    pairs = []
    for first, second in combinations(readers, 2):
        both = given[(given[first] != "") & (given[second] != "")]
        pairs.append(ReaderPair(first, second, cohens_kappa(list(both[first]), list(both[second]))))
    return tuple(pairs)


def _together(given: pd.DataFrame, readers: tuple[str, ...]) -> AllReaders | None:
    """The agreement of three readers or more; without those who have less than half the third most labels."""
    if len(readers) < 3:
        return None
    counts = (given[list(readers)] != "").sum()
    chosen = [reader for reader in readers if 2 * counts[reader] >= counts.nlargest(3).iloc[-1]]
    labels = given[chosen]
    complete = labels[(labels != "").all(axis=1)]
    left_out = tuple(reader for reader in readers if reader not in chosen)
    return AllReaders(len(chosen), len(complete), fleiss_kappa(complete.to_numpy().tolist()), left_out)
