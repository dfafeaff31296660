"""Sub-words of a feature exchanged word by word, and what stays the same part of it before and after."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

import numpy as np
from transformers import PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.protocols import Feature
from isogloss.tasks.alignment import APART, ELSEWHERE, GOES_ON
from isogloss.tasks.task import IGNORED

Span = tuple[int, int]
"""Where sub-words begin and end in a feature."""


@dataclass(frozen=True, slots=True)
class Augmented:
    """An example in another form, beside the form that it had.

    Attributes:
        feature: The other form, with the same labels, where they lie now.
        before: For each sub-word of the example the number of the part that it belongs to, from 1, or 0 for none. For
            tagging a part is a token and only the sub-word that stands for it counts; for questions it is a word; empty
            where a text has one prediction.
        after: The same for each sub-word of ``feature``.
    """

    feature: Feature
    before: Sequence[int] = ()
    after: Sequence[int] = ()


Augmentation = Callable[[Feature, np.random.Generator], Augmented]
"""Makes another form of an example, from randomness of its own."""


def unchanged(feature: Feature, random: np.random.Generator) -> Augmented:
    """The example as it is, for noise that is added inside the model."""
    own = _tokens(feature.words) if feature.words else range(1, len(feature) + 1) if feature.spans else ()
    return Augmented(feature, own, own)


class Words:
    """Finds the words of a feature by how a tokenizer marks them.

    A word goes from a sub-word with a mark of its beginning (SentencePiece's ▁, byte-level models' Ġ, in WordPiece the
    lack of ##) to the next one; in tagging it is a token. A text in a script without spaces is one word, or a few.

    Args:
        tokenizer: A fast tokenizer.

    Raises:
        IsoglossError: The tokenizer marks no words.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        pieces = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
        model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
        inner = model.get("continuing_subword_prefix") if model["type"] == "WordPiece" else None
        marks = [mark for mark in "▁Ġ" if any(piece and piece.startswith(mark) for piece in pieces)]
        if not inner and not marks:
            raise IsoglossError(
                f"objective.augment: needs a tokenizer that marks words (▁, Ġ or ##), {type(tokenizer).__name__} has "
                "no such sub-words"
            )
        self._begins = [
            not piece.startswith(inner) if inner else piece.startswith(tuple(marks)) for piece in map(str, pieces)
        ]
        self.special = frozenset(tokenizer.all_special_ids)

    def spans(self, feature: Feature) -> list[Span]:
        """The words of a feature; each special sub-word, and each space alone between tokens, is one too."""
        ids, words = feature.inputs["input_ids"], feature.words
        borders = [0]
        for place in range(1, len(ids)):
            alone = ids[place] in self.special or ids[place - 1] in self.special
            token = words and (words[place] >= 0 or words[place] == ELSEWHERE or APART in words[place - 1 : place + 1])
            if alone or token or (not words and self._begins[ids[place]]):
                borders.append(place)
        return list(pairwise([*borders, len(ids)]))


def rewritten(
    feature: Feature, spans: Sequence[Span], others: Mapping[int, Sequence[int]], max_length: int
) -> Augmented:
    """A feature with some of its words exchanged.

    Args:
        feature: The feature.
        spans: All its words in order, without a gap.
        others: By number of a word the ids, at least one, that take its place. Where there is no room for them the word
            stays.
        max_length: Longest input, in sub-words; each alternative of multiple choice is one.

    Example:
        >>> feature = Feature({"input_ids": [0, 5, 6, 7, 2], "attention_mask": [1] * 5}, 1, "en", 0)
        >>> rewritten(feature, [(0, 1), (1, 3), (3, 4), (4, 5)], {1: [9], 2: [8, 8]}, 5).feature.inputs["input_ids"]
        [0, 9, 8, 8, 2]
    """
    fitting = _fitting(feature, spans, others, max_length)
    lengths = [len(fitting.get(number, range(*span))) for number, span in enumerate(spans)]
    starts = list(accumulate(lengths, initial=0))

    def exchanged(row: Sequence[int], rest: int | None = None) -> list[int]:
        found: list[int] = []
        for number, (start, stop) in enumerate(spans):
            new = [row[start], *[row[start] if rest is None else rest] * (lengths[number] - 1)]
            found += new if number in fitting else row[start:stop]
        return found

    def moved(place: int, *, last: bool = False) -> int:
        number = bisect_left(spans, place + 1, key=lambda span: span[1])
        if number in fitting:
            return starts[number] + (lengths[number] - 1 if last else 0)
        return starts[number] + place - spans[number][0]

    inputs = {name: exchanged(row) for name, row in feature.inputs.items()}
    inputs["input_ids"] = [
        id for number, span in enumerate(spans) for id in fitting.get(number, feature.inputs["input_ids"][slice(*span)])
    ]
    labels = feature.labels
    if labels is not None and not isinstance(labels, int):
        ends = () if feature.words else (moved(labels[0]), moved(labels[1], last=True))
        labels = ends or exchanged(labels, IGNORED)
    own = replace(
        feature,
        inputs=inputs,
        labels=labels,
        words=exchanged(feature.words, GOES_ON) if feature.words else (),
        anchors=[],
        ends=tuple(moved(end - 1) + 1 for end in feature.ends),
        spans=(),
    )
    if feature.anchors:
        anchors = [
            starts[number] if number in fitting else moved(feature.anchors[start + offset])
            for number, (start, _) in enumerate(spans)
            for offset in range(lengths[number])
        ]
        own = replace(own, anchors=anchors)
    if feature.words:
        return Augmented(own, _tokens(feature.words), _tokens(own.words))
    if feature.spans:
        numbers = [number for number, (start, stop) in enumerate(spans, start=1) for _ in range(start, stop)]
        return Augmented(own, numbers, np.repeat(range(1, len(spans) + 1), lengths).tolist())
    return Augmented(own)


def _fitting(
    feature: Feature, spans: Sequence[Span], others: Mapping[int, Sequence[int]], max_length: int
) -> dict[int, Sequence[int]]:
    """Those of the words' exchanges that there is room for."""
    ends = list(feature.ends) or [len(feature)]
    room = [max_length - (end - start) for start, end in pairwise((0, *ends))]
    fitting = {}
    for number, ids in sorted(others.items()):
        start, stop = spans[number]
        text, more = bisect_left(ends, stop), len(ids) - (stop - start)
        if more <= max(0, room[text]):
            room[text] -= more
            fitting[number] = ids
    return fitting


def _tokens(words: Sequence[int]) -> list[int]:
    """The number from 1 of the token that each sub-word stands for, 0 for none."""
    numbers = iter(range(1, len(words) + 1))
    return [next(numbers) if word >= 0 else 0 for word in words]
