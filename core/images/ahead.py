"""Films decoded ahead of their use."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from core.errors import UserError
from core.images.decoder import Radiograph

DECODERS = 2  # threads

Read = Callable[[], Radiograph]


def decoded_ahead(reads: Sequence[Read], size: int) -> Iterator[list[Radiograph | UserError]]:
    """What `reads` give, in order and `size` at a time; the next ones are decoded while these are used."""
    with ThreadPoolExecutor(DECODERS, "decode") as threads:
        ahead = [threads.submit(outcome, read) for read in reads[:size]]
        for start in range(size, len(reads) + size, size):
            now, ahead = ahead, [threads.submit(outcome, read) for read in reads[start : start + size]]
            yield [work.result() for work in now]


def outcome(read: Read) -> Radiograph | UserError:
    """A film, or why it cannot be read."""
    try:
        return read()
    except UserError as error:
        return error
