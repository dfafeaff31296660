"""Which sub-words stay: those of texts, the most frequent ones, and what no text can do without."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tokenizers import Tokenizer

from isogloss.common.errors import IsoglossError
from isogloss.common.uncut import uncut
from isogloss.models.trimming.cutting import Cut, cut_to
from isogloss.models.trimming.vocabulary import Vocabulary, vocabulary_of

BATCH = 4096
"""Texts that are cut into sub-words at once."""


@dataclass(frozen=True)
class Least:
    """How much is kept.

    Attributes:
        count: Occurrences in all texts together from which on a sub-word stays, ≥ 1.
        size: Most sub-words of the table, special ones and characters included; None: any number.
    """

    count: int = 1
    size: int | None = None


def cut_by_texts(
    tokenizer: Tokenizer,
    texts: Mapping[str, Sequence[str]],
    least: Least,
    *,
    always: Collection[int],
    padding: int,
) -> Cut:
    """The tokenizer without the sub-words that texts do without.

    Special and added tokens stay, and characters or bytes, see `isogloss.models.trimming.vocabulary`. Beside them stay
    the sub-words v with the largest mean over languages l of n_l(v) / Σ_u n_l(u), n_l being the counts in the texts of
    a language: so a language with little text counts as much as one with a lot. When rare sub-words go, their words
    fall into others, and some that stayed are needed no more; so the texts are counted again with what is left, until
    nothing goes. So what comes out stays as it is when it is cut once more.

    Args:
        tokenizer: The tokenizer.
        texts: By language.
        least: How much is kept.
        always: Ids that stay in any case.
        padding: Id of the padding token.

    Raises:
        IsoglossError: ``size`` does not hold what must stay.
    """
    # Some vocabularies leave ids out.
    cut = Cut(tokenizer, tuple(range(max(tokenizer.get_vocab(with_added_tokens=True).values()) + 1)))
    while True:
        kept = [now for now, before in enumerate(cut.rows) if before in always]
        stay = _chosen(cut.tokenizer, texts, least, {*kept, *_added(cut.tokenizer)})
        again = cut_to(cut.tokenizer, stay, padding=cut.rows.index(padding))
        if len(again.rows) == len(cut.rows):
            return cut
        cut = Cut(again.tokenizer, tuple(cut.rows[row] for row in again.rows))


def encoded(tokenizer: Tokenizer, texts: Sequence[str]) -> Iterator[list[int]]:
    """The sub-words of texts, without those that are put around them."""
    for start in range(0, len(texts), BATCH):
        with uncut(tokenizer):
            found = tokenizer.encode_batch_fast(list(texts[start : start + BATCH]), add_special_tokens=False)
        yield from (encoding.ids for encoding in found)


def _added(tokenizer: Tokenizer) -> set[int]:
    return set(tokenizer.get_added_tokens_decoder())


def _chosen(
    tokenizer: Tokenizer, texts: Mapping[str, Sequence[str]], least: Least, always: Collection[int]
) -> frozenset[int]:
    vocabulary = vocabulary_of(tokenizer)
    stay = _closed({*always, *vocabulary.needed()}, vocabulary)
    if least.size is not None and least.size < len(stay):
        raise IsoglossError(
            f"size: special tokens and characters, which must stay, are {len(stay):,} sub-words, found {least.size:,}"
        )
    counts, shares = Counter[int](), defaultdict[int, float](float)
    for own in texts.values():
        found = Counter(piece for ids in encoded(tokenizer, own) for piece in ids)
        counts += found
        for piece, count in found.items():
            shares[piece] += count / found.total()
    for piece in sorted(counts, key=lambda piece: (-shares[piece], piece)):
        if counts[piece] < least.count:
            continue
        more = _closed({piece}, vocabulary) - stay
        if least.size is not None and len(stay) + len(more) > least.size:
            break
        stay |= more
    return frozenset(stay)


def _closed(pieces: Collection[int], vocabulary: Vocabulary) -> set[int]:
    """Sub-words with all that they are made of; an added token that the model does not have is made of nothing."""
    return {*pieces, *(part for own in pieces if own in vocabulary.pieces for part in vocabulary.made_of(own))}
