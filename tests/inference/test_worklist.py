import pandas as pd

from core.inference import prioritized

NOW = 10_000.0


def images(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["name", "priority", "arrived", "read"])


def test_likely_positives_come_first_and_read_images_last():
    table = images(
        ("low", 0.1, NOW, False),
        ("read", 0.99, NOW, True),
        ("none", float("nan"), NOW, False),
        ("high", 0.9, NOW, False),
    )
    assert list(prioritized(table, NOW)["name"]) == ["high", "low", "none", "read"]


def test_none_waits_longer_than_a_set_time():
    table = images(
        ("high", 0.9, NOW - 10, False),
        ("late", 0.1, NOW - 700, False),
        ("later", 0.05, NOW - 800, False),
        ("read long ago", 0.8, NOW - 900, True),
    )
    assert list(prioritized(table, NOW, 600)["name"]) == ["later", "late", "high", "read long ago"]
    assert list(prioritized(table, NOW, 1000)["name"]) == ["high", "late", "later", "read long ago"]
