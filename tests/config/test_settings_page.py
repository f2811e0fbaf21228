from core.config import TrainingSettings, settings_page
from core.config.declaration import declarations


def test_the_terminal_lists_every_setting_with_its_help():
    text = " ".join(settings_page.as_text().split())
    for name, declaration in declarations(TrainingSettings).items():
        assert f"{name} [" in text
        assert " ".join(declaration.help.split()) in text
    assert "epochs [20] between 1 and 1000 Maximum number of epochs per stage." in text
