from pages.comparison.calibration import positives_by_range


def test_ranges_of_several_models_stand_in_the_order_of_their_probabilities():
    bins = {
        "first": [{"range": (0.1, 0.2), "positives": 1, "n": 4}],
        "second": [
            {"range": (0.9, 1.0), "positives": 3, "n": 3},
            {"range": (0.05, 0.1), "positives": 0, "n": 2},
        ],
    }
    table = positives_by_range(bins)
    assert list(table.index) == ["5% to 10%", "10% to 20%", "90% to 100%"]
    assert table["first"].tolist() == ["–", "1 of 4", "–"]
    assert table["second"].tolist() == ["0 of 2", "–", "3 of 3"]
