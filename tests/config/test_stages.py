from dataclasses import asdict, replace

import pytest

from core.architecture import BACKBONES, VGG19
from core.config import STAGES, Strategy, TrainingSettings, convolutions, method_stages, stage_of_file
from core.errors import UserError

RESNET50 = BACKBONES["resnet50"]


def test_the_methods_stages_have_its_names_files_and_values():
    assert [stage.name for stage in STAGES.values()] == ["model_01", "model_02", "model_03"]
    files = ["vgg19_model_01.h5", "vgg19_model_02.h5", "vgg_unfrozen.h5"]
    assert [stage.file for stage in STAGES.values()] == files
    assert [stage.title for stage in STAGES.values()] == ["Stage 1", "Stage 2", "Stage 3"]
    assert [stage.label for stage in STAGES.values()] == ["Stage 1", "Stage 2", "Stage 3"]
    assert [stage.starts_from for stage in STAGES.values()] == [None, 1, 1]
    assert [stage.rate_factor for stage in STAGES.values()] == [1.0, 0.1, 1.0]
    assert [stage.steps for stage in STAGES.values()] == [None, None, 100]
    assert STAGES[2].trained_layers == ("block5_conv3", "block5_conv4")
    assert len(STAGES[3].trained_layers) == 16


@pytest.mark.parametrize("backbone", BACKBONES.values(), ids=lambda item: item.name)
def test_every_backbone_goes_through_the_same_stages(backbone):
    stages = method_stages(backbone)
    assert list(stages) == [1, 2, 3]
    assert stages[1].trained_layers == ()
    assert stages[2].trained_layers == backbone.last_convolutions
    assert backbone.parameter_counts(stages[3].trained_layers)[1] == 0


def test_weights_files_of_other_backbones_have_one_kind_of_name():
    files = [stage.file for stage in method_stages(RESNET50).values()]
    assert files == ["resnet50_model_01.h5", "resnet50_model_02.h5", "resnet50_model_03.h5"]
    strategy = Strategy("late", ("conv5_block3_3_conv",))
    assert strategy.stage(RESNET50).file == "resnet50_late.h5"


def test_a_weights_file_tells_its_stage_by_its_name_of_now_or_of_0_1_0():
    for backbone in BACKBONES.values():
        for stage in method_stages(backbone).values():
            assert stage_of_file(stage.file) is stage
    assert stage_of_file("resnet50_model_02.weights.h5") is method_stages(RESNET50)[2]
    assert stage_of_file("lungs.h5") is None


def test_a_weights_file_is_found_under_its_old_name_until_there_is_one_of_the_new(tmp_path):
    stage = method_stages(RESNET50)[1]
    new, old = tmp_path / "resnet50_model_01.h5", tmp_path / "resnet50_model_01.weights.h5"
    assert stage.path_in(tmp_path) == new
    old.touch()
    assert stage.path_in(tmp_path) == old
    new.touch()
    assert stage.path_in(tmp_path) == new


def test_no_two_stages_share_a_weights_file():
    files = [stage.file for backbone in BACKBONES.values() for stage in method_stages(backbone).values()]
    assert len(files) == len(set(files)) == 12


def test_the_settings_give_a_stage_its_rate_factor_and_steps():
    settings = TrainingSettings(learning_rate=0.01, rate_factors=(1.0, 0.5, 2.0), steps=(7, None, 9))
    assert settings.stage(2) == replace(STAGES[2], rate_factor=0.5)
    assert (settings.stage(1).steps, settings.stage(3).steps) == (7, 9)
    assert settings.rate(3) == 0.02


@pytest.mark.parametrize("backbone", BACKBONES.values(), ids=lambda item: item.name)
def test_a_custom_stage_is_possible_for_every_backbone(backbone):
    last, first = convolutions(backbone)[-1], convolutions(backbone)[0]
    strategy = Strategy("mine", (last, first), 0.5, 20)
    settings = TrainingSettings(backbone=backbone.name, stages=(1, 4), strategy=strategy)
    stage = settings.stage(4)
    assert stage.trained_layers == (first, last)  # in the network's order
    assert (stage.number, stage.name, stage.starts_from) == (4, "mine", 1)
    assert (stage.rate_factor, stage.steps, stage.title) == (0.5, 20, "Custom stage")
    assert stage.label == "mine" and not stage.for_diagnosis
    assert stage.summary == "2 convolutions and the head"
    assert settings.rate(4) == 0.5e-4


def test_layers_of_another_backbone_are_refused():
    strategy = Strategy("late", ("block5_conv4",))
    assert strategy.fits(VGG19) and not strategy.fits(RESNET50)
    with pytest.raises(UserError, match="ResNet50 has no layer 'block5_conv4'; choose from conv1_conv to"):
        TrainingSettings(backbone="resnet50", strategy=strategy)


@pytest.mark.parametrize("name", ["model_01", "vgg_unfrozen", "two words", "", "1st", "a" * 33, "../up"])
def test_a_strategys_name_is_a_plain_file_name_and_none_of_the_methods(name):
    with pytest.raises(UserError, match="cannot be called"):
        Strategy(name, ())


def test_a_strategy_of_an_older_version_is_read():
    strategy = Strategy("late", ("block5_conv4",), 0.5, 20)
    old = {"name": "late", "trains": ["block5_conv4"], "rate_factor": 0.5, "steps": 20}
    assert Strategy.from_json(old) == Strategy.from_json(asdict(strategy)) == strategy
    assert TrainingSettings.from_json({"strategy": old}).strategy == strategy
    changes = {"strategy.name": "late", "strategy.trains": '["block5_conv4"]', "strategy.steps": "20"}
    assert TrainingSettings().changed(changes | {"strategy.rate_factor": "0.5"}).strategy == strategy
