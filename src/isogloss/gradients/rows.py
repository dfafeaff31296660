"""The gradients of one step's sources: taken one after the other, compared, and put back as weighted sums.

A source's gradients are taken right after its backward pass, so one source's graph is alive at a time, and added up
over processes at once, in the precision they came in. What is kept of them is a row: one long vector, and beside it the
few rows of the embedding table that the source's sub-words have moved. All that weightings need of the rows is their
Gram matrix, which grows by a row's products with those before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn

from isogloss.common.distributed import Communicator
from isogloss.common.errors import IsoglossError
from isogloss.gradients.products import dot
from isogloss.gradients.table import SparseTable, TableGradient


class GradientRows:
    """Takes, compares and puts back the gradients of a step's m sources, for g groups of parameters.

    The vectors are kept from step to step, since to fill old memory is several times cheaper than to ask for new; each
    costs the bytes of the parameters that are open, without the embedding table.

    Args:
        groups: The parameters, each in one of the g groups; together they are all that a step may move.
        table: The table of sub-words, if its gradient can be kept by rows; see `isogloss.gradients.sparse_table`.
            None: it is a parameter like any other.
        dtype: Precision that rows are kept in; None: that of the gradients.
        device: Where rows are kept; None: where the parameters are.

    Example:
        Two losses with the gradients (1, 0) and (1, 1), put back as g₁ + 2 g₂:

        >>> from isogloss.common.distributed import ALONE
        >>> weight = nn.Parameter(torch.zeros(2))
        >>> rows = GradientRows([[weight]])
        >>> with rows.taking():
        ...     for loss in (weight[0], weight.sum()):
        ...         loss.backward()
        ...         rows.take(ALONE)
        >>> rows.grams().tolist()
        [[[1.0, 1.0], [1.0, 2.0]]]
        >>> rows.put(torch.tensor([[1.0, 2.0]]))
        >>> weight.grad
        tensor([3., 2.])
    """

    def __init__(
        self,
        groups: Sequence[Sequence[nn.Parameter]],
        *,
        table: SparseTable | None = None,
        dtype: torch.dtype | None = None,
        device: torch.device | None = None,
    ) -> None:
        self._groups, self._table, self._dtype, self._device = groups, table, dtype, device
        self._parameters: list[nn.Parameter] = []
        self._slices: list[slice] = []
        self._vectors: list[Tensor] = []
        self._start()

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Inside, sources run backward and are taken; forgets the rows of the step before."""
        self._start()
        with nullcontext() if self._table is None else self._table.taking():
            yield

    def take(self, group: Communicator) -> None:
        """Move every gradient out, summed over the processes of ``group``; afterwards every ``.grad`` is None."""
        gradients = [parameter.grad for parameter in self._parameters]
        found = [gradient for gradient in gradients if gradient is not None]
        group.sum(found)
        vector = self._vector(len(self._products))
        views = list(zip(self._views(vector), gradients, strict=True))
        for view, gradient in views:
            if gradient is None:
                view.zero_()
        if found:
            torch._foreach_copy_([view for view, gradient in views if gradient is not None], found)
        for index, parameter in enumerate(self._parameters):
            self._has_gradient[index] |= parameter.grad is not None
            parameter.grad = None
        self._of_table.append(self._take_table(group))
        self._products.append(self._products_with(vector))

    def grams(self) -> Tensor:
        """Inner products G[k, i, j] = Σ <g_i, g_j> over the parameters of group k, in float64 on the CPU.

        Returns:
            Gram matrices ``[g, m, m]``.
        """
        number = len(self._products)
        grams = torch.zeros(len(self._groups), number, number, dtype=torch.float64)
        for j, products in enumerate(self._products):
            grams[:, j, : j + 1] = grams[:, : j + 1, j] = products.T.cpu()
        return grams

    def put(self, weights: Tensor) -> None:
        """Set the gradients of group k to Σ_i w[k, i] g_i; None where no row has one.

        Args:
            weights: Weights ``[g, m]``. The rows are used up.

        Raises:
            IsoglossError: The weights have another shape.
        """
        expected = [len(self._groups), len(self._products)]
        if list(weights.shape) != expected:
            raise IsoglossError(
                f"weighting: must give weights [g, m] = {expected}, one per group of parameters and source, found the "
                f"shape {list(weights.shape)}"
            )
        with torch.no_grad():
            self._put_vectors(weights.tolist())
            self._put_table(weights.tolist())
        self._products.clear()

    def _start(self) -> None:
        """Find what is open; vectors for other parameters than these are dropped."""
        table = None if self._table is None else self._table.weight
        groups = [[p for p in group if p.requires_grad and p is not table] for group in self._groups]
        parameters = [parameter for group in groups for parameter in group]
        if list(map(id, parameters)) != list(map(id, self._parameters)):
            self._vectors = []
        self._parameters, self._slices = parameters, []
        start = 0
        for group in groups:
            stop = start + sum(parameter.numel() for parameter in group)
            self._slices.append(slice(start, stop))
            start = stop
        self._has_gradient = [False] * len(parameters)
        self._of_table: list[TableGradient | None] = []
        self._products: list[Tensor] = []

    def _vector(self, index: int) -> Tensor:
        if index == len(self._vectors):
            like = self._parameters[0] if self._parameters else torch.empty(0)
            size = self._slices[-1].stop
            self._vectors.append(torch.empty(size, dtype=self._dtype or like.dtype, device=self._device or like.device))
        return self._vectors[index]

    def _views(self, vector: Tensor) -> list[Tensor]:
        parts = torch.split(vector, [parameter.numel() for parameter in self._parameters])
        return [part.view(parameter.shape) for part, parameter in zip(parts, self._parameters, strict=True)]

    def _take_table(self, group: Communicator) -> TableGradient | None:
        if self._table is None:
            return None
        gradient = self._table.take(group)
        assert self._table.weight.grad is None, "a source whose loss has a dense gradient on the table of sub-words"
        return None if gradient is None else gradient.to(self._device, self._dtype)

    def _products_with(self, vector: Tensor) -> Tensor:
        """Products ``[j + 1, g]`` of the row just taken, the j-th, with those up to itself."""
        own = self._of_table[-1]
        products = []
        for index, other in enumerate(self._of_table):
            terms = [dot(self._vectors[index][part], vector[part]) for part in self._slices]
            if own is not None and other is not None:
                terms[self._table_group()] = terms[self._table_group()] + own.dot(other)
            products.append(torch.stack(terms))
        return torch.stack(products)

    def _table_group(self) -> int:
        assert self._table is not None
        return next(k for k, group in enumerate(self._groups) if any(p is self._table.weight for p in group))

    def _put_vectors(self, weights: list[list[float]]) -> None:
        if not self._parameters or not self._products:
            return
        like = self._parameters[0]
        total = self._vectors[0].to(like.device, like.dtype)  # itself, where it is there and in that precision already
        for part, of_group in zip(self._slices, weights, strict=True):
            if of_group[0] != 1.0:
                total[part].mul_(of_group[0])
            for vector, weight in zip(self._vectors[1 : len(of_group)], of_group[1:], strict=True):
                total[part].add_(vector[part].to(like.device, non_blocking=True), alpha=weight)
        for parameter, view, has in zip(self._parameters, self._views(total), self._has_gradient, strict=True):
            parameter.grad = view if has else None

    def _put_table(self, weights: list[list[float]]) -> None:
        if self._table is None or not any(gradient is not None for gradient in self._of_table):
            return
        of_table, self._of_table = self._of_table, []
        pairs = zip(of_table, weights[self._table_group()], strict=True)
        self._table.put((gradient, weight) for gradient, weight in pairs if gradient is not None)
