"""Computing the reference of a model from its training and validation images.

Orientation: logistic regression on thumbnails of the training images, upright, inverted and rotated.
"""

import zipfile
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.anatomy import lung_network, shared_lung_finder
from core.config import CLASS_NAMES, POSITIVE
from core.dataset import Dataset, relabelled, rows_by_role
from core.errors import UserError
from core.images import pseudonym_key
from core.inference.class_distance import class_distances, fit_classes
from core.inference.likeness import appearance, fit_likeness
from core.inference.loading import load_network
from core.inference.network_predictor import NetworkPredictor
from core.inference.orientation import ORIENTATIONS, thumbnails
from core.inference.reference import Reference, unit_length
from core.runs import Run
from core.sentence import Sentence

MAX_IMAGES = 10_000  # training images that new ones are compared with
SEED = 0  # of their choice, where there are more
ORIENTATION_IMAGES = 400  # training images that the orientation classifier is fitted on
NORMAL_IMAGES = 200  # normal training images whose mean activations the sharper heat map compares with
HEAT_MAP_IMAGES = 200  # validation images whose heat maps are computed
QUANTILE = 0.99  # share of the validation images within each limit
BATCH = 128


def save_reference(
    run: Run,
    stage: int,
    dataset: Dataset,
    progress: Callable[[int, int], None] | None = None,
    only_lungs: bool = False,
) -> None:
    """Compute the reference of a run's stage and save it in the run folder.

    Args:
        dataset: the set that the run was trained on, opened.
        progress: called with (images done, images in total).
        only_lungs: renew only what depends on the lung network, in the reference that is there.

    Raises:
        UserError: the weights are missing or of another backbone, the data set has changed, or there is no
            reference to renew.
    """
    roles = rows_by_role(dataset, run.settings())
    if dataset.fingerprint != run.facts().get("fingerprint"):
        raise UserError(
            Sentence(
                "{root} has changed since {name} was trained on it. Restore the images, or train again.",
                root=dataset.root,
                name=run.name,
            )
        )
    path, rows = run.reference_path(stage), (roles["training"], roles["validation"])
    if only_lungs:
        try:
            earlier = Reference.load(path)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise UserError(
                Sentence("{path} cannot be read. Compute the whole reference.", path=path)
            ) from error
        renewed = with_lungs(earlier, dataset, *rows, progress)
    else:
        labelled = relabelled(dataset, run.settings().label_version)
        renewed = compute_reference(load_network(run.weights_path(stage)), labelled, *rows, progress)
    renewed.save(path)


def compute_reference(
    predictor: NetworkPredictor,
    dataset: Dataset,
    training: np.ndarray,
    validation: np.ndarray,
    progress: Callable[[int, int], None] | None = None,
) -> Reference:
    """The reference of a model.

    Args:
        training, validation: row numbers; at most 10,000 of the training images are used, by a fixed seed.
        progress: called with (images done, images in total).
    """
    from sklearn.linear_model import LogisticRegression  # imported lazily: it takes a second

    random = np.random.default_rng(SEED)
    all_training, training = training, _sample(training, random)
    rows = np.concatenate([training, validation])
    framed, features, hidden = predictor.framed(dataset, progress), [], []
    for start in range(0, len(rows), BATCH):
        seen = predictor.features(framed[rows[start : start + BATCH]])
        features.append(seen[0])
        hidden.append(unit_length(seen[1]).astype(np.float16))
        if progress:
            progress(start, len(rows))
    features, held_out = np.split(np.concatenate(features), [len(training)])

    classes = dataset.labels[training]
    means, precision = fit_classes(np.log1p(features), classes)
    distances = class_distances(np.log1p(held_out), means, precision)

    upright = dataset.pixels[np.sort(random.permutation(training)[:ORIENTATION_IMAGES])]
    views = np.concatenate([thumbnails(turn(upright)) for turn in ORIENTATIONS.values()])
    classifier = LogisticRegression(C=0.01, max_iter=3000)
    classifier.fit(views, np.repeat(np.arange(len(ORIENTATIONS)), len(upright)))
    not_upright = 1 - classifier.predict_proba(thumbnails(dataset.pixels[validation]))[:, 0]
    digests = dataset.table["sha256"].to_numpy()
    patients = _pseudonyms(dataset, all_training)
    reference = Reference(
        created=predictor.record.created,
        sha256=digests[training].astype(str),
        labels=np.array(CLASS_NAMES)[classes],
        hidden=np.concatenate(hidden)[: len(training)],
        means=means,
        precision=precision,
        distance_limit=float(np.quantile(distances, QUANTILE)),
        coefficients=classifier.coef_.astype(np.float32),
        intercepts=np.asarray(classifier.intercept_).astype(np.float32),
        peaks=_peaks(predictor, framed[validation[:HEAT_MAP_IMAGES]]),
        orientation_limit=float(max(0.5, np.quantile(not_upright, QUANTILE))),
        all_sha256=_as_bytes(digests[all_training]) if len(all_training) > len(training) else None,
        rounding=predictor.measured_rounding(framed[validation]),
        patients=patients if len(patients) else None,
        patients_key=pseudonym_key() if len(patients) else "",
        normal=normal_activations(predictor, framed, training[classes != POSITIVE]),
    )
    return with_lungs(reference, dataset, all_training, validation, progress)


def _sample(training: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The rows of the training images in a reference, in order; the same ones for the same seed."""
    return np.sort(random.permutation(training)[:MAX_IMAGES])


def _pseudonyms(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Those of the patients of some images whose DICOM headers tell them, str (m,)."""
    known = set(dataset.table["pseudonym"].iloc[rows]) - {""}
    return np.array(sorted(known), dtype=str)


def _as_bytes(digests: np.ndarray) -> np.ndarray:
    """Digests in hexadecimal as uint8 (n, 32), an eighth as large."""
    return np.frombuffer(bytes.fromhex("".join(digests)), np.uint8).reshape(-1, 32)


def normal_activations(
    predictor: NetworkPredictor, framed: np.ndarray, rows: np.ndarray
) -> np.ndarray | None:
    """Mean activations of the sharper map's layer over some normal images; None without such a map.

    Args:
        framed: the data set's images as the model sees them, uint8 (images, 128, 128).
        rows: of normal training images; at most 200 are used, by a fixed seed.
    """
    rows = np.sort(np.random.default_rng(SEED).permutation(rows)[:NORMAL_IMAGES])
    if not predictor.has_sharper_map or not len(rows):
        return None
    batches = [framed[rows[start : start + BATCH]] for start in range(0, len(rows), BATCH)]
    sums = [predictor.sharper_activations(batch).sum(axis=0) for batch in batches]
    return (np.sum(sums, axis=0) / len(rows)).astype(np.float16)


def _peaks(predictor: NetworkPredictor, pixels: np.ndarray) -> np.ndarray:
    """Share of framed images whose heat map peaks in each cell."""
    heat_maps = predictor.heat_maps(pixels)
    counts = np.zeros(heat_maps[0].values.shape)
    for heat in heat_maps:
        if heat.values.any():
            counts[heat.peak] += 1
    return counts / len(heat_maps)


def with_lungs(
    reference: Reference,
    dataset: Dataset,
    training: np.ndarray,
    validation: np.ndarray,
    progress: Callable[[int, int], None] | None = None,
) -> Reference:
    """A reference with its part that depends on the lung network computed anew.

    Args:
        reference: of a model.
        dataset, training, validation, progress: as for `compute_reference`.
    """
    training = _sample(training, np.random.default_rng(SEED))
    rows = np.concatenate([training, validation])
    implausibility, appearances = [], []
    for start in range(0, len(rows), BATCH):
        pixels = dataset.pixels[rows[start : start + BATCH]]
        for image, lungs in zip(pixels, shared_lung_finder().find_in_pixels(pixels), strict=True):
            implausibility.append(lungs.implausibility)
            appearances.append(appearance(image, lungs))
        if progress:
            progress(start + len(pixels), len(rows))
    count = len(training)
    limit = np.quantile(implausibility[count:], QUANTILE, method="higher")
    likeness = fit_likeness(appearances[:count], dataset.labels[training], appearances[count:])
    return replace(
        reference, lung_network=lung_network(), lung_limit=float(max(1.0, limit)), likeness=likeness
    )
