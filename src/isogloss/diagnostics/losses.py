"""The loss of a batch as training takes it, for those who look."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from isogloss.protocols import Batch, Objective


def losses(
    model: nn.Module,
    objective: Objective,
    batch: Sequence[Batch],
    autocast: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> Iterator[Tensor]:
    """Parts that add up to the loss of a batch: per term the sum over items divided by their number, terms added up.

    Args:
        model: The model, in whatever mode it is.
        objective: The loss.
        batch: The micro-batches of one whole global batch.
        autocast: Makes the context of a forward pass.

    Returns:
        One scalar per micro-batch, each computed when it is asked for, with a graph where gradients are enabled.
    """
    device = next(model.parameters()).device
    moved = [part.to(device) for part in batch]
    counts = [objective.counts(part) for part in moved]
    divisors = {term: torch.stack([count[term].sum() for count in counts]).sum().clamp(min=1) for term in counts[0]}
    for part in moved:
        with autocast():
            sums = objective(model, part)
        yield torch.stack([sums[term].sum() / divisor for term, divisor in divisors.items()]).sum()
