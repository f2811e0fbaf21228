"""`site label` and `site labels`: what readers say of a hospital's images."""

from pathlib import Path

import click
import pandas as pd

from core import atomic
from core.cli.output import as_json, print_json
from core.cli.site_source import negative, positive
from core.errors import UserError
from core.images import read_image
from core.site import (
    FOLDERS,
    LABELS,
    READERS,
    LabelLog,
    LabelWords,
    ReaderPair,
    agreement_with_labels,
    list_local_images,
    open_local_images,
    reader_labels,
)


@click.command("label")
@click.argument("image", metavar="IMAGE", type=click.Path(path_type=Path))
@click.argument("label", metavar="LABEL", type=click.Choice(LABELS, case_sensitive=False))
@click.option("--reader", required=True, help="Your name or e-mail address.")
def label(image: Path, label: str, reader: str) -> None:
    """Keep a reader's label of an image.

    LABEL is NORMAL, PNEUMONIA or 'not sure'. It is kept as on the page Your hospital, by the digest of the
    image. Another label of the same reader takes its place; the first still counts for the agreement of
    readers.
    """
    LabelLog().add(read_image(image).sha256, reader, label)
    print(f"Kept as version {LabelLog().entries()['version'].max():,} of the labels.")


@click.command("labels")
@click.argument("source", metavar="SOURCE", type=click.Path(path_type=Path))
@click.option(
    "--labels",
    "column",
    metavar="COLUMN",
    help="Column, or 'folders'. [default: label; of a folder: folders]",
)
@positive
@negative
@click.option("--csv", "file", type=click.Path(path_type=Path), help="Save each image's labels as a table.")
@as_json
def labels(
    source: Path,
    column: str | None,
    positive: tuple[str, ...],
    negative: tuple[str, ...],
    file: Path | None,
    as_json: bool,
) -> None:
    """Show what readers said of images, and how well they agree.

    Readers label blinded on the page Your hospital; this computer keeps their labels by the digest of the
    image. For every two readers, and each of them and the labels that the images came with, in folders or a
    column: Cohen's kappa of their first labels with its 95% interval. An image has the label of more than
    half of its readers, or their consensus. To measure on these labels: site measure SOURCE --labels readers.
    """
    log = LabelLog().entries()
    given = reader_labels(list_local_images(source), log)
    with_labels, not_compared = _agreement(source, column, LabelWords(positive, negative), log)
    if file:
        atomic.write_text(file, given.table.to_csv(index=False))
    if as_json:
        pairs = [pair.values() for pair in with_labels]
        print_json(given.values() | {"agreement_with_labels": pairs, "not_compared": not_compared})
        return
    sentences = given.sentences(with_labels)
    if given.readers and not_compared:
        sentences.append(f"Not compared with labels that the images came with. {not_compared}")
    for sentence in sentences:
        print(sentence)


def _agreement(
    source: Path, column: str | None, words: LabelWords, log: pd.DataFrame
) -> tuple[list[ReaderPair], str]:
    """Of each reader with the labels that the images came with, or why there is none; "" if there is."""
    if column == READERS:
        raise UserError(
            f"The labels {READERS!r} are those of the readers, who would be compared with themselves. Name "
            f"the column of the labels that the images came with, or {FOLDERS!r}."
        )
    try:
        return agreement_with_labels(open_local_images(source, column, words=words), log), ""
    except UserError as error:
        if column:
            raise
        return [], str(error)
