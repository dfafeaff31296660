"""How flat is the place where training ended: the rise of the loss under noise on the weights.

Shapes: m languages, r radii, k draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from isogloss.common.distributed import ALONE, Communicator
from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import derive
from isogloss.diagnostics.losses import losses
from isogloss.models.holding import holding, undisturbed
from isogloss.protocols import DataSource


@dataclass(frozen=True)
class Flatness:
    """Losses at the weights and around them.

    Attributes:
        names: The m languages.
        radii: The r radii.
        losses: Loss of each language at the weights ``[m]``.
        shaken: Loss under each draw of noise ``[r, k, m]``.
    """

    names: tuple[str, ...]
    radii: tuple[float, ...]
    losses: Tensor
    shaken: Tensor

    @property
    def rises(self) -> Tensor:
        """Mean rise of the loss over the draws ``[r, m]``: the smaller, the flatter."""
        return self.shaken.mean(dim=1) - self.losses


def flatness(
    model: nn.Module,
    sources: Mapping[str, DataSource],
    *,
    batches: int | Mapping[str, int] = 8,
    radii: Sequence[float] = (0.01, 0.05),
    draws: int = 3,
    seed: int = 0,
    autocast: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ranks: Communicator = ALONE,
) -> Flatness:
    """The loss of each language at θ + ε·δ, for random directions δ as long as the weights, filter by filter.

    δ is drawn from the normal distribution, and each filter of it, the weights into one output (a row of a matrix; one
    sub-word's embedding), is scaled to the length of that filter of θ: δ_f ← δ_f · ‖θ_f‖ / ‖δ_f‖. So scale does not
    matter: a network whose filters are twice as long is shaken twice as much. Vectors (biases, scales of norms) and
    parameters without ``requires_grad`` are not shaken. Without dropout; losses are those that training takes.

    Weights, ``.grad``, modes and the random state are left as they are, to the last bit; a copy of the shaken weights
    is held meanwhile.

    Args:
        model: The model.
        sources: The m languages; their streams must give whole batches, not the slice of a rank.
        batches: Fixed batches 0 … n − 1 of each language, of all or by name.
        radii: The ε, above 0. (0.01, 0.05) is our choice.
        draws: Directions to average over. 3 is our choice.
        seed: Seed of the directions.
        autocast: Makes the context of a forward pass.
        ranks: Processes that share the batches: batch k is that of rank k modulo their number.

    Raises:
        IsoglossError: A radius that is not above 0, no draw or no batch.

    Reference:
        Li et al., *Visualizing the Loss Landscape of Neural Nets*, NeurIPS 2018 (filter normalisation).
    """
    numbers = {name: batches if isinstance(batches, int) else batches[name] for name in sources}
    for rule, fits, found in (
        ("radii: must be above 0", all(radius > 0 for radius in radii), radii),
        ("draws: must be at least 1", draws >= 1, draws),
        ("batches: must be at least 1", all(number >= 1 for number in numbers.values()), numbers),
    ):
        if not fits:
            raise IsoglossError(f"{rule}, found {found}")
    with undisturbed(model), torch.no_grad():
        here = _mean_losses(model, sources, numbers, autocast, ranks)
        around = []
        for radius in radii:
            for draw in range(draws):
                with _shaken(model, radius, derive(seed, "flatness", draw)):
                    around.append(_mean_losses(model, sources, numbers, autocast, ranks))
    shaken = torch.stack(around).reshape(len(radii), draws, len(sources))
    return Flatness(tuple(sources), tuple(radii), here, shaken)


@contextmanager
def _shaken(model: nn.Module, radius: float, seed: int) -> Iterator[None]:
    """Inside, the weights are θ + ε·δ."""
    draw = torch.Generator().manual_seed(seed)
    shaken = {}
    for parameter in (own for own in model.parameters() if own.requires_grad and own.dim() > 1):
        still = parameter.detach()
        noise = torch.randn(parameter.shape, generator=draw).to(parameter).flatten(1)
        lengths = still.flatten(1).norm(dim=1) / noise.norm(dim=1)
        shaken[parameter] = still.add((noise * lengths[:, None]).view_as(still), alpha=radius)
    with holding(shaken):
        yield


def _mean_losses(
    model: nn.Module,
    sources: Mapping[str, DataSource],
    numbers: Mapping[str, int],
    autocast: Callable[[], AbstractContextManager[Any]],
    ranks: Communicator,
) -> Tensor:
    """Mean loss of each language's batches ``[m]``, in float64 on the CPU."""
    device = next(model.parameters()).device
    means = torch.zeros(len(sources), device=device)
    for place, (name, source) in enumerate(sources.items()):
        for k in range(ranks.rank, numbers[name], ranks.world_size):
            for loss in losses(model, source.objective, source.stream(k), autocast):
                means[place] += loss.float() / numbers[name]
    ranks.sum([means])
    return means.double().cpu()
