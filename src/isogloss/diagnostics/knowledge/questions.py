"""Texts that stand for an entity, the question, and descriptions of entities, the candidates for an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from isogloss.common.errors import IsoglossError, nearest
from isogloss.data.knowledge import Description, Knowledge
from isogloss.diagnostics.knowledge.sample import Sample
from isogloss.streams.masked import SpecialTokens

ALL, SEEN, UNSEEN = "all", "seen", "unseen"
"""Which items: all where nothing is kept apart; those that a training could learn from; those kept apart."""


class Question(NamedTuple):
    """A text that stands for an entity.

    Attributes:
        id: What it is made of, the same for every model.
        view: Which items it belongs to, such as `SEEN`.
        unit: What is drawn anew for an interval.
        text: Sub-words, special ones included.
        place: The place whose vector stands for the entity.
        entity: The entity.
        true: All entities that the text may stand for.
        frequency: How often each entity is the answer to a question of this kind, as far as a training could see; one
            object for all questions of a kind.
    """

    id: str
    view: str
    unit: str
    text: np.ndarray
    place: int
    entity: str
    true: frozenset[str]
    frequency: Mapping[str, int]


@dataclass(frozen=True)
class Form:
    """How texts become rows of sub-words.

    Attributes:
        backend: The tokenizer, as the library tokenizers has it.
        frame: Its special sub-words.
        length: Most sub-words of a question.
        description_length: Most sub-words of a description.
    """

    backend: Any
    frame: SpecialTokens
    length: int
    description_length: int

    def pieces(self, text: str) -> np.ndarray:
        """Sub-words of a text, without special ones."""
        return np.asarray(self.backend.encode(text, add_special_tokens=False).ids, np.int64)


@dataclass(frozen=True)
class Candidates:
    """The candidates of one language.

    Attributes:
        places: Where each entity is among the texts.
        texts: Sub-words of descriptions, special ones included.
    """

    places: Mapping[str, int]
    texts: list[np.ndarray]


def described(knowledge: Knowledge, languages: Sequence[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """The languages with descriptions, and the entities that one of them describes.

    Args:
        knowledge: The knowledge.
        languages: Those that are asked for; none: all.

    Raises:
        IsoglossError: No entity is described in a language that is asked for, or in any.
    """
    found = dict[str, set[str]]()
    for own in knowledge.descriptions():
        found.setdefault(own.language, set()).add(own.key)
    if not found:
        raise IsoglossError("corpus: it has no description of an entity to find")
    for language in languages:
        if language not in found:
            raise IsoglossError(f"languages: no entity is described in {language!r}{nearest(language, found)}")
    chosen = tuple(dict.fromkeys(languages)) or tuple(sorted(found))
    return chosen, frozenset().union(*(found[language] for language in chosen))


def candidates_of(
    knowledge: Knowledge, form: Form, languages: Sequence[str], answers: frozenset[str], most: int, seed: int
) -> dict[str, Candidates]:
    """The candidates of each language: descriptions of all answers, and of others up to a number.

    Args:
        knowledge: The knowledge.
        form: How they become sub-words.
        languages: The languages.
        answers: Entities that must be among them where they are described.
        most: Descriptions of a language, if there are not more answers.
        seed: Decides which the others are.
    """
    right = {language: dict[str, Description]() for language in languages}
    others: Sample[str, Description] = Sample(most, seed)
    for own in knowledge.descriptions():
        if own.language in right:
            if own.key in answers:
                right[own.language].setdefault(own.key, own)
            else:
                others.offer(own.language, own.key, own)
    drawn, found = others.things(), {}
    for language, kept in right.items():
        for own in drawn.get(language, [])[: max(0, most - len(kept))]:
            kept.setdefault(own.key, own)
        room = form.frame.room(form.description_length, 1)
        texts = [form.frame.around(form.pieces(own.text)[:room]) for own in kept.values()]
        found[language] = Candidates({entity: place for place, entity in enumerate(kept)}, texts)
    return found
