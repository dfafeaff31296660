"""Facts as questions: what a subject is and a relation; which entity is the object?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from isogloss.common.randomness import derive
from isogloss.data.apart import Apart
from isogloss.data.knowledge import Fact, Knowledge
from isogloss.diagnostics.knowledge.questions import ALL, SEEN, Form, Question
from isogloss.diagnostics.knowledge.sample import Sample
from isogloss.streams.facts import cut_to

UNSEEN_FACT, UNSEEN_ENTITY = "unseen-fact", "unseen-entity"
"""Facts kept apart whose entities were learned of; facts of which an entity was kept apart."""

FALL_BACK = "en"
"""Language of the name of a relation that has none in the subject's; if there is none either, the first by code."""


def fact_questions(
    knowledge: Knowledge,
    form: Form,
    languages: Sequence[str],
    entities: frozenset[str],
    apart: Apart | None,
    *,
    most: int,
    seed: int,
) -> dict[str, list[Question]]:
    """The description of a subject beside the name of a relation, by language; the first place stands for the object.

    The most frequent answer is the object that most facts of the relation have, of those that were not kept apart.

    Args:
        knowledge: Facts, descriptions and names of relations.
        form: How they become sub-words. What is too long is cut from the description.
        languages: Languages of descriptions.
        entities: Entities that one of them describes.
        apart: Which facts and entities were kept apart from training; None: that is not known.
        most: Facts of each view.
        seed: Decides which.
    """
    names = dict[str, dict[str, str]]()
    for label in knowledge.relations():
        names.setdefault(label.key, {}).setdefault(label.language, label.text)
    sample: Sample[str, Fact] = Sample(most, seed)
    frequencies = {relation: Counter[str]() for relation in names}
    for fact in _each_once(fact for fact in knowledge.facts() if {fact.subject, fact.object} <= entities):
        if fact.relation in names:
            view = _view(fact, apart)
            sample.offer(view, "\t".join(fact), fact)
            frequencies[fact.relation][fact.object] += view in (ALL, SEEN)
    chosen = [(view, fact) for view, drawn in sorted(sample.things().items()) for fact in drawn]
    true = {(fact.subject, fact.relation): set[str]() for _, fact in chosen}
    for fact in knowledge.facts():
        if (fact.subject, fact.relation) in true:
            true[fact.subject, fact.relation].add(fact.object)
    subjects = {fact.subject for _, fact in chosen}
    texts = dict[tuple[str, str], str]()
    for own in knowledge.descriptions():
        if own.language in languages and own.key in subjects:
            texts.setdefault((own.key, own.language), own.text)
    room, found = form.frame.room(form.length, 2), dict[str, list[Question]]()
    for language in languages:
        for view, fact in chosen:
            text = texts.get((fact.subject, language))
            if text is not None:
                name = _name(names[fact.relation], language)
                ids = form.frame.around(*cut_to(form.pieces(text), form.pieces(name), room))
                objects = frozenset(true[fact.subject, fact.relation])
                frequency = frequencies[fact.relation]
                question = Question("\t".join(fact), view, "\t".join(fact), ids, 0, fact.object, objects, frequency)
                found.setdefault(language, []).append(question)
    return found


def _each_once(facts: Iterable[Fact]) -> Iterable[Fact]:
    seen = set[Fact]()
    for fact in facts:
        if fact not in seen:
            seen.add(fact)
            yield fact


def _view(fact: Fact, apart: Apart | None) -> str:
    if apart is None:
        return ALL
    subject, relation, other = map(derive, fact)
    if apart.has_entity(subject) or apart.has_entity(other):
        return UNSEEN_ENTITY
    return UNSEEN_FACT if apart.has_fact(subject, relation, other) else SEEN


def _name(names: Mapping[str, str], language: str) -> str:
    return names.get(language) or names.get(FALL_BACK) or names[min(names)]
