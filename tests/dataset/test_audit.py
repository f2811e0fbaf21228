import json
import shutil

import numpy as np
import pytest
from PIL import Image
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_info, threadpool_limits

from core.dataset import audit, open_dataset, report, shortcut_baselines
from core.dataset.duplicates import copies
from core.dataset.issues import ISSUES


def found(dataset):
    return {finding.name: finding for finding in audit(dataset)}


@pytest.fixture
def folder(demo, tmp_path):
    """A copy of the synthetic set, to be spoiled."""
    return shutil.copytree(demo, tmp_path / "set")


def images(folder, place):
    return sorted((folder / place).glob("*.jpeg"))


def test_copies_are_found_by_content_and_told_across_splits_and_classes(folder):
    first, second, *_ = images(folder, "train/NORMAL")
    shutil.copy(first, folder / "train/NORMAL/again.jpeg")
    shutil.copy(second, folder / "test/NORMAL/again.jpeg")
    shutil.copy(images(folder, "train/PNEUMONIA")[0], folder / "train/NORMAL/other.jpeg")
    dataset = open_dataset(folder)
    findings = found(dataset)
    assert findings["byte_identical_groups"].count == 3
    assert findings["byte_identical_groups"].facts["by_split"]["test"] == 1
    assert findings["identical_across_splits"].count == findings["identical_across_classes"].count == 1
    assert sorted(findings["identical_across_splits"].examples[0]) == sorted(
        ["test/NORMAL/again.jpeg", f"train/NORMAL/{second.name}"]
    )
    assert list(dataset.table["path"].iloc[copies(dataset.table)]) in (
        ["train/NORMAL/again.jpeg"],
        [f"train/NORMAL/{first.name}"],
    )


def test_another_export_of_an_image_is_nearly_identical_and_other_chests_are_not(folder):
    image = images(folder, "train/NORMAL")[0]
    Image.open(image).save(folder / "test/NORMAL/exported.png")
    Image.open(image).save(folder / "train/NORMAL/worse.jpeg", quality=60)
    finding = found(open_dataset(folder))["near_identical_groups"]
    assert finding.count == 1 and finding.facts["across_splits"] == 1
    assert set(finding.examples[0]) == {
        f"train/NORMAL/{image.name}",
        "train/NORMAL/worse.jpeg",
        "test/NORMAL/exported.png",
    }


def test_a_patient_in_training_and_test_is_found_and_a_bare_number_is_none(folder):
    other = images(folder, "train/NORMAL")[1]
    shutil.copy(images(folder, "train/NORMAL")[0], folder / "test/NORMAL/IM-7777-0001.jpeg")
    shutil.copy(other, folder / "train/NORMAL/IM-7777-0002.jpeg")
    shutil.copy(images(folder, "train/PNEUMONIA")[0], folder / "train/PNEUMONIA/person888_virus_1.jpeg")
    shutil.copy(images(folder, "train/PNEUMONIA")[1], folder / "test/PNEUMONIA/person888_bacteria_2.jpeg")
    finding = found(open_dataset(folder))["patients_in_several_splits"]
    assert finding.examples == ["IM-7777"]
    assert finding.facts["bare_numbers_in_test_and_train"] >= 1


def test_colour_marks_sizes_and_unreadable_files_are_found(folder):
    (folder / "train/NORMAL/bad.jpeg").write_bytes(b"x")
    red = np.zeros((200, 200, 3), np.uint8)
    red[50:150, 50:150, 0] = 200
    Image.fromarray(red).save(folder / "train/NORMAL/red.png")
    marked = np.full((256, 256), 90, np.uint8)
    marked[4:14, 4:20] = 255
    Image.fromarray(marked).save(folder / "train/NORMAL/marked.png")
    Image.fromarray(np.full((100, 400), 90, np.uint8)).save(folder / "train/NORMAL/long.png")
    findings = found(open_dataset(folder))
    assert findings["unreadable"].examples == ["train/NORMAL/bad.jpeg"]
    assert findings["coloured"].examples == ["train/NORMAL/red.png"]
    assert "train/NORMAL/marked.png" in findings["marks_at_the_border"].examples
    assert "train/NORMAL/long.png" in findings["unusual_sizes"].examples


def test_a_shortcut_is_told_by_how_well_it_works_and_noise_is_not_one(demo):
    dataset = open_dataset(demo)
    table = dataset.table.iloc[np.repeat(np.arange(len(dataset.table)), 3)].reset_index(drop=True)
    table["patient"] = ""
    table["sha256"] = [f"{number}" for number in range(len(table))]
    chance = np.random.default_rng(0)
    noise = chance.integers(0, 255, (len(table), 128, 128), np.uint8)
    rows = np.arange(len(table))
    auc = shortcut_baselines.class_auc("histogram", table, noise, rows)
    assert abs(auc.value - 0.5) < 0.15 and auc.interval[0] < 0.5 < auc.interval[1]
    bright = noise.copy()
    bright[(table["label"] == "NORMAL").to_numpy(), :9, :9] = 255
    assert shortcut_baselines.class_auc("corners", table, bright, rows).value > 0.95


def test_the_report_and_json_hold_every_finding(demo):
    dataset = open_dataset(demo)
    findings = audit(dataset)
    text = report(dataset, findings)
    for finding in findings:
        assert finding.title in text and all(line in text for line in finding.lines())
        json.dumps(finding.to_json(), allow_nan=False)


def test_a_finding_names_the_problem_that_gives_all_its_images(folder):
    for path in images(folder, "train/NORMAL")[:20]:
        shutil.copy(path, path.with_name(f"copy-{path.name}"))
    dataset = open_dataset(folder)
    for finding in audit(dataset):
        if finding.issue:
            rows = ISSUES[finding.issue](dataset)
            named = {
                path for item in finding.examples for path in ([item] if isinstance(item, str) else item)
            }
            assert named <= {*dataset.table["path"].iloc[rows], *dataset.table["patient"].iloc[rows]}
            assert len(rows) >= finding.count


def test_a_baseline_tells_classes_by_a_view_alone_where_it_can(demo):
    dataset = open_dataset(demo)
    training = np.flatnonzero(dataset.table["split"] == "train")
    test = np.flatnonzero(dataset.table["split"] == "test")
    found = shortcut_baselines.shortcut_baseline("histogram", dataset, training)[test]
    assert found.shape == (15,) and ((found >= 0) & (found <= 1)).all()
    assert shortcut_baselines.shortcut_baseline("frame", dataset, training[:12]) is None


def test_a_baseline_learns_on_one_thread_and_leaves_the_others_as_they_were(demo, monkeypatch):
    def threads() -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp"}

    def fit(self, *arguments):
        meanwhile.append(threads())
        return learn(self, *arguments)

    learn, meanwhile = HistGradientBoostingClassifier.fit, []
    monkeypatch.setattr(HistGradientBoostingClassifier, "fit", fit)
    dataset = open_dataset(demo)
    with threadpool_limits(2, user_api="openmp"):
        shortcut_baselines.shortcut_baseline("histogram", dataset, np.arange(40))
        shortcut_baselines.class_auc(
            "histogram", dataset.table, dataset.pixels, np.arange(len(dataset.table))
        )
        assert len(meanwhile) == 1 + shortcut_baselines.FOLDS
        assert all(found == {1} for found in meanwhile) and threads() == {2}
