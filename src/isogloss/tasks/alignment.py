"""Which sub-word stands for which token."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from isogloss.common.errors import IsoglossError
from isogloss.data.spacing import spaces_of_script
from isogloss.examples import TaggedSentence
from isogloss.tasks.task import TOKENIZER_BATCH

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

GOES_ON, APART, ELSEWHERE = -1, -2, -3
"""What a sub-word is that stands for no token: part of the one before it, a space alone before the next, or the first
of a token that is predicted from another window of a long sentence."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """The sub-words of a sentence, or of a piece of one.

    Attributes:
        inputs: Model inputs, each a list of s integers.
        words: For each sub-word the index of the token that it stands for, negative if none: `GOES_ON`, `APART` or
            `ELSEWHERE`. Only one sub-word of a token stands for it.
        opening: Number of special sub-words at the front.
        closing: Number of special sub-words at the end.
        parted: Number of spaces that were put between tokens which shared a sub-word.
    """

    inputs: dict[str, list[int]]
    words: list[int]
    opening: int
    closing: int
    parted: int = 0

    @property
    def anchors(self) -> list[int]:
        """For each sub-word the position of the one that stands for its token, its own if it belongs to none."""
        anchors = list(range(len(self.words)))
        for position in range(self.opening, len(self.words) - self.closing):
            if self.words[position] == GOES_ON and position > self.opening:
                anchors[position] = anchors[position - 1]
        return anchors


def align(
    examples: Sequence[TaggedSentence], tokenizer: PreTrainedTokenizerBase, *, as_written: bool = False
) -> list[Aligned]:
    """Encode sentences so that every token has a sub-word that stands for it.

    The tokens are joined with single spaces and encoded as the text they come from, so the sub-words are those of
    pre-training, whether or not the tokenizer marks the beginning of a text as it marks a space. A sub-word belongs to
    the token in which its last character that is no space lies (offsets of SentencePiece and byte-level models may
    begin with the space before a token, and with what was normalised away before it); a sub-word of spaces alone
    belongs to the token that follows, as it does for tokenizers that are given the tokens one by one. A token that
    gets no sub-word, as a lone zero-width character may, is replaced by the unknown token.

    With ``as_written`` there is a space only where the sentence has one: where its file says so (see
    `TaggedSentence.spaces`), or else by `isogloss.data.spacing.spaces_of_script`. A sub-word may then hold the end of a
    token and the beginning of the next, for which it stands: a token's label is at the first sub-word that overlaps
    its first character. A sub-word of spaces alone stands for no token then. Where one sub-word holds the beginnings of
    several tokens it can stand for one of them only; so a space is put between them, there and nowhere else, as often
    as it takes until each token has a sub-word of its own.

    Args:
        examples: The sentences.
        tokenizer: A fast tokenizer.
        as_written: Whether tokens without a space between them in the text have none here.

    Returns:
        One alignment per sentence, not yet cut.

    Raises:
        IsoglossError: A token gets no sub-word, not even as the unknown token.
    """
    drafts = [_Draft(list(example.tokens), spaces_before(example, as_written)) for example in examples]
    aligned = _align(drafts, tokenizer, as_written)
    changed = list(range(len(drafts)))
    while changed := [i for i in changed if drafts[i].mend(_without(examples[i], aligned[i]), tokenizer.unk_token)]:
        for i, again in zip(changed, _align([drafts[i] for i in changed], tokenizer, as_written), strict=True):
            aligned[i] = again
    for i, example in enumerate(examples):
        for j in sorted(_without(example, aligned[i])):
            raise IsoglossError(
                f"{example.path}:{example.line}: token {j + 1} of the sentence, {example.tokens[j]!r}, has "
                f"no sub-word in {type(tokenizer).__name__}, nor has its unknown token ({tokenizer.unk_token!r})"
            )
    return aligned


@dataclass
class _Draft:
    """A sentence as it is to be encoded: its tokens, before which of them a space stands, how many were put there."""

    tokens: list[str]
    spaces: list[bool]
    parted: int = 0

    def mend(self, bare: set[int], unknown: str | None) -> bool:
        """Part each token without a sub-word from its neighbours, or else replace it; whether there was any to mend."""
        before = (list(self.tokens), list(self.spaces))
        for token in sorted(bare):
            # A sub-word of two tokens stands for the second, so it is from the next that the first is parted.
            sides = [side for side in (token + 1, token) if 0 < side < len(self.tokens) and not self.spaces[side]]
            if sides:
                self.spaces[sides[0]] = True
                self.parted += 1
            elif unknown is not None:
                self.tokens[token] = unknown
        return before != (self.tokens, self.spaces)


def spaces_before(example: TaggedSentence, as_written: bool) -> list[bool]:
    """Before which tokens a space is to stand; before the first never.

    Args:
        example: The sentence.
        as_written: Whether where its text has one, see `align`; else before every other token.
    """
    if not as_written:
        return [place > 0 for place in range(len(example.tokens))]
    spaces = spaces_of_script(example.tokens) if example.spaces is None else example.spaces
    return [place > 0 and space for place, space in enumerate(spaces)]


def _without(example: TaggedSentence, aligned: Aligned) -> set[int]:
    """Tokens for which no sub-word stands."""
    return set(range(len(example.tokens))) - set(aligned.words)


def _align(drafts: Sequence[_Draft], tokenizer: PreTrainedTokenizerBase, as_written: bool) -> list[Aligned]:
    return [
        aligned
        for start in range(0, len(drafts), TOKENIZER_BATCH)
        for aligned in _align_batch(drafts[start : start + TOKENIZER_BATCH], tokenizer, as_written)
    ]


def _align_batch(drafts: Sequence[_Draft], tokenizer: PreTrainedTokenizerBase, as_written: bool) -> Iterator[Aligned]:
    parts = [[" " * space + token for token, space in zip(draft.tokens, draft.spaces, strict=True)] for draft in drafts]
    texts = ["".join(tokens) for tokens in parts]
    # verbose=False: no warning about sentences longer than the model takes, which are cut afterwards.
    encoding = tokenizer(texts, return_offsets_mapping=True, padding=False, truncation=False, verbose=False)
    all_offsets = encoding.pop("offset_mapping")
    for i, (draft, tokens, text, offsets) in enumerate(zip(drafts, parts, texts, all_offsets, strict=True)):
        # Sequence ids are 0 in the text and None for what the tokenizer puts around it.
        inside = [j for j, sequence in enumerate(encoding.sequence_ids(i)) if sequence is not None]
        begin, end = (inside[0], inside[-1] + 1) if inside else (len(offsets), len(offsets))
        owners = [j for j, token in enumerate(tokens) for _ in token]
        blank = _blank(encoding.tokens(i), text, offsets) if as_written else [False] * len(offsets)
        words, last = [GOES_ON] * len(offsets), -1
        for position in range(begin, end):
            owner = _owner(text, owners, *offsets[position])
            if owner > last and blank[position]:
                words[position] = APART
            elif owner > last:
                words[position] = last = owner
        inputs = {name: list(rows[i]) for name, rows in encoding.items()}
        yield Aligned(inputs, words, begin, len(offsets) - end, draft.parted)


def _blank(pieces: Sequence[str], text: str, offsets: Sequence[tuple[int, int]]) -> list[bool]:
    """Which sub-words are spaces alone, as SentencePiece (▁) and byte-level models (Ġ) write them.

    Their offsets may hold the first character after the space too. The letter Ġ itself, which is Maltese, is none.
    """
    return [
        not piece.strip("▁ ") or (not piece.strip("Ġ") and "Ġ" not in text[start:stop])
        for piece, (start, stop) in zip(pieces, offsets, strict=True)
    ]


def _owner(text: str, owners: Sequence[int], start: int, stop: int) -> int:
    """Token of the last character in ``text[start:stop]`` that is no space, else of the next such character."""
    for position in chain(range(stop - 1, start - 1, -1), range(stop, len(text))):
        if not text[position].isspace():
            return owners[position]
    return -1
