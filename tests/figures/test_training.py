import pandas as pd
import pytest

from core.architecture import BACKBONES, VGG19
from core.config import method_stages
from core.figures.training import MAX_BARS, frozen_layers, loss_by_model


def test_a_small_network_is_drawn_by_layer():
    figure = frozen_layers(VGG19, method_stages(VGG19)[2].trained_layers)
    frozen, trained = figure.data
    assert (len(frozen.x), len(trained.x)) == (14, 5)
    assert [name for name, *_ in trained.customdata] == [
        "block5_conv3",
        "block5_conv4",
        "fc1",
        "fc2",
        "predictions",
    ]
    assert list(figure.layout.xaxis.ticktext) == ["1", "2", "3", "4", "5"]
    assert figure.layout.xaxis.title.text == "block of VGG19, then the head"


@pytest.mark.parametrize("name", ["resnet50", "densenet121", "efficientnetb0"])
def test_a_large_network_is_drawn_by_block(name):
    backbone = BACKBONES[name]
    frozen, trained = frozen_layers(backbone, method_stages(backbone)[2].trained_layers).data
    assert len({*frozen.x, *trained.x}) <= MAX_BARS
    whole = frozen_layers(backbone, method_stages(backbone)[3].trained_layers)
    assert len(whole.data[0].x) == 0 and set(whole.data[1].y) == {1.0, 1.6}
    assert backbone.title in whole.layout.xaxis.title.text


def test_a_block_of_which_some_layers_are_trained_is_coloured_in_part():
    backbone = BACKBONES["resnet50"]
    frozen, trained = frozen_layers(backbone, method_stages(backbone)[2].trained_layers).data
    assert list(trained.customdata[0][:2]) == ["conv5", "2 of 10 layers"]
    assert (trained.y[0], frozen.y[-1]) == pytest.approx((0.2, 0.8)) and trained.x[0] == frozen.x[-1]


@pytest.mark.parametrize(("first", "kind"), [(1.2, None), (60.0, "log")])
def test_losses_have_a_logarithmic_axis_only_where_they_differ_much(first, kind):
    epochs = pd.DataFrame({"epoch": [1, 2], "loss": [first, 0.6], "val_loss": [0.7, 0.65]})
    axis = loss_by_model({"Stage 1": epochs}).layout.yaxis
    assert (axis.type, axis.tickvals is None) == (kind, kind is None)
