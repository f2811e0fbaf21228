"""Locating the arrays of each layer in a weights file, in the four layouts of Keras 2 and 3.

- whole model: `model_weights/LAYER/...`, in the flat network or inside a nested `vgg19`
- weights only, older layout: the same with the layers at the root
- weights only, newer layout (`.weights.h5`): `layers/conv2d_3/vars/0`, numbered by kind; nested backbones
  are one layer: `layers/functional/layers/conv2d_3/vars/0`

Layers of the backbone are identified by name, or by number in the newer layout; by their order in a file of
the backbone alone in which an older Keras gave them other names. Layers of the head, whose names vary, are
identified by their shapes, which are unique. Only hard links to plain numeric arrays are followed, and no
array is read yet.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import h5py

from core.architecture import BACKBONES, VGG19, Backbone

MAX_OBJECTS = 5000
MAX_DEPTH = 6
KERAS_CLASSES = {
    "conv2d": "convolution",
    "depthwise_conv2d": "depthwise_convolution",
    "batch_normalization": "batch_normalization",
    "normalization": "normalization",
    "dense": "dense",
}
NUMBERED = re.compile(rf"({'|'.join(KERAS_CLASSES)})(?:_(\d+))?")

Namer = Callable[[list[str], h5py.Dataset], str]  # the layer's name, by path and array
LocatedArray = tuple[list[str], h5py.Dataset]  # path and array
LocatedArrays = dict[str, dict[str, h5py.Dataset]]  # layer -> path -> array


def locate_arrays(file: h5py.File, backbone: Backbone, ignored: str = "") -> LocatedArrays:
    """HDF5 data sets of the file by layer name; unknown layers keep the name that they have there.

    Args:
        file: of weights.
        backbone: whose layers they may be.
        ignored: part of the paths of arrays that are left out; "" for none.

    Raises:
        ValueError: the file holds too many objects, links to other files, or anything but plain numbers.
    """
    inner = next((name for name in ("model_weights", "layers") if name in file), None)
    group = child(file, inner) if inner else file
    datasets = list(_datasets(group, []))
    if inner == "layers":
        layer_name = _namer_by_number(datasets, backbone)
    else:
        layer_name = _namer_by_layer(backbone, _other_names(group, datasets, backbone))
    arrays: LocatedArrays = {}
    for path, dataset in datasets:
        if ignored and any(ignored in part for part in path):
            continue
        arrays.setdefault(layer_name(path, dataset), {})["/".join(path)] = dataset
    return arrays


def detect_backbone(file: h5py.File) -> Backbone:
    """The backbone of a file whose record does not name it, by the number of batch normalisations.

    Such files of other backbones than VGG19 are in the newer layout.
    """
    if "layers" not in file:
        return VGG19
    datasets = _datasets(child(file, "layers"), [])
    groups = {part for path, _ in datasets for part in path if _number(part)[0] == "batch_normalization"}
    for backbone in BACKBONES.values():
        if sum(layer.kind == "batch_normalization" for layer in backbone.body) == len(groups):
            return backbone
    return VGG19


def child(group: h5py.Group, name: str) -> Any:
    """An object of a group; raises ValueError for a link to another file."""
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise ValueError("a link to another file")
    return group[name]


def _other_names(group: h5py.Group, datasets: list[LocatedArray], backbone: Backbone) -> dict[str, str]:
    """Our names of layers by the file's, if it lists as many as the body has, and some under other names.

    Such as `conv1/conv` in Keras's own DenseNet121 file.
    """
    names = group.attrs.get("layer_names", ())
    listed = [name.decode() if isinstance(name, bytes) else str(name) for name in names]
    groups = {prefix for path, _ in datasets for prefix in _prefixes(path)}
    theirs = [name for name in listed if name in groups]
    ours = [layer.name for layer in backbone.weighted_body]
    if len(theirs) != len(ours) or set(theirs) == set(ours):
        return {}
    return dict(zip(theirs, ours, strict=True))


def _prefixes(path: list[str]) -> list[str]:
    """Names of the groups that hold an array, from the outermost."""
    return ["/".join(path[:end]) for end in range(1, len(path))]


def _namer_by_layer(backbone: Backbone, other_names: dict[str, str]) -> Namer:
    """A function that names layers by the names in the path, those of the head by shape."""
    names = {layer.name for layer in backbone.weighted}

    def name(path: list[str], dataset: h5py.Dataset) -> str:
        if other_names:
            return next((other_names[prefix] for prefix in _prefixes(path) if prefix in other_names), path[0])
        known = [part for part in path if part in names]
        return known[-1] if known else _name_by_shape(path[0], dataset, backbone)

    return name


def _name_by_shape(name: str, dataset: h5py.Dataset, backbone: Backbone) -> str:
    for layer in backbone.weighted_head:
        if dataset.shape in (layer.kernel, layer.kernel[-1:]):
            return layer.name
    return name


def _namer_by_number(datasets: list[LocatedArray], backbone: Backbone) -> Namer:
    """A function that names layers by the order in which those of a kind were created."""
    groups = {part for path, _ in datasets for part in path if NUMBERED.fullmatch(part)}
    ordered = sorted(groups, key=lambda part: _number(part)[1])
    names = {}
    for keras_class, kind in KERAS_CLASSES.items():
        of_kind = [part for part in ordered if _number(part)[0] == keras_class]
        layers = [layer for layer in backbone.weighted if layer.kind == kind]
        names |= {part: layer.name for part, layer in zip(of_kind, layers, strict=False)}

    def name(path: list[str], _: h5py.Dataset) -> str:
        known = [names[part] for part in path if part in names]
        return known[-1] if known else path[0]

    return name


def _number(part: str) -> tuple[str, int]:
    """Kind and number in a name such as `conv2d_3`; the first of a kind has no number."""
    match = NUMBERED.fullmatch(part)
    return (match[1], int(match[2] or 0)) if match else ("", 0)


def _datasets(group: h5py.Group, path: list[str]) -> Iterator[LocatedArray]:
    if len(group) > MAX_OBJECTS or len(path) > MAX_DEPTH:
        raise ValueError("too many objects")
    for name in cast(Iterable[str], group):
        item = child(group, name)
        if isinstance(item, h5py.Group):
            yield from _datasets(item, [*path, name])
        elif item.external or item.is_virtual or item.dtype.kind not in "fiuV" or item.dtype.fields:
            raise ValueError("not a plain array of numbers")
        else:
            yield [*path, name], item
