import json

from core.cli.main import main
from core.config import TrainingSettings, settings_page
from core.config.declaration import declarations


def test_the_terminal_lists_every_setting_with_its_help():
    text = " ".join(settings_page.as_text().split())
    for name, declaration in declarations(TrainingSettings).items():
        assert f"{name} [" in text
        assert " ".join(declaration.help.split()) in text
    assert "epochs [20] between 1 and 1000 Maximum number of epochs per stage." in text


def test_a_program_gets_every_setting_too(capsys):
    assert main(["settings", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["settings"]
    assert {row["name"] for row in rows} == set(declarations(TrainingSettings))
    assert main(["settings"]) == 0
    assert capsys.readouterr().out.strip() == settings_page.as_text().strip()
