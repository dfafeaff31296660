"""What a model predicts for both halves of pairs, as distributions over the same things, and how far they differ.

Shapes: b pairs, s sub-words, i items of an example, o outcomes of an item.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from isogloss.objectives.supervised import IGNORED
from isogloss.protocols import Batch


@dataclass(frozen=True)
class Distributions:
    """Log-probabilities of the items of each example.

    An item is a text, a question with alternatives, a token, or one of the two ends of an answer.

    Attributes:
        logs: log p ``[b, i, o]``, 0 for outcomes that an item does not have.
        real: Which outcomes an item has ``[b, i, o]``; none for items that an example does not have.
    """

    logs: Tensor
    real: Tensor

    def detached(self) -> Distributions:
        """The same, without gradient."""
        return Distributions(self.logs.detach(), self.real)

    def surest(self) -> Distributions:
        """All of each item's probability on its most likely outcome, without gradient."""
        best = self.logs.detach().masked_fill(~self.real, -torch.inf).argmax(dim=-1)
        chosen = functional.one_hot(best, self.logs.shape[-1]).bool()
        return Distributions(torch.where(chosen, 0, torch.finfo(self.logs.dtype).min), self.real)


def divergence(first: Distributions, second: Distributions) -> Tensor:
    """KL(first ‖ second) = Σ_o p₁ · (log p₁ − log p₂), summed over the items of each example ``[b]``.

    Example:
        >>> even, skew = (Distributions(torch.tensor([[p]]).log(), torch.ones(1, 1, 2).bool())
        ...               for p in ([0.5, 0.5], [0.25, 0.75]))
        >>> divergence(even, skew)  # 0.5 · log 2 + 0.5 · log(2 / 3)
        tensor([0.1438])
    """
    shares = first.logs.exp().masked_fill(~first.real, 0)
    return (shares * (first.logs - second.logs)).sum(dim=(1, 2))


def softened_divergence(taught: Tensor, logits: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """T² · KL(q ‖ p) with q = softmax(taught / T) and p = softmax(logits / T), summed over items ``[b]``.

    Args:
        taught: Logits of the teacher, as `isogloss.objectives.supervised.outputs` gives them.
        logits: Those of the student.
        labels: -100 where there is no item.
        temperature: T > 0; above 1 probabilities are evened out.

    Reference:
        Hinton, Vinyals, Dean, *Distilling the Knowledge in a Neural Network*, arXiv 1503.02531, 2015.
    """
    wanted, found = (functional.log_softmax(own / temperature, dim=-1) for own in (taught, logits))
    lacking = torch.isneginf(wanted)  # padding, or an alternative that an example does not have
    each = wanted.exp() * (wanted.masked_fill(lacking, 0) - found.masked_fill(lacking, 0))
    divergence = each.sum(dim=-1).masked_fill(labels == IGNORED, 0)
    return temperature**2 * divergence.reshape(len(labels), -1).sum(dim=1)


def items(batch: Batch) -> Tensor:
    """Number of items of each example of a batch of pairs ``[b]``."""
    if "tokens" in batch.extras:
        return (batch.extras["tokens"] > 0).sum(dim=1)
    first = next(iter(batch.inputs.values()))
    return torch.full((len(batch),), 2 if "parts" in batch.extras else 1, device=first.device)


def distributions(logits: Tensor, batch: Batch) -> Distributions:
    """Distributions over the same things for both halves of pairs, whatever their sub-words.

    In tagging those of the tokens. For questions the probability that an end lies in a part (a word) is the sum of
    those of its sub-words. Else those of the texts as they are.

    Args:
        logits: Of one half, as `isogloss.objectives.supervised.outputs` gives them.
        batch: That half, padded to the size of ``logits``, with extras ``tokens`` or ``parts`` where there are several
            items, as `isogloss.streams.augmented` makes them.

    Raises:
        ValueError: There are several items and nothing says which are the same.
    """
    if "tokens" in batch.extras:
        members = _members(batch.extras["tokens"])  # [b, i, s]
        with torch.autocast(logits.device.type, enabled=False):
            picked = members.to(logits.dtype) @ logits  # one sub-word stands for a token
        return _distributions(picked, members.any(dim=2, keepdim=True).expand_as(picked))
    if "parts" in batch.extras:
        members = _members(batch.extras["parts"])  # [b, o, s]
        real = members.any(dim=2)
        # Where there is no part, any finite number does: it is masked below.
        inside = logits.unsqueeze(2).masked_fill(~members.unsqueeze(1), -torch.inf)  # [b, 2, o, s]
        sums = inside.masked_fill(~real[:, None, :, None], 0).logsumexp(dim=-1)
        return _distributions(sums, real.unsqueeze(1).expand_as(sums))
    if logits.dim() != 2:
        raise ValueError("nothing says which sub-words of both halves are the same")
    return _distributions(logits.unsqueeze(1), ~torch.isneginf(logits).unsqueeze(1))


def _members(numbers: Tensor) -> Tensor:
    """Which sub-words belong to which part ``[b, s, s]``, from their numbers from 1 ``[b, s]``; there are at most s."""
    wanted = torch.arange(1, numbers.shape[1] + 1, device=numbers.device)
    return numbers.unsqueeze(1) == wanted.unsqueeze(1)


def _distributions(scores: Tensor, real: Tensor) -> Distributions:
    # An item without outcomes is given even ones, so that nothing is NaN, and then none.
    finite = scores.masked_fill(~real, torch.finfo(scores.dtype).min)
    return Distributions(functional.log_softmax(finite, dim=-1).masked_fill(~real, 0), real)
