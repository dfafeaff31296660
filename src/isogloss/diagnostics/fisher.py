"""The trace of the Fisher matrix, layer by layer: how much the model's predictions depend on each layer's parameters.

Shapes: n batches, g groups of parameters, b examples of a batch, c classes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from isogloss.common.distributed import ALONE, Communicator
from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import derive
from isogloss.models.holding import undisturbed
from isogloss.objectives.supervised import IGNORED, outputs
from isogloss.protocols import Batch

Labels = Callable[[Tensor, Tensor, torch.Generator], Tensor]
"""From log-probabilities ``[i, c]`` and gold labels ``[i]`` of i items to the labels ``[i]`` to take gradients for."""


def sampled(log_probabilities: Tensor, gold: Tensor, draw: torch.Generator) -> Tensor:
    """Labels drawn from the model's own distribution, as the definition has it."""
    return torch.multinomial(log_probabilities.exp().cpu(), 1, generator=draw)[:, 0].to(log_probabilities.device)


def most_likely(log_probabilities: Tensor, gold: Tensor, draw: torch.Generator) -> Tensor:
    """The model's most likely labels, as the released code of FUN has it; no estimate of the Fisher matrix."""
    return log_probabilities.argmax(dim=-1)


def gold(log_probabilities: Tensor, gold: Tensor, draw: torch.Generator) -> Tensor:
    """The gold labels: the empirical Fisher matrix, another matrix."""
    return gold


@dataclass(frozen=True)
class Traces:
    """What batches say of tr(F).

    Attributes:
        groups: The g groups.
        values: The estimate of each batch ``[n, g]``, in float64.
    """

    groups: tuple[Hashable, ...]
    values: Tensor

    @property
    def means(self) -> dict[Hashable, float]:
        """The estimate over all batches."""
        return dict(zip(self.groups, self.values.mean(dim=0).tolist(), strict=True))

    @property
    def errors(self) -> dict[Hashable, float]:
        """Its standard error over batches; NaN for a single one."""
        if len(self.values) == 1:  # of which torch would warn
            return dict.fromkeys(self.groups, float("nan"))
        spread = self.values.std(dim=0) / len(self.values) ** 0.5
        return dict(zip(self.groups, spread.tolist(), strict=True))

    def average(self, groups: Sequence[Hashable], name: Hashable) -> Traces:
        """The mean over some of the groups as one group: groups of a batch vary together, which its error needs.

        Example:
            >>> traces = Traces(("low", "top"), torch.tensor([[1.0, 3.0], [4.0, 2.0]], dtype=torch.float64))
            >>> traces.average(("low", "top"), "both").values.tolist()
            [[2.0], [3.0]]
        """
        places = [self.groups.index(group) for group in groups]
        return Traces((name,), self.values[:, places].mean(dim=1, keepdim=True))


@dataclass(frozen=True)
class Fisher:
    """tr(F_θ) = E_x E_{y ~ p(y|x)} ‖∇_θ log p(y|x)‖² of groups of parameters θ, from some batches.

    log p(y|x) of an example is the sum over its items: the labelled tokens of a sentence, the two ends of an answer.
    ``per_example`` takes the gradient g_i of each example i and gives 1/b Σ_i ‖g_i‖². Otherwise one gradient ḡ of the
    batch's mean gives b · ‖ḡ‖², which has the same expectation where labels are sampled, since then E g_i = 0 and cross
    terms vanish; with other labels it has not.

    The model is left as it was: weights, ``.grad``, ``requires_grad``, modes and the global random state. Without
    dropout. Groups may be closed.

    Attributes:
        labels: Which labels gradients are taken for: `sampled`, `most_likely`, `gold`.
        per_example: Whether each example has a gradient of its own.
        exact: Whether, instead, the expectation over y is summed out, Σ_y p(y|x) ‖∇ log p(y|x)‖²; only for tasks with
            one item an example, and b · c backward passes a batch.
        per_parameter: Whether a group's trace is divided by the number of its parameters.
        seed: Seed of sampled labels.
        autocast: Makes the context of a forward pass.
        ranks: Processes that share the batches: batch k is that of rank k modulo their number.

    Reference:
        Liu et al., *FUN with Fisher*, NAACL 2024, equation 1 and algorithm 2. The released code takes `most_likely`
        labels and ‖ḡ‖² summed over 41 batches.
    """

    labels: Labels = sampled
    per_example: bool = False
    exact: bool = False
    per_parameter: bool = False
    seed: int = 0
    autocast: Callable[[], AbstractContextManager[Any]] = nullcontext
    ranks: Communicator = ALONE

    def __call__(
        self,
        model: nn.Module,
        groups: Mapping[Hashable, Sequence[nn.Parameter]],
        batches: Sequence[Sequence[Batch]],
        moment: int = 0,
    ) -> Traces:
        """The traces of groups.

        Args:
            model: The model.
            groups: The parameters of each group; groups must not share any.
            batches: n batches, each as its micro-batches.
            moment: When they are taken, such as the step: part of the seed of sampled labels.

        Raises:
            IsoglossError: There is no batch, or ``exact`` is asked for where an example has several items.
        """
        if not batches:
            raise IsoglossError("fisher: needs at least one batch, found none")
        parameters = [parameter for own in groups.values() for parameter in own]
        device = next(model.parameters()).device
        values = torch.zeros(len(batches), len(groups), dtype=torch.float64, device=device)
        with undisturbed(model), _open(model, parameters):
            for k in range(self.ranks.rank, len(batches), self.ranks.world_size):
                draw = torch.Generator().manual_seed(derive(self.seed, "fisher", moment, k) % 2**63)
                values[k] = self._batch(model, groups, [part.to(device) for part in batches[k]], draw)
        self.ranks.sum([values])
        if self.per_parameter:
            values /= torch.tensor([sum(p.numel() for p in own) for own in groups.values()], device=device)
        return Traces(tuple(groups), values.cpu())

    def _batch(
        self,
        model: nn.Module,
        groups: Mapping[Hashable, Sequence[nn.Parameter]],
        parts: Sequence[Batch],
        draw: torch.Generator,
    ) -> Tensor:
        """The estimate ``[g]`` of one batch."""
        number = sum(len(part) for part in parts)
        if not (self.exact or self.per_example):
            total: list[Tensor | None] = [None] * sum(map(len, groups.values()))
            for part in parts:
                likelihood = self._chosen(_items(model, part, self.autocast), draw).sum() / number
                gradients = torch.autograd.grad(likelihood, _flat(groups), allow_unused=True)
                total = [_plus(old, new) for old, new in zip(total, gradients, strict=True)]
            return number * _squares(groups, total)
        values = torch.zeros(len(groups), dtype=torch.float64, device=next(model.parameters()).device)
        for part in parts:
            items = _items(model, part, self.autocast)
            for likelihood, weight in self._exact(items) if self.exact else self._each(items, draw):
                gradients = torch.autograd.grad(likelihood, _flat(groups), allow_unused=True, retain_graph=True)
                values += weight * _squares(groups, gradients) / number
        return values

    def _chosen(self, items: _Items, draw: torch.Generator) -> Tensor:
        """Log p of the chosen label of each item ``[i]``."""
        labels = self.labels(items.log_probabilities.detach(), items.gold, draw)
        return items.log_probabilities.gather(1, labels[:, None])[:, 0]

    def _each(self, items: _Items, draw: torch.Generator) -> Iterator[tuple[Tensor, float]]:
        """Log p of each example."""
        chosen = self._chosen(items, draw)
        sums = chosen.new_zeros(items.examples).index_add(0, items.example, chosen)
        return ((likelihood, 1.0) for likelihood in sums)

    def _exact(self, items: _Items) -> Iterator[tuple[Tensor, float]]:
        """Log p of each class of each example, and its probability."""
        if len(items.example) != items.examples:
            raise _several_items()
        for row in items.log_probabilities:
            for likelihood in row:
                if torch.isfinite(likelihood):
                    yield likelihood, float(likelihood.detach().exp())


def require_one_item(batches: Sequence[Batch]) -> None:
    """Stop unless each example has one item, as the expectation over its labels needs: before any step, if asked."""
    if any(batch.labels is not None and batch.labels.ndim > 1 for batch in batches):
        raise _several_items()


def _several_items() -> IsoglossError:
    return IsoglossError(
        "fisher: labels: exact needs tasks with one item an example (inference, topics, choices); sampled serves all "
        "tasks"
    )


@dataclass(frozen=True)
class _Items:
    """What a model says of a batch's items: log-probabilities ``[i, c]``, gold labels and examples ``[i]``."""

    log_probabilities: Tensor
    gold: Tensor
    example: Tensor
    examples: int


def _items(model: nn.Module, batch: Batch, autocast: Callable[[], AbstractContextManager[Any]]) -> _Items:
    assert batch.labels is not None
    with autocast():
        logits = outputs(model, batch)
    labelled = batch.labels != IGNORED
    example = torch.arange(len(batch), device=logits.device)
    example = example.view(-1, *[1] * (labelled.ndim - 1)).expand_as(labelled)
    log_probabilities = functional.log_softmax(logits.float(), dim=-1)
    return _Items(log_probabilities[labelled], batch.labels[labelled], example[labelled], len(batch))


def _flat(groups: Mapping[Hashable, Sequence[nn.Parameter]]) -> list[nn.Parameter]:
    return [parameter for own in groups.values() for parameter in own]


def _plus(old: Tensor | None, new: Tensor | None) -> Tensor | None:
    return new if old is None else old if new is None else old + new


def _squares(groups: Mapping[Hashable, Sequence[nn.Parameter]], gradients: Sequence[Tensor | None]) -> Tensor:
    """Σ of squares by group ``[g]``."""
    found, place = [], 0
    for own in groups.values():
        parts = [gradient for gradient in gradients[place : place + len(own)] if gradient is not None]
        place += len(own)
        squares = [part.double().square().sum() for part in parts]
        found.append(torch.stack(squares).sum() if squares else torch.zeros((), dtype=torch.float64))
    return torch.stack([value.to(found[0].device) for value in found])


@contextmanager
def _open(model: nn.Module, parameters: Sequence[nn.Parameter]) -> Iterator[None]:
    """Inside, just these parameters require gradients: nothing below the lowest of them is kept for a backward pass."""
    known = set(map(id, parameters))
    flags = {parameter: parameter.requires_grad for parameter in model.parameters()}
    try:
        for parameter in flags:
            parameter.requires_grad_(id(parameter) in known)
        yield
    finally:
        for parameter, flag in flags.items():
            parameter.requires_grad_(flag)
