"""The small world as knowledge: mentions are where the names are, and what is said of entities is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from isogloss.data.knowledge_files import KnowledgeFolder
from isogloss.world import WorldKnowledge, draw_facts, generate, language_codes, the_world, write_world
from isogloss.world.realise import Sentence


@pytest.mark.parametrize("code", language_codes())
def test_mentions_are_the_named_entities(code: str):
    found = 0
    for sentence in generate(0, code, "text", 60):
        named = [place for place, tag in enumerate(sentence.entities) if tag != "O"]
        assert [place for _, first, end in sentence.names for place in range(first, end)] == named
        for (start, end, concept), (_, first, last) in zip(sentence.mentions(), sentence.names, strict=True):
            assert sentence.text[start:end] == written(sentence, first, last)
            assert the_world().concepts[concept].entity == sentence.entities[first].partition("-")[2]
            found += 1
    assert found > 20


def written(sentence: Sentence, first: int, last: int) -> str:
    pairs = zip(sentence.tokens[first:last], sentence.spaces[first:last], strict=True)
    return "".join(token + " " * space for token, space in pairs).rstrip()


def test_every_language_describes_every_entity_once():
    described = [(found.key, found.language) for found in WorldKnowledge(0, 1).descriptions()]
    assert len(described) == len(set(described))
    by_language = {code: {key for key, language in described if language == code} for code in language_codes()}
    assert len(set(map(frozenset, by_language.values()))) == 1
    named = {name for name, concept in the_world().concepts.items() if concept.entity}
    assert named < by_language["en"]  # and the animals that somebody owns


def test_what_is_said_is_true():
    knowledge, facts = WorldKnowledge(3, 1, ["en"]), draw_facts(3)
    assert {(f.subject, f.object) for f in knowledge.facts() if f.relation == "live"} == set(facts.home.items())
    text = {found.key: found.text for found in knowledge.descriptions()}
    titles = {found.key: found.title for found in knowledge.descriptions()}
    for person, city in facts.home.items():
        assert f"{titles[person]} lives in {titles[city]}." in text[person]
    lonely = set(the_world().of("city")) - set(facts.home.values())
    assert lonely
    assert all(text[city].count("does not live in") == 4 for city in lonely)


def test_facts_and_relations_have_what_they_need():
    knowledge = WorldKnowledge(0, 1)
    described = {found.key for found in knowledge.descriptions()}
    assert all({fact.subject, fact.object} <= described for fact in knowledge.facts())
    labelled = {(found.key, found.language) for found in knowledge.relations() if found.text.strip()}
    assert labelled == {(fact.relation, code) for fact in knowledge.facts() for code in language_codes()}


def test_the_identity_is_that_of_what_is_said():
    assert WorldKnowledge(0, 2, ["en"]).identity() == WorldKnowledge(0, 2, ["en"]).identity()
    others = [WorldKnowledge(1, 2, ["en"]), WorldKnowledge(0, 3, ["en"]), WorldKnowledge(0, 2, ["de"])]
    assert all(WorldKnowledge(0, 2, ["en"]).identity() != other.identity() for other in others)


def test_the_world_is_written_with_its_knowledge(tmp_path: Path):
    write_world(tmp_path / "world", sentences={"dev": 1}, text=3)
    read, made = KnowledgeFolder(tmp_path / "world" / "knowledge"), WorldKnowledge(0, 3)
    for part in ("sentences", "descriptions", "facts", "relations"):
        assert list(getattr(read, part)()) == list(getattr(made, part)())
