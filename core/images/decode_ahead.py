"""Decoding the next images on threads while the current ones are in use."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from core.errors import UserError
from core.images.decoder import Image

THREADS = 2

ImageLoader = Callable[[], Image]


def decode_ahead(loaders: Sequence[ImageLoader], batch_size: int) -> Iterator[list[Image | UserError]]:
    """Decode images in order and yield them in batches; the next batch is decoded meanwhile.

    Args:
        loaders: functions that decode one image each.
        batch_size: images in a batch.

    Yields:
        One batch; an image that cannot be read is replaced by its error.
    """
    with ThreadPoolExecutor(THREADS, "decode") as threads:
        upcoming = [threads.submit(image_or_error, load) for load in loaders[:batch_size]]
        for start in range(batch_size, len(loaders) + batch_size, batch_size):
            current = upcoming
            upcoming = [threads.submit(image_or_error, load) for load in loaders[start : start + batch_size]]
            yield [future.result() for future in current]


def image_or_error(load: ImageLoader) -> Image | UserError:
    """The decoded image, or the error that says why it cannot be read."""
    try:
        return load()
    except UserError as error:
        return error
