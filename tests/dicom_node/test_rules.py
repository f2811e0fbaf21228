"""Rules of the node: which applies, what is wrong with a file of them, and a node that follows them."""

import io
import json
import time

import pytest
from dicom_peers import Node, dicom_image, eventually, home_with, save_images
from pydicom.dataset import FileDataset

from core.cli.main import main
from core.dicom_node import ImageQueue, node_status, read_rules, rules_path
from core.dicom_node.tables import IGNORED
from core.errors import UserError

RULES = """
[[rule]]
action = "ignore"
station = ["demo*", "ROOM 3", "ROOM [3]"]

[[rule]]
action = "shadow"
modality = "CR"
min_age = 6

[[rule]]
action = "judge"
body_part = ["CHEST", "THORAX"]

[[rule]]
action = "ignore"
"""


def image_bytes(**attributes: object) -> bytes:
    """A DICOM file with some attributes."""
    return as_bytes(with_attributes(dicom_image(1), **attributes))


def with_attributes(image: FileDataset, **attributes: object) -> FileDataset:
    for name, value in attributes.items():
        setattr(image, name, value)
    return image


def as_bytes(image: FileDataset) -> bytes:
    file = io.BytesIO()
    image.save_as(file, enforce_file_format=True)
    return file.getvalue()


@pytest.mark.parametrize(
    "attributes, decision",
    [
        ({"StationName": "DEMO ROOM", "BodyPartExamined": "CHEST"}, ("ignore", 1)),
        ({"StationName": "room 3 "}, ("ignore", 1)),
        ({"StationName": "ROOM 33", "BodyPartExamined": "CHEST"}, ("judge", 3)),
        ({"PatientAge": "006Y"}, ("shadow", 2)),
        ({"PatientBirthDate": "20180301", "StudyDate": "20240301"}, ("shadow", 2)),  # the sixth birthday
        (
            {"PatientBirthDate": "20180302", "StudyDate": "20240301", "BodyPartExamined": "CHEST"},
            ("judge", 3),
        ),
        ({"StationName": "ROOM [3]", "BodyPartExamined": "CHEST"}, ("ignore", 1)),
        ({"PatientAge": "067Y", "Modality": "DX", "BodyPartExamined": "THORAX"}, ("judge", 3)),
        ({"PatientAge": "071M", "BodyPartExamined": "CHEST"}, ("judge", 3)),
        ({"PatientBirthDate": "", "BodyPartExamined": "CHEST"}, ("judge", 3)),
        ({"PatientBirthDate": "19500131"}, ("shadow", 2)),
        ({"BodyPartExamined": "HAND"}, ("ignore", 4)),
        ({}, ("ignore", 4)),
    ],
)
def test_the_first_rule_that_applies_decides(attributes, decision, tmp_path):
    (tmp_path / "rules.toml").write_text(RULES)
    assert read_rules(tmp_path / "rules.toml").decision(image_bytes(**attributes)) == decision


def test_without_a_rule_that_applies_an_image_is_judged(tmp_path):
    path = tmp_path / "rules.toml"
    assert read_rules(path).decision(image_bytes()) == ("judge", None)
    path.write_text('[[rule]]\naction = "ignore"\nview = "LL"\nmax_age = 3')
    rules = read_rules(path)
    assert rules.decision(image_bytes(ViewPosition="LL")) == ("judge", None)  # four years old
    assert rules.decision(image_bytes(ViewPosition="LL", PatientAge="003Y")) == ("ignore", 1)
    assert rules.decision(b"no DICOM file") == ("judge", None)
    assert rules.decision(image_bytes()[:400]) == ("judge", None)


@pytest.mark.parametrize(
    "text, reason",
    [
        ("[[rule", "not valid TOML"),
        ("rule = 3", r"must be tables \[\[rule\]\]"),
        ("[rules]", r"must be tables \[\[rule\]\]"),
        ('[[rule]]\nview = "AP"', "Rule 1 in .*: its action is None; use judge, shadow, ignore"),
        ('[[rule]]\naction = "judge"\n[[rule]]\naction = "drop"', "Rule 2 in .*: its action is 'drop'"),
        ('[[rule]]\naction = "judge"\nviews = "AP"', "'views' is unknown; use action, modality"),
        ('[[rule]]\naction = "judge"\nview = 3', "view is 3; give texts"),
        ('[[rule]]\naction = "judge"\nview = []', r"view is \[\]; give texts"),
        ('[[rule]]\naction = "judge"\nmin_age = "6"', "min_age is '6'; give a number of years"),
        ('[[rule]]\naction = "judge"\nmax_age = -1', "max_age is -1; give a number of years"),
        ('[[rule]]\naction = "judge"\nmax_age = nan', "max_age is nan; give a number of years"),
        ('[[rule]]\naction = "judge"\nmax_age = true', "max_age is True; give a number of years"),
        ("rule = [1]", "Rule 1 in .*: it is not a table"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_number_and_value(text, reason, tmp_path):
    (tmp_path / "rules.toml").write_text(text)
    with pytest.raises(UserError, match=reason):
        read_rules(tmp_path / "rules.toml")


def test_the_terminal_shows_rules_and_tries_them(own_home, tmp_path, capsys):
    assert main(["node", "rules"]) == 0
    assert "every image is judged" in capsys.readouterr().out
    rules_path().parent.mkdir(parents=True)
    rules_path().write_text(RULES)
    assert main(["node", "rules"]) == 0
    assert "2. shadow: modality CR, min_age 6" in capsys.readouterr().out
    images = [with_attributes(dicom_image(n), StationName=name) for n, name in enumerate(["DEMO", "ROOM 1"])]
    files = save_images(tmp_path / "files", images)
    assert main(["node", "rules", "--json", "--try", str(files[0]), "--try", str(files[1])]) == 0
    tried = json.loads(capsys.readouterr().out)
    assert [(item["action"], item["rule"]) for item in tried] == [("ignore", 1), ("ignore", 4)]
    assert main(["node", "rules", "--try", str(tmp_path / "none.dcm")]) == 2
    assert "none.dcm" in capsys.readouterr().err
    rules_path().write_text("[[rule]]")
    assert main(["node"]) == 2
    assert "its action is None" in capsys.readouterr().err


def test_what_a_rule_sets_aside_leaves_no_earlier_result_behind(tmp_path):
    queue = ImageQueue(tmp_path)
    queue.store("uid", "study", "SENDER", [b"image"])
    (image,) = queue.complete_studies(0, 1)
    queue.add_results(image, {"finding.dcm": ("1.2", b"result")})
    queue.store("uid", "study", "SENDER", [b"image"])
    (image,) = queue.complete_studies(0, 1)
    queue.set_aside(image, IGNORED, "", keep=False)
    assert not list((tmp_path / "received").iterdir()) and not list((tmp_path / "results").iterdir())
    queue.close()


def test_what_failed_long_ago_is_deleted_and_counted(tmp_path, monkeypatch):
    queue = ImageQueue(tmp_path)
    for name in ("old", "new"):
        queue.store(name, "study", "SENDER", [b"image"])
    old, new = queue.complete_studies(0, 16)
    queue.mark_failed(old, "It is no image.")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86_400)
    queue.mark_failed(new, "It is no image.")
    assert queue.delete_failed(0.5) == 1
    assert [path.stem for path in (tmp_path / "received").iterdir()] == [new.key]
    queue.close()
    status = node_status(tmp_path)
    assert status and (status.failed, status.deleted, status.reasons) == (2, 1, {"It is no image.": 2})


def test_a_node_deletes_what_failed_long_ago_when_it_starts(trained, tmp_path):
    home = home_with(trained.model_folder(), tmp_path / "home")
    queue = ImageQueue(home / "node")
    queue.store("old", "study", "SENDER", [b"image"])
    queue.mark_failed(queue.complete_studies(0, 1)[0], "It is no image.")
    queue.close()
    node = Node(home, "--delete-failed", "0.000001").start()
    eventually(lambda: node.counts().deleted == 1)
    assert node.stop() == 0 and not list((home / "node/received").iterdir())
