"""The small world as knowledge: who is mentioned where, what everybody and everything is, and what is true."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from isogloss.data.knowledge import Description, Fact, Linked, Mention
from isogloss.world.facts import draw_facts, the_world
from isogloss.world.generate import generate
from isogloss.world.lexicon import grammar
from isogloss.world.meaning import Clause, Meaning, Phrase
from isogloss.world.realise import Realiser

RELATIONS: Mapping[str, str] = {"live": "place", "work": "organisation", "own": "patient"}
"""The verb of each relation, and the role that its object has."""

MOST = 4
"""Sentences in a description, at most."""


class WorldKnowledge:
    """Sentences with the people, cities and organisations in them, descriptions that follow from the facts, the facts.

    Entities are named as their concepts, relations as their verbs. What an entity is, is said by the facts that it is a
    part of; of a city or organisation that nobody has to do with, it is said who has not. Implements
    `isogloss.data.knowledge.Knowledge`.

    Args:
        seed: Decides what is true and what is said.
        sentences: Sentences per language.
        languages: Codes; None: all.

    Example:
        >>> knowledge = WorldKnowledge(0, 2, ["en"])
        >>> for sentence in knowledge.sentences():
        ...     print(sentence.text, [mention.entity for mention in sentence.mentions])
        Dina Lee plays chess when the men see Mark. ['dina', 'mark']
        The cooks that see the black letter see a box. []
        >>> next(fact for fact in knowledge.facts() if fact.subject == "anna")
        Fact(subject='anna', relation='live', object='beijing')
        >>> next(found.text for found in knowledge.descriptions() if found.key == "rome")
        'Peter lives in Rome.'
    """

    def __init__(self, seed: int, sentences: int, languages: Sequence[str] | None = None) -> None:
        self.seed, self.number = seed, sentences
        self.codes = tuple(the_world().languages if languages is None else languages)
        self._facts = _facts(seed)

    def identity(self) -> Mapping[str, str]:
        """SHA-256 of all that it says."""
        return {"small world": self._digest}

    def languages(self) -> Iterator[str]:
        """The language of each sentence."""
        return (code for code in self.codes for _ in range(self.number))

    def sentences(self) -> Iterator[Linked]:
        """The sentences of the split ``text``, as the plain text of the world has them."""
        return iter(self._sentences)

    def descriptions(self) -> Iterator[Description]:
        """What is true of each entity, in each language."""
        about: dict[str, list[Fact]] = {}
        for fact in self._facts:
            about.setdefault(fact.subject, []).append(fact)
            about.setdefault(fact.object, []).append(fact)
        for code in self.codes:
            realiser = Realiser(grammar(code))
            between = " " if grammar(code).spaces else ""
            for entity in self._entities():
                told = [_told(fact) for fact in about.get(entity, ())] or _denied(entity)
                text = between.join(realiser.tell(meaning).text for meaning in told[:MOST])
                yield Description(entity, code, text, _name(code, entity))

    def facts(self) -> Iterator[Fact]:
        """Where everybody lives, whom they work for and what they own."""
        return iter(self._facts)

    def relations(self) -> Iterator[Description]:
        """The verb of each relation, in each language."""
        for code in self.codes:
            for verb in RELATIONS:
                forms = grammar(code).lexicon[verb].form(frozenset({"pres", "sg", "m", "inf"}))
                yield Description(verb, code, " ".join(form for form, _ in forms))

    @cached_property
    def _digest(self) -> str:
        said = (self.sentences(), self.descriptions(), self.facts(), self.relations())
        return hashlib.sha256(repr([list(part) for part in said]).encode()).hexdigest()

    @cached_property
    def _sentences(self) -> list[Linked]:
        return [
            Linked(sentence.text, code, tuple(Mention(*found) for found in sentence.mentions()))
            for code in self.codes
            for sentence in generate(self.seed, code, "text", self.number)
        ]

    def _entities(self) -> Iterator[str]:
        owned = {fact.object for fact in self._facts}
        return (name for name, concept in the_world().concepts.items() if concept.entity or name in owned)


def _facts(seed: int) -> list[Fact]:
    facts = draw_facts(seed)
    found = [Fact(person, "live", city) for person, city in facts.home.items()]
    found += [Fact(person, "work", organisation) for person, organisation in facts.employer.items()]
    return found + [Fact(person, "own", animal) for person, animals in facts.animals.items() for animal in animals]


def _told(fact: Fact, *, denied: bool = False) -> Meaning:
    determiner = "indef" if fact.relation == "own" else ""
    roles = (("agent", Phrase(fact.subject)), (RELATIONS[fact.relation], Phrase(fact.object, "sg", determiner)))
    return Meaning("plain", "", (Clause(fact.relation, fact.relation, roles, "pres", denied),))


def _denied(entity: str) -> list[Meaning]:
    """Of whom it is not true."""
    world = the_world()
    relation = "live" if world.concepts[entity].kind == "city" else "work"
    return [_told(Fact(person, relation, entity), denied=True) for person in world.of("person")]


def _name(code: str, entity: str) -> str:
    forms = grammar(code).lexicon[entity].form(frozenset({"sg", "nom", "at", "dir"}))
    proper = [form for form, tag in forms if tag == "PROPN"]
    return " ".join(proper or [form for form, _ in forms])
