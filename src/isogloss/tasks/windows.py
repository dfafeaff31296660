"""A question and its context as a model reads them: in windows that slide over the context."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isogloss.common.errors import IsoglossError
from isogloss.examples import Question
from isogloss.tasks.task import TOKENIZER_BATCH

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

LONGEST_QUESTION = 64
"""Sub-words of a question that are read, as in BERT's code for SQuAD and in XTREME."""

JOINERS = "\u200c\u200d"
"""The zero-width non-joiner and joiner, of which Unicode makes one letter with what is before them."""


@dataclass(frozen=True, slots=True)
class Window:
    """A question and a piece of its context.

    Attributes:
        inputs: Model inputs, each a list of s integers.
        spans: For each sub-word the characters of the context that it stands for; None outside the context. Its
            last letter is whole: what the tokenizer drops of a letter (marks, joiners) or composes into one character
            is here though it has no sub-word.
        first: Number of its first sub-word of the context among all those of the context.
    """

    inputs: dict[str, list[int]]
    spans: list[tuple[int, int] | None]
    first: int


@dataclass(frozen=True, slots=True)
class Windows:
    """All windows of a question.

    Attributes:
        windows: At least one, in the order of the context.
        offsets: For each sub-word of the whole context the characters that the tokenizer says it has.
        truncated: Whether the question lost sub-words at its end.
    """

    windows: list[Window]
    offsets: list[tuple[int, int]]
    truncated: bool


def require_room(tokenizer: PreTrainedTokenizerBase, max_length: int, doc_stride: int) -> None:
    """Stop unless a window holds one stride of context, one sub-word of the question and the special sub-words.

    Raises:
        IsoglossError: It does not; the context between two windows would be read by neither.
    """
    most = max_length - tokenizer.num_special_tokens_to_add(pair=True) - 1
    if not 1 <= doc_stride <= most:
        raise IsoglossError(
            f"doc_stride is {doc_stride}, but must be from 1 to {most}: a window of max_length {max_length} sub-words "
            "must hold as much of the context beside a question and the special sub-words"
        )


def slide(
    questions: Sequence[Question], tokenizer: PreTrainedTokenizerBase, max_length: int, doc_stride: int
) -> Iterator[Windows]:
    """Windows of at most ``max_length`` sub-words that together hold the whole context.

    Each has the whole question, cut after 64 sub-words, or earlier where a window would not hold ``doc_stride``
    sub-words of context beside it, and as much of the context as there is room for. The next one begins ``doc_stride``
    sub-words of context later, until one holds the end of the context.

    Args:
        questions: The questions.
        tokenizer: A fast tokenizer.
        max_length: Longest window, in sub-words, special ones included.
        doc_stride: Sub-words of context from the beginning of a window to that of the next.
    """
    for start in range(0, len(questions), TOKENIZER_BATCH):
        batch = questions[start : start + TOKENIZER_BATCH]
        # verbose=False: no warning about texts longer than the model takes, which are cut here.
        encoding = tokenizer(
            [question.question for question in batch],
            [question.context for question in batch],
            return_offsets_mapping=True,
            padding=False,
            truncation=False,
            verbose=False,
        )
        all_offsets = encoding.pop("offset_mapping")
        for i, offsets in enumerate(all_offsets):
            inputs = {name: list(rows[i]) for name, rows in encoding.items()}
            yield _windows(inputs, offsets, encoding.sequence_ids(i), batch[i].context, max_length, doc_stride)


def _windows(
    inputs: dict[str, list[int]],
    offsets: Sequence[tuple[int, int]],
    sequences: Sequence[int | None],
    context: str,
    max_length: int,
    doc_stride: int,
) -> Windows:
    asked = [position for position, sequence in enumerate(sequences) if sequence == 0]
    told = [position for position, sequence in enumerate(sequences) if sequence == 1]
    special = len(sequences) - len(asked) - len(told)
    kept = asked[: min(LONGEST_QUESTION, max_length - special - doc_stride)]
    room = max_length - special - len(kept)
    dropped = set(asked[len(kept) :])
    border = told[0] if told else len(sequences)
    head = [position for position in range(border) if position not in dropped]
    tail = range(told[-1] + 1 if told else border, len(sequences))
    found = [(offsets[position][0], offsets[position][1]) for position in told]
    whole = _whole_letters(found, context)
    windows = []
    for number in range(1 + math.ceil(max(0, len(told) - room) / doc_stride)):
        first = number * doc_stride
        chosen = [*head, *told[first : first + room], *tail]
        spans = [*[None] * len(head), *whole[first : first + room], *[None] * len(tail)]
        windows.append(
            Window({name: [row[position] for position in chosen] for name, row in inputs.items()}, spans, first)
        )
    return Windows(windows, found, truncated=len(kept) < len(asked))


def _whole_letters(offsets: Sequence[tuple[int, int]], context: str) -> list[tuple[int, int]]:
    """The characters of each sub-word, and after them the rest of a letter that no sub-word has."""
    begins = [begin for begin, _ in offsets[1:]] + [len(context)]
    found = []
    for (begin, end), following in zip(offsets, begins, strict=True):
        stop = end
        while stop < following and _goes_on(context[stop]):
            stop += 1
        found.append((begin, stop))
    return found


def _goes_on(character: str) -> bool:
    """Whether it is neither white space nor a control such as a soft hyphen, which no letter has."""
    return character in JOINERS or not (character.isspace() or unicodedata.category(character).startswith("C"))
