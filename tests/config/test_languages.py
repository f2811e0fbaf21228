from core.config.languages import ENGLISH, languages_in


def test_a_language_is_one_that_has_a_catalogue(tmp_path):
    assert languages_in(tmp_path / "pages" / "locale") == (ENGLISH,), "core without pages"
    catalogue = tmp_path / "fr" / "LC_MESSAGES" / "pages.po"
    catalogue.parent.mkdir(parents=True)
    assert languages_in(tmp_path) == (ENGLISH,), "a folder, but no catalogue"
    catalogue.touch()
    assert languages_in(tmp_path) == (ENGLISH, "fr")
