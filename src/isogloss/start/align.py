"""How the embeddings of a new encoder begin: as parallel text and neighbours say, the same on every process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from isogloss.common.distributed import processes
from isogloss.common.errors import IsoglossError
from isogloss.data.texts import Unit
from isogloss.models.aligned_embeddings import Integers, aligned_embeddings
from isogloss.models.open import Loaded
from isogloss.store.encoded import EncodedText


def in_units(units: Sequence[Unit], encoded: Mapping[str, EncodedText]) -> list[Integers]:
    """Per unit of parallel text the sub-words of its sentences, each once per language."""
    return [
        np.concatenate([np.unique(encoded[language].sentence(index)) for language, index in unit.items()])
        for unit in units
    ]


@torch.no_grad()
def align(
    loaded: Loaded,
    units: Sequence[Unit],
    encoded: Mapping[str, EncodedText],
    tokenizer: PreTrainedTokenizerBase,
    seed: int,
) -> None:
    """Let embeddings begin as neighbours of their translations, and the outputs with the frequencies of sub-words.

    The vectors have length 1: the head's norm gives a tied output layer vectors of length √d, so logits begin with a
    spread of about 1. Special sub-words and those that occur nowhere stay random. Where the output layer has a bias of
    its own, it begins as the logarithm of how often a sub-word occurs, less the mean of all: Adam moves a bias by the
    learning rate a step at most and would take thousands of steps to get there.
    """
    weight = loaded.model.get_input_embeddings().get_parameter("weight")
    size, dimension = weight.shape
    if min(size, len(units)) < dimension:
        raise IsoglossError(
            f"model.embeddings: parallel needs at least hidden_size = {dimension} sub-words and as many parallel "
            f"sentences, found {size} and {len(units)}"
        )
    ranks, texts = processes(), {language: own.ids for language, own in encoded.items()}
    # The factorisation may differ in the last bits between machines, and clusters by more.
    made = aligned_embeddings(in_units(units, encoded), texts, size, dimension, seed=seed) if ranks.rank == 0 else None
    vectors, known = ranks.gather([made])[0]
    known[tokenizer.all_special_ids] = False
    weight[known] = vectors[known]
    bias = getattr(loaded.model.get_output_embeddings(), "bias", None)  # type: ignore[no-untyped-call]
    if bias is not None and bias.shape == (size,):
        counts = np.log1p(sum(np.bincount(ids, minlength=size) for ids in texts.values()))
        bias.copy_(torch.from_numpy(counts - counts.mean()))
