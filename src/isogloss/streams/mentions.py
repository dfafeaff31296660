"""Rows of masked entity prediction (XLM-K): a sentence with a mention hidden, a description of what is mentioned."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from isogloss.common.shares import shares
from isogloss.objectives.supervised import IGNORED
from isogloss.store.knowledge import EncodedKnowledge
from isogloss.streams.drawn import Draw
from isogloss.streams.knowledge import KnowledgeRow, chosen
from isogloss.streams.masked import Masking, SpecialTokens


class MentionRows:
    """Rows of a sentence and a description of an entity that it mentions.

    A row's language is drawn with probability N_t^(1/T) / Σ_u N_u^(1/T), N being mentions, then one of its mentions,
    then a description of what is mentioned. The mention is hidden, and of the other sub-words some as in masked
    language modelling; those of the mention are not to be found. A sentence that is too long is cut around the mention.

    Args:
        knowledge: Sentences, mentions and descriptions.
        length: Most sub-words of the text, special ones included.
        description_length: The same of the description.
        frame: Special sub-words.
        mask: Id of the mask.
        masking: Hides other sub-words; None: nothing else is hidden, and no sub-word is to be found.
        per_piece: Whether a mention of n sub-words is hidden by n masks, or by one.
        temperature: T > 0.
        same_language: Probability of a description in the language of the sentence, where there is one and one in
            another language.
        hide_repeats: Whether the description's title is hidden in it, and the sub-words of the mention wherever they
            come in the same order, so that no row can be solved by comparing letters.

    Example:
        >>> from isogloss.common.randomness import generator
        >>> from isogloss.store.encoded import EncodedText
        >>> from isogloss.store.knowledge import Facts, Mentions, TextsByKey
        >>> text, none = EncodedText.of([[5, 6, 7, 8]]), np.empty(0, np.int64)
        >>> mentions = Mentions(*(np.array([number]) for number in (0, 1, 3, 44)))
        >>> described = TextsByKey(EncodedText.of([[9, 6, 7]]), np.array([44]), np.array([0]), np.array([0]))
        >>> facts = Facts(none, none, none)
        >>> known = EncodedKnowledge(("en",), {"en": text}, {}, {"en": mentions}, described, described, facts, facts)
        >>> frame = SpecialTokens((0,), (2, 2), (2,))
        >>> rows = MentionRows(known, length=8, description_length=8, frame=frame, mask=4, hide_repeats=True)
        >>> row = rows(generator("an example"))
        >>> row.text.tolist(), row.place, row.description.tolist()
        ([0, 5, 4, 4, 8, 2], 2, [0, 9, 4, 4, 2])
    """

    def __init__(
        self,
        knowledge: EncodedKnowledge,
        *,
        length: int,
        description_length: int,
        frame: SpecialTokens,
        mask: int,
        masking: Masking | None = None,
        per_piece: bool = True,
        temperature: float = 1.0,
        same_language: float = 0.5,
        hide_repeats: bool = False,
    ) -> None:
        self.knowledge, self.frame, self.mask, self.masking = knowledge, frame, mask, masking
        self.room, self.description_room = frame.room(length, 1), frame.room(description_length, 1)
        self.per_piece, self.same_language, self.hide_repeats = per_piece, same_language, hide_repeats
        self.languages = tuple(language for language, own in knowledge.mentions.items() if len(own))
        self._shares = shares([len(knowledge.mentions[language]) for language in self.languages], temperature)

    def __call__(self, random: np.random.Generator) -> KnowledgeRow:
        """A row."""
        return self.row(self.language(random), random)

    def of_one_language(self, random: np.random.Generator) -> Draw[KnowledgeRow]:
        """Draws rows whose sentences are in one language, which is drawn now."""
        return partial(self.row, self.language(random))

    def language(self, random: np.random.Generator) -> str:
        """A language."""
        return self.languages[random.choice(len(self.languages), p=self._shares)]

    def row(self, language: str, random: np.random.Generator) -> KnowledgeRow:
        """A row whose sentence is in a language."""
        mentions = self.knowledge.mentions[language]
        drawn = int(random.integers(len(mentions)))
        pieces = self.knowledge.sentences[language].sentence(int(mentions.sentence[drawn]))
        first, end, entity = (int(part[drawn]) for part in (mentions.first, mentions.end, mentions.entity))
        masks = np.full(end - first if self.per_piece else 1, self.mask)
        text, place = with_mention(pieces, first, end, masks, self.room)
        text, place = self.frame.around(text), place + len(self.frame.before)
        labels = np.full_like(text, IGNORED)
        if self.masking is not None:
            text, labels = self.masking(text, random)
        own = self.knowledge.languages.index(language)
        described = self.knowledge.descriptions
        texts = described.without_title(entity, self.mask) if self.hide_repeats else described.of(entity)
        description, other = chosen(texts, own, self.same_language, random)
        if self.hide_repeats:
            description = without(description, pieces[first:end], self.mask)
        return KnowledgeRow(
            text,
            labels,
            place,
            language,
            entity,
            np.array([entity]),
            self.frame.around(description[: self.description_room]),
            self.knowledge.languages[other],
        )


def with_mention(pieces: np.ndarray, first: int, end: int, instead: np.ndarray, room: int) -> tuple[np.ndarray, int]:
    """A sentence with something in the place of a mention, cut around it where it is too long.

    Args:
        pieces: The sub-words of the sentence.
        first: First sub-word of the mention.
        end: The sub-word after its last.
        instead: What comes in its place, such as masks.
        room: Most sub-words that are left.

    Returns:
        The sub-words, and where what came in begins among them.

    Example:
        >>> with_mention(np.arange(5, 12), 3, 5, np.array([4]), room=3)
        (array([ 7,  4, 10]), 1)
    """
    instead = instead[:room]
    whole = np.concatenate([pieces[:first], instead, pieces[end:]])
    start = max(0, min(first - (room - len(instead)) // 2, len(whole) - room))
    return whole[start : start + room], first - start


def without(text: np.ndarray, part: Sequence[int] | np.ndarray, mask: int) -> np.ndarray:
    """A text in which a run of sub-words is hidden, wherever it comes.

    Example:
        >>> without(np.array([5, 6, 7, 5, 6]), [5, 6], 4).tolist()
        [4, 4, 7, 4, 4]
    """
    if len(part) > len(text):
        return text
    windows = np.lib.stride_tricks.sliding_window_view(text, len(part))
    starts = np.flatnonzero((windows == np.asarray(part)).all(axis=1))
    hidden = text.copy()
    hidden[(starts[:, None] + np.arange(len(part))).ravel()] = mask
    return hidden
