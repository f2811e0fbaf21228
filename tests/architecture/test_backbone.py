import pytest

from core.architecture import BACKBONES, VGG19
from core.config import STAGES, Strategy


def test_vgg19_has_the_published_number_of_parameters():
    assert sum(layer.parameters for layer in VGG19.weighted) == 63_089_602
    assert VGG19.parameters == 20_024_384


def test_each_stage_trains_its_share():
    block5 = 2 * (3 * 3 * 512 * 512 + 512)
    head = 63_089_602 - 20_024_384
    counts = {number: VGG19.parameter_counts(stage.trained_layers) for number, stage in STAGES.items()}
    assert counts[1] == (head, 20_024_384)
    assert counts[2] == (head + block5, 20_024_384 - block5)
    assert counts[3] == (63_089_602, 0)


def test_only_what_lies_behind_the_cut_can_train_on_cached_activations():
    frozen = [VGG19.freezes_up_to_cut(stage.trained_layers) for stage in STAGES.values()]
    assert frozen == [True, True, False]
    assert VGG19.freezes_up_to_cut(Strategy("late", ("block5_conv4",)).trained_layers)
    assert not VGG19.freezes_up_to_cut(Strategy("early", ("block1_conv1",)).trained_layers)


@pytest.mark.parametrize("backbone", BACKBONES.values(), ids=lambda item: item.name)
def test_a_narrow_backbone_has_the_same_layers_with_a_share_of_the_channels(backbone):
    narrow = backbone.at_width(1 / 8)
    assert narrow is backbone.at_width(1 / 8) and backbone.at_width(1) is backbone
    for few, many in zip(narrow.layers, backbone.layers, strict=True):
        assert (few.name, few.kind, few.inputs, few.stride) == (
            many.name,
            many.kind,
            many.inputs,
            many.stride,
        )
        assert few.output[:-1] == many.output[:-1]
    assert narrow.output[-1] == backbone.output[-1] / 8
    assert [layer.kernel[-1] for layer in narrow.weighted_head] == [4608 / 8, 1152 / 8, 2]
    assert sum(layer.parameters for layer in narrow.weighted) < sum(
        layer.parameters / 32 for layer in backbone.weighted
    )
    assert narrow.title == f"{backbone.title} (width 0.125)"


@pytest.mark.parametrize("width", [0, 1.5, float("nan")])
def test_a_width_that_is_no_share_is_refused(width):
    with pytest.raises(ValueError, match="width"):
        VGG19.at_width(width)


def test_too_few_channels_gain_nothing_from_winograd():
    fits = [VGG19.at_width(width).fits_winograd for width in (1, 1 / 8, 1 / 16)]
    assert fits == [True, True, False]
    assert not BACKBONES["resnet50"].fits_winograd
