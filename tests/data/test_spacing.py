from __future__ import annotations

import pytest

from isogloss.data.spacing import spaces_of_script, spaces_of_text


def written(words: list[str], spaces: tuple[bool, ...] | None) -> str:
    assert spaces is not None
    return "".join(" " * space + word for word, space in zip(words, spaces, strict=True))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ja, das geht.", ["Ja", ",", "das", "geht", "."]),
        ("他喜欢 Python。", ["他", "喜欢", "Python", "。"]),
        ("là thành phố", ["là", "thành phố"]),
        ("a", ["a"]),
    ],
)
def test_spaces_stand_where_the_text_has_them(text: str, words: list[str]):
    assert written(words, spaces_of_text(text, words)) == text


def test_every_kind_and_number_of_spaces_counts_as_one():
    assert spaces_of_text("  a\u00a0 b\u3000c", ["a", "b", "c"]) == (False, True, True)
    assert spaces_of_text("thành\u00a0phố", ["thành phố"]) == (False,)


@pytest.mark.parametrize("text", ["a b", "a b c d", "a B c", "", "ab d"])
def test_a_text_of_other_words_says_nothing(text: str):
    assert spaces_of_text(text, ["a", "b", "c"]) is None


def test_a_blank_word_is_in_no_text():
    assert spaces_of_text("a", ["a", " "]) is None


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("他 喜欢 在 公园 散步 。", "他喜欢在公园散步。"),
        ("「 人々 」 、 コーヒー を 2 杯", "「人々」、コーヒーを2杯"),
        ("他 用 Python 3", "他用 Python 3"),
        ("การ ทดสอบ ๆ", "การทดสอบๆ"),
        ("ພາສາ ລາວ", "ພາສາລາວ"),
        ("ភាសា ខ្មែរ", "ភាសាខ្មែរ"),
        ("မြန်မာ စာ ။", "မြန်မာစာ။"),
        ("ไทย 2 Thai", "ไทย 2 Thai"),
        ("漢字 는 한국 어", "漢字 는 한국 어"),
        ("Yes ( I know ) , but ... !", "Yes (I know), but...!"),
        ("¿ Qué ? [ 5 ]", "¿Qué? [5]"),
        ('„ so “ , " so "', '„so “, " so "'),
        ("ठीक है ।", "ठीक है।"),
        ("هل ؟", "هل؟"),
        (".5 .NET U.S. a.", ".5 .NET U.S. a."),
    ],
)
def test_spaces_of_scripts(words: str, text: str):
    assert written(words.split(), spaces_of_script(words.split())) == text


def test_no_words_have_no_spaces():
    assert spaces_of_script([]) == ()
