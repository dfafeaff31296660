"""Texts that stand for an entity beside descriptions of it: the rows and batches that knowledge is learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from isogloss.objectives.knowledge import ENTITY, PLACE, TRUE
from isogloss.objectives.supervised import IGNORED
from isogloss.protocols import Batch
from isogloss.streams.masked import padded

NONE = -1
"""Stands where there is no entity."""


@dataclass(frozen=True)
class KnowledgeRow:
    """A text that stands for an entity, and a description of it.

    Attributes:
        text: Sub-words of the text, special ones included.
        labels: Those that are to be found, -100 elsewhere.
        place: The place whose vector stands for the entity.
        language: Language of the text.
        entity: The entity.
        true: All entities that the text may stand for, it among them.
        description: Sub-words of the description, special ones included.
        described_in: Language of the description.
    """

    text: np.ndarray
    labels: np.ndarray
    place: int
    language: str
    entity: int
    true: np.ndarray
    description: np.ndarray
    described_in: str


def collate(rows: Sequence[KnowledgeRow], padding: int) -> Batch:
    """The texts with their descriptions beside them, each side padded to its longest.

    Args:
        rows: The b rows.
        padding: Id of the padding sub-word.
    """
    texts = [(row.text, row.labels, row.language) for row in rows]
    described = [(row.description, np.full(len(row.description), IGNORED), row.described_in) for row in rows]
    batch, beside = (padded(side, padding, max(len(ids) for ids, *_ in side)) for side in (texts, described))
    true = np.full((len(rows), max(len(row.true) for row in rows)), NONE, dtype=np.int64)
    for number, row in enumerate(rows):
        true[number, : len(row.true)] = row.true
    extras = {
        PLACE: torch.tensor([row.place for row in rows]),
        ENTITY: torch.tensor([row.entity for row in rows]),
        TRUE: torch.from_numpy(true),
    }
    return Batch(batch.inputs, batch.labels, batch.languages, extras, Batch(beside.inputs, None, beside.languages))


def chosen(
    texts: Mapping[int, np.ndarray], language: int, same: float, random: np.random.Generator
) -> tuple[np.ndarray, int]:
    """One of the texts that say the same in several languages.

    Args:
        texts: The texts by language.
        language: Language of the text that it shall stand beside.
        same: Probability that it is in that language, where there is one and one in another.
        random: Draws.

    Returns:
        The text and its language.
    """
    others = [code for code in texts if code != language]
    toss, draw = random.random(), random.random()
    if language in texts and (toss < same or not others):
        return texts[language], language
    own = others[int(draw * len(others))]
    return texts[own], own
