"""Code-switching: some words of a text replaced by their translations from bilingual dictionaries."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from transformers import PreTrainedTokenizerBase

from isogloss.protocols import Feature
from isogloss.streams.augmentation.rewriting import Augmented, Words, rewritten

Dictionary = Mapping[str, Sequence[str]]
"""The translations of words."""

_CORE = re.compile(r"(\W*)(.*?)(\W*)", re.DOTALL)

REMEMBERED = 65_536
"""Words whose text, and translations whose sub-words, are kept."""


class CodeSwitching:
    """Each word of an example that a dictionary of its language has is replaced with probability ``ratio``.

    Which dictionary, of those that have the word, and which of its translations is drawn evenly. A word is looked up as
    it is and then in lower case, without the punctuation around it, which stays. Texts in languages without dictionary
    stay as they are, and so do words whose translation the model does not know.

    Args:
        tokenizer: The model's tokenizer.
        dictionaries: By language of the texts.
        ratio: Probability in [0, 1].
        max_length: Longest input, in sub-words; a word whose translation there is no room for stays.

    Reference:
        Qin et al., *CoSDA-ML*, IJCAI 2020; as consistency Zheng et al., *Consistency Regularization for Cross-Lingual
        Fine-Tuning* (xTune), ACL 2021.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        *,
        dictionaries: Mapping[str, Sequence[Dictionary]],
        ratio: float,
        max_length: int,
    ) -> None:
        self._tokenizer, self._words = tokenizer, Words(tokenizer)
        self._dictionaries, self._ratio, self._max_length = dictionaries, ratio, max_length
        self._text = lru_cache(REMEMBERED)(self._read)
        self._ids = lru_cache(REMEMBERED)(self._encode)

    def __call__(self, feature: Feature, random: np.random.Generator) -> Augmented:
        """The example with some of its words in another language."""
        spans, ids = self._words.spans(feature), feature.inputs["input_ids"]
        own = self._dictionaries.get(feature.language, ())
        others = {}
        for number, (start, stop) in enumerate(spans) if own else ():
            if random.random() >= self._ratio or ids[start] in self._words.special:
                continue
            before, word, after = self._text(tuple(ids[start:stop]))
            entries = [found for one in own if (found := one.get(word) or one.get(word.lower()))]
            if entries:
                entry = entries[int(random.integers(len(entries)))]
                translation = self._ids(f"{before}{entry[int(random.integers(len(entry)))]}{after}")
                if translation and not self._words.special.intersection(translation):
                    others[number] = translation
        return rewritten(feature, spans, others, self._max_length)

    def _read(self, ids: tuple[int, ...]) -> tuple[str, str, str]:
        """The text of a word, and the punctuation before and after it."""
        pieces = [str(piece) for piece in self._tokenizer.convert_ids_to_tokens(list(ids))]
        match = _CORE.fullmatch(self._tokenizer.convert_tokens_to_string(pieces).strip())
        assert match is not None  # it matches everything
        return match[1], match[2], match[3]

    def _encode(self, word: str) -> list[int]:
        return list(self._tokenizer(f" {word}", add_special_tokens=False, verbose=False)["input_ids"])
