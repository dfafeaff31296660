"""Three tasks that share three valleys in a plane: which valley does each method end in?

A stand-in of our own for an experiment that was not available to us; see landscape.md.

python docs/results/landscape.py                                  # the table
python docs/results/landscape.py docs/results/landscape.svg       # and the figure, which needs matplotlib
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import torch
from scipy.stats import binomtest
from tabulate import tabulate
from torch import Tensor, nn

from isogloss.common.randomness import derive
from isogloss.gradients import Add, GradVac, PCGrad
from isogloss.optim import Lookahead, evaluation_weights
from isogloss.protocols import Sampler, Weighting
from isogloss.step.sampling import Blocks, Joint, Permuted, RoundRobin, Temperature

TASKS = ("0", "1", "2")
CENTRES = torch.tensor([[0.0, 10.0], [0.0, 0.0], [10.0, 0.0]], dtype=torch.float64)
DEPTHS = torch.tensor([1.0, 0.9, 1.0], dtype=torch.float64)
SHIFTS = torch.tensor([3.0, 0.3, 3.0], dtype=torch.float64)
"""How far the tasks lie apart in each valley: they agree in the middle one, which is the least deep."""
START = torch.tensor([20.0, 5.0], dtype=torch.float64)
SQUARE = (-4.0, 14.0)
"""Both coordinates of starts that are spread over all three valleys and the ridges between."""
NEAR = 5.0
"""Who ends within this distance of a valley's centre is in it."""

RATE, NOISE = 0.1, 0.02
PERIOD, ALPHA = 18, 0.2


def _valleys() -> tuple[Tensor, Tensor]:
    """Centres ``[3 tasks, 3 valleys, 2]`` and inverse covariances ``[3, 3, 2, 2]``, each task turned by 120 degrees."""
    turns = torch.arange(3, dtype=torch.float64) * 2 * torch.pi / 3
    directions = torch.stack([turns.cos(), turns.sin()], dim=1)
    centres = CENTRES + SHIFTS[:, None] * directions[:, None]
    turned = torch.stack([directions, torch.stack([-turns.sin(), turns.cos()], dim=1)], dim=2)
    precision = turned @ torch.diag(torch.tensor([4.0, 2.5], dtype=torch.float64) ** -2) @ turned.mT
    return centres, precision[:, None].expand(3, 3, 2, 2)


PLACES, PRECISIONS = _valleys()


def _heights(points: Tensor) -> tuple[Tensor, Tensor]:
    """S_t⁻¹ (x − c_tᵢ) ``[n, 3, 3, 2]`` and aᵢ exp(−½ (x − c_tᵢ)ᵀ S_t⁻¹ (x − c_tᵢ)) ``[n, 3, 3]``."""
    away = points[:, None, None] - PLACES
    slopes = (PRECISIONS @ away[..., None])[..., 0]
    return slopes, DEPTHS * (-(away * slopes).sum(dim=3) / 2).exp()


def losses(points: Tensor) -> Tensor:
    """L_t(x) = −Σᵢ aᵢ exp(−½ (x − c_tᵢ)ᵀ S_t⁻¹ (x − c_tᵢ)) + 0.001 ‖x‖² of points ``[n, 2]``: ``[n, 3 tasks]``."""
    return 1e-3 * points.square().sum(dim=1, keepdim=True) - _heights(points)[1].sum(dim=2)


def gradients(points: Tensor) -> Tensor:
    """The gradient of each task at each point ``[n, 3 tasks, 2]``."""
    slopes, heights = _heights(points)
    return 2e-3 * points[:, None] + (heights[..., None] * slopes).sum(dim=2)


def cosine(found: Tensor) -> Tensor:
    """Mean cosine over the pairs of tasks ``[n]``."""
    pairs = [torch.cosine_similarity(found[:, i], found[:, j], dim=1) for i, j in combinations(range(3), 2)]
    return torch.stack(pairs).mean(dim=0)


def merged(weighting: Weighting, step: int, found: Tensor) -> Tensor:
    """The weighted sum of the tasks' gradients ``[n, 2]``, divided by their number; each run is a group of its own."""
    weights = weighting(step, TASKS, found @ found.mT, torch.zeros(3, dtype=torch.float64))
    return (weights[..., None] * found).mean(dim=1)


Wrap = Callable[[torch.optim.Optimizer], "torch.optim.Optimizer | Lookahead"]


@dataclass(frozen=True)
class Method:
    """How a method samples tasks, lets their gradients meet, and moves."""

    sampler: Callable[[int], Sampler]
    wrap: Wrap = lambda inner: inner
    weighting: Callable[[], Weighting] = Add


def _slow(**options: float) -> Wrap:
    return lambda inner: Lookahead(inner, **{"period": PERIOD, "alpha": ALPHA, **options})


def _one(seed: int) -> Sampler:
    return Temperature(TASKS, (1, 1, 1), seed=seed)


METHODS = {
    "multitask, summed": Method(lambda seed: Joint(TASKS)),
    "PCGrad": Method(lambda seed: Joint(TASKS), weighting=lambda: PCGrad(0)),
    "GradVac": Method(lambda seed: Joint(TASKS), weighting=lambda: GradVac(0)),
    "lookahead, summed": Method(lambda seed: Joint(TASKS), _slow()),
    "one task per step": Method(_one),
    "reptile": Method(lambda seed: Blocks(RoundRobin(TASKS), PERIOD // 3), _slow(period=PERIOD // 3, restarts=3)),
    "fish": Method(lambda seed: Permuted(TASKS, seed=seed), _slow(period=3)),
    "sequential reptile": Method(_one, _slow()),
}


def _anywhere(number: int) -> Tensor:
    random = torch.Generator().manual_seed(derive("landscape", "starts"))
    low, high = SQUARE
    return low + (high - low) * torch.rand(number, 2, generator=random, dtype=torch.float64)


@torch.no_grad()
def walk(method: Method, *, seeds: int, steps: int, rate: float = RATE, spread: bool = False) -> Tensor:
    """The weights that each of many independent runs would ship after each step ``[steps + 1, seeds, 2]``.

    Runs start around `START`, or with ``spread`` anywhere in the `SQUARE`; all methods at the same points. Adam treats
    every number on its own, so one optimizer moves all runs at once.
    """
    random = torch.Generator().manual_seed(derive("landscape"))
    jitter = torch.randn(seeds, 2, generator=random, dtype=torch.float64)
    points = nn.Parameter(_anywhere(seeds) if spread else START + jitter)
    optimizer = method.wrap(torch.optim.Adam([points], lr=rate))
    samplers = [method.sampler(seed) for seed in range(seeds)]
    weighting = method.weighting()
    trace = [points.detach().clone()]
    for step in range(steps):
        noise = NOISE * torch.randn(seeds, 3, 2, generator=random, dtype=torch.float64)
        noisy = gradients(points) + noise
        seen = [[int(name) for name in sampler(step)] for sampler in samplers]
        if len(seen[0]) == 1:
            points.grad = noisy[torch.arange(seeds), torch.tensor([own for (own,) in seen])]
        else:
            points.grad = merged(weighting, step, noisy)
        optimizer.step()
        with evaluation_weights(optimizer):
            trace.append(points.detach().clone())
    return torch.stack(trace)


def valleys(points: Tensor) -> Tensor:
    """The valley of each point ``[n]``, 3 where it is in none."""
    distances = torch.cdist(points, CENTRES)
    return distances.argmin(dim=1).masked_fill(distances.amin(dim=1) > NEAR, 3)


def table(traces: dict[str, Tensor]) -> str:
    """Per method how often each valley was reached, with Wilson intervals, and loss and cosine at the end."""
    body = []
    for name, trace in traces.items():
        ends = trace[-1]
        reached = valleys(ends)
        loss, agreement = losses(ends).mean(dim=1), cosine(gradients(ends))
        body.append([name, *(share(int((reached == v).sum()), len(ends)) for v in range(4))])
        body[-1] += [f"{loss.mean():.3f} ± {loss.std():.3f}", f"{agreement.mean():+.2f} ± {agreement.std():.2f}"]
    headers = ["method", "(0, 10)", "(0, 0), agreeing", "(10, 0), nearest", "elsewhere", "mean loss", "mean cosine"]
    return tabulate(body, headers, tablefmt="github", disable_numparse=True)


def paired(traces: dict[str, Tensor], baseline: str) -> str:
    """Which of the same starts end elsewhere than under the baseline, with the exact McNemar test per valley."""
    usual = valleys(traces[baseline][-1])
    body = []
    for name, trace in traces.items():
        if name != baseline:
            own = valleys(trace[-1])
            body.append([name, f"{int((own != usual).sum())} of {len(own)}"])
            for valley in range(3):
                gained = int(((own == valley) & (usual != valley)).sum())
                lost = int(((own != valley) & (usual == valley)).sum())
                p = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
                body[-1].append(f"+{gained} −{lost}, p = {p:.2g}")
    headers = ["method", f"elsewhere than {baseline}", "(0, 10)", "(0, 0), agreeing", "(10, 0)"]
    return tabulate(body, headers, tablefmt="github", disable_numparse=True)


def share(count: int, n: int) -> str:
    """Per cent, with the 95 % Wilson interval."""
    interval = binomtest(count, n).proportion_ci(method="wilson")
    return f"{count / n:.0%} ({max(interval.low, 0):.0%}–{interval.high:.0%})"


def draw(traces: dict[str, Tensor], path: Path) -> None:
    """Where the first run of each method walks, and loss and cosine over the steps."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "landscape", "font.size": 8, "axes.spines.top": False}
    from matplotlib import pyplot

    figure, (plane, loss, agreement) = pyplot.subplots(1, 3, figsize=(12, 3.6), width_ratios=(1.5, 1, 1))
    axes = [torch.linspace(-6, 24, 91, dtype=torch.float64), torch.linspace(-6, 16, 67, dtype=torch.float64)]
    grid = torch.cartesian_prod(*axes)
    heights = losses(grid).mean(dim=1).reshape(len(axes[0]), len(axes[1])).T
    plane.contour(axes[0], axes[1], heights, levels=12, colors="0.8", linewidths=0.6)
    stride = max(1, len(next(iter(traces.values()))) // 150)
    for name, trace in traces.items():
        thin = trace[::stride]
        steps = torch.arange(len(thin)) * stride
        (line,) = plane.plot(thin[:, 0, 0], thin[:, 0, 1], linewidth=1, label=name)
        plane.plot(*trace[-1, 0], "o", markersize=4, color=line.get_color())
        flat = thin.flatten(0, 1)
        loss.plot(steps, losses(flat).mean(dim=1).reshape(len(thin), -1).mean(dim=1), linewidth=1)
        agreement.plot(steps, cosine(gradients(flat)).reshape(len(thin), -1).mean(dim=1), linewidth=1)
    plane.set_title("mean loss, and the walk of the first seed")
    loss.set(title="mean loss", xlabel="step")
    agreement.set(title="mean cosine between tasks", xlabel="step")
    plane.legend(frameon=False, loc="upper right")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main(arguments: Sequence[str], *, seeds: int = 60, steps: int = 1000) -> None:
    """Print the tables and, where a path is given, draw the figure."""
    torch.set_num_threads(1)
    traces = {name: walk(method, seeds=seeds, steps=steps) for name, method in METHODS.items()}
    print(table(traces), "", sep="\n")
    anywhere = {name: walk(method, seeds=5 * seeds, steps=steps, spread=True) for name, method in METHODS.items()}
    print(table(anywhere), "", paired(anywhere, "multitask, summed"), "", sep="\n")
    others = {
        f"sequential reptile, rate {rate}, K = {period}, η = {alpha}": walk(
            Method(_one, _slow(period=period, alpha=alpha)), seeds=seeds, steps=steps, rate=rate
        )
        for rate in (0.1, 0.3)
        for period, alpha in ((6, 0.5), (39, 0.5))
    }
    print(table(others))
    for path in arguments:
        draw(traces, Path(path))


if __name__ == "__main__":
    main(sys.argv[1:])
