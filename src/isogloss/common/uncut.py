"""A tokenizer that cuts whole texts, whatever limit and padding its file or an earlier call has left in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tokenizers import Tokenizer


@contextmanager
def uncut(tokenizer: Tokenizer) -> Iterator[Tokenizer]:
    """Inside, texts are neither truncated nor padded; afterwards the tokenizer is as it was.

    A ``tokenizer.json`` may hold both (those of sentence encoders do), and each call of transformers' tokenizer leaves
    its own.

    Example:
        >>> from tokenizers.models import WordLevel
        >>> from tokenizers.pre_tokenizers import Whitespace
        >>> tokenizer = Tokenizer(WordLevel({"a": 0, "b": 1}))
        >>> tokenizer.pre_tokenizer = Whitespace()
        >>> tokenizer.enable_truncation(1)
        >>> with uncut(tokenizer) as whole:
        ...     whole.encode("a b").ids
        [0, 1]
        >>> tokenizer.encode("a b").ids
        [0]
    """
    truncation, padding = tokenizer.truncation, tokenizer.padding
    tokenizer.no_truncation()
    tokenizer.no_padding()
    try:
        yield tokenizer
    finally:
        if truncation is not None:
            tokenizer.enable_truncation(**truncation)
        if padding is not None:
            tokenizer.enable_padding(**padding)
