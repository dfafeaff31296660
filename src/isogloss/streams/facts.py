"""Rows of object entailment: what a subject is and a relation, and a description of an object of both (XLM-K)."""

from __future__ import annotations

import numpy as np

from isogloss.common.shares import shares
from isogloss.objectives.supervised import IGNORED
from isogloss.store.knowledge import EncodedKnowledge
from isogloss.streams.knowledge import KnowledgeRow, chosen
from isogloss.streams.masked import Masking, SpecialTokens


class FactRows:
    """Rows of a description of a fact's subject beside the name of its relation, and a description of its object.

    A fact is drawn, each with the same probability; then the language of its subject, of those that describe it, with
    probability N_t^(1/T) / Σ_u N_u^(1/T), N being descriptions. What is too long is cut from the description of the
    subject, never from the relation. The vector of the first place stands for the object.

    Args:
        knowledge: Facts, descriptions and names of relations.
        length: Most sub-words of the text, special ones included.
        description_length: The same of the object's description.
        frame: Special sub-words.
        masking: Hides some sub-words of the text; None: none.
        temperature: T > 0.
        same_language: Probability that the name, and likewise the object's description, is in the language of the
            subject's, where there is one and one in another language.
    """

    def __init__(
        self,
        knowledge: EncodedKnowledge,
        *,
        length: int,
        description_length: int,
        frame: SpecialTokens,
        masking: Masking | None = None,
        temperature: float = 1.0,
        same_language: float = 0.5,
    ) -> None:
        self.knowledge, self.frame, self.masking = knowledge, frame, masking
        self.room, self.description_room = frame.room(length, 2), frame.room(description_length, 1)
        self.same_language = same_language
        counts = np.bincount(knowledge.descriptions.languages, minlength=len(knowledge.languages))
        self._shares = np.zeros(len(counts))
        self._shares[counts > 0] = shares(counts[counts > 0].tolist(), temperature)

    def __call__(self, random: np.random.Generator) -> KnowledgeRow:
        """A row."""
        facts, descriptions = self.knowledge.facts, self.knowledge.descriptions
        drawn = int(random.integers(len(facts)))
        subject, relation, entity = (int(part[drawn]) for part in (facts.subject, facts.relation, facts.object))
        subjects = descriptions.of(subject)
        codes = list(subjects)
        weights = self._shares[codes]
        language = codes[random.choice(len(codes), p=weights / weights.sum())]
        name, _ = chosen(self.knowledge.relations.of(relation), language, self.same_language, random)
        described, other = chosen(descriptions.of(entity), language, self.same_language, random)
        text = self.frame.around(*cut_to(subjects[language], name, self.room))
        labels = np.full_like(text, IGNORED)
        if self.masking is not None:
            text, labels = self.masking(text, random)
        return KnowledgeRow(
            text,
            labels,
            0,
            self.knowledge.languages[language],
            entity,
            self.knowledge.known.objects(subject, relation),
            self.frame.around(described[: self.description_room]),
            self.knowledge.languages[other],
        )


def cut_to(subject: np.ndarray, name: np.ndarray, room: int) -> tuple[np.ndarray, np.ndarray]:
    """The description of a subject and the name of a relation, the former cut so that both fit.

    Example:
        >>> cut_to(np.array([5, 6, 7]), np.array([8, 9]), room=4)
        (array([5, 6]), array([8, 9]))
    """
    name = name[: room - 1]
    return subject[: room - len(name)], name
