from core.architecture import BACKBONE, WEIGHTED, parameter_counts


def test_the_network_has_the_published_number_of_parameters():
    assert sum(layer.parameters for layer in WEIGHTED) == 63_089_602
    assert sum(layer.parameters for layer in BACKBONE) == 20_024_384


def test_each_stage_trains_its_share():
    block5 = 2 * (3 * 3 * 512 * 512 + 512)
    head = 63_089_602 - 20_024_384
    assert parameter_counts(1) == (head, 20_024_384)
    assert parameter_counts(2) == (head + block5, 20_024_384 - block5)
    assert parameter_counts(3) == (63_089_602, 0)
