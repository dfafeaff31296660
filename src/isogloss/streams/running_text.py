"""Rows of running text of one language, for masked language modelling (MLM)."""

from __future__ import annotations

import numpy as np

from isogloss.common.shares import shares
from isogloss.store.encoded import EncodedText
from isogloss.streams.masked import SpecialTokens


class RunningTextRows:
    """Rows of running text, each of one language: what MLM is learned from.

    A row's language is drawn with probability N_t^(1/T) / Σ_u N_u^(1/T), N being sub-words, then a sentence of it; the
    row holds what follows from there, cut to the length.

    Args:
        texts: Encoded sentences by language.
        length: Sub-words per row, special ones included.
        frame: Special sub-words.
        temperature: T > 0.

    Example:
        >>> from isogloss.common.randomness import generator
        >>> texts = {"en": EncodedText.of([[5, 6], [7, 8, 9]])}
        >>> rows = RunningTextRows(texts, length=6, frame=SpecialTokens((0,), (2, 2), (2,)), temperature=1.0)
        >>> row, language = rows(generator("an example"))
        >>> row.tolist(), language
        ([0, 5, 6, 7, 8, 2], 'en')
    """

    def __init__(self, texts: dict[str, EncodedText], *, length: int, frame: SpecialTokens, temperature: float) -> None:
        self.texts, self.length, self.frame = texts, length, frame
        self.languages = tuple(texts)
        self._shares = shares([len(text.ids) for text in texts.values()], temperature)

    def __call__(self, random: np.random.Generator) -> tuple[np.ndarray, str]:
        """A row of at most ``length`` and its language."""
        language = self.languages[random.choice(len(self.languages), p=self._shares)]
        text = self.texts[language]
        start = int(random.integers(len(text)))
        return self.frame.around(text.running(start, self.frame.room(self.length, 1))), language
