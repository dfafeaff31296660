"""Sub-word sampling: a word cut into other sub-words of the same vocabulary, drawn by their probability."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from transformers import PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.protocols import Feature
from isogloss.streams.augmentation.rewriting import Augmented, Words, rewritten

REMEMBERED = 65_536
"""Words whose sums over all segmentations are kept."""


class Segmentations:
    """All ways to write a word in sub-words of a unigram vocabulary, x₁ … x_n with P(x) ∝ (Π_i p(x_i))^α.

    They are paths through a lattice with an edge for each sub-word. Going forward, the weight of all ways to write the
    first j characters is summed up: F_j = Σ_i F_i · p(word[i:j])^α. Going backward from the end, each sub-word is drawn
    by its share of F_j. The sums are in logarithms.

    Args:
        scores: log p of each sub-word.
        alpha: α ≥ 0; at 0 all ways are equally likely, at infinity there is only the best one.

    Example:
        >>> ways = Segmentations({"a": -1.0, "b": -1.0, "ab": -1.0}, alpha=1.0)
        >>> random = np.random.default_rng(0)
        >>> drawn = [tuple(ways.draw("ab", random)) for _ in range(1000)]
        >>> round(drawn.count(("ab",)) / 1000, 1)  # e⁻¹ / (e⁻¹ + e⁻²) = 0.73
        0.7

    Reference:
        Kudo, *Subword Regularization*, ACL 2018, section 3.
    """

    def __init__(self, scores: Mapping[str, float], alpha: float) -> None:
        self._scores, self._alpha = scores, alpha
        self._longest = max(map(len, scores))
        self._forward = lru_cache(REMEMBERED)(self._sums)

    def draw(self, word: str, random: np.random.Generator) -> list[str]:
        """One of them; empty where there is none."""
        sums = self._forward(word)
        if sums[-1] == -math.inf:
            return []
        pieces, stop = [], len(word)
        while stop:
            ways = self._ways(word, stop, sums)
            weights = np.exp(np.array([weight for _, weight in ways]) - sums[stop]).cumsum()
            place = int(np.searchsorted(weights, random.random() * weights[-1], side="right"))
            start = ways[min(place, len(ways) - 1)][0]
            pieces.append(word[start:stop])
            stop = start
        return pieces[::-1]

    def _sums(self, word: str) -> tuple[float, ...]:
        sums = [0.0]
        for stop in range(1, len(word) + 1):
            weights = [weight for _, weight in self._ways(word, stop, sums)]
            sums.append(float(np.logaddexp.reduce(weights)) if weights else -math.inf)
        return tuple(sums)

    def _ways(self, word: str, stop: int, sums: list[float] | tuple[float, ...]) -> list[tuple[int, float]]:
        """Where the last sub-word before ``stop`` may begin, and the weight of all ways that have it."""
        found = []
        for start in range(max(0, stop - self._longest), stop):
            score = self._scores.get(word[start:stop])
            if score is not None and sums[start] > -math.inf:
                found.append((start, sums[start] + self._alpha * score))
        return found


class SubwordSampling:
    """Each word of an example is cut anew with probability ``ratio``.

    Unknown sub-words, special ones and the words that they are in stay. The word may come out as it was.

    Args:
        tokenizer: The model's tokenizer.
        alpha: α ≥ 0, see `Segmentations`.
        ratio: Probability in [0, 1].
        max_length: Longest input, in sub-words; a word that would be longer than there is room for stays.

    Raises:
        IsoglossError: The tokenizer has no unigram vocabulary, so sub-words have no probabilities.

    Reference:
        Kudo, *Subword Regularization*, ACL 2018; as consistency Zheng et al., *Consistency Regularization for
        Cross-Lingual Fine-Tuning* (xTune), ACL 2021.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, *, alpha: float, ratio: float, max_length: int) -> None:
        model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
        if model["type"] != "Unigram":
            raise IsoglossError(
                "objective.augment: subwords draws from a unigram vocabulary, as XLM-R and isogloss-small have it, but "
                f"that of this tokenizer is {model['type']}; take code_switch, noise or translation"
            )
        self._words, self._ratio, self._max_length = Words(tokenizer), ratio, max_length
        vocabulary = {piece: id for id, (piece, _) in enumerate(model["vocab"]) if id not in self._words.special}
        scores = {piece: float(model["vocab"][id][1]) for piece, id in vocabulary.items()}
        self._ids, self._pieces = vocabulary, {id: piece for piece, id in vocabulary.items()}
        self._segmentations = Segmentations(scores, alpha)

    def __call__(self, feature: Feature, random: np.random.Generator) -> Augmented:
        """The example with some of its words cut anew."""
        spans, ids = self._words.spans(feature), feature.inputs["input_ids"]
        others = {}
        for number, (start, stop) in enumerate(spans):
            if random.random() >= self._ratio:
                continue
            own = [self._pieces.get(id) for id in ids[start:stop]]
            drawn = self._segmentations.draw("".join(map(str, own)), random) if None not in own else []
            if drawn:
                others[number] = [self._ids[piece] for piece in drawn]
        return rewritten(feature, spans, others, self._max_length)
