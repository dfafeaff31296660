from __future__ import annotations

import pytest

from isogloss.examples import Question
from isogloss.translation.answers import find_answers, search, texts_of

CONTEXT = "Eva came to Rome in May. She left Rome in June."
SAID = {
    "Eva came to Rome in May.": "Eva kam im Mai nach Rom.",
    "She left Rome in June.": "Sie verließ Rom im Juni.",
}


def asked(answer: str, place: int | None) -> Question:
    return Question("q", "en", "en", "Where?", CONTEXT, ((answer, place),))


def test_an_answer_between_marks_is_that_of_its_own_sentence():
    said = {**SAID, "Rome": "Rom", "She left [Rome] in June.": "Sie verließ [Rom] im Juni."}
    found = find_answers(asked("Rome", CONTEXT.rindex("Rome")), said.__getitem__, "de")
    assert found.answers == (("Rom", found.context.rindex("Rom")),)
    assert (found.marked, found.searched, found.lost) == (1, 0, ())


@pytest.mark.parametrize("marked", ["Sie verließ Rom] im Juni.", "Sie verließ [Wien] im Juni.", "] Sie [ verließ Rom."])
def test_without_marks_the_translated_answer_is_searched_where_it_is_likely(marked: str):
    said = {**SAID, "Rome": "ROM", "She left [Rome] in June.": marked}
    found = find_answers(asked("Rome", CONTEXT.rindex("Rome")), said.__getitem__, "de")
    assert found.answers == (("Rom", found.context.rindex("Rom")),)
    assert (found.marked, found.searched) == (0, 1)


def test_an_answer_that_is_not_there_is_lost_and_never_has_a_wrong_place():
    said = {**SAID, "Rome": "Paris", "She left [Rome] in June.": "Sie verließ sie."}
    found = find_answers(asked("Rome", CONTEXT.rindex("Rome")), said.__getitem__, "de")
    assert (found.answers, found.lost) == ((), ("its translation is not in the translated context",))
    assert find_answers(asked("Bonn", None), SAID.__getitem__, "de").lost == ("the original context does not hold it",)


def test_an_answer_over_two_sentences_keeps_them_together_where_it_is_marked():
    question = asked("May. She", CONTEXT.index("May"))
    assert "Eva came to Rome in [May. She] left Rome in June." in list(texts_of(question, answers=True))


def test_a_sentence_with_marks_of_its_own_is_not_marked():
    question = Question("q", "en", "en", "Who?", "He [sic] came.", (("He", 0),))
    assert [text for text in texts_of(question, answers=True) if "[He]" in text] == []


@pytest.mark.parametrize(
    ("text", "context", "language", "place"),
    [
        ("art", "Die Kunstart und die Art.", "de", (21, 24)),  # not inside a word
        ("北京", "我在北京住。", "zh", (2, 4)),  # no spaces, so no words to cut
        ("Straße", "Die STRASSE hier.", "de", (4, 11)),  # folded to the same, of another length
        ("ﬁn", "la ﬁn", "fr", (3, 5)),
        ("s", "ß", "de", None),  # half of a character
        ("«Rom»", "nach Rom", "de", (5, 8)),
        ("...", "a ... b", "de", None),  # punctuation alone finds nothing
    ],
)
def test_search(text: str, context: str, language: str, place: tuple[int, int] | None):
    assert search(text, context, 0.0, language) == place
