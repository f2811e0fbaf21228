"""Where weights files keep the arrays of each layer: four layouts of Keras 2 and 3.

- a whole model: `model_weights/LAYER/...`, in the flat network or within a nested `vgg19`
- weights alone, the older way: the same with the layers at the root
- weights alone, the newer way (`.weights.h5`): `layers/conv2d_3/vars/0`, numbered by kind

Layers of the backbone are found by name, or by number in the newer way; those of the head, which
everybody names otherwise, by the one shape that each has. Only hard links to plain arrays of
floating-point numbers are followed, and nothing is read yet.
"""

import re
from collections.abc import Iterator

import h5py

from core.architecture import BACKBONE, HEAD

MOST_OBJECTS = 5000
DEEPEST = 6
NUMBERED = re.compile(r"(conv2d|dense)(?:_(\d+))?")
BY_NAME = {layer.name: layer for layer in (*BACKBONE, *HEAD)}

Located = dict[str, list[h5py.Dataset]]


def located(file: h5py.File) -> Located:
    """Data sets of the file by layer name; what belongs to no layer of ours by the name it has there.

    Raises:
        ValueError: too many objects, a link that leaves the file, or not plain numbers.
    """
    inner = next((name for name in ("model_weights", "layers") if name in file), None)
    found = list(_datasets(child(file, inner) if inner else file, []))
    name = _by_number(found) if inner == "layers" else _by_name
    arrays: Located = {}
    for path, dataset in found:
        arrays.setdefault(name(path, dataset), []).append(dataset)
    return arrays


def child(group: h5py.Group, name: str):
    """An object inside the file; ValueError for a link that leaves it."""
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise ValueError("a link that leaves the file")
    return group[name]


def _by_name(path: list[str], dataset: h5py.Dataset) -> str:
    known = [part for part in path if part in BY_NAME]
    return known[-1] if known else _by_shape(path[0], dataset)


def _by_shape(name: str, dataset: h5py.Dataset) -> str:
    for layer in HEAD:
        if dataset.shape in (layer.kernel, layer.kernel[-1:]):
            return layer.name
    return name


def _by_number(found: list[tuple[list[str], h5py.Dataset]]):
    """Names by the order in which the layers of a kind were made."""
    groups = {part for path, _ in found for part in path if NUMBERED.fullmatch(part)}
    ordered = sorted(groups, key=lambda part: int(NUMBERED.fullmatch(part)[2] or 0))
    names = {}
    for kind, layers in (("conv2d", BACKBONE), ("dense", HEAD)):
        mine = [part for part in ordered if NUMBERED.fullmatch(part)[1] == kind]
        names |= {part: layer.name for part, layer in zip(mine, layers, strict=False)}

    def name(path: list[str], _: h5py.Dataset) -> str:
        known = [names[part] for part in path if part in names]
        return known[-1] if known else path[0]

    return name


def _datasets(group: h5py.Group, path: list[str]) -> Iterator[tuple[list[str], h5py.Dataset]]:
    if len(group) > MOST_OBJECTS or len(path) > DEEPEST:
        raise ValueError("too many objects")
    for name in group:
        item = child(group, name)
        if isinstance(item, h5py.Group):
            yield from _datasets(item, [*path, name])
        elif item.external or item.is_virtual or item.dtype.kind not in "fiu":
            raise ValueError("not a plain array of numbers")
        else:
            yield [*path, name], item
