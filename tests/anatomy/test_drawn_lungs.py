"""Masks that people drew: checked when they are imported, stored beside the data set, read again, removed."""

import shutil

import numpy as np
import pytest
from framed_by_lungs import lenient_lung_network
from PIL import Image

from core.anatomy import (
    dataset_lungs,
    import_masks,
    imported_masks,
    masks_version,
    read_drawn_lungs,
    remove_masks,
)
from core.anatomy.agreement import dice
from core.anatomy.drawn_lungs import COPY, EMPTY, OTHER_SHAPE, UNREADABLE
from core.anatomy.masks import NO_IMAGE, NOT_PNG, TWICE
from core.dataset import join_datasets, open_dataset, storage_folder, write_synthetic_dataset
from core.errors import UserError


@pytest.fixture
def dataset(demo, tmp_path, own_home):
    """The synthetic set, whose images are 256 x 256, with a wide image and a copy of one."""
    folder = shutil.copytree(demo, tmp_path / "set")
    first, second = sorted((folder / "train" / "NORMAL").glob("*.jpeg"))[:2]
    shutil.copy(first, first.with_name("again.jpeg"))
    with Image.open(second) as picture:
        picture.resize((300, 150)).save(second)
    return open_dataset(folder)


def lungs(width=256, height=256):
    mask = np.zeros((height, width), np.uint8)
    mask[height // 5 : -height // 4, width // 5 : width // 2 - 8] = 255
    mask[height // 5 : -height // 4, width // 2 + 8 : -width // 5] = 255
    return mask


def write(folder, path, pixels):
    target = (folder / path).with_suffix(".png")
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(target)
    return target


def write_npz(path, masks):
    packed = np.stack([np.packbits(mask > 0) for mask in masks.values()])
    np.savez(path, files=np.array(list(masks)), masks=packed)
    return path


@pytest.fixture(params=["npz", "folder"])
def half(request, dataset, tmp_path):
    """A mask for every second image, in both layouts; the images that have one."""
    table = dataset.table.iloc[::2]
    table = table[table["width"] == table["height"]].drop_duplicates("sha256")
    if request.param == "npz":
        return write_npz(tmp_path / "masks.npz", dict.fromkeys(table["path"], lungs(224, 224))), table
    for path in table["path"]:
        write(tmp_path / "masks", path, lungs())
    return tmp_path / "masks", table


def test_masks_of_half_the_images_are_imported_and_there_after_a_restart(dataset, half):
    source, table = half
    before = sorted(path for path in dataset.root.rglob("*"))
    assert imported_masks(dataset) is None and masks_version(dataset) == (0,)
    import_masks(dataset, source)
    drawn = imported_masks(open_dataset(dataset.root))
    assert drawn and set(drawn.sha256) == set(table["sha256"]) and not drawn.passed_over.counts
    assert drawn.source == str(source) and masks_version(dataset) > (0,)
    for digest in drawn.sha256:
        assert dice(drawn.mask(digest), lungs(*drawn.mask(digest).shape) > 0) == 1
    other = next(digest for digest in dataset.table["sha256"] if digest not in set(table["sha256"]))
    assert drawn.mask(other) is None
    shares = drawn.network_masks(np.array([other, drawn.sha256[-1]])).mean(axis=(1, 2))
    assert shares[0] == 0 and shares[1] == pytest.approx((lungs() > 0).mean(), abs=0.02)
    assert sorted(path for path in dataset.root.rglob("*")) == before
    remove_masks(dataset)
    assert imported_masks(dataset) is None and masks_version(dataset) == (0,) and source.exists()
    remove_masks(dataset)


def test_masks_follow_the_content_of_an_image_not_its_path(dataset, half):
    drawn = import_masks(dataset, half[0])
    path = dataset.root / half[1]["path"].iloc[0]
    path.rename(path.with_name("renamed.jpeg"))
    again = open_dataset(dataset.root)
    assert len(again.table) == len(dataset.table)
    assert f"{path.parent.relative_to(dataset.root)}/renamed.jpeg" in drawn.by_path(again.table).paths


def test_a_joined_set_has_the_masks_of_its_sites_until_it_has_its_own(dataset, half, tmp_path):
    other = open_dataset(write_synthetic_dataset(tmp_path / "other", images=20, seed=3))
    path = other.table["path"].iloc[0]
    write(tmp_path / "others", path, lungs())
    joined = open_dataset(join_datasets([dataset.root, other.root]))
    assert imported_masks(joined) is None
    versions = [masks_version(joined)]
    for site, source in ((dataset, half[0]), (other, tmp_path / "others")):
        import_masks(site, source)
        versions.append(masks_version(joined))
    drawn = imported_masks(joined)
    assert drawn and len(set(versions)) == 3
    assert drawn.by_path(joined.table).paths == {f"set/{name}" for name in half[1]["path"]} | {
        f"other/{path}"
    }
    write(tmp_path / "own", f"other/{path}", lungs())
    import_masks(joined, tmp_path / "own")
    drawn = imported_masks(joined)
    assert drawn and drawn.by_path(joined.table).paths == {f"other/{path}"}


def test_a_new_import_replaces_the_one_before(dataset, half, tmp_path):
    import_masks(dataset, half[0])
    path = dataset.table["path"].iloc[-1]
    import_masks(dataset, write_npz(tmp_path / "one.npz", {path: lungs(224, 224)}))
    drawn = imported_masks(dataset)
    assert drawn and drawn.by_path(dataset.table).paths == {path}
    assert len(list(storage_folder(dataset.root).glob("drawn-*"))) == 1


def test_what_cannot_be_used_in_a_folder_is_counted_and_named(dataset, tmp_path):
    folder, table = tmp_path / "masks", dataset.table
    square = table[table["width"] == table["height"]]["path"].tolist()
    wide = table[table["width"] != table["height"]]["path"].item()
    copies = table[table["sha256"].duplicated(keep=False)]["path"].tolist()
    good, flat, full, grey, cut, other = [path for path in square if path not in copies][:6]
    for path in (good, *copies):
        write(folder, path, lungs())
    write(folder, flat, np.zeros((256, 256), np.uint8))
    write(folder, full, np.full((256, 256), 255, np.uint8))
    write(folder, grey, np.asarray(Image.open(dataset.root / grey).convert("L")))
    whole = write(folder, cut, lungs()).read_bytes()
    (folder / cut).with_suffix(".png").write_bytes(whole[: len(whole) // 2])
    write(folder, other, lungs(256, 192))
    write(folder, wide, lungs(256, 256))
    write(folder, "train/NORMAL/nobody.jpeg", lungs())
    (folder / "readme.txt").write_text("masks")
    drawn = import_masks(dataset, folder)
    assert drawn.passed_over.counts == {
        NO_IMAGE: 1,
        NOT_PNG: 1,
        EMPTY: 2,
        UNREADABLE: 2,
        OTHER_SHAPE: 2,
        COPY: 1,
    }
    assert set(drawn.passed_over.names[OTHER_SHAPE]) == {other, wide}
    assert drawn.by_path(table).paths == {good, *copies}, "a copy has the mask of its image"
    again = imported_masks(dataset)
    assert again and again.passed_over == drawn.passed_over


@pytest.mark.parametrize("size", [(300, 150), (128, 64), (1201, 600)])
def test_masks_of_the_proportions_of_their_image_are_right_at_any_size(dataset, tmp_path, size):
    wide = dataset.table[dataset.table["width"] == 300].iloc[0]
    write(tmp_path / "masks", wide["path"], lungs(*size))
    drawn = import_masks(dataset, tmp_path / "masks")
    mask = drawn.mask(wide["sha256"])
    assert mask.shape[1] == min(size[0], 256) and mask.shape[0] == pytest.approx(mask.shape[1] / 2, abs=1)
    assert mask.mean() == pytest.approx((lungs(*size) > 0).mean(), abs=0.02)


def test_masks_of_zeros_and_ones_are_masks(dataset, tmp_path):
    path = dataset.table["path"].iloc[-1]
    write(tmp_path / "masks", path, lungs() // 255)
    drawn = read_drawn_lungs(dataset, tmp_path / "masks")
    assert (drawn.mask(drawn.sha256[0]) == (lungs() > 0)).all()
    assert imported_masks(dataset) is None, "reading stores nothing"


def test_masks_of_a_file_that_belong_to_no_image_are_counted(dataset, tmp_path):
    path = dataset.table["path"].iloc[-1]
    packed = np.packbits(lungs(64, 64) > 0)
    names = np.array([path, path, "train/NORMAL/nobody.jpeg"])
    np.savez(tmp_path / "masks.npz", files=names, masks=np.stack([packed] * 3))
    assert import_masks(dataset, tmp_path / "masks.npz").passed_over.counts == {TWICE: 1, NO_IMAGE: 1}


def test_a_source_without_a_usable_mask_is_refused_and_leaves_what_was_imported(dataset, half, tmp_path):
    import_masks(dataset, half[0])
    write(tmp_path / "black", dataset.table["path"].iloc[-1], np.zeros((256, 256), np.uint8))
    (tmp_path / "empty").mkdir()
    np.savez(tmp_path / "other.npz", images=np.zeros((2, 64, 64), np.uint8))
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "nothing.npz").write_bytes(b"")
    for name, words in {
        "black": r"no mask that can be used\. Passed over 1 file \(empty, or all white\)",
        "empty": r"has no mask for any of the .* such as test/NORMAL/.*\.png",
        "other.npz": "does not hold lung masks",
        "array.npy": "does not hold lung masks",
        "nothing.npz": "does not hold lung masks",
        "missing": "does not exist",
    }.items():
        with pytest.raises(UserError, match=words):
            import_masks(dataset, tmp_path / name)
    with pytest.raises(UserError, match=r"no mask for any .* Passed over 62 files \(not a PNG\)"):
        import_masks(dataset, dataset.root)
    drawn = imported_masks(dataset)
    assert drawn and drawn.source == str(half[0])


@pytest.mark.parametrize("size", [0, 2, 300, -10])
def test_a_damaged_file_counts_as_none_and_is_replaced(dataset, half, size):
    import_masks(dataset, half[0])
    (path,) = storage_folder(dataset.root).glob("drawn-*")
    path.write_bytes(path.read_bytes()[:size])
    assert imported_masks(dataset) is None
    import_masks(dataset, half[0])
    assert imported_masks(dataset) is not None


def test_agreement_is_the_dice_of_drawn_and_found(dataset, half, own_home):
    lenient_lung_network(own_home)
    drawn, found = import_masks(dataset, half[0]), dataset_lungs(dataset)
    scores = drawn.agreement(found)
    has_mask = dataset.table["sha256"].isin(drawn.sha256).to_numpy()
    assert np.isnan(scores[~has_mask]).all() and has_mask.sum() >= 20
    rows = np.flatnonzero(has_mask)
    pairs = zip(drawn.network_masks(found.sha256[rows]), found.mask(rows), strict=True)
    assert scores[rows] == pytest.approx([dice(*pair) for pair in pairs])
    assert 0 < scores[rows].mean() < 1


def test_real_masks_agree_with_the_lungs_that_are_found(real, tmp_path, own_home):
    source = real.parent / "lungs" / "lung_masks_224.npz"
    if not source.exists():
        pytest.skip("needs real masks")
    for path in sorted(real.glob("t*/*/*.jpeg"))[::200]:
        target = tmp_path / "few" / path.relative_to(real)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    dataset = open_dataset(tmp_path / "few")
    drawn = import_masks(dataset, source)
    count = len(drawn.by_path(dataset.table).paths)
    assert count >= 0.9 * len(dataset.table)
    assert drawn.passed_over.counts == {NO_IMAGE: 5461 - count}
    scores = drawn.agreement(dataset_lungs(dataset))
    assert np.nanmean(scores) > 0.9
