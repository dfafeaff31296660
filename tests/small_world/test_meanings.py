"""Splits share nothing, in no language."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.world import Sentence, generate, language_codes, split_of, the_world
from isogloss.world.draw import draw_meanings

HELD_OUT = frozenset(name for name, concept in the_world().concepts.items() if concept.held_out)
Drawn = dict[tuple[str, str], list[Sentence]]
SPLITS = ("train", "dev", "test", "text")


@pytest.fixture(scope="module")
def sentences() -> Drawn:
    return {
        (language, split): generate(0, language, split, 100)
        for language, told in the_world().languages.items()
        for split in (*told.labels, "text")
    }


@pytest.mark.slow
def test_no_meaning_is_shared_between_splits_in_any_language(sentences: Drawn):
    keys = {
        split: {s.meaning.key for (_, of), found in sentences.items() if of == split for s in found} for split in SPLITS
    }
    for first, second in itertools.combinations(SPLITS, 2):
        assert not keys[first] & keys[second]


def test_no_sentence_is_shared_between_splits_of_a_language(sentences: Drawn):
    for language in language_codes():
        texts = [text for (code, _), found in sentences.items() if code == language for text in {s.text for s in found}]
        assert len(texts) == len(set(texts))


def test_every_meaning_is_in_its_split(sentences: Drawn):
    for (_, split), found in sentences.items():
        assert {split_of(sentence.meaning, HELD_OUT) for sentence in found} == {split}


def test_training_uses_no_held_out_word_and_the_others_do(sentences: Drawn):
    for (_, split), found in sentences.items():
        share = sum(not HELD_OUT.isdisjoint(sentence.meaning.content()) for sentence in found) / len(found)
        assert share == 0 if split == "train" else share > 0.4


def test_held_out_shares_are_as_documented():
    concepts = the_world().concepts.values()
    names = [concept for concept in concepts if concept.entity]
    words = [concept for concept in concepts if not concept.entity and concept.kind not in ("kin", "adverb")]
    assert sum(concept.held_out for concept in names) / len(names) == pytest.approx(0.27, abs=0.02)
    assert sum(concept.held_out for concept in words) / len(words) == pytest.approx(0.16, abs=0.04)


def test_more_sentences_begin_with_the_fewer():
    assert [s.text for s in generate(3, "ru", "dev", 40)][:25] == [s.text for s in generate(3, "ru", "dev", 25)]


def test_seeds_differ():
    assert [s.text for s in generate(0, "en", "dev", 5)] != [s.text for s in generate(1, "en", "dev", 5)]


def test_facts_are_not_contradicted():
    said: dict[tuple[str, str], set[str]] = {}
    for meaning in itertools.islice(draw_meanings(0, "facts", "text"), 2000):
        for clause in meaning.clauses:
            if clause.type == "live" and not clause.negative:
                roles = dict(clause.roles)
                said.setdefault((roles["agent"].concept, clause.type), set()).add(roles["place"].concept)
    assert said
    assert all(len(homes) == 1 for homes in said.values())


def test_a_world_that_is_too_small_says_how_many_it_has():
    world = the_world()
    frame = next(frame for frame in world.frames if frame.type == "own")
    with pytest.raises(IsoglossError, match=r"en dev: 5000 sentences asked for, but the world has only \d+ different"):
        generate(0, "en", "dev", 5000, world=dataclasses.replace(world, frames=(frame,)))


def test_unknown_language_and_split():
    with pytest.raises(IsoglossError, match="not told in 'ee'"):
        generate(0, "ee", "dev", 1)
    with pytest.raises(IsoglossError, match="unknown split 'tset'; did you mean 'text' or 'test'"):
        generate(0, "en", "tset", 1)  # type: ignore[arg-type]
