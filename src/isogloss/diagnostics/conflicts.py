"""Do the gradients of the languages agree? Cosines between them, and how much of a cosine is noise.

Shapes: m languages, g groups of parameters, n batches of a language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from isogloss.common.distributed import ALONE, Communicator
from isogloss.common.errors import IsoglossError
from isogloss.diagnostics.losses import losses
from isogloss.gradients.table import TableGradient
from isogloss.models.holding import undisturbed
from isogloss.protocols import DataSource

_Gradient = list[Tensor]
_Halves = tuple[_Gradient, _Gradient | None]


@dataclass(frozen=True)
class Conflicts:
    """Inner products of the languages' mean gradients.

    Attributes:
        names: The m languages.
        groups: Names of the g groups of parameters.
        batches: Number n of batches behind each language's gradient ``[m]``.
        grams: G[k, i, j] = ⟨ḡᵢ, ḡⱼ⟩ over the parameters of group k ``[g, m, m]``, in float64.
        within: Cosine of the mean gradients of two disjoint halves of a language's batches ``[g, m]``, NaN where there
            was one batch only; None if halves were not told apart.
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    batches: tuple[int, ...]
    grams: Tensor
    within: Tensor | None

    @property
    def cosines(self) -> Tensor:
        """Cosines ``[g, m, m]``, see `cosines`."""
        return cosines(self.grams)

    @property
    def means(self) -> Tensor:
        """Per group the mean cosine of two different languages, 2/(m(m−1)) Σ_{i<j} cos(ḡᵢ, ḡⱼ) ``[g]``.

        Pairs of which one gradient is zero are left out; NaN where nothing is left.
        """
        rows, columns = torch.triu_indices(len(self.names), len(self.names), offset=1)
        return self.cosines[:, rows, columns].nanmean(dim=1)

    @property
    def corrected(self) -> Tensor:
        """Cosines without what noise takes from them ``[g, m, m]``; needs ``within``.

        cos(ḡᵢ, ḡⱼ) / √(Rᵢ Rⱼ), where Rᵢ = 2rᵢ / (1 + rᵢ) is the reliability of the mean over all n batches if rᵢ is the
        cosine between halves (Spearman-Brown). It may leave [-1, 1], and is NaN where some rᵢ ≤ 0: such a gradient is
        all noise. The diagonal is 1.

        Raises:
            IsoglossError: ``within`` is None.

        Reference:
            Spearman, *The Proof and Measurement of Association between Two Things*, American Journal of Psychology
            15(1), 1904 (correction for attenuation).
        """
        if self.within is None:
            raise IsoglossError("corrected cosines need the cosines between halves: conflicts(..., halves=True)")
        reliable = torch.where(self.within > 0, 2 * self.within / (1 + self.within), torch.nan)
        corrected = self.cosines / (reliable[:, :, None] * reliable[:, None, :]).sqrt()
        return corrected.diagonal_scatter(self.cosines.diagonal(dim1=1, dim2=2), dim1=1, dim2=2)


def cosines(grams: Tensor) -> Tensor:
    """Cosines from inner products: C[k, i, j] = G[k, i, j] / √(G[k, i, i] · G[k, j, j]).

    Args:
        grams: Gram matrices ``[g, m, m]``.

    Returns:
        Cosines ``[g, m, m]``; NaN where a gradient is zero.

    Raises:
        IsoglossError: Not a stack of square matrices, or a negative square.

    Example:
        >>> cosines(torch.tensor([[[4.0, -3.0], [-3.0, 9.0]]]))
        tensor([[[ 1.0000, -0.5000],
                 [-0.5000,  1.0000]]])
    """
    if grams.dim() != 3 or grams.shape[1] != grams.shape[2]:
        raise IsoglossError(f"grams must be Gram matrices [g, m, m], found the shape {list(grams.shape)}")
    squares = grams.diagonal(dim1=1, dim2=2)
    if (squares < 0).any():
        raise IsoglossError(f"grams must have squares of norms on their diagonals, found {float(squares.min())}")
    norms = squares.sqrt()
    return grams / (norms[:, :, None] * norms[:, None, :])


def conflicts(
    model: nn.Module,
    sources: Mapping[str, DataSource],
    groups: Mapping[str, Sequence[nn.Parameter]],
    *,
    batches: int | Mapping[str, int] = 32,
    halves: bool = True,
    autocast: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ranks: Communicator = ALONE,
) -> Conflicts:
    """Inner products between the mean gradients of languages, over fixed batches and without dropout.

    ḡᵢ = (1/n) Σ_k ∇Lᵢ(batch k), k = 0 … n − 1, where the loss of a batch is the one that training takes: per term the
    sum over items divided by their number, terms added up. A cosine of noisy gradients is biased towards 0, so n
    belongs to it; with ``halves`` the cosine between the means of the first and the second n/2 batches of the same
    language says what could be reached at all.

    One language's graph is alive at a time, of one batch. The mean gradients are kept on the CPU, in float32: m copies
    of the parameters looked at, without the rows of tables that no batch has moved, and while a language is looked at
    one whole copy (two with ``halves``).

    Weights, ``.grad``, ``requires_grad``, modes and the random state are left as they are.

    Args:
        model: The model.
        sources: The m languages, or whatever is to be compared; their streams must give whole batches, not the slice
            of a rank. For halves to be disjoint, the first n batches must not hold an example twice.
        groups: Names to parameters, which may overlap; see `isogloss.diagnostics.whole_and_parts`. A parameter without
            ``requires_grad`` counts as zero.
        batches: n, of all or by name, at least 1; with ``halves`` even, or 1 for a source that has no more. 32
            is our choice: with fewer, cosines are biased more towards 0.
        halves: Whether to tell halves apart.
        autocast: Makes the context of a forward pass.
        ranks: Processes that share the batches: batch k is that of rank k modulo their number.

    Returns:
        The same on every rank.

    Raises:
        IsoglossError: Nothing to compare, a number of batches that does not fit, or a gradient that is not finite.

    Reference:
        Yu et al., *Gradient Surgery for Multi-Task Learning*, NeurIPS 2020; Wang et al., *Gradient Vaccine*, ICLR 2021
        (cosines between languages).
    """
    numbers = {name: batches if isinstance(batches, int) else batches[name] for name in sources}
    for name, number in numbers.items():
        if number < 1 or (halves and number % 2 and number > 1):
            rule = "an even number (or 1), so that it has halves" if halves else "at least 1"
            raise IsoglossError(f"batches: must be {rule}, found {number} for {name!r}")
    if not sources or not groups:
        raise IsoglossError(f"needs sources and groups to compare, found {len(sources)} and {len(groups)}")
    looked_at = list({id(parameter): parameter for own in groups.values() for parameter in own}.values())
    places = {id(parameter): place for place, parameter in enumerate(looked_at)}
    members = [torch.tensor([places[id(parameter)] for parameter in own]) for own in groups.values()]
    products = torch.zeros(len(looked_at), len(sources), len(sources), dtype=torch.float64)
    within = torch.full((len(groups), len(sources)), torch.nan, dtype=torch.float64)
    kept: list[list[Tensor | TableGradient]] = []
    with undisturbed(model):
        for i, (name, source) in enumerate(sources.items()):
            first, second = _halves(model, source, looked_at, numbers[name], halves, autocast, ranks)
            if second is not None:
                within[:, i] = _cosine(first, second, members)
                first = [one.add_(other) for one, other in zip(first, second, strict=True)]
            kept.append([packed(total.div_(numbers[name])) for total in first])
            for j, other in enumerate(kept):
                products[:, i, j] = products[:, j, i] = _products(kept[i], other)
            if not torch.isfinite(products[:, i, i]).all():
                raise IsoglossError(f"the gradient of {name!r} is not finite, so there is nothing to compare")
    grams = torch.stack([products[own].sum(dim=0) for own in members])
    return Conflicts(tuple(sources), tuple(groups), tuple(numbers.values()), grams, within if halves else None)


def _halves(
    model: nn.Module,
    source: DataSource,
    parameters: Sequence[nn.Parameter],
    number: int,
    halves: bool,
    autocast: Callable[[], AbstractContextManager[Any]],
    ranks: Communicator,
) -> _Halves:
    """Sums of the gradients of the first and the second half of the batches, over all ranks; or one sum, and None."""
    middle = number // 2 if halves and number > 1 else number
    first = _summed(model, source, parameters, range(middle), autocast, ranks)
    if middle == number:
        return first, None
    return first, _summed(model, source, parameters, range(middle, number), autocast, ranks)


def _summed(
    model: nn.Module,
    source: DataSource,
    parameters: Sequence[nn.Parameter],
    numbers: range,
    autocast: Callable[[], AbstractContextManager[Any]],
    ranks: Communicator,
) -> _Gradient:
    sums = [torch.zeros(parameter.shape, dtype=torch.float32) for parameter in parameters]
    moving = [place for place, parameter in enumerate(parameters) if parameter.requires_grad]
    for k in numbers:
        if k % ranks.world_size != ranks.rank:
            continue
        for loss in losses(model, source.objective, source.stream(k), autocast):
            found = torch.autograd.grad(loss, [parameters[place] for place in moving], allow_unused=True)
            for place, gradient in zip(moving, found, strict=True):
                if gradient is not None:
                    sums[place].add_(gradient.to("cpu", torch.float32))
    _add_up(sums, parameters, ranks)
    return sums


def _add_up(sums: _Gradient, parameters: Sequence[nn.Parameter], ranks: Communicator) -> None:
    if ranks.world_size == 1:
        return
    for total, parameter in zip(sums, parameters, strict=True):
        # Processes talk to each other where the model is: NCCL knows nothing of the CPU.
        moved = total.to(parameter.device)
        ranks.sum([moved])
        total.copy_(moved)


def packed(gradient: Tensor) -> Tensor | TableGradient:
    """A gradient as it is, or by its rows that are not zero where these are less than half: a table of sub-words."""
    if gradient.dim() != 2:
        return gradient
    ids = gradient.any(dim=1).nonzero().flatten()
    return TableGradient(ids, gradient[ids]) if 2 * len(ids) < len(gradient) else gradient


def _products(left: Sequence[Tensor | TableGradient], right: Sequence[Tensor | TableGradient]) -> Tensor:
    """⟨left, right⟩ of each parameter, in float64."""
    return torch.stack([_product(a, b) for a, b in zip(left, right, strict=True)])


def _product(left: Tensor | TableGradient, right: Tensor | TableGradient) -> Tensor:
    if isinstance(left, TableGradient):
        if isinstance(right, TableGradient):
            return left.dot(right)
        left, right = right, left
    if isinstance(right, TableGradient):
        left, right = left[right.ids], right.values
    return torch.sum(left * right, dtype=torch.float64)


def _cosine(left: _Gradient, right: _Gradient, members: Sequence[Tensor]) -> Tensor:
    """Cosine of two gradients in each group."""
    dot, one, other = (_products(*pair) for pair in ((left, right), (left, left), (right, right)))
    return torch.stack([dot[own].sum() / (one[own].sum() * other[own].sum()).sqrt() for own in members])
