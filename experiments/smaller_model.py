"""How much smaller can the bundled model be without changing its predictions?

python -m experiments.smaller_model RUN --data DATA [--images crops|test --variant VARIANT]

Compares packed variants of the run that the bundled model was packed from, and other ways to store its first
dense layer, in float32.

The rule, written before anything was measured: the smallest variant that changes at most 0.5% of the
decisions on the validation images and ROC AUC by at most 0.001, which is half of what a smaller model may
cost (1% and 0.002), and that keeps to 1% on random crops of 100 of these images (70 to 100% of each side:
test images are framed differently). Then the test images are read, once, for this variant.

On test, it is compared with the predictions that training stored, elsewhere with the weights as trained.
"""

import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from core.comparison import EvaluatedStage
from core.config import POSITIVE, Augmentation
from core.dataset import open_dataset
from core.errors import UserError
from core.evaluation import evaluate
from core.images import preprocess
from core.inference import BATCH, load_network, load_predictor
from core.runs import open_run
from core.weights import Arrays, ModelRecord, read_unpacked_model, write_model, write_packed
from experiments.augmented_images import augmented_images

STAGE = 3
CROPS = Augmentation.crops(0.3)
CROPPED = 100  # images
SEED = 7  # of the random crops
FIRST = "fc1"  # two thirds of all weights
RANK = 512
TRAINED = "as trained"
VARIANTS = {  # steps per typical weight: of convolutions, of dense layers
    f"{convolutions} and {dense} steps": (convolutions, dense)
    for convolutions in (4, 2)
    for dense in (8, 4, 2, 1)
}


def six_bits(kernel: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """31 levels a side of each column's largest weight."""
    scale = np.abs(kernel).max(0) / 31
    levels = np.rint(kernel / scale)
    return levels * scale, [levels.astype(np.int8)]


def pruned(kernel: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """The smaller half of the weights set to zero, the others in eight bits."""
    large = np.where(np.abs(kernel) < np.median(np.abs(kernel)), 0, kernel)
    return large, [_eight_bits(large)]


def factored(kernel: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """The nearest matrix of rank 512, its factors in eight bits."""
    _, vectors = np.linalg.eigh(kernel.T @ kernel)
    left, right = kernel @ vectors[:, -RANK:], vectors[:, -RANK:].T
    return left @ right, [_eight_bits(left), _eight_bits(right)]


def _eight_bits(kernel: np.ndarray) -> np.ndarray:
    """127 levels a side of each output channel's largest weight."""
    channels = kernel.reshape(-1, kernel.shape[-1])
    return np.rint(channels / np.abs(channels).max(0) * 127).astype(np.int8)


OTHER_WAYS: dict[str, Callable[[np.ndarray], tuple[np.ndarray, list[np.ndarray]]]] = {
    f"{FIRST} in six bits": six_bits,
    f"{FIRST} pruned to one half": pruned,
    f"{FIRST} of rank {RANK}": factored,
}


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Data set.")
@click.option(
    "--images",
    "kind",
    type=click.Choice(["validation", "crops", "test"]),
    default="validation",
    show_default=True,
    help="What to predict.",
)
@click.option("--variant", type=click.Choice(list(VARIANTS)), help="Default: all, and other ways.")
def main(name: str, data: Path, kind: str, variant: str | None) -> None:
    """Size, loading time, ROC AUC and changed decisions of each variant of RUN, which is not packed."""
    try:
        run = open_run(name)
        model = read_unpacked_model(run.weights_path(STAGE))
    except UserError as error:
        raise click.ClickException(str(error)) from error
    stored = EvaluatedStage(run, STAGE).predictions("test" if kind == "test" else "validation")
    dataset = open_dataset(data)
    dataset = replace(dataset, pixels=load_predictor(run.weights_path(STAGE)).framed(dataset))
    pixels = augmented_images(dataset, stored, CROPS if kind == "crops" else None, SEED)
    taken = np.linspace(0, len(pixels) - 1, CROPPED if kind == "crops" else len(pixels)).astype(int)
    pixels, labels = pixels[taken], stored.labels[taken]
    print("| variant | MB | loaded, s | ROC AUC | decisions changed | largest change |")
    print("|---|---|---|---|---|---|")
    activations: dict[str, np.ndarray] = {}  # by body: only dense layers differ between variants of one
    before = stored.probabilities if kind == "test" else None
    with tempfile.TemporaryDirectory() as folder:
        for title, body, path, size in _files(run.weights_path(STAGE), model, Path(folder), variant):
            if kind == "test" and body == TRAINED:
                continue
            began = time.perf_counter()
            predictor = load_network(path, "float32")
            seconds = time.perf_counter() - began
            engine, record = predictor.engine, predictor.record
            if body not in activations:
                inputs = preprocess(pixels, record.preprocessing)
                activations[body] = _by_batch(lambda part, to=engine: to.activations(part, "float32"), inputs)
            after = _by_batch(
                lambda part, to=engine: to.head(part).probabilities[:, POSITIVE], activations[body]
            )
            before = after if before is None else before
            auc = evaluate(labels, after)["auc"]
            changed = int(((before >= record.threshold) != (after >= record.threshold)).sum())
            print(
                f"| {title} | {size / 1e6:.1f} | {seconds:.1f} | {auc:.4f} | {changed} of {len(after)} "
                f"| {np.abs(after - before).max():.3f} |",
                flush=True,
            )


def _by_batch(function: Callable[[np.ndarray], np.ndarray], inputs: np.ndarray) -> np.ndarray:
    return np.concatenate([function(inputs[start : start + BATCH]) for start in range(0, len(inputs), BATCH)])


def _files(
    trained: Path, model: tuple[Arrays, ModelRecord], folder: Path, variant: str | None
) -> Iterator[tuple[str, str, Path, int]]:
    """Name, body, weights file and bytes: of the trained model first, then of each variant."""
    yield TRAINED, TRAINED, trained, trained.stat().st_size
    arrays, record = model
    packed, whole = folder / "packed.h5", folder / "whole.h5"
    for name, (convolutions, dense) in VARIANTS.items():
        if variant in (None, name):
            write_packed(packed, arrays, record, convolutions, dense)
            yield name, f"{convolutions} steps", packed, packed.stat().st_size
    kernel, bias = arrays[FIRST]
    others = sum(_bytes(_eight_bits(layer[0])) for name, layer in arrays.items() if name != FIRST)
    for name, way in ({} if variant else OTHER_WAYS).items():
        nearby, parts = way(kernel)
        write_model(whole, {**arrays, FIRST: (nearby.astype(np.float32), bias)}, record)
        yield name, TRAINED, whole, others + sum(map(_bytes, parts))


def _bytes(values: np.ndarray) -> int:
    """Size of an array behind an entropy code."""
    coder = zlib.compressobj(strategy=zlib.Z_HUFFMAN_ONLY)
    return len(coder.compress(values.tobytes())) + len(coder.flush())


if __name__ == "__main__":
    main()
