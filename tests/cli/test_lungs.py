import json

import numpy as np
import pytest
from PIL import Image

from core.cli.main import main
from core.dataset import draw_chest


@pytest.fixture
def files(tmp_path):
    """Two images of the same name in two folders, a file that is no image, and one that is missing."""
    for number, name in enumerate(("a/chest.png", "b/chest.jpeg")):
        (tmp_path / name).parent.mkdir()
        picture = Image.fromarray(draw_chest(np.random.default_rng(number), "none"))
        picture.resize((300, 240)).save(tmp_path / name)
    (tmp_path / "text.png").write_text("no image")
    return [tmp_path / name for name in ("a/chest.png", "b/chest.jpeg", "text.png", "missing.png")]


def test_each_file_gets_lungs_or_an_error(files, tmp_path, capsys):
    assert main(["lungs", *map(str, files), "--masks", str(tmp_path / "masks"), "--json"]) == 1
    results = json.loads(capsys.readouterr().out)
    assert [result["file"] for result in results] == [str(file) for file in files]
    assert ["error" in result for result in results] == [False, False, True, True]
    for result in results[:2]:
        left, top, right, bottom = result["box"]
        assert 0 <= left < right <= 1 and 0 <= top < bottom <= 1
        assert result["left_area"] > 0.02 and result["right_area"] > 0.02
        assert isinstance(result["quality"], list)


def test_masks_have_the_size_of_their_image_and_do_not_overwrite_one_another(files, tmp_path, capsys):
    folder = tmp_path / "masks"
    main(["lungs", *map(str, files[:2]), "--masks", str(folder), "--json"])
    results = json.loads(capsys.readouterr().out)
    assert sorted(path.name for path in folder.iterdir()) == ["chest-2.png", "chest.png"]
    assert [result["mask"] for result in results] == [str(folder / "chest.png"), str(folder / "chest-2.png")]
    for result in results:
        with Image.open(result["mask"]) as picture:
            mask = np.asarray(picture)
        assert mask.shape == (240, 300) and mask.dtype == np.uint8 and set(np.unique(mask)) == {0, 255}
        assert (mask > 0).mean() == pytest.approx(result["left_area"] + result["right_area"], rel=0.05)


def test_an_image_without_lungs_has_no_box(tmp_path, capsys):
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(tmp_path / "black.png")
    assert main(["lungs", str(tmp_path / "black.png"), "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)
    assert result["box"] is None and result["quality"] == ["no lungs found"]


def test_an_audit_without_lung_network_runs_every_other_check(own_home, demo, capsys):
    network = own_home / "model_weights" / "lungs.h5"
    network.parent.mkdir(parents=True)
    network.write_text("no network")
    assert main(["audit", str(demo)]) == 0
    output, errors = capsys.readouterr()
    assert "The checks of lungs were left out." in errors and "lungs.h5 is not" in errors
    assert "byte-identical" in output and "plausible lungs" not in output


def test_text_output_names_both_lungs(files, capsys):
    main(["lungs", str(files[0])])
    output = capsys.readouterr().out
    assert "right lung" in output and "left lung" in output and "across" in output
