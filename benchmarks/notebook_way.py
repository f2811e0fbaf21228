"""The notebook way: every image through all of VGG19 in every epoch, predictions by `model.predict`.

Written as notebooks and small Flask apps of this field write it: `keras.applications.VGG19`,
`ImageDataGenerator.flow_from_directory`, `model.fit`, `load_img`, `model.predict`.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SIZE = (128, 128)
STAGE_2_CONVOLUTIONS = ("block5_conv3", "block5_conv4")


class NotebookWay:
    """The usual model on a data set in the published layout.

    Args:
        data: folder with train/ and test/.
        scratch: folder for its weights file.
        batch: images per step.
    """

    def __init__(self, data: Path, scratch: Path, batch: int) -> None:
        import keras

        # Any: Keras declares no types, and what a checker infers from its defaults is too narrow.
        applications: Any = keras.applications
        self._keras, self._path = keras, scratch / "notebook_way.h5"
        layers = keras.layers
        self._base = applications.VGG19(include_top=False, weights=None, input_shape=(*SIZE, 3))
        x = layers.Flatten()(self._base.output)
        x = layers.Dense(4608, activation="relu")(x)
        x = layers.Dropout(0.2)(x)
        x = layers.Dense(1152, activation="relu")(x)
        self._model: Any = keras.Model(self._base.input, layers.Dense(2, activation="softmax")(x))
        self._batch, self._batches = batch, _augmented_batches(data, batch)

    def train(self, stage: int, steps: int) -> float:
        """Images per second of a stage, after a first step that is not timed."""
        for layer in self._base.layers:
            layer.trainable = stage == 3 or (stage == 2 and layer.name in STAGE_2_CONVOLUTIONS)
        optimizer = self._keras.optimizers.SGD(1e-4)
        self._model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
        self._model.fit(self._batches, steps_per_epoch=1, epochs=1, verbose=0)
        began = time.perf_counter()
        self._model.fit(self._batches, steps_per_epoch=steps, epochs=1, verbose=0)
        return steps * self._batch / (time.perf_counter() - began)

    def predict(self, paths: list[Path]) -> float:
        """Seconds from files on disk to their probabilities, in one call of `model.predict`."""
        import numpy as np

        began = time.perf_counter()
        images = [self._keras.utils.load_img(path, target_size=SIZE) for path in paths]
        arrays = np.stack([self._keras.utils.img_to_array(image) / 255.0 for image in images])
        self._model.predict(arrays, verbose=0)
        return time.perf_counter() - began

    def save(self) -> Path:
        """Save the model; returns the path of its file."""
        self._model.save(self._path)
        return self._path


class NotebookStart:
    """A fresh process that answers by the notebook's model, as a server does at startup.

    Args:
        path: of the model's file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def first_answer(self, image: Path) -> float:
        """Seconds from a bare interpreter to the probability of a file, including the import of Keras."""
        began = time.perf_counter()
        import keras

        model: Any = keras.models.load_model(self._path)
        pixels = keras.utils.img_to_array(keras.utils.load_img(image, target_size=SIZE)) / 255.0
        model.predict(pixels[None], verbose=0)
        return time.perf_counter() - began


def _augmented_batches(data: Path, batch: int) -> Iterator:
    """Endless batches of augmented training images with their one-hot labels."""
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    generator = ImageDataGenerator(
        rescale=1 / 255,
        horizontal_flip=True,
        vertical_flip=True,
        rotation_range=40,
        width_shift_range=0.2,
        height_shift_range=0.2,
        shear_range=0.2,
    )
    return generator.flow_from_directory(
        data / "train", target_size=SIZE, batch_size=batch, class_mode="categorical", seed=0
    )
