"""Where training starts: ImageNet weights, a file in Keras's no-top layout, or random weights."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np

from core.architecture import CHANNELS, IMAGE_SIZE, IMAGENET_DEVIATION, VGG19, Backbone
from core.errors import UserError
from core.network.saving import set_arrays
from core.sentence import Sentence
from core.weights import Arrays, imagenet, read_backbone

DOWNLOAD_TIMEOUT_S = 30


def load_starting_weights(model: keras.Model, backbone: Backbone, choice: str) -> str:
    """Load the weights that stage 1 starts from into the body of a network.

    Args:
        model: from `build`.
        backbone: of the network.
        choice: `imagenet`, `none`, or the path of a file in Keras's no-top layout.

    Returns:
        Where the weights come from: a backbone other than VGG19 keeps its random weights if the download
        failed.

    Raises:
        UserError: the file does not fit, or VGG19's download failed.
    """
    arrays = starting_weights(choice, backbone=backbone)
    set_arrays(model, arrays)
    if choice == "imagenet" and not arrays:
        return "random (ImageNet's could not be downloaded)"
    return Path(choice).name


def starting_weights(choice: str, url: str = imagenet.URL, backbone: Backbone = VGG19) -> Arrays:
    """Arrays of a backbone by layer name; {} for `none`, and if Keras cannot download another than VGG19's.

    Args:
        choice: `imagenet`, `none`, or the path of a weights file.
        url: of VGG19's ImageNet weights; Keras caches the download.
        backbone: at its width.

    Raises:
        UserError: VGG19's download failed, or the file does not fit.
    """
    if choice == "none":
        return {}
    if choice != "imagenet":
        arrays = read_backbone(Path(choice).expanduser(), backbone)
    elif backbone is VGG19:
        arrays = read_backbone(_download(url))
    else:
        arrays = _downloaded_by_keras(backbone)
    return normalized_as_imagenet(arrays)


def _downloaded_by_keras(backbone: Backbone) -> Arrays:
    """ImageNet weights from the cache or the server of keras.applications; {} if neither has them."""
    make = getattr(keras.applications, backbone.application)
    try:
        with _download_timeout():
            trained = make(include_top=False, input_shape=(IMAGE_SIZE, IMAGE_SIZE, CHANNELS))
    except Exception:  # get_file wraps network errors in a bare Exception
        return {}
    weighted = [layer for layer in trained.layers if layer.weights]
    pairs = zip(backbone.weighted_body, weighted, strict=True)
    return {ours.name: tuple(theirs.get_weights()) for ours, theirs in pairs}


def normalized_as_imagenet(arrays: Arrays) -> Arrays:
    """Make EfficientNet's first layer divide by ImageNet's deviations, as its weights expect.

    Keras's file holds deviations in place of variances. keras.applications makes up for that by a second
    division by their roots, in a layer that the network without ImageNet weights does not have:
    https://github.com/tensorflow/tensorflow/issues/49930.
    """
    if "normalization" not in arrays:
        return arrays
    mean, variance, count = arrays["normalization"]
    if not np.allclose(variance, IMAGENET_DEVIATION, atol=1e-3):
        return arrays
    return {**arrays, "normalization": (mean, variance**2, count)}


@contextmanager
def _download_timeout() -> Iterator[None]:
    """Give up on a server that does not respond."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _download(url: str) -> Path:
    """Keras's own file, from its cache or its server.

    Raises:
        UserError: the download failed.
    """
    cache = imagenet.keras_cache()
    try:
        with _download_timeout():
            file = keras.utils.get_file(
                imagenet.FILE, url, cache_dir=cache, cache_subdir="models", file_hash=imagenet.MD5
            )
        return Path(file)
    except Exception as error:  # get_file wraps network errors in a bare Exception
        raise UserError(
            Sentence(
                "The ImageNet weights could not be downloaded. Check the connection, or fetch {file} "
                "({size:,} bytes, MD5 {digest}) from {url} and put it into {folder}, or give a weights file "
                "of your own, or `none` for random weights.",
                file=imagenet.FILE,
                size=imagenet.BYTES,
                digest=imagenet.MD5,
                url=imagenet.URL,
                folder=cache / "models",
            )
        ) from error
