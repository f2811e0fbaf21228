from dataclasses import replace

from short_runs import tiny_settings

from core.runs import create_run, differing_in_seed, list_runs


def test_runs_that_differ_in_their_seed_alone_belong_together(demo, tmp_path):
    settings = tiny_settings(demo)
    for name, changes in (
        ("a", {"seed": 1}),
        ("b", {"seed": 2}),
        ("twice", {"seed": 2}),
        ("other", {"seed": 3, "momentum": 0.5}),
    ):
        create_run(replace(settings, **changes), name, tmp_path)

    groups = differing_in_seed(list_runs(tmp_path))
    assert [sorted(run.name for run in group) for group in groups] == [["a", "b", "twice"]]
