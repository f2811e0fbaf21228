"""Lungs of all images of a data set: found once, stored, and asked by the audit."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from framed_by_lungs import lenient_lung_network
from PIL import Image

from core.anatomy import (
    LUNG_CHECKS,
    LUNG_ISSUES,
    dataset_lungs,
    lung_network,
    shared_lung_finder,
    stored_lungs,
)
from core.dataset import LUNG_COLUMNS, audit, draw_chest, open_dataset, report, storage_folder
from core.dataset.audit import CHECKS


@pytest.fixture
def folder(demo, tmp_path, own_home):
    """The synthetic set with a black image and a copy of one, and a network without limits."""
    lenient_lung_network(own_home)
    folder = shutil.copytree(demo, tmp_path / "set")
    place = folder / "train" / "NORMAL"
    Image.fromarray(np.zeros((256, 256), np.uint8)).save(place / "black.png")
    shutil.copy(sorted(place.glob("*.jpeg"))[0], place / "again.jpeg")
    return folder


def test_lungs_are_those_that_the_network_finds_in_the_order_of_the_data_set(folder):
    dataset = open_dataset(folder)
    assert stored_lungs(dataset) is None
    found = dataset_lungs(dataset)
    columns, masks = found.columns(), found.mask(np.arange(len(found)))
    expected = shared_lung_finder().find_in_pixels(np.asarray(dataset.pixels))
    for row, lungs in enumerate(expected):
        assert found.remarks(row) == lungs.quality
        assert np.array_equal(masks[row], lungs.mask(128, 128))
        if lungs.box:
            assert found.box(row) == pytest.approx(lungs.box)
            assert columns["lung area"][row] == pytest.approx(masks[row].mean(), abs=1e-6)
            assert columns["lungs across"][row] == pytest.approx((lungs.box[0] + lungs.box[2]) / 2)
    black = dataset.table.index[dataset.table["path"] == "train/NORMAL/black.png"][0]
    assert found.box(black) is None and np.isnan(columns[list(LUNG_COLUMNS)].to_numpy()[black]).all()


def test_lungs_are_found_once_and_then_those_of_new_images_only(folder):
    reports = []
    first = dataset_lungs(open_dataset(folder), lambda *counts: reports.append(counts))
    distinct = len(set(first.sha256))
    assert reports[-1] == (distinct, distinct) and distinct == len(first) - 1, "a copy is not looked at again"
    Image.fromarray(draw_chest(np.random.default_rng(5), "none")).save(folder / "test" / "NORMAL" / "new.png")
    reports.clear()
    dataset = open_dataset(folder)
    again = dataset_lungs(dataset, lambda *counts: reports.append(counts))
    assert reports == [(1, 1)] and len(again) == len(first) + 1
    assert list(again.sha256) == list(dataset.table["sha256"])
    reports.clear()
    assert stored_lungs(dataset) and dataset_lungs(dataset, lambda *counts: reports.append(counts))
    assert not reports


def test_lungs_that_another_network_found_are_not_kept(folder, own_home):
    dataset = open_dataset(folder)
    dataset_lungs(dataset)
    (own_home / "model_weights" / "lungs.h5").unlink()
    assert stored_lungs(dataset) is None
    dataset_lungs(dataset)
    files = [path.name for path in storage_folder(dataset.root).glob("lungs-*")]
    assert files == [f"lungs-{lung_network()}.npz"]


@pytest.mark.parametrize("size", [0, 2, 1000, -10])
def test_a_damaged_file_of_lungs_counts_as_none_and_is_replaced(folder, size):
    dataset = open_dataset(folder)
    found = dataset_lungs(dataset)
    (path,) = storage_folder(dataset.root).glob("lungs-*")
    whole = path.read_bytes()
    path.write_bytes(whole[:size])
    assert stored_lungs(dataset) is None
    again = dataset_lungs(dataset)
    assert np.array_equal(again.numbers, found.numbers, equal_nan=True)
    assert stored_lungs(dataset) is not None


def test_a_file_of_lungs_of_another_version_counts_as_none(folder):
    dataset = open_dataset(folder)
    found = dataset_lungs(dataset)
    (path,) = storage_folder(dataset.root).glob("lungs-*")
    np.savez(path, sha256=found.sha256, boxes=found.numbers[:, :4])
    assert stored_lungs(dataset) is None


def test_the_audit_lists_images_without_plausible_lungs_by_reason(folder):
    dataset = open_dataset(folder)
    findings = {finding.name: finding for finding in audit(dataset, further=LUNG_CHECKS)}
    assert len(findings) > len(CHECKS)
    finding = findings["implausible_lungs"]
    assert "train/NORMAL/black.png" in finding.examples and finding.facts["reasons"]["no lungs found"] == 1
    assert finding.facts["share_by_class"]["NORMAL"] > 0
    for finding in (findings["implausible_lungs"], findings["lungs_cut_off"]):
        rows = LUNG_ISSUES[finding.issue](dataset)
        assert len(rows) == finding.count and set(finding.examples) <= set(dataset.table["path"].iloc[rows])
    assert "AUC, lungs" in report(dataset, list(findings.values()))


def test_lungs_that_the_border_cuts_are_found(folder, own_home):
    (own_home / "model_weights" / "lungs.h5").unlink()  # without limits nothing is cut off
    chest = draw_chest(np.random.default_rng(1), "none")
    Image.fromarray(chest[:, 90:]).save(folder / "train" / "NORMAL" / "half.png")
    dataset = open_dataset(folder)
    rows = LUNG_ISSUES["lungs cut off"](dataset)
    assert "train/NORMAL/half.png" in set(dataset.table["path"].iloc[rows])


@pytest.mark.slow
def test_lungs_at_another_place_in_one_class_give_it_away(folder):
    dataset = open_dataset(folder)
    table = pd.concat([dataset.table] * 3, ignore_index=True)  # boosting needs more than sixty images
    pixels, facts = np.concatenate([dataset.pixels] * 3), []
    for name in ("as drawn", "moved"):
        repeated = replace(
            dataset,
            pixels=pixels,
            table=table.assign(sha256=[f"{name} {row}" for row in range(len(table))]),
        )
        *_, finding = (finding for check in LUNG_CHECKS for finding in check(repeated))
        facts.append(finding.facts)
        pixels[repeated.labels == 0] = np.roll(pixels[repeated.labels == 0], 14, axis=1)
    before, moved = (fact["auc_lungs"] for fact in facts)
    low, high = facts[1]["interval_lungs"]
    assert moved > max(0.9, before) and low <= moved <= high and finding.count == 1
    assert f"AUC, lungs: {moved:.3f} ({low:.3f} to {high:.3f})" in finding.lines()
