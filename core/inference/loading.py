"""Loading a model from its weights file, or an ensemble from those of its members."""

import threading
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

from openvino import Model

from core.compilation import winograd_pays
from core.config import processor
from core.inference.engine import Engine
from core.inference.engine_parts import engine_parts
from core.inference.ensemble_predictor import EnsemblePredictor
from core.inference.known_references import known_rounding
from core.inference.network_cache import cached_parts
from core.inference.network_predictor import NetworkPredictor
from core.inference.predictor import Predictor
from core.inference.sharper_map_parts import sharper_map_parts
from core.sentence import Sentence
from core.weights import (
    ModelRecord,
    WeightsError,
    file_digest,
    intact_members,
    read_record,
    read_stored_model,
)

PartMakers = Callable[..., dict[str, Callable[[], Model]]]
MAX_LOADED = 8  # models in memory: those of a comparison, the active one and its second opinions


def load_predictor(path: str | Path, precision: str = "auto", threads: int = 0) -> Predictor:
    """Load a model; its first answer compiles what it needs.

    Args:
        path: of a weights file.
        precision: `float32`, `bfloat16`, or `auto`. Auto is float32 where the processor does not support
            bfloat16. Elsewhere the first pass is in bfloat16, two to seven times as fast, and images whose
            probability it may have moved by more than 0.01, or across the threshold, go through a second pass
            in float32: see `core.inference.rounding`.
        threads: to compute with; 0 for one per core.

    Raises:
        WeightsError: the file is missing, damaged or of another architecture, or a member of an ensemble is
            not the file that was registered.
        UserError: `PNEUMONIA_STUDIO_CONVOLUTION` is none of its values.
    """
    path = Path(path)
    record = read_record(path)
    if not record.members:
        return load_network(path, precision, threads)
    members = tuple(load_network(member, precision, threads) for member in intact_members(path, record))
    return EnsemblePredictor(record, path, members[0].precision, members)


def load_network(path: Path, precision: str = "auto", threads: int = 0) -> NetworkPredictor:
    """The same of a single network; raises WeightsError for an ensemble, too."""
    first = processor.resolved(precision)
    rechecks = precision == "auto" and first == "bfloat16"
    record = read_record(path)
    digest = file_digest(path)
    winograd = winograd_pays(record.architecture.layers, first)

    def prepare(make: PartMakers) -> dict[str, Callable[[], Model]]:
        arrays, _ = read_stored_model(path)
        _check_unchanged(path, record, digest)  # no network is kept under another one's digest
        return make(arrays, record.scaling, record.architecture, winograd)

    key = f"{digest} {'winograd' if winograd else 'direct'}"
    parts = cached_parts(key, partial(prepare, engine_parts))
    _check_unchanged(path, record, digest)
    sharper_parts = partial(cached_parts, f"{key} sharper", partial(prepare, sharper_map_parts))
    rounding = known_rounding(record, path) if rechecks else 0.0
    return NetworkPredictor(record, path, first, Engine(parts, threads, sharper_parts), rounding)


def _check_unchanged(path: Path, record: ModelRecord, digest: str) -> None:
    if (read_record(path), file_digest(path)) != (record, digest):
        raise WeightsError(Sentence("{path} was replaced while it was read. Try again.", path=path))


def shared_predictor(path: Path, precision: str = "auto", threads: int | None = None) -> Predictor:
    """The model at `path`, loaded once per process, and again when its file changes.

    Args:
        threads: to compute with; 0 for one per core, None for what the environment says.

    Raises:
        WeightsError, UserError: as `load_predictor`.
    """
    threads = processor.answering_threads() if threads is None else threads
    with _loading:
        return _loaded(path, _modified(path), precision, threads)


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # loading says what is wrong
        return 0


@lru_cache(MAX_LOADED)
def _loaded(path: Path, _modified: int, precision: str, threads: int) -> Predictor:
    return load_predictor(path, precision, threads)


_loading = threading.Lock()  # so that two threads do not load the same model twice
