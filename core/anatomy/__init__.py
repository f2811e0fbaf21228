"""From an image to its lungs: mask of each lung, bounding box, areas and quality, without TensorFlow."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.anatomy.dataset_audit import LUNG_CHECKS, LUNG_ISSUES, possible_lung_checks
    from core.anatomy.dataset_lungs import DatasetLungs, dataset_lungs, stored_lungs
    from core.anatomy.drawn_lungs import DrawnLungs, read_drawn_lungs
    from core.anatomy.evaluation import Agreement, agreements, save_limits, summary
    from core.anatomy.examples import Examples, dataset_examples, lung_shares, pair_examples, split_pairs
    from core.anatomy.framed_dataset import dataset_frames, framed_pixels
    from core.anatomy.framing import Frame, Framing
    from core.anatomy.geometry import Geometry
    from core.anatomy.lung_finder import BATCH, LungFinder, lung_network, shared_lung_finder
    from core.anatomy.lungs import Lungs
    from core.anatomy.mask_import import import_masks, imported_masks, masks_version, remove_masks
    from core.anatomy.masks import LEFT, RIGHT, MaskSet, Pair, list_pairs, open_masks, read_mask
    from core.anatomy.quality import NO_LUNGS, ONE_LUNG_ONLY

__all__ = [
    "BATCH",
    "LEFT",
    "LUNG_CHECKS",
    "LUNG_ISSUES",
    "RIGHT",
    "Agreement",
    "DatasetLungs",
    "DrawnLungs",
    "Examples",
    "Frame",
    "Framing",
    "Geometry",
    "LungFinder",
    "Lungs",
    "MaskSet",
    "NO_LUNGS",
    "ONE_LUNG_ONLY",
    "Pair",
    "agreements",
    "dataset_examples",
    "dataset_frames",
    "dataset_lungs",
    "framed_pixels",
    "import_masks",
    "imported_masks",
    "list_pairs",
    "lung_network",
    "lung_shares",
    "masks_version",
    "open_masks",
    "pair_examples",
    "possible_lung_checks",
    "read_drawn_lungs",
    "read_mask",
    "remove_masks",
    "save_limits",
    "shared_lung_finder",
    "split_pairs",
    "stored_lungs",
    "summary",
]

open_door(__name__)
