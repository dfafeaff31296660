"""Which sub-word stands for which token, and where a long sentence is cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from transformers import PreTrainedTokenizerBase

from isogloss.errors import IsoglossError
from isogloss.tasks.task import TOKENIZER_BATCH
from isogloss.types import TaggedSentence


@dataclass(frozen=True, slots=True)
class Aligned:
    """The sub-words of a sentence, or of a piece of one.

    Attributes:
        inputs: Model inputs, each a list of s integers.
        words: For each sub-word the index of the token that it stands for, -1 if none. Only the first sub-word of a
            token stands for it.
        opening: Number of special sub-words at the front.
        closing: Number of special sub-words at the end.
    """

    inputs: dict[str, list[int]]
    words: list[int]
    opening: int
    closing: int

    @property
    def anchors(self) -> list[int]:
        """For each sub-word the position of the first sub-word of its token, its own if it belongs to none."""
        anchors = list(range(len(self.words)))
        for position in range(self.opening, len(self.words) - self.closing):
            if self.words[position] < 0 and position > self.opening:
                anchors[position] = anchors[position - 1]
        return anchors


def align(examples: Sequence[TaggedSentence], tokenizer: PreTrainedTokenizerBase) -> list[Aligned]:
    """Encode sentences so that every token has a sub-word that stands for it.

    The tokens are joined with single spaces and encoded as the text they come from, so the sub-words are those of
    pre-training, whether or not the tokenizer marks the beginning of a text as it marks a space. A sub-word belongs to
    the token in which its last character that is no space lies (offsets of SentencePiece and byte-level models may
    begin with the space before a token, and with what was normalised away before it); a sub-word of spaces alone
    belongs to the token that follows, as it does for tokenizers that are given the tokens one by one. A token that
    gets no sub-word, as a lone zero-width character may, is replaced by the unknown token.

    Args:
        examples: The sentences.
        tokenizer: A fast tokenizer.

    Returns:
        One alignment per sentence, not yet cut.

    Raises:
        IsoglossError: A token gets no sub-word, not even as the unknown token.
    """
    aligned = _align([example.tokens for example in examples], tokenizer)
    bare = {i: tokens for i, example in enumerate(examples) if (tokens := _without(example, aligned[i]))}
    if bare and tokenizer.unk_token is not None:
        mended = [
            tuple(tokenizer.unk_token if j in bare[i] else token for j, token in enumerate(examples[i].tokens))
            for i in bare
        ]
        for i, again in zip(bare, _align(mended, tokenizer), strict=True):
            aligned[i] = again
    for i in bare:
        for j in sorted(_without(examples[i], aligned[i])):
            raise IsoglossError(
                f"{examples[i].path}:{examples[i].line}: token {j + 1} of the sentence, {examples[i].tokens[j]!r}, has "
                f"no sub-word in {type(tokenizer).__name__}, nor has its unknown token ({tokenizer.unk_token!r})"
            )
    return aligned


def cut(aligned: Aligned, max_length: int) -> list[Aligned]:
    """Cut a sentence between tokens into pieces of at most ``max_length`` sub-words, each with its special sub-words.

    A token that alone is longer than that keeps its first sub-words.

    Args:
        aligned: The whole sentence.
        max_length: Longest piece, in sub-words, special ones included.
    """
    if len(aligned.words) <= max_length:
        return [aligned]
    begin, end = aligned.opening, len(aligned.words) - aligned.closing
    room = max_length - aligned.opening - aligned.closing
    # The first token's sub-words begin where the text does, whatever stands before its first one.
    borders = [begin, *[i for i, word in enumerate(aligned.words) if word >= 0][1:], end]
    pieces = [(begin, begin)]
    for start, stop in pairwise(borders):
        if stop - pieces[-1][0] <= room:
            pieces[-1] = (pieces[-1][0], stop)
        else:
            pieces.append((start, min(stop, start + room)))
    return [_piece(aligned, start, stop) for start, stop in pieces if stop > start]


def _piece(aligned: Aligned, start: int, stop: int) -> Aligned:
    tail = len(aligned.words) - aligned.closing

    def take(row: list[int]) -> list[int]:
        return [*row[: aligned.opening], *row[start:stop], *row[tail:]]

    inputs = {name: take(row) for name, row in aligned.inputs.items()}
    return Aligned(inputs, take(aligned.words), aligned.opening, aligned.closing)


def _without(example: TaggedSentence, aligned: Aligned) -> set[int]:
    """Tokens for which no sub-word stands."""
    return set(range(len(example.tokens))) - set(aligned.words)


def _align(sentences: Sequence[Sequence[str]], tokenizer: PreTrainedTokenizerBase) -> list[Aligned]:
    return [
        aligned
        for start in range(0, len(sentences), TOKENIZER_BATCH)
        for aligned in _align_batch(sentences[start : start + TOKENIZER_BATCH], tokenizer)
    ]


def _align_batch(sentences: Sequence[Sequence[str]], tokenizer: PreTrainedTokenizerBase) -> Iterator[Aligned]:
    texts = [" ".join(tokens) for tokens in sentences]
    # verbose=False: no warning about sentences longer than the model takes, which are cut afterwards.
    encoding = tokenizer(texts, return_offsets_mapping=True, padding=False, truncation=False, verbose=False)
    all_offsets = encoding.pop("offset_mapping")
    for i, (tokens, text, offsets) in enumerate(zip(sentences, texts, all_offsets, strict=True)):
        # Sequence ids are 0 in the text and None for what the tokenizer puts around it.
        inside = [j for j, sequence in enumerate(encoding.sequence_ids(i)) if sequence is not None]
        begin, end = (inside[0], inside[-1] + 1) if inside else (len(offsets), len(offsets))
        owners = [owner for j, token in enumerate(tokens) for owner in [*[j] * len(token), -1]]
        words, last = [-1] * len(offsets), -1
        for position in range(begin, end):
            owner = _owner(text, owners, *offsets[position])
            if owner > last:
                words[position] = last = owner
        inputs = {name: list(rows[i]) for name, rows in encoding.items()}
        yield Aligned(inputs, words, begin, len(offsets) - end)


def _owner(text: str, owners: Sequence[int], start: int, stop: int) -> int:
    """Token of the last character in ``text[start:stop]`` that is no space, else of the next such character."""
    for position in chain(range(stop - 1, start - 1, -1), range(stop, len(text))):
        if not text[position].isspace():
            return owners[position]
    return -1
