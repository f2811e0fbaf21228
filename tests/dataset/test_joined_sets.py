import shutil
from dataclasses import replace

import numpy as np
import pytest

from core.config import TrainingSettings, preset
from core.dataset import (
    Exclusions,
    describe_images,
    is_joined,
    join_datasets,
    known_folders,
    open_dataset,
    open_datasets,
    relabelled,
    review_label,
    rows_by_role,
    save_exclusions,
    settings_of_new_runs,
    write_synthetic_dataset,
)
from core.errors import UserError
from core.evaluation import Predictions, subgroup_rates
from core.images import network_pixels, read_image

SHARED = "train/NORMAL/IM-0000-0000.jpeg"  # an image that both sites hold, one of them in test


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    return write_synthetic_dataset(tmp_path_factory.mktemp("drawn") / "clinic", images=40, seed=1)


@pytest.fixture
def folders(demo, clinic, own_home, tmp_path):
    """Two sites of other images but the same numbers of patients, and with one image in common."""
    other = shutil.copytree(clinic, tmp_path / "clinic")
    shutil.copy(demo / SHARED, other / "test/NORMAL/shared.jpeg")
    return [demo, other]


def test_sites_keep_their_patients_and_share_no_image(folders):
    joined, parts = open_datasets(folders), [open_dataset(folder) for folder in folders]
    table = joined.table
    assert table["site"].value_counts().to_dict() == {
        "demo": len(parts[0].table) - 1,
        "clinic": len(parts[1].table),
    }
    assert not table["sha256"].duplicated().any() and f"demo/{SHARED}" not in set(table["path"])
    assert any(
        sentence.startswith("demo: left out because another site has the same file: 1 ")
        for sentence in joined.passed_over
    )
    assert {*parts[0].table["patient"]} & {*parts[1].table["patient"]}
    assert (table.groupby("patient")["site"].nunique() == 1).all()
    roles = rows_by_role(joined, preset("seed").settings())
    for site in ("demo", "clinic"):
        for role, rows in roles.items():
            assert (table["site"].iloc[rows] == site).any(), (site, role)
    assert not {*table["patient"].iloc[roles["training"]]} & {*table["patient"].iloc[roles["validation"]]}


def test_a_joined_set_is_opened_like_any_other(folders):
    joined = open_datasets(folders)
    assert open_datasets(folders[::-1]).fingerprint == joined.fingerprint
    again = open_dataset(joined.root)
    assert is_joined(joined.root) and joined.root in known_folders() and joined.synthetic
    assert again.fingerprint == joined.fingerprint and np.array_equal(again.pixels, joined.pixels)
    for row in (0, len(joined.table) - 1):
        image = read_image(joined.root / joined.table["path"].iloc[row])
        assert image.sha256 == joined.table["sha256"].iloc[row]
        assert np.array_equal(network_pixels(image), joined.pixels[row])
    (folders[1] / "test/NORMAL/shared.jpeg").unlink()
    assert f"demo/{SHARED}" in set(open_dataset(joined.root).table["path"])


def test_folders_of_the_same_name_are_sites_of_their_own(tmp_path, own_home):
    for name in ("x/ward", "y/ward", "z/ward-2"):
        (tmp_path / name / "train").mkdir(parents=True)
    joined = join_datasets([tmp_path / "z/ward-2", tmp_path / "y/ward", tmp_path / "x/ward"])
    assert {link.name: str(link.resolve().relative_to(tmp_path.resolve())) for link in joined.iterdir()} == {
        "ward": "x/ward",
        "ward-2": "y/ward",
        "ward-2-2": "z/ward-2",
    }


def test_a_held_out_site_is_tested_on_whole(folders):
    joined = open_datasets(folders)
    settings = preset("seed").settings(data=str(joined.root), held_out_site="clinic")
    roles, site = rows_by_role(joined, settings), joined.table["site"]
    assert list(roles["test"]) == list(np.flatnonzero(site == "clinic"))
    assert {*site.iloc[np.concatenate([roles["training"], roles["validation"]])]} == {"demo"}
    with pytest.raises(UserError, match="no site 'ward' in this data set; its sites: clinic, demo"):
        rows_by_role(joined, replace(settings, held_out_site="ward"))
    with pytest.raises(UserError, match="no site 'demo' in this data set; its sites: none"):
        rows_by_role(open_dataset(folders[0]), TrainingSettings(held_out_site="demo"))


def test_results_are_told_by_site_and_reviews_of_a_part_count(folders):
    joined, demo = open_datasets(folders), open_dataset(folders[0])
    version = review_label(demo, 0, "PNEUMONIA", "Dr Lee", "clear infiltrate")
    (changed,) = np.flatnonzero(joined.table["sha256"] == demo.table["sha256"].iloc[0])
    assert relabelled(joined, version).table["label"].iloc[changed] == "PNEUMONIA"
    rows = rows_by_role(joined, preset("seed").settings())["test"]
    predictions = Predictions.of("x", describe_images(joined, rows).assign(probability=0.5))
    sizes = {rate["group"]: rate["images"] for rate in subgroup_rates(predictions, 0.5)}
    of_site = joined.table["site"].iloc[rows].value_counts()
    assert {name: sizes[f"site {name}"] for name in ("demo", "clinic")} == of_site.to_dict()
    normal = joined.table.iloc[rows][joined.table["label"].iloc[rows] == "NORMAL"]
    of_series = normal["patient"].str.contains("/IM-").sum()
    assert sizes["normal, series IM-"] == of_series and 0 < of_series <= len(normal)
    alone = predictions.where((predictions.table["site"] == "demo").to_numpy())
    assert not any(rate["group"].startswith("site") for rate in subgroup_rates(alone, 0.5))


def test_what_a_site_leaves_out_a_joined_set_leaves_out_until_asked_otherwise(folders):
    save_exclusions(open_dataset(folders[0]).root, Exclusions(without_test_patients=True))
    joined = open_datasets(folders)
    settings = settings_of_new_runs(joined)
    assert (settings["without_copies"], settings["without_test_patients"]) == (False, True)
    save_exclusions(joined.root, Exclusions(without_copies=True))
    settings = settings_of_new_runs(joined)
    assert (settings["without_copies"], settings["without_test_patients"]) == (True, False)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (lambda a, b: [a, a], "2 folders were given, 1 of them different"),
        (lambda a, b: [a, b.parent / "gone"], "gone does not exist"),
        (lambda a, b: [a, join_datasets([a, b])], "is joined already"),
    ],
)
def test_folders_that_cannot_be_joined_are_named(folders, given, sentence):
    with pytest.raises(UserError, match=sentence):
        join_datasets(given(*folders))
