"""How much of its translation a sentence takes: the ratio λ of a mixture, one number for each pair.

Shapes: b pairs, h heads, t places of the first text, s places of the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from isogloss.common.errors import IsoglossError


def entropy(scores: Tensor, queries: Tensor, keys: Tensor) -> Tensor:
    """Mean entropy of attention, over heads and the places that attend: −Σ_k p_k log p_k, p = softmax over real keys.

    Args:
        scores: Scores before any mask ``[b, h, t, s]``.
        queries: Which places attend ``[b, t]``; padding does not.
        keys: Which places can be attended to ``[b, s]``, at least one in each row.

    Returns:
        Nats ``[b]``, from 0 to log of the number of keys.

    Example:
        Attention that is equal over three keys, the fourth being padding, has entropy log 3 = 1.0986:

        >>> one = torch.ones(1, 2, dtype=torch.bool)
        >>> keys = torch.tensor([[True, True, True, False]])
        >>> entropy(torch.zeros(1, 1, 2, 4), one, keys)
        tensor([1.0986])
    """
    hidden = ~keys[:, None, None, :]
    logs = torch.log_softmax(scores.float().masked_fill(hidden, -torch.inf), dim=-1)
    each = -(logs.exp() * logs.masked_fill(hidden, 0)).sum(dim=-1).mean(dim=1)  # [b, t]
    return (each * queries).sum(dim=1) / queries.sum(dim=1)


def released_entropy(scores: Tensor, queries: Tensor, keys: Tensor) -> Tensor:
    """As the released code computes it: in the logarithm padding has score 0, and padding attends too.

    So it changes with the amount of padding. See `entropy` for the shapes.
    """
    visible = keys[:, None, None, :].float()
    weights = torch.softmax(scores.float() + (1 - visible) * -1e4, dim=-1)
    return -(weights * torch.log_softmax(scores.float() * visible, dim=-1)).sum(dim=-1).mean(dim=(1, 2))


class Ratio(nn.Module):
    """λ of each pair, from the attention between its two texts.

    Attributes:
        kind: Name under which it is built again from its settings.
    """

    kind: ClassVar[str]

    def settings(self) -> Mapping[str, Any]:
        """What it is built from, as plain values for JSON."""
        raise NotImplementedError

    def forward(self, scores: Tensor, target: Tensor, source: Tensor) -> Tensor:
        """λ ``[b]`` from scores ``[b, h, t, s]`` and the real places of both texts ``[b, t]``, ``[b, s]``."""
        raise NotImplementedError


class EntropyRatio(Ratio):
    """λ = λ₀ · σ(w · H + b), where H is the entropy of attention from target to source plus that from source to target.

    Sharp attention, which has a low entropy, is taken for a sign of a good translation: with w < 0 it is given more
    weight. Both start as in the released code, w = 1 and b = 0, where w has the other sign.

    Args:
        ceiling: λ₀ in (0, 1]; the released code has 0.5, so that a target keeps at least half of itself.
        learned: Whether w and b are learned; in the released code they are not, since Keras does not see them.
        released: Whether the entropy is computed as there, see `released_entropy`.

    Raises:
        IsoglossError: ``ceiling`` is outside (0, 1].

    Example:
        Two places that attend to two, all alike: H = 2 log 2 = 1.386, so λ = 0.5 · σ(1.386) = 0.4:

        >>> all_real = torch.ones(1, 2, dtype=torch.bool)
        >>> EntropyRatio()(torch.zeros(1, 1, 2, 2), all_real, all_real).detach()
        tensor([0.4000])
    """

    kind: ClassVar[str] = "entropy"

    def __init__(self, ceiling: float = 0.5, learned: bool = True, released: bool = False) -> None:
        super().__init__()
        if not 0 < ceiling <= 1:
            raise IsoglossError(f"ratio: ceiling must be in (0, 1], found {ceiling}")
        self.ceiling, self.learned, self.released = ceiling, learned, released
        self._entropy = released_entropy if released else entropy
        weight, bias = torch.ones(()), torch.zeros(())
        self.weight: Tensor
        self.bias: Tensor
        if learned:
            self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)
        else:
            self.register_buffer("weight", weight)
            self.register_buffer("bias", bias)

    def settings(self) -> Mapping[str, Any]:
        """Its arguments."""
        return {"ceiling": self.ceiling, "learned": self.learned, "released": self.released}

    def forward(self, scores: Tensor, target: Tensor, source: Tensor) -> Tensor:
        """λ ``[b]`` in (0, λ₀)."""
        both = self._entropy(scores, target, source) + self._entropy(scores.transpose(2, 3), source, target)
        return self.ceiling * torch.sigmoid(self.weight * both + self.bias)


class ConstantRatio(Ratio):
    """The same λ for all pairs, for comparison.

    Args:
        value: λ in [0, 1].

    Raises:
        IsoglossError: ``value`` is outside [0, 1].
    """

    kind: ClassVar[str] = "constant"

    def __init__(self, value: float) -> None:
        super().__init__()
        if not 0 <= value <= 1:
            raise IsoglossError(f"ratio: value must be in [0, 1], found {value}")
        self.value = value

    def settings(self) -> Mapping[str, Any]:
        """Its argument."""
        return {"value": self.value}

    def forward(self, scores: Tensor, target: Tensor, source: Tensor) -> Tensor:
        """λ ``[b]``."""
        return torch.full((len(scores),), self.value, device=scores.device)


RATIOS: dict[str, type[Ratio]] = {own.kind: own for own in (EntropyRatio, ConstantRatio)}
