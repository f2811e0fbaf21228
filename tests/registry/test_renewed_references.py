"""A reference that was renewed after its model was registered: kept out of that version, part of the next."""

import io
import subprocess
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from framed_by_lungs import lenient_lung_network
from promotions import promote_unchecked

from core import config
from core.cli.main import main
from core.errors import UserError
from core.inference import Reader
from core.registry import active_model, find_model, plan_ensemble, register_ensemble
from tests.pages.opened_page import opened

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prepared(trained, tmp_path_factory) -> tuple[Path, str]:
    """A home whose models were registered before its lung network changed; what `reference --lungs` said."""
    home = tmp_path_factory.mktemp("prepared") / "home"
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said):
        patch.setenv("PNEUMONIA_STUDIO_HOME", str(home))
        patch.delenv("PNEUMONIA_STUDIO_BUNDLED")
        folder = config.runs_folder() / trained.name  # the name that its weights know
        folder.parent.mkdir(parents=True)
        subprocess.run(["cp", "-al", trained.path, folder], check=True)
        register_ensemble(plan_ensemble("pair", ["trained/1", "trained/2"]), "tests")
        promote_unchecked("trained/3")
        with pytest.raises(UserError, match="is the active model already"):
            promote_unchecked("trained/3")
        lenient_lung_network(home)
        assert main(["reference", "trained", "--lungs"]) == 0
    return home, said.getvalue()


@pytest.fixture
def renewed(prepared, own_home, monkeypatch) -> str:
    """A copy of that home, by hard links; what `reference --lungs` said."""
    monkeypatch.delenv("PNEUMONIA_STUDIO_BUNDLED")
    home, said = prepared
    subprocess.run(["cp", "-al", home, own_home], check=True)
    return said


def current(title: str) -> list[bool]:
    """Of each network of a model: whether its reference knows the lung network in use."""
    reference = Reader.of(find_model(title).model).reference
    return [each.current for each in getattr(reference, "members", (reference,))]


def test_registered_models_keep_their_reference_until_they_are_promoted_again(renewed):
    assert "trained/3@1 (active)" in renewed and "ensemble/pair@1 (candidate)" in renewed
    assert "python -m core models promote trained/3@1" in renewed
    assert current("trained/3@1") == [False] and current("ensemble/pair@1") == [False, False]
    assert promote_unchecked("trained/3").title == "trained/3@2"
    assert current("trained/3@2") == [True] and current("trained/3@1") == [False]
    assert active_model().model.identity.version == 2
    assert promote_unchecked("ensemble/pair").title == "ensemble/pair@2"
    assert current("ensemble/pair@2") == [True, True]
    with pytest.raises(UserError, match="is the active model already"):
        promote_unchecked("ensemble/pair")


def test_a_new_ensemble_of_registered_members_takes_their_renewed_references(renewed):
    register_ensemble(plan_ensemble("mixed", ["trained/1", "trained/3@1"]), "tests")
    assert current("ensemble/mixed@1") == [True, True]


def test_the_page_offers_to_promote_the_active_model_again(renewed):
    app = opened("comparison", section="Promotion")
    app.selectbox(key="to-promote").set_value(find_model("trained/3@1")).run()
    assert not app.exception
    assert any("Its reference was renewed" in item.value for item in app.info)
