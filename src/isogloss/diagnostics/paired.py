"""Vectors of texts and of their translations, each by itself or mixed inside the encoder.

Shapes: b pairs in a batch, n pairs, l layers, s sub-words, d components of a vector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext

import torch
from torch import Tensor
from transformers import PreTrainedModel

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions.mixing import Mixing
from isogloss.models.holding import evaluating
from isogloss.objectives.side_by_side import States, padding_of, side_by_side
from isogloss.protocols import Batch, Feature


@torch.no_grad()
def paired_vectors(
    model: PreTrainedModel,
    collate: Callable[[Sequence[Feature]], Batch],
    targets: Sequence[Feature],
    sources: Sequence[Feature],
    *,
    states: States,
    mixing: Mixing | None = None,
    batch_size: int = 32,
) -> tuple[Tensor, Tensor]:
    """A vector of each layer for both texts of each pair.

    Args:
        model: An encoder, with or without a head; its mode, training or not, stays as it was.
        collate: Makes a batch of features.
        targets: The n first texts.
        sources: The n second texts, which say the same.
        states: Makes a vector of a text's states in a layer, such as `isogloss.objectives.side_by_side.mean_of_places`;
            of alternatives the mean is taken.
        mixing: Mixes each target with its source; None: each goes its own way. The source always does.
        batch_size: Pairs per forward pass.

    Returns:
        Vectors of the targets and of the sources, ``[l + 1, n, d]`` each, in float32 on the CPU, the embeddings first.

    Raises:
        IsoglossError: There are other numbers of targets than of sources, or none.
    """
    if not targets or len(targets) != len(sources):
        raise IsoglossError(
            f"vectors of pairs need as many targets as sources, at least one, found {len(targets)} and {len(sources)}"
        )
    device = next(model.parameters()).device
    found: list[Tensor] = []
    with evaluating(model):
        for start in range(0, len(targets), batch_size):
            first, second = (collate(side[start : start + batch_size]) for side in (targets, sources))
            pairs = Batch(first.inputs, None, first.languages, first.extras, beside=second)
            both = side_by_side(pairs.to(device), padding_of(model), mixing.places if mixing else None)
            # Alternatives of a choice are texts of their own to the encoder.
            inputs = {name: own.flatten(0, -2) for name, own in both.inputs.items()}
            real = inputs["attention_mask"].bool()
            with mixing.pairs(real) if mixing else nullcontext():
                layers = model.base_model(**inputs, output_hidden_states=True).hidden_states
            vectors = torch.stack([states(layer.float(), real) for layer in layers])
            by_text = vectors.reshape(len(vectors), 2, len(first), -1, vectors.shape[-1])
            there = both.extras.get("alternatives", torch.ones(2 * len(first), by_text.shape[3], device=device))
            shares = (there / there.sum(dim=1, keepdim=True)).reshape(1, 2, len(first), -1, 1)
            found.append((by_text * shares).sum(dim=3).cpu())
    whole = torch.cat(found, dim=2)  # [l + 1, 2, n, d]
    return whole[:, 0], whole[:, 1]
