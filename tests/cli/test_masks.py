"""`masks`, and the commands that take imported masks where none are named."""

import json

import numpy as np
import pytest
from framed_by_lungs import lenient_lung_network
from PIL import Image

from core.cli.main import main


@pytest.fixture
def folder(demo, tmp_path, own_home):
    """A rough mask for every second synthetic image, one of no image, and an empty one."""
    lenient_lung_network(own_home)
    mask = np.zeros((256, 256), np.uint8)
    mask[50:190, 50:110], mask[50:190, 150:210] = 255, 255
    images = [path.relative_to(demo) for path in sorted(demo.glob("t*/*/*.jpeg"))]
    for path in (*images[::2], images[0].with_name("nobody.jpeg")):
        target = (tmp_path / "masks" / path).with_suffix(".png")
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(target)
    Image.fromarray(np.zeros_like(mask)).save((tmp_path / "masks" / images[1]).with_suffix(".png"))
    return tmp_path / "masks"


def printed(capsys, *arguments):
    """What a command prints that succeeds."""
    assert main([*map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_masks_are_imported_shown_compared_and_removed(demo, folder, capsys):
    imported = json.loads(printed(capsys, "masks", "import", demo, folder, "--json"))
    assert imported["masks"] == 30 and imported["images"] == 60 and imported["source"] == str(folder)
    assert imported["passed_over"] == {"no image of this path": 1, "empty, or all white": 1}
    assert json.loads(printed(capsys, "masks", "show", demo, "--json")) == imported
    text = printed(capsys, "masks", "show", demo)
    assert "30 of 60 images have a mask" in text and "Passed over 1 file (empty, or all white): " in text

    scores = json.loads(printed(capsys, "masks", "compare", demo, "--json"))
    dice = [image["dice"] for image in scores]
    assert len(scores) == 30 and dice == sorted(dice) and 0 <= dice[0] < dice[-1] <= 1
    lines = printed(capsys, "masks", "compare", demo, "--lowest", 3).splitlines()
    assert lines[0].startswith("30 images: Dice ") and len(lines) == 4
    assert lines[1].endswith(scores[0]["path"])

    assert "were removed" in printed(capsys, "masks", "remove", demo)
    assert folder.is_dir()
    for command in (["masks", "show"], ["masks", "remove"], ["evaluate-lungs", "--data"]):
        assert main([*command, str(demo)]) == 2
        assert "No masks were imported for demo (SYNTHETIC)." in capsys.readouterr().err


def test_lungs_are_evaluated_on_imported_masks_as_on_those_that_are_named(demo, folder, capsys):
    command = ["evaluate-lungs", "--data", demo, "--split", "test", "--json"]
    assert main([*map(str, command), "--masks", str(folder)]) == 0
    output, errors = capsys.readouterr()
    assert "Passed over 1 file (no image of this path): test/NORMAL/nobody.png" in errors
    printed(capsys, "masks", "import", demo, folder)
    assert json.loads(printed(capsys, *command)) == json.loads(output)
