"""Several models on the same files: each file is decoded once, and its lungs are found once."""

from collections.abc import Iterator, Sequence

from core.errors import UserError
from core.images import Image, ImageLoader, decode_ahead
from core.inference.framed_images import WholeImages
from core.inference.predictor import BATCH
from core.inference.reader import Reader
from core.inference.reading import Reading


def read_jointly(
    readers: Sequence[Reader], files: Sequence[ImageLoader]
) -> Iterator[list[list[Reading | UserError]]]:
    """Read files with several models in batches, each while the next one is being decoded.

    Args:
        readers: the models.
        files: functions that each decode one file.

    Yields:
        For each model, in order, what `Reader.read_files` yields for the batch.
    """
    for images in decode_ahead(files, BATCH):
        whole = WholeImages([image for image in images if isinstance(image, Image)])
        yield [reader.read_shared(images, whole) for reader in readers]
