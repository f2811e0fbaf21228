"""Where training starts: ImageNet weights, a file in Keras's no-top layout, or random weights."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras

from core.backbones import Backbone
from core.errors import UserError
from core.weights import read_backbone

FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
URL = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{FILE}"
MD5 = "253f8cb515780f3b799900260a226db6"
BYTES = 80_134_624
PATIENCE_S = 30


def starting_weights(choice: str, url: str = URL) -> dict:
    """Arrays of the backbone by layer name; {} for `none`.

    Args:
        choice: `imagenet`, `none`, or the path of a weights file.
        url: where `imagenet` is downloaded from, once; Keras keeps it in its own cache.

    Raises:
        UserError: the download failed, or the file does not fit.
    """
    if choice == "none":
        return {}
    if choice == "imagenet":
        return read_backbone(_download(url))
    return read_backbone(Path(choice).expanduser())


def start_other(model: keras.Model, backbone: Backbone, choice: str) -> str:
    """Give another backbone, within its network, what it starts from.

    Args:
        model: of `build`.
        choice: `imagenet`, `none`, or the path of a file in Keras's no-top layout.

    Returns:
        What it started from, in words: random weights where ImageNet's could not be downloaded.

    Raises:
        UserError: the file does not fit.
    """
    body = model.get_layer(backbone.name)
    if choice == "none":
        return "none"
    if choice == "imagenet":
        make = getattr(keras.applications, backbone.application)
        try:
            with _patience():
                body.set_weights(make(include_top=False, input_shape=body.input.shape[1:]).get_weights())
        except Exception:  # get_file wraps network errors in a bare Exception
            return "random (ImageNet's could not be downloaded)"
        return "imagenet"
    path = Path(choice).expanduser()
    try:
        body.load_weights(path)
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise UserError(
            f"{path.name} does not fit {backbone.title} without its top. Give a file in Keras's no-top "
            "layout, or `none` for random weights."
        ) from error
    return path.name


@contextmanager
def _patience() -> Iterator[None]:
    """Give up on a silent server."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _download(url: str) -> Path:
    """Keras's own file, from its cache or its server."""
    cache = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    try:
        with _patience():
            file = keras.utils.get_file(FILE, url, cache_dir=cache, cache_subdir="models", file_hash=MD5)
        return Path(file)
    except Exception as error:  # get_file wraps network errors in a bare Exception
        raise UserError(
            "The ImageNet weights could not be downloaded; is there a connection? Fetch "
            f"{FILE} ({BYTES:,} bytes, MD5 {MD5}) from {URL} and put it into {cache / 'models'}, "
            "or give a weights file of your own, or `none` for random weights."
        ) from error
