"""Sentences of core: English for programs, and translated with their values for the pages."""

import pickle

from core.sentence import Sentence, joined

GERMAN = {
    "No lungs found. {advice}": "Keine Lunge gefunden. {advice}",
    "Check {count} images.": "Prüfen Sie {count} Aufnahmen.",
}


def translated(sentence: Sentence) -> str:
    return sentence.translated(lambda template: GERMAN.get(template, template))


def test_a_sentence_is_its_english_text_also_in_another_process():
    sentence = Sentence("No lungs found. {advice}", advice=Sentence("Check {count} images.", count=3))
    assert sentence == "No lungs found. Check 3 images." and sentence.upper().startswith("NO LUNGS")
    copy = pickle.loads(pickle.dumps(sentence))
    assert copy == sentence and translated(copy) == "Keine Lunge gefunden. Prüfen Sie 3 Aufnahmen."


def test_what_the_catalogue_does_not_know_stays_english():
    assert translated(Sentence("{count:.0%} of it", count=0.5)) == "50% of it"


def test_each_of_several_sentences_is_translated():
    both = joined([Sentence("Check {count} images.", count=2), "{braces} of a file"], " ")
    assert both == "Check 2 images. {braces} of a file"
    assert translated(both) == "Prüfen Sie 2 Aufnahmen. {braces} of a file"
