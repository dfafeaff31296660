"""The gradient of the table of sub-words, kept by the few rows that a batch has moved.

A multilingual vocabulary has 250,000 sub-words and a batch a thousand of them, so a dense gradient is zeros nearly
everywhere. To make it, add to it, take its norm, clip it and clear it takes a quarter of a small encoder's step, and
where the gradients of several sources are kept there would be one of them each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from isogloss.common.distributed import Communicator, union
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


class SparseTable:
    """Takes the gradient of an embedding table by rows, and puts rows back as the dense one that optimizers ask for.

    The dense gradient ``[v, d]`` is one tensor for the whole run, zeros but for the rows that were put last. So an
    optimizer with momentum or decay moves all rows as it would without this class: the weights are the same up to
    rounding, since the gradients of a sub-word that comes several times are added up in another order.

    Args:
        embedding: The embedding of sub-words. Nothing else may use its weight, see `sparse_table`.

    Example:
        >>> from isogloss.common.distributed import ALONE
        >>> embedding = torch.nn.Embedding(5, 1)
        >>> table = SparseTable(embedding)
        >>> with table.taking():
        ...     embedding(torch.tensor([3, 1, 3])).sum().backward()
        >>> gradient = table.take(ALONE)
        >>> gradient.ids.tolist(), gradient.values.tolist()
        ([1, 3], [[1.0], [2.0]])
        >>> table.put([(gradient, 0.5)])
        >>> embedding.weight.grad.flatten().tolist()
        [0.0, 0.5, 0.0, 1.0, 0.0]
    """

    def __init__(self, embedding: nn.Embedding) -> None:
        self._embedding = embedding
        self._dense: Tensor | None = None
        self._ids = torch.empty(0, dtype=torch.int64)

    @property
    def weight(self) -> Tensor:
        """The table ``[v, d]``."""
        return self._embedding.weight

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Inside, backward passes make gradients of rows; the rows put before are forgotten."""
        if self._dense is not None:
            self._dense[self._ids] = 0
        self._ids = self._ids[:0]
        self._embedding.sparse = True
        try:
            yield
        finally:
            self._embedding.sparse = False

    def take(self, group: Communicator) -> TableGradient | None:
        """Move the gradient out of the weight's ``.grad``, summed over the processes of ``group``.

        Each process has met sub-words of its own, so the ids are united before the rows are added up.

        Returns:
            The rows; None where there is no gradient (a frozen table), or a dense one (of a penalty on all weights,
            say), which stays where it is.
        """
        gradient = self.weight.grad
        if gradient is None or not gradient.is_sparse:
            return None
        gradient, self.weight.grad = gradient.coalesce(), None  # a sub-word twice in a batch becomes one row
        ids, values = gradient.indices()[0], gradient.values()
        if group.world_size == 1:
            return TableGradient(ids, values)
        everywhere = union(group, ids, len(self.weight))
        every = values.new_zeros(len(everywhere), values.shape[1])
        every[torch.searchsorted(everywhere, ids)] = values
        group.sum([every])
        return TableGradient(everywhere, every)

    @torch.no_grad()
    def put(self, terms: Iterable[tuple[TableGradient, float]]) -> None:
        """Set the weight's ``.grad`` to the sum of gradients, each times a number."""
        if self._dense is None or self._dense.device != self.weight.device:
            self._dense = torch.zeros_like(self.weight)
        put = [self._ids.to(self._dense.device)]
        for gradient, factor in terms:
            gradient.add_to(self._dense, factor)
            put.append(gradient.ids.to(self._dense.device))
        self._ids = torch.unique(torch.cat(put)) if len(put) > 2 else put[-1]
        self.weight.grad = self._dense

    def rows(self) -> Tensor | None:
        """A copy of the rows ``[r, d]`` outside of which ``.grad`` is zero; None where they are not known."""
        known = self._dense is not None and self.weight.grad is self._dense
        return self.weight.grad[self._ids] if known and self.weight.grad is not None else None

    @torch.no_grad()
    def scale(self, factor: Tensor) -> None:
        """Multiply the rows of ``.grad`` by a number."""
        rows = self.rows()
        assert rows is not None and self._dense is not None
        self._dense[self._ids] = rows.mul_(factor)


def sparse_table(model: PreTrainedModel) -> SparseTable | None:
    """The table of sub-words, if all of the task's gradient comes from looking sub-words up; else None.

    An output layer that is tied to it makes the gradient dense, and scaling by frequency needs the dense one.
    """
    table = model.get_input_embeddings()
    if not isinstance(table, nn.Embedding) or table.scale_grad_by_freq:
        return None
    owners = [module for module in model.modules() if any(own is table.weight for own in module._parameters.values())]
    return SparseTable(table) if len(owners) == 1 else None
