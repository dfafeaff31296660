"""Whether a model that was cut computes what it did, and what its languages are cut into, before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer

from isogloss.common.errors import IsoglossError
from isogloss.common.languages import writes_spaces
from isogloss.models.holding import evaluating
from isogloss.models.open import Loaded
from isogloss.models.trimming.choosing import encoded

LOOKED_AT = 8
"""Texts of each language that go through both models."""

LONGEST = 128
"""Sub-words of these texts, at most."""


@dataclass(frozen=True)
class InLanguage:
    """What the texts of a language are cut into.

    Attributes:
        language: Its code.
        texts: Number of texts.
        words: Number of words; in a language without spaces between them, of characters.
        pieces: Sub-words per word, before and after.
        unknown: Share of the sub-words that are unknown, before and after, in [0, 1].
        same: Share of the texts that are cut as before, in [0, 1].
    """

    language: str
    texts: int
    words: int
    pieces: tuple[float, float]
    unknown: tuple[float, float]
    same: float


def look(
    language: str, texts: Sequence[str], before: Tokenizer, after: Tokenizer, rows: Sequence[int], unknown: int | None
) -> InLanguage:
    """Cut texts with both tokenizers.

    Args:
        language: Their language.
        texts: The texts.
        before: The tokenizer as it was.
        after: The tokenizer as it is.
        rows: By id now, the id before.
        unknown: Id of the unknown token before; None: there is none.

    Raises:
        IsoglossError: A text whose sub-words all stay is cut otherwise.
    """
    kept, counts, unknowns, same = frozenset(rows), [0, 0], [0, 0], 0
    for text, was, now in zip(texts, encoded(before, texts), encoded(after, texts), strict=True):
        own = [rows[piece] for piece in now]
        if own != was and kept.issuperset(was):
            raise IsoglossError(
                f"the tokenizer that was cut does not cut alike what it has all sub-words of: {text[:80]!r} in "
                f"{language}; nothing was written. Please report it"
            )
        same += own == was
        for at, ids in enumerate((was, own)):
            counts[at] += len(ids)
            unknowns[at] += 0 if unknown is None else ids.count(unknown)
    words = sum(len(text.split()) if writes_spaces(language) else len("".join(text.split())) for text in texts)
    return InLanguage(
        language,
        len(texts),
        words,
        (counts[0] / max(words, 1), counts[1] / max(words, 1)),
        (unknowns[0] / max(counts[0], 1), unknowns[1] / max(counts[1], 1)),
        same / max(len(texts), 1),
    )


@torch.no_grad()
def check_states(before: Loaded, after: Loaded, texts: Mapping[str, Sequence[str]], rows: Sequence[int]) -> int:
    """Stop unless the model gives the sub-words of texts the states that it gave them, bit for bit.

    The sub-words are those after the cut, and both models are given them, each under its own ids. So it does not matter
    whether a text is cut as before, and no language is left out because none of its texts is.

    Args:
        before: The model as it was.
        after: The model as it is.
        texts: Texts by language, of each of which the first `LOOKED_AT` are looked at.
        rows: By id now, the id before.

    Returns:
        How many texts were looked at.

    Raises:
        IsoglossError: They are others.
    """
    were, number = torch.tensor(rows), 0
    longest = min(LONGEST, after.tokenizer.model_max_length)
    options = {"truncation": True, "max_length": longest, "padding": True, "return_tensors": "pt"}
    with evaluating(before.model), evaluating(after.model):
        for language, own in texts.items():
            shown = list(own[:LOOKED_AT])
            now = after.tokenizer(shown, **options)
            was = {**now, "input_ids": were[now["input_ids"]]}
            states = [
                loaded.model.base_model(**{name: value.to(loaded.model.device) for name, value in inputs.items()})[0]
                for loaded, inputs in ((before, was), (after, now))
            ]
            if not torch.equal(*states):
                raise IsoglossError(
                    f"the model that was cut gives sub-words of texts in {language} other states than before; nothing "
                    "was written. Please report it"
                )
            number += len(shown)
    return number
