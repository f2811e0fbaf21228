import json

from core.cli.main import main


def test_size_tells_how_many_images_are_needed_and_what_those_at_hand_show(capsys):
    assert main(["site", "size", "--margin", "0.1", "--positives", "50", "--negatives", "50"]) == 0
    text = capsys.readouterr().out
    assert "141 PNEUMONIA images" in text and "50 NORMAL images" in text
    assert main(["site", "size", "--margin", "0.1", "--positives", "50", "--negatives", "50", "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["required"]["for_width"]["sensitivity"] == 141
    assert values["evidence"]["images"] == {"sensitivity": 50, "specificity": 50}


def test_size_refuses_half_of_the_images_at_hand_and_rates_that_are_none(capsys):
    assert main(["site", "size", "--positives", "50"]) == 2
    assert "--negatives" in capsys.readouterr().err
    assert main(["site", "size", "--sensitivity", "90"]) == 2
    assert "The sensitivity is 90" in capsys.readouterr().err
