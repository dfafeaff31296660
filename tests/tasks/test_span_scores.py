"""Scores by hand, each for a trap of the public scripts."""

from __future__ import annotations

import pytest

from isogloss.tasks.span_scores import normalise_mlqa, normalise_squad, span_scores


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The  Cat,\tan A-team!", "cat ateam"),  # the hyphen goes before the article is looked for
        ("«Ein» Theater an der Wien", "«ein» theater der wien"),  # ASCII punctuation and English articles only
        ("a the an", ""),
        ("Ana thea", "ana thea"),  # articles are whole words
        ("naïve\u00a0the\u3000end", "naïve end"),  # any white space of Unicode, and any letter bounds a word
        ("中a文 a", "中a文"),
        ("42", "42"),
    ],
)
def test_normalised_as_squad_does(text: str, expected: str):
    assert normalise_squad(text) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "The «Cat», a…", "cat"),
        ("de", "Das Theater, an DER Wien!", "theater an wien"),
        ("de", "Eine Einheit – 50%", "einheit 50"),
        ("es", "La «casa» de los Unos", "casa de"),
        ("es", "¿un el?", ""),
        ("hi", "एक दिन।", "एक दिन"),  # no articles, and the danda is punctuation
        ("vi", "Những ngôi nhà của tôi", "ngôi nhà tôi"),
        ("ar", "الكتاب في البيت", "كتاب في بيت"),
        ("ar", "جمال، سؤال؟", "جم سؤ"),  # within a word too
        ("zh", "《第308 分》a the", "第 308 分 a the"),
        ("zh", "NFL职业碗。", "nfl 职 业 碗"),
        ("zh", "㐀㐁", "㐀㐁"),  # beyond U+4E00 to U+9FA5 characters are not taken apart
        ("ru", "The «Дом», а!", "the дом а"),  # not one of MLQA's
        ("de-AT", "der Hund", "hund"),
        ("zh_Hans", "碗碗", "碗 碗"),
        ("en", "$5 ^ x+y £6", "5 xy £6"),  # ASCII symbols are in string.punctuation, others no punctuation
    ],
)
def test_normalised_as_mlqa_does(language: str, text: str, expected: str):
    assert normalise_mlqa(text, language) == expected


def test_the_best_of_several_answers_and_the_mean_over_questions():
    gold = [("the red house", "a house"), ("Wien",), ("in the park the end",)]
    predicted = ["House.", "Graz", "the the park"]
    # House: equal to the second. Wien: nothing. The third: "park" of "in park end", p = 1, r = 1/3.
    scores = span_scores(gold, predicted, "en")
    assert scores == {
        "f1": pytest.approx((1 + 0 + 0.5) / 3),
        "exact_match": pytest.approx(1 / 3),
        "f1_mlqa": pytest.approx((1 + 0 + 0.5) / 3),
        "exact_match_mlqa": pytest.approx(1 / 3),
    }


def test_repeated_words_count_as_often_as_both_have_them():
    # Shared: two of three and two of four words.
    assert span_scores([("ha ha ho hi",)], ["ha ha ha"], "und")["f1"] == pytest.approx(2 * (2 / 3) * (2 / 4) / (7 / 6))


def test_nothing_left_after_normalising_is_equal_but_shares_nothing():
    assert span_scores([("The",)], ["a"], "en") == {"f1": 0, "exact_match": 1, "f1_mlqa": 0, "exact_match_mlqa": 1}
    assert span_scores([("Wien",)], [""], "de") == dict.fromkeys(
        ("f1", "exact_match", "f1_mlqa", "exact_match_mlqa"), 0
    )


def test_where_the_two_scripts_differ():
    chinese = span_scores([("第308分。",)], ["第 308 分"], "zh")
    # SQuAD: one word 第308分。 against three. MLQA: three tokens each.
    assert chinese == {"f1": 0, "exact_match": 0, "f1_mlqa": 1, "exact_match_mlqa": 1}
    german = span_scores([("„der Hund“",)], ["Hund"], "de")
    assert german == {"f1": 0, "exact_match": 0, "f1_mlqa": 1, "exact_match_mlqa": 1}
    # Half of the characters: p = 1, r = 1/2.
    assert span_scores([("职业比赛",)], ["职业"], "zh")["f1_mlqa"] == pytest.approx(2 / 3)
