"""From an image to its lungs: mask of each lung, bounding box, areas and quality, without TensorFlow."""

from core.anatomy.evaluation import Agreement, agreements, save_limits, summary
from core.anatomy.examples import Examples, dataset_examples, pair_examples, split_pairs
from core.anatomy.lung_finder import LungFinder, shared_lung_finder
from core.anatomy.lungs import Box, Lungs
from core.anatomy.masks import MaskSet, Pair, list_pairs, open_masks, read_mask

__all__ = [
    "Agreement",
    "Box",
    "Examples",
    "LungFinder",
    "Lungs",
    "MaskSet",
    "Pair",
    "agreements",
    "dataset_examples",
    "list_pairs",
    "open_masks",
    "pair_examples",
    "read_mask",
    "save_limits",
    "shared_lung_finder",
    "split_pairs",
    "summary",
]
