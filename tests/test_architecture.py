from core.architecture import BACKBONE, WEIGHTED, frozen_until_cut, parameter_counts
from core.config import STAGES, Strategy


def test_the_network_has_the_published_number_of_parameters():
    assert sum(layer.parameters for layer in WEIGHTED) == 63_089_602
    assert sum(layer.parameters for layer in BACKBONE) == 20_024_384


def test_each_stage_trains_its_share():
    block5 = 2 * (3 * 3 * 512 * 512 + 512)
    head = 63_089_602 - 20_024_384
    assert parameter_counts(STAGES[1]) == (head, 20_024_384)
    assert parameter_counts(STAGES[2]) == (head + block5, 20_024_384 - block5)
    assert parameter_counts(STAGES[3]) == (63_089_602, 0)


def test_only_what_lies_behind_the_cut_can_train_on_kept_activations():
    assert [frozen_until_cut(STAGES[number]) for number in (1, 2, 3)] == [True, True, False]
    assert frozen_until_cut(Strategy("late", ("block5_conv4",)).stage)
    assert not frozen_until_cut(Strategy("early", ("block1_conv1",)).stage)
