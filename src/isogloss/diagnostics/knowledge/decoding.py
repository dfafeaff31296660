"""Names of several sub-words decoded from masks: all at once, or the most certain one first (X-FACTR).

Shapes: k masks, v sub-words of the vocabulary.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from isogloss.data.mlama import GapRelation
from isogloss.diagnostics.knowledge.cloze import by_frequency, by_view, over_relations
from isogloss.diagnostics.knowledge.filling import Filler
from isogloss.diagnostics.knowledge.finding import Finding
from isogloss.diagnostics.knowledge.gaps import GapForm

Row = tuple[np.ndarray, np.ndarray]
"""Sub-words with masks, and the places of these."""

Decoded = tuple[tuple[int, ...], float]
"""Sub-words, and the mean of their log-probabilities."""

Decode = Callable[["Decoder", Sequence[Row], str], list[Decoded]]


@dataclass(frozen=True)
class Decoder:
    """What decodes masks.

    Attributes:
        filler: Says how likely sub-words are.
        barred: Sub-words that are never decoded: the special ones.
    """

    filler: Filler
    barred: tuple[int, ...]

    def best(self, rows: Sequence[Row], language: str) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Of each row, by its number, the likeliest sub-word at each place ``[k]`` and its log-probability ``[k]``."""
        order = sorted(range(len(rows)), key=lambda number: len(rows[number][0]))
        for number, found in self.filler(((number, *rows[number]) for number in order), language):
            found[:, list(self.barred)] = -torch.inf
            values, pieces = found.max(dim=1)
            yield number, pieces, values


def independent(decoder: Decoder, rows: Sequence[Row], language: str) -> list[Decoded]:
    """The likeliest sub-word at every mask, each as if the others stayed masks: w_j = argmax_w log p_j(w | k masks)."""
    found: dict[int, Decoded] = {}
    for number, pieces, values in decoder.best(rows, language):
        found[number] = tuple(pieces.tolist()), float(values.double().mean())
    return [found[number] for number in range(len(rows))]


def by_confidence(decoder: Decoder, rows: Sequence[Row], language: str) -> list[Decoded]:
    """One mask after the other: the most certain one is filled with its likeliest sub-word, and the model asked again.

    The log-probability of a sub-word is that at the moment when it was filled in; of equally likely ones the first
    comes first.
    """
    texts = [ids.copy() for ids, _ in rows]
    left = [places.tolist() for _, places in rows]
    sums = [0.0] * len(rows)
    while open_rows := [number for number, places in enumerate(left) if places]:
        asked = [(texts[number], np.array(left[number])) for number in open_rows]
        for place, pieces, values in decoder.best(asked, language):
            number, surest = open_rows[place], int(values.argmax())
            texts[number][left[number].pop(surest)] = int(pieces[surest])
            sums[number] += float(values[surest])
    return [
        (tuple(texts[number][places].tolist()), sums[number] / len(places)) for number, (_, places) in enumerate(rows)
    ]


def decoding(
    relations: Sequence[GapRelation],
    language: str,
    form: GapForm,
    decoder: Decoder,
    decode: Decode,
    *,
    masks: int,
    text_of: Callable[[Sequence[int]], str],
    metric: str,
    done: Callable[[float], None],
) -> list[Finding]:
    """Share of facts whose decoded object is a true one, a mean over relations.

    Every number of masks from 1 to ``masks`` is decoded; that whose sub-words have the highest mean log-probability is
    the answer. It is right where its text is the name of an object of the subject, after NFKC and with white space
    joined.

    Args:
        relations: The relations of a language.
        language: The language.
        form: How sentences become sub-words.
        decoder: Decodes masks.
        decode: `independent` or `by_confidence`.
        masks: Most masks.
        text_of: From sub-words to text.
        metric: Name of the number.
        done: Told of every fact.

    Returns:
        The accuracy; chance is that of random sub-words, as many as the object has: the mean of v^−k. The most frequent
        answer is as in `cloze`.

    Reference:
        Jiang et al., *X-FACTR: Multilingual Factual Knowledge Retrieval from Pretrained Language Models*, EMNLP 2020.
    """
    names, hits, frequent, chances, several, of = [], [], [], [], [], []
    for relation in relations:
        often = normal(by_frequency(relation)[0])
        rows = [
            form.row(around, number)
            for around in (form.around(relation.template, gap.subject) for gap in relation.gaps)
            for number in range(1, masks + 1)
        ]
        every = decode(decoder, rows, language)
        for number, gap in enumerate(relation.gaps):
            own = every[number * masks : (number + 1) * masks]
            pieces, _ = max(own, key=lambda decoded: decoded[1])
            length = len(form.pieces(relation.template, gap.subject, gap.object))
            names.append(f"{relation.relation}:{gap.id}")
            true = {normal(name) for name in gap.true}
            hits.append(normal(text_of(pieces)) in true)
            frequent.append(often in true)
            chances.append(float(decoder.filler.model.config.vocab_size) ** -max(1, length))
            several.append(length > 1)
            of.append(relation.relation)
            done(1)
    found = []
    for view, chosen in by_view(several):
        ids, weights = tuple(np.array(names, object)[chosen].tolist()), over_relations(np.array(of)[chosen].tolist())
        scores, constant, guessed = (np.array(own, float)[chosen] for own in (hits, frequent, chances))
        found.append(Finding(metric, language, view, ids, ids, scores, guessed, constant=constant, weights=weights))
    return found


def normal(text: str) -> str:
    """A name as it is compared.

    Example:
        >>> normal(" Ｎew  York")
        'New York'
    """
    return " ".join(unicodedata.normalize("NFKC", text).split())
