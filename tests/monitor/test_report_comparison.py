"""Results in the log beside labels that came later."""

import hashlib

import pytest

from core.inference import AuditLog
from core.monitor import compare_with_reports
from core.site import open_local_images
from tests.monitor.logged_results import MODEL, WITHHELD, add_results


@pytest.fixture
def log(own_home):
    return AuditLog()


@pytest.fixture
def labelled(tmp_path):
    def write(rows: list[tuple[str, str]]):
        """A table of files with labels; each file that is no "gone" holds its name up to the first dot."""
        for name, _ in rows:
            if not name.startswith("gone"):
                (tmp_path / name).write_text(name.partition(".")[0])
        lines = [f"{name},{label},Jane Doe" for name, label in rows]
        (tmp_path / "reports.csv").write_text("\n".join(["image,label,name of the patient", *lines]))
        return open_local_images(tmp_path / "reports.csv")

    return write


def logged(name: str, **values) -> dict:
    return {"sha256": hashlib.sha256(name.encode()).hexdigest(), **values}


def test_rates_are_of_the_last_result_of_each_image_and_the_others_are_counted_by_reason(log, labelled):
    high = {"probability": 0.9, "finding": "Uncertain"}
    add_results(
        log,
        [
            logged("a", **high),
            *(logged(name, **high) for name in "bcx"),
            logged("a"),
            *(logged(name) for name in "def"),
            logged("w", **WITHHELD),
            logged("o", model="another"),
        ],
    )
    local = labelled(
        [
            *((f"{name}.png", "1") for name in "abc"),
            *((f"{name}.png", "0") for name in "defx"),
            ("a.2.png", "1"),
            *((f"{name}.png", "1") for name in ("w", "o", "gone")),
            ("y.png", "1"),
            ("y.2.png", "0"),
            ("z.png", "unclear"),
        ]
    )
    compared = compare_with_reports(local, MODEL, log)
    sensitivity, specificity = compared.rates
    assert (sensitivity.correct, sensitivity.images) == (2, 3)
    assert (specificity.correct, specificity.images) == (3, 4)
    assert compared.passed_over == {
        "file cannot be read": 1,
        "labelled both ways": 2,
        "same content as another": 1,
        "no result in the audit log": 1,
        "result withheld": 1,
    }
    text = " ".join(compared.sentences())
    assert f"reports.csv: 7 of 13 labels belong to a result of {MODEL}." in text
    assert "Sensitivity: 0.667 (0.208 to 0.939), 2 of 3." in text
    assert "Left out 1 image without a label" in text and "Jane" not in str(compared.values())
    assert compared.values()["model"] == compared.model == MODEL


def test_labels_of_one_class_give_one_rate_and_without_a_log_there_is_none(log, labelled, tmp_path):
    local = labelled([("a.png", "1"), ("b.png", "1")])
    compared = compare_with_reports(local, MODEL, log)
    assert compared.results == 0 and compared.passed_over == {"no result in the audit log": 2}
    assert not any("Sensitivity" in sentence for sentence in compared.sentences())
    assert not log.path.exists()
    add_results(log, [logged("a", probability=0.9), logged("b", probability=0.9)])
    sentences = compare_with_reports(local, MODEL, log).sentences()
    assert "Sensitivity: 1.000 (0.342 to 1.000), 2 of 2." in sentences
    assert "Specificity: unknown, no image with a result is labelled NORMAL." in sentences
    assert any("unknown patients, each of which counts as a patient: 2." in text for text in sentences)
    table = tmp_path / "reports.csv"
    table.write_text("image,label,patient\na.png,1,Jane\nb.png,1,Jane")
    sentences = compare_with_reports(open_local_images(table), MODEL, log).sentences()
    assert "Sensitivity: 1.000 (0.207 to 1.000), 2 of 2." in sentences
    assert not any("unknown patients" in text for text in sentences)
