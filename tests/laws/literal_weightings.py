"""The weightings as their papers write them: on the gradients themselves, one pair at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def pcgrad(gradients: Tensor, orders: Sequence[Sequence[int]]) -> Tensor:
    """Algorithm 1 of PCGrad on gradients ``[m, n]``; for each i the others j in a given order."""
    projected = [gradient.clone() for gradient in gradients]
    for i, order in enumerate(orders):
        for j in order:
            product = projected[i] @ gradients[j]
            if product < 0:
                projected[i] = projected[i] - product / gradients[j].norm() ** 2 * gradients[j]
    return torch.stack(projected).sum(dim=0)


def gradvac(
    gradients: Tensor, orders: Sequence[Sequence[int]], targets: dict[tuple[int, int], float], beta: float
) -> Tensor:
    """Gradient vaccine on gradients ``[m, n]`` of one group of parameters; ``targets`` change in place."""
    bent = [gradient.clone() for gradient in gradients]
    for i, order in enumerate(orders):
        for j in order:
            own, other = bent[i], gradients[j]
            rho = float(own @ other / (own.norm() * other.norm()))
            target = targets.get((i, j), 0.0)
            if rho < target:
                root = math.sqrt(1 - target**2)
                scale = own.norm() * (target * math.sqrt(1 - rho**2) - rho * root) / (other.norm() * root)
                bent[i] = own + scale * other
                assert abs(float(bent[i] @ other / (bent[i].norm() * other.norm())) - target) < 1e-9
            targets[i, j] = (1 - beta) * target + beta * rho
    return torch.stack(bent).sum(dim=0)


def gradnorm(weights: Tensor, gradients: Tensor, losses: Tensor, initial: Tensor, alpha: float) -> Tensor:
    """Gradient of L_grad with respect to the weights ``[m]``, by automatic differentiation.

    Args:
        weights: The weights w.
        gradients: Of the losses with respect to the shared layer ``[m, n]``.
        losses: The losses.
        initial: What they were at first.
        alpha: Restoring force.
    """
    w = weights.clone().requires_grad_()
    lengths = torch.stack([(w[i] * gradients[i]).norm() for i in range(len(w))])
    pace = losses / initial / (losses / initial).mean()
    goal = (lengths.mean() * pace**alpha).detach()
    (slope,) = torch.autograd.grad((lengths - goal).abs().sum(), w)
    return slope


def imtl_g(gradients: Tensor) -> Tensor:
    """IMTL-G's closed form: weights that add up to 1 and make the projections on all unit gradients equal."""
    units = gradients / gradients.norm(dim=1, keepdim=True)
    # <d, u_1> = <d, u_t> for all t, with d = sum of w_i g_i: m - 1 equations, and the sum of w.
    equations = torch.cat([(units[:1] - units[1:]) @ gradients.T, torch.ones(1, len(gradients), dtype=torch.float64)])
    right = torch.zeros(len(gradients), dtype=torch.float64)
    right[-1] = 1
    return torch.linalg.solve(equations, right) @ gradients


def aligned_mtl(gradients: Tensor, pick: Callable[[Tensor], Tensor]) -> Tensor:
    """Aligned-MTL: all singular values of the gradients become one, and their mean is taken."""
    left, values, right = torch.linalg.svd(gradients, full_matrices=False)
    return (pick(values**2).sqrt() * left @ right).mean(dim=0)
