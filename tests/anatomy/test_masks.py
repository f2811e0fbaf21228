import numpy as np
import pytest
from PIL import Image

from core.anatomy.examples import dataset_examples, lung_shares, pair_examples, split_pairs
from core.anatomy.masks import list_pairs, open_masks, sides
from core.errors import UserError

PATHS = ["train/NORMAL/IM-0001-0001.jpeg", "test/PNEUMONIA/person1_virus_1.jpeg"]


def two_lungs(side=64, touching=False):
    mask = np.zeros((side, side), bool)
    mask[10:50, 8:28], mask[10:50, 36:58] = True, True
    if touching:
        mask[30:34, 28:36] = True
    return mask


@pytest.fixture(params=["npz", "folder"])
def source(request, tmp_path):
    """A mask of the first image only, in both layouts."""
    if request.param == "npz":
        packed = np.packbits(two_lungs().ravel())[np.newaxis]
        np.savez(tmp_path / "masks.npz", files=np.array(PATHS[:1]), masks=packed)
        return tmp_path / "masks.npz"
    target = (tmp_path / "masks" / PATHS[0]).with_suffix(".png")
    target.parent.mkdir(parents=True)
    Image.fromarray(two_lungs().astype(np.uint8) * 255).save(target)
    return tmp_path / "masks"


def test_masks_are_read_from_a_file_or_a_folder(source):
    masks = open_masks(source, PATHS)
    assert masks.paths == {PATHS[0]}
    assert (masks.read(PATHS[0]) == two_lungs()).all()


def test_images_without_a_mask_are_left_out(source):
    images = np.zeros((2, 128, 128), np.uint8)
    examples = dataset_examples("set", images, PATHS, open_masks(source, PATHS))
    assert examples.images.shape == (1, 128, 128)
    assert examples.lungs[0, 60, 40].tolist() == [255, 0] and examples.lungs[0, 60, 90].tolist() == [0, 255]


@pytest.mark.parametrize("touching", [False, True])
def test_the_lung_on_the_left_of_the_image_is_the_patients_right(touching):
    side_map = sides(two_lungs(touching=touching))
    assert (side_map[20, 10], side_map[20, 50], side_map[0, 0]) == (1, 2, 0)
    assert ((side_map > 0) == two_lungs(touching=touching)).all()


def test_a_single_lung_belongs_to_its_half_of_the_image():
    mask = two_lungs()
    mask[:, :32] = False
    assert set(np.unique(sides(mask))) == {0, 2}
    assert not sides(np.zeros((8, 8), bool)).any()


def test_shares_keep_the_area():
    shares = lung_shares(two_lungs())
    assert shares.shape == (128, 128, 2)
    assert shares.sum() / 255 / 128**2 == pytest.approx(two_lungs().mean(), rel=0.01)


def test_files_without_masks_are_refused_in_one_sentence(tmp_path):
    np.savez(tmp_path / "other.npz", files=np.array(PATHS), masks=np.zeros((2, 7), np.uint8))
    (tmp_path / "damaged.npz").write_bytes(b"PK\x03\x04")
    np.savez(tmp_path / "pickled.npz", files=np.array([{}, {}], dtype=object), masks=np.zeros((2, 8)))
    (tmp_path / "empty").mkdir()
    for name in ("other.npz", "damaged.npz", "pickled.npz"):
        with pytest.raises(UserError, match="does not hold lung masks"):
            open_masks(tmp_path / name, PATHS)
    with pytest.raises(UserError, match="no mask for any of the 2 images"):
        open_masks(tmp_path / "empty", PATHS)
    with pytest.raises(UserError, match="does not exist"):
        open_masks(tmp_path / "missing", PATHS)


def test_pairs_are_split_by_patient(tmp_path):
    random = np.random.default_rng(0)
    lines = ["file,patient"]
    for number in range(12):
        Image.fromarray(random.integers(0, 255, (64, 64), np.uint8)).save(tmp_path / f"{number}.jpg")
        Image.fromarray(two_lungs().astype(np.uint8) * 255).save(tmp_path / f"{number}_lungs.png")
        lines.append(f"{number}.jpg,patient-{number // 3}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    pairs = list_pairs(tmp_path)
    assert len(pairs) == 12
    training, held_out = split_pairs(pairs, 0.25, 0)
    assert len(held_out) == 3 and len(training) == 9
    assert not {pair.patient for pair in training} & {pair.patient for pair in held_out}
    examples = pair_examples("pairs", held_out)
    assert examples.images.shape == (3, 128, 128) and examples.lungs.max() == 255


def test_a_folder_without_pairs_is_refused(tmp_path):
    with pytest.raises(UserError, match="NAME_lungs.png"):
        list_pairs(tmp_path)
