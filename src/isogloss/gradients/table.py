"""The gradient of an embedding table, kept by the few rows that a batch has moved.

A multilingual vocabulary has 250,000 sub-words and a batch a thousand of them, so a dense gradient is zeros nearly
everywhere, and there would be one per source.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from isogloss.distributed import Communicator, union
from isogloss.gradients.products import dot


@dataclass(frozen=True, slots=True)
class TableGradient:
    """Rows of a gradient; all others are zero.

    Attributes:
        ids: Which rows ``[r]``, ascending, each once.
        values: The rows ``[r, d]``.
    """

    ids: Tensor
    values: Tensor

    def to(self, device: torch.device | None, dtype: torch.dtype | None) -> TableGradient:
        """The same on ``device`` and in ``dtype``; None leaves it."""
        return TableGradient(self.ids.to(device=device), self.values.to(device=device, dtype=dtype))

    def dot(self, other: TableGradient) -> Tensor:
        """Inner product with another gradient of the same table: over the rows that both have."""
        if not len(self.ids) or not len(other.ids):
            return torch.zeros((), dtype=torch.float64, device=self.values.device)
        places = torch.searchsorted(self.ids, other.ids).clamp(max=len(self.ids) - 1)
        # A product with zero instead of a selection: an accelerator need not be waited for.
        common = (self.ids[places] == other.ids).unsqueeze(1)
        return dot((self.values[places] * common).flatten(), other.values.flatten())

    def add_to(self, total: Tensor, weight: float) -> None:
        """Add ``weight`` times this gradient to a dense one ``[v, d]``, in place."""
        values = self.values.to(total.device, total.dtype, copy=True).mul_(weight)
        total.index_add_(0, self.ids.to(total.device), values)


def take_table_gradient(weight: Tensor, group: Communicator) -> TableGradient:
    """Move the sparse gradient of an embedding table out of its ``.grad``, summed over the processes of ``group``.

    Each process has met sub-words of its own, so the ids are united before the rows are added up.
    """
    assert weight.grad is not None
    gradient, weight.grad = weight.grad.coalesce(), None  # a sub-word twice in a batch becomes one row
    ids, values = gradient.indices()[0], gradient.values()
    if group.world_size == 1:
        return TableGradient(ids, values)
    everywhere = union(group, ids, len(weight))
    every = values.new_zeros(len(everywhere), values.shape[1])
    every[torch.searchsorted(everywhere, ids)] = values
    group.sum([every])
    return TableGradient(everywhere, every)


def sparse_table(model: PreTrainedModel) -> nn.Embedding | None:
    """The embedding of sub-words, if all of its gradient comes from looking sub-words up; else None.

    An output layer that is tied to it makes the gradient dense, and scaling by frequency needs the dense one.
    """
    table = model.get_input_embeddings()
    if not isinstance(table, nn.Embedding) or table.scale_grad_by_freq:
        return None
    owners = [module for module in model.modules() if any(own is table.weight for own in module._parameters.values())]
    return table if len(owners) == 1 else None
