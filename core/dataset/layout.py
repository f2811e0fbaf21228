"""The published layout <split>/<CLASS>/<image>, as folders and zips have it: in any case, at any depth."""

from collections.abc import Sequence

from core.config import CLASS_NAMES

SPLITS = ("train", "val", "test")
SPLIT_NAMES = {  # of folders, in lower case
    **{split: split for split in SPLITS},
    "training": "train",
    "valid": "val",
    "validation": "val",
    "testing": "test",
}
LAYOUT = "train/NORMAL, train/PNEUMONIA, test/NORMAL and test/PNEUMONIA (val/ may be missing)"
OTHER_CLASS = f"in no folder {' or '.join(CLASS_NAMES)}"
BOTH_CLASSES = f"in a folder {' and '.join(CLASS_NAMES)}"
NO_SPLIT = "outside train/, val/ and test/"
UNLABELLED = "UNLABELLED"  # folder of a hospital's images that are in no folder of one class


def split_and_label(folders: Sequence[str]) -> tuple[str, str] | None:
    """Split and class from the names of nested folders; None if they do not name both.

    Other folders may be around, between and in them. Of several splits, the one next to the class counts.

    >>> split_and_label(["chest_xray", "Validation", "normal", "a"])
    ('val', 'NORMAL')
    """
    names = [folder.strip().lower() for folder in folders]
    classes = [index for index, name in enumerate(names) if name.upper() in CLASS_NAMES]
    splits = [index for index, name in enumerate(names) if name in SPLIT_NAMES]
    if not splits or len({names[index] for index in classes}) != 1:
        return None
    nearest = min(splits, key=lambda index: abs(index - classes[0]))
    return SPLIT_NAMES[names[nearest]], names[classes[0]].upper()


def local_split_and_label(folders: Sequence[str]) -> tuple[str, str]:
    """Where a hospital's image goes: with the test images, whatever its split, to its class or to neither.

    >>> local_split_and_label(["ward", "normal"]), local_split_and_label(["ward"])
    (('test', 'NORMAL'), ('test', 'UNLABELLED'))
    """
    classes = {folder.strip().upper() for folder in folders} & set(CLASS_NAMES)
    return "test", classes.pop() if len(classes) == 1 else UNLABELLED


def layout_reason(folders: Sequence[str]) -> str:
    """Why files in these folders have no split or class; "" if they have both."""
    names = {folder.strip().lower() for folder in folders}
    classes = {name for name in names if name.upper() in CLASS_NAMES}
    if len(classes) > 1:
        return BOTH_CLASSES
    if not names & SPLIT_NAMES.keys():
        return NO_SPLIT
    return "" if classes else OTHER_CLASS


def names_a_layout(folder: str) -> bool:
    """Whether a folder is called like a split or a class."""
    return folder.strip().lower() in SPLIT_NAMES or folder.strip().upper() in CLASS_NAMES
