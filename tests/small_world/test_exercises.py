"""Paraphrases, choices, stories with questions: right by construction, with nothing in common between splits."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from isogloss.world import Clause, Meaning, language_codes, split_of, the_world
from isogloss.world.baselines import choice_baselines, paraphrase_baselines, question_baselines
from isogloss.world.choices import Choice, draw_choices
from isogloss.world.exercises import Teller
from isogloss.world.inference import draw_inferences, draw_single_inferences
from isogloss.world.paraphrases import draw_paraphrases
from isogloss.world.stories import Story, draw_stories, with_questions

HELD_OUT = frozenset(name for name, concept in the_world().concepts.items() if concept.held_out)
SPLITS = ("train", "dev", "test")
DRAWS: dict[str, tuple[Callable[..., Iterator[Any]], Callable[[Any], list[tuple[Meaning, ...]]]]] = {
    "inference": (draw_inferences, lambda pair: [pair.premise, (pair.hypothesis,)]),
    "single inference": (draw_single_inferences, lambda pair: [pair.premise, (pair.hypothesis,)]),
    "paraphrases": (draw_paraphrases, lambda pair: [pair.first, pair.second]),
    "choices": (draw_choices, lambda choice: [(choice.premise, *choice.choices)]),
    "stories": (draw_stories, lambda story: [story.sentences, *((q.meaning,) for q in story.questions)]),
}
"""What is drawn, and the texts in it that no two splits may share."""


@pytest.fixture(scope="module")
def drawn() -> dict[tuple[str, str], list[Any]]:
    return {
        (name, split): list(itertools.islice(draw(0, name, split), 60))
        for name, (draw, _) in DRAWS.items()
        for split in SPLITS
    }


def roles(clause: Clause) -> tuple[Any, ...]:
    return (clause.type, clause.verb, clause.roles)


@pytest.mark.slow
@pytest.mark.parametrize("name", DRAWS)
def test_splits_share_no_text_in_any_language(name: str, drawn: dict[tuple[str, str], list[Any]]):
    for language in language_codes():
        teller = Teller(language)
        texts = {
            split: {teller.text(text) for item in drawn[name, split] for text in DRAWS[name][1](item)}
            for split in SPLITS
        }
        for first, second in itertools.combinations(SPLITS, 2):
            assert texts[first]
            assert not texts[first] & texts[second]


@pytest.mark.parametrize("name", DRAWS)
def test_splits_share_no_template_with_slots(name: str, drawn: dict[tuple[str, str], list[Any]]):
    keys = {
        split: {
            tuple(sorted(meaning.key for meaning in text))
            for item in drawn[name, split]
            for text in DRAWS[name][1](item)
        }
        for split in SPLITS
    }
    for first, second in itertools.combinations(SPLITS, 2):
        assert not keys[first] & keys[second]


def test_hypotheses_questions_and_deeds_are_in_their_split(drawn: dict[tuple[str, str], list[Any]]):
    for split in SPLITS:
        single = [pair.hypothesis for pair in drawn["inference", split]]
        single += [question.meaning for story in drawn["stories", split] for question in story.questions]
        deeds = [m for choice in drawn["choices", split] for m in (choice.premise, *choice.choices)]
        single += [meaning for meaning in deeds if meaning.clauses[0].type != "feel"]
        assert {split_of(meaning, HELD_OUT) for meaning in single} == {split}


@pytest.mark.parametrize("name", DRAWS)
def test_training_uses_no_held_out_word_and_the_others_do(name: str, drawn: dict[tuple[str, str], list[Any]]):
    for split in SPLITS:
        items = [
            {part for text in DRAWS[name][1](item) for meaning in text for part in meaning.content()}
            for item in drawn[name, split]
        ]
        share = sum(not HELD_OUT.isdisjoint(item) for item in items) / len(items)
        assert share == 0 if split == "train" else share > 0.2


@pytest.mark.parametrize("name", DRAWS)
def test_the_same_again_and_no_item_twice(name: str, drawn: dict[tuple[str, str], list[Any]]):
    draw = DRAWS[name][0]
    assert list(itertools.islice(draw(0, name, "dev"), 25)) == drawn[name, "dev"][:25]
    assert list(itertools.islice(draw(1, name, "dev"), 25)) != drawn[name, "dev"][:25]
    assert len(set(drawn[name, "dev"])) == 60


def test_paraphrases_have_the_same_words_and_half_say_the_same(drawn: dict[tuple[str, str], list[Any]]):
    for pair in drawn["paraphrases", "test"]:
        facts = [{(roles(m.clauses[0]), m.clauses[0].negative) for m in text} for text in (pair.first, pair.second)]
        assert (facts[0] == facts[1]) is pair.same
        assert pair.first != pair.second
        words = [Counter(part for m in text for part in m.content()) for text in (pair.first, pair.second)]
        assert words[0] == words[1]
    assert sum(pair.same for pair in drawn["paraphrases", "test"]) == 30


def test_the_right_choice_is_a_cause_and_the_other_is_none(drawn: dict[tuple[str, str], list[Any]]):
    causes = the_world().causes

    def goes(choice: Choice, chosen: Meaning) -> bool:
        deed, feeling = (choice.premise, chosen) if choice.asks_for == "cause" else (chosen, choice.premise)
        return deed.clauses[0].verb in causes[dict(feeling.clauses[0].roles)["state"].concept]

    for split in SPLITS:
        choices = drawn["choices", split]
        for choice in choices:
            assert goes(choice, choice.choices[choice.label])
            assert not goes(choice, choice.choices[1 - choice.label])
        assert Counter((choice.asks_for, choice.label) for choice in choices) == {
            (kind, label): 15 for kind in ("cause", "effect") for label in (0, 1)
        }
        answers = Counter(choice.choices for choice in choices for _ in [choice.label])
        assert set(answers.values()) == {2}


def test_one_sentence_of_a_story_answers(drawn: dict[tuple[str, str], list[Any]]):
    for story in drawn["stories", "test"]:
        for question in story.questions:
            asked = dict(question.meaning.clauses[0].roles)
            verb = question.meaning.clauses[0].verb
            answering = [
                place
                for place, meaning in enumerate(story.sentences)
                for clause in meaning.clauses
                if clause.verb == verb and not clause.negative
                if all(phrase == asked[role] for role, phrase in clause.roles if role != question.role)
            ]
            assert answering == [question.sentence]


def test_stories_have_as_many_questions_as_are_asked_for():
    stories: list[Story] = list(with_questions(draw_stories(0, "stories", "train"), 50))
    assert sum(len(story.questions) for story in stories) == 50
    assert all(1 <= len(story.questions) <= 4 and len(story.sentences) == 6 for story in stories)
    assert {question.role for story in stories for question in story.questions} == {"agent", "patient"}


@pytest.mark.slow
def test_nothing_is_told_without_reading():
    assert set(choice_baselines("en", 200).values()) == {0.5}
    assert set(paraphrase_baselines("ru", 200).values()) == {0.5}
    found = question_baselines("en", 800)
    assert found["first"] == pytest.approx(0.25, abs=0.05)
    assert found["frequent"] == pytest.approx(0.25, abs=0.05)
    assert found["overlap"] < 0.9


def test_a_role_that_is_not_there_has_no_span():
    story = next(draw_stories(0, "stories", "train"))
    with pytest.raises(KeyError):
        Teller("en").sentence(story.sentences[0]).span("recipient")
