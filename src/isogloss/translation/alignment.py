"""Which word of a sentence stands for which word of its translation, by the states of an encoder.

Shapes: m and n sub-words of the two sentences, d units.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from isogloss.common.errors import IsoglossError
from isogloss.common.progress import progress
from isogloss.examples import TaggedSentence
from isogloss.models.extensions.adapters import of_languages
from isogloss.models.holding import evaluating
from isogloss.models.open import Loaded
from isogloss.tasks.alignment import APART, Aligned, align
from isogloss.tasks.pieces import cut

Links = frozenset[tuple[int, int]]
"""Places of a word and of the word that it is linked with in the translation."""

DEPTH = 2 / 3
"""Where in the encoder states are taken: SimAlign takes layer 8 of 12."""


def mutual(similarities: Tensor) -> Tensor:
    """Pairs of which each is the other's nearest ``[m, n]``, from similarities ``[m, n]``; of equals the first counts.

    Example:
        >>> mutual(torch.tensor([[0.9, 0.8], [0.7, 0.1]])).tolist()
        [[True, False], [False, False]]
    """
    forward = torch.zeros_like(similarities, dtype=torch.bool).scatter_(1, similarities.argmax(1, keepdim=True), True)
    backward = torch.zeros_like(forward).scatter_(0, similarities.argmax(0, keepdim=True), True)
    return forward & backward


@dataclass(frozen=True)
class Aligner:
    """Links words by the cosine of their sub-words' states, where each sub-word is the other's nearest.

    Words are linked if any of their sub-words are. It needs no parallel text to learn from, and sees no order of words
    but the encoder's own.

    Args:
        loaded: The encoder and its fast tokenizer.
        layer: Whose states are taken, 0 for the embeddings; None: `DEPTH` of the layers.
        batch_size: Sentences per forward pass.

    Raises:
        IsoglossError: The encoder has no such layer, or the batch has no sentence.

    Reference:
        Jalili Sabet et al., *SimAlign: High Quality Word Alignments Without Parallel Training Data Using Static and
        Contextualized Embeddings*, Findings of EMNLP 2020 (Argmax, on sub-words).
    """

    loaded: Loaded
    layer: int | None = None
    batch_size: int = 32

    def __post_init__(self) -> None:
        """Check the layer and the batch size."""
        if self.batch_size < 1:
            raise IsoglossError(f"batch_size: at least 1, found {self.batch_size}")
        last = int(self.loaded.model.config.num_hidden_layers)
        if self.layer is not None and not 0 <= self.layer <= last:
            raise IsoglossError(f"layer: the encoder has layers 0 (the embeddings) to {last}, found {self.layer}")

    def __call__(self, pairs: Sequence[tuple[TaggedSentence, TaggedSentence]]) -> list[Links]:
        """The links of each pair; words beyond what the encoder takes have none."""
        title = "aligning words"
        found = []
        with progress(len(pairs), title) as add:
            for start in range(0, len(pairs), self.batch_size):
                batch = pairs[start : start + self.batch_size]
                sides = [list(self._states([pair[side] for pair in batch])) for side in (0, 1)]
                found += [_links(one, other) for one, other in zip(*sides, strict=True)]
                add(len(batch))
        return found

    @torch.no_grad()
    def _states(self, sentences: Sequence[TaggedSentence]) -> Iterator[tuple[list[int], Tensor]]:
        """For each sentence the word of each of its sub-words, and their states, of length 1 ``[m, d]``."""
        model, tokenizer = self.loaded.model, self.loaded.tokenizer
        longest = min(tokenizer.model_max_length, max(len(one.tokens) for one in sentences) * 64)
        rows = [cut(one, longest)[0] for one in align(sentences, tokenizer, as_written=True)]
        padded = tokenizer.pad({name: [row.inputs[name] for row in rows] for name in rows[0].inputs}, padding=True)
        inputs = {name: torch.tensor(values, device=model.device) for name, values in padded.items()}
        last = int(model.config.num_hidden_layers)
        layer = max(1, round(DEPTH * last)) if self.layer is None else self.layer
        with evaluating(model), of_languages(model, [one.language for one in sentences]):
            states = model.base_model(**inputs, output_hidden_states=True).hidden_states[layer].float().cpu()
        for row, own in zip(rows, states, strict=True):
            places, words = _words(row)
            yield words, normalize(own[places], dim=-1)


def _words(row: Aligned) -> tuple[list[int], list[int]]:
    """The places of the sub-words that belong to a word, and the word of each."""
    owners = [row.words[anchor] for anchor in row.anchors]
    inside = range(row.opening, len(row.words) - row.closing)
    places = [place for place in inside if owners[place] >= 0 and row.words[place] != APART]
    return places, [owners[place] for place in places]


def _links(one: tuple[list[int], Tensor], other: tuple[list[int], Tensor]) -> Links:
    (words, states), (others, theirs) = one, other
    if not words or not others:
        return frozenset()
    return frozenset((words[i], others[j]) for i, j in mutual(states @ theirs.T).nonzero().tolist())
