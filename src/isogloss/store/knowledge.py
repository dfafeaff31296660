"""Knowledge as sub-words and numbers, in files that are mapped into memory: what is big is never in memory as a whole.

Entities, relations and languages are numbers there: entities and relations hashes of their ids, so that no table of
them is needed, languages their places in a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from isogloss.store.arrays import read_arrays
from isogloss.store.encoded import EncodedText


@dataclass(frozen=True)
class Mentions:
    """The mentions in the sentences of one language, of entities that have a description.

    Attributes:
        sentence: The sentence of each ``[m]``.
        first: Its first sub-word ``[m]``.
        end: The sub-word after its last ``[m]``.
        entity: Its entity ``[m]``.
    """

    sentence: np.ndarray
    first: np.ndarray
    end: np.ndarray
    entity: np.ndarray

    def __len__(self) -> int:
        """Number of mentions m."""
        return len(self.sentence)


@dataclass(frozen=True)
class TextsByKey:
    """Texts of entities, or of relations, in several languages.

    Attributes:
        texts: The texts.
        keys: Entity or relation of each, ascending ``[n]``.
        rows: Which text that is ``[n]``.
        languages: Its language ``[n]``.
        titles: Which sub-words of the texts spell the title of their entity: 1, or 0; None: of none.

    Example:
        >>> texts = EncodedText.of([[5], [6], [7]])
        >>> named = TextsByKey(texts, np.array([1, 1, 4]), np.array([2, 0, 1]), np.array([0, 1, 0]))
        >>> {language: text.tolist() for language, text in named.of(1).items()}, named.of(3)
        ({0: [7], 1: [5]}, {})
    """

    texts: EncodedText
    keys: np.ndarray
    rows: np.ndarray
    languages: np.ndarray
    titles: EncodedText | None = None

    def of(self, key: int) -> dict[int, np.ndarray]:
        """The texts of an entity or relation, by language."""
        return {language: self.texts.sentence(row) for language, row in self._rows(key)}

    def without_title(self, key: int, mask: int) -> dict[int, np.ndarray]:
        """The same, with a mask in the place of each sub-word of the title."""
        titles = self.titles
        if titles is None:
            return self.of(key)
        return {
            language: np.where(titles.sentence(row), mask, self.texts.sentence(row))
            for language, row in self._rows(key)
        }

    def _rows(self, key: int) -> Iterator[tuple[int, int]]:
        first, end = np.searchsorted(self.keys, [key, key + 1])
        return ((int(self.languages[place]), int(self.rows[place])) for place in range(first, end))


@dataclass(frozen=True)
class Facts:
    """Facts whose subject and object have a description, and whose relation has a name, in order and each once.

    Attributes:
        subject: Subjects ``[f]``.
        relation: Relations ``[f]``.
        object: Objects ``[f]``.
    """

    subject: np.ndarray
    relation: np.ndarray
    object: np.ndarray

    def __len__(self) -> int:
        """Number of facts f."""
        return len(self.subject)

    def objects(self, subject: int, relation: int) -> np.ndarray:
        """All true objects of a subject and a relation.

        Example:
            >>> facts = Facts(*(np.array(column) for column in ([3, 3, 3, 5], [1, 1, 2, 1], [7, 8, 9, 7])))
            >>> facts.objects(3, 1).tolist()
            [7, 8]
        """
        first, end = np.searchsorted(self.subject, [subject, subject + 1])
        return np.asarray(self.object[first:end][self.relation[first:end] == relation])


@dataclass(frozen=True)
class EncodedKnowledge:
    """Knowledge that can be learned from.

    Attributes:
        languages: The languages, by number.
        sentences: Sentences by language.
        held_out: Sentences to measure on, by language.
        mentions: Mentions in the sentences, by language.
        descriptions: What entities are.
        relations: The names of relations.
        facts: What is true and to be learned from.
        known: The same with the facts that are kept apart: an object of one of them is no wrong answer.
        counts: How much there is, and what was left out, for people.
    """

    languages: tuple[str, ...]
    sentences: dict[str, EncodedText]
    held_out: dict[str, EncodedText]
    mentions: dict[str, Mentions]
    descriptions: TextsByKey
    relations: TextsByKey
    facts: Facts
    known: Facts
    counts: Mapping[str, int] = field(default_factory=dict)


def read_knowledge(folder: Path) -> EncodedKnowledge:
    """The knowledge that `isogloss.store.encoding` has written."""
    arrays, facts = read_arrays(folder)
    languages = tuple(facts["languages"])

    def array(name: str) -> np.ndarray:
        return arrays.get(name, np.empty(0, np.int64))

    def encoded(name: str) -> EncodedText:
        starts = arrays.get(f"{name}.starts", np.zeros(1, np.int64))
        return EncodedText(arrays.get(f"{name}.ids", np.empty(0, np.int32)), starts)

    def by_key(name: str) -> TextsByKey:
        texts, marks = encoded(name), arrays.get(f"{name}.titles")
        titles = None if marks is None else EncodedText(marks, texts.starts)
        keys, rows, languages = (array(f"{name}.{part}") for part in ("keys", "rows", "languages"))
        return TextsByKey(texts, keys, rows, languages, titles)

    def of_facts(name: str) -> Facts:
        return Facts(*(array(f"{name}.{part}") for part in ("subject", "relation", "object")))

    def mentions(number: int) -> Mentions:
        return Mentions(*(array(f"sentences.{number}.{part}") for part in ("sentence", "first", "end", "entity")))

    return EncodedKnowledge(
        languages,
        {language: encoded(f"sentences.{number}") for number, language in enumerate(languages)},
        {language: encoded(f"held.{number}") for number, language in enumerate(languages)},
        {language: mentions(number) for number, language in enumerate(languages)},
        by_key("descriptions"),
        by_key("relations"),
        of_facts("facts"),
        of_facts("known"),
        facts["counts"],
    )
