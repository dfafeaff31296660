"""The sentences that are kept apart to measure a run on text on, as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from transformers import PreTrainedTokenizerBase

from isogloss.recipe.build.text import build_frame, framed
from isogloss.start.knowledge import Known


def held_out_rows(
    texts: Mapping[str, Sequence[str]], known: Known | None, tokenizer: PreTrainedTokenizerBase, length: int
) -> dict[str, list[np.ndarray]]:
    """By language, the held-out sentences as sub-words, special ones included, cut to ``length``.

    Args:
        texts: The sentences by language.
        known: Knowledge, whose sentences are taken where there are no texts.
        tokenizer: The tokenizer.
        length: Most sub-words.
    """
    found = {language: framed(own, tokenizer, length) for language, own in texts.items()}
    if found or known is None:
        return found
    frame = build_frame(tokenizer)
    room = frame.room(length, 1)
    return {
        language: [frame.around(own.sentence(number)[:room]) for number in range(len(own))]
        for language, own in known.knowledge.held_out.items()
    }
