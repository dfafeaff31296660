"""Rows of a text and its translation, for translation language modelling (TLM).

Pairs of labelled examples are in `isogloss.streams.paired`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isogloss.common.shares import shares
from isogloss.data.texts import Unit
from isogloss.store.encoded import EncodedText
from isogloss.streams.masked import SpecialTokens


class PairRows:
    """Rows of a text and its translation: what TLM is learned from.

    A row's language is drawn as in `RunningTextRows`, N now being parallel sentences, then one of these, then one of
    the other languages that have it. The sentences that follow in both are added until the row is full; the last pair
    is cut at the same relative place in both. Either language comes first half the time. The row counts for the one
    drawn first.

    Args:
        texts: Encoded sentences by language.
        units: Sentences that are translations of each other, in the order of the text.
        length: Sub-words per row, special ones included.
        frame: Special sub-words.
        temperature: T > 0.

    Example:
        >>> from isogloss.common.randomness import generator
        >>> texts = {"en": EncodedText.of([[5, 6], [7]]), "de": EncodedText.of([[15, 16], [17]])}
        >>> units = [{"en": 0, "de": 0}, {"en": 1, "de": 1}]
        >>> rows = PairRows(texts, units, length=12, frame=SpecialTokens((0,), (2, 2), (2,)), temperature=1.0)
        >>> row, language = rows(generator("an example"))
        >>> row.tolist(), language
        ([0, 15, 16, 17, 2, 2, 5, 6, 7, 2], 'de')
    """

    def __init__(
        self,
        texts: dict[str, EncodedText],
        units: Sequence[Unit],
        *,
        length: int,
        frame: SpecialTokens,
        temperature: float,
    ) -> None:
        self.texts, self.length, self.frame = texts, length, frame
        self.languages = tuple(language for language in texts if any(language in unit for unit in units))
        places = {language: column for column, language in enumerate(self.languages)}
        self._table = np.full((len(units), len(self.languages)), -1, dtype=np.int64)  # [units, languages]
        for row, unit in enumerate(units):
            for language, index in unit.items():
                self._table[row, places[language]] = index
        self._units = [np.flatnonzero(column >= 0) for column in self._table.T]
        self._shares = shares([len(own) for own in self._units], temperature)

    def __call__(self, random: np.random.Generator) -> tuple[np.ndarray, str]:
        """A row of at most ``length``, and the language that was drawn first."""
        first = int(random.choice(len(self.languages), p=self._shares))
        unit = int(self._units[first][random.integers(len(self._units[first]))])
        others = np.flatnonzero(self._table[unit] >= 0)
        second = int(random.choice(others[others != first]))
        sides = [first, second] if random.random() < 0.5 else [second, first]
        left, right = (np.concatenate(parts) for parts in zip(*self._run(unit, sides), strict=True))
        return self.frame.around(left, right), self.languages[first]

    def _run(self, unit: int, sides: Sequence[int]) -> list[list[np.ndarray]]:
        """Pairs of sentences from ``unit`` on that fit into a row, the last one cut."""
        room, pairs = self.frame.room(self.length, 2), []
        while room > 1 and unit < len(self._table):
            places = self._table[unit, sides]
            if (places < 0).any():
                break
            pair = [self.texts[self.languages[side]].sentence(place) for side, place in zip(sides, places, strict=True)]
            lengths = [len(text) for text in pair]
            if sum(lengths) > room:
                kept = max(1, min(room - 1, round(room * lengths[0] / sum(lengths))))
                pair = [pair[0][:kept], pair[1][: room - kept]]
            pairs.append(pair)
            room -= sum(len(text) for text in pair)
            unit += 1
        return pairs
