"""The training loop. It knows no method: a method is what the parts of a `Training` answer.

Per step: who may move, which sources, their losses and gradients, how these meet, one optimizer step; then those who
look, evaluation and saving. Every draw of randomness is seeded by (seed, step), so a step is a function of the weights,
the optimizer state and the step's number, and whoever looks cannot disturb it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from isogloss.common.distributed import ALONE, Communicator, sum_gradients
from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import seed_torch
from isogloss.gradients.rows import GradientRows
from isogloss.gradients.table import SparseTable
from isogloss.optim.lookahead import evaluation_weights
from isogloss.protocols import DataSource, Probe, Progress, Sampler, Stateful, Unfreezing, Weighting, stateful
from isogloss.step.meter import Meter

_NOT_FINITE = (
    "this step has changed nothing, though one before it may be the cause. A lower learning_rate, more warmup_steps, "
    "clipping (max_grad_norm) or precision: fp32 usually help"
)


class Optimizer(Stateful, Protocol):
    """What the loop asks of an optimizer; `torch.optim.Optimizer` and `isogloss.optim.lookahead.Lookahead` have it."""

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Parameter groups."""

    def step(self) -> Any:  # noqa: ANN401 - torch's own optimizers return an optional loss
        """Move the parameters by their gradients."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop all gradients."""


class Schedule(Stateful, Protocol):
    """A learning-rate scheduler as `transformers.get_scheduler` makes it."""

    def step(self) -> None:
        """Set the learning rate of the next step."""


@dataclass
class Training:
    """Everything a step needs; its parts hold all that a run remembers, see `memory`.

    Attributes:
        model: The model, never wrapped; modules that an objective brings along are in it.
        sources: Data sources by name.
        sampler: Which of them a step sees.
        optimizer: How the model moves; built over every parameter that will ever train, and over no other.
        schedule: Its learning rate.
        seed: Seed of dropout and the like.
        group: The processes that share every batch and add up their gradients.
        weighting: How the gradients of a step's sources meet; None: they are added up.
        table: The table of sub-words, where its gradient can be kept by rows; None: it is a parameter like any other.
        rows: Where a weighting's gradients are kept, and its groups of parameters; default: one group of all.
        unfreezing: Which parameter groups may move; None: all.
        parameter_groups: Names of the groups to their parameters, for ``unfreezing``; each of the model's parameters
            is in one of them.
        max_grad_norm: Global norm that gradients are clipped to; None: no clipping.
        max_grad_element: Largest size of each element of them, after that; None: no such limit.
        autocast: Makes the context of a forward pass (mixed precision).
        probes: Those who look after a step, at the slow weights where there are any; they change nothing.
        progress: How far the run is.
        meter: Losses since the last log.
    """

    model: nn.Module
    sources: Mapping[str, DataSource]
    sampler: Sampler
    optimizer: Optimizer
    schedule: Schedule
    seed: int
    group: Communicator = ALONE
    weighting: Weighting | None = None
    table: SparseTable | None = None
    rows: GradientRows | None = None
    unfreezing: Unfreezing | None = None
    parameter_groups: Mapping[Hashable, Sequence[nn.Parameter]] = field(default_factory=dict)
    max_grad_norm: float | None = 1.0
    max_grad_element: float | None = None
    autocast: Callable[[], AbstractContextManager[Any]] = torch.enable_grad
    probes: Sequence[Probe] = ()
    progress: Progress = field(default_factory=Progress)
    meter: Meter = field(default_factory=Meter)

    def __post_init__(self) -> None:
        if self.weighting is not None and self.rows is None:
            self.rows = GradientRows([list(self.model.parameters())], table=self.table)
        if self.unfreezing is not None:
            _require_partition(self.model, self.parameter_groups)

    def memory(self) -> dict[str, Stateful]:
        """Every part that remembers something, by name: with the model's weights, all that a run needs to go on.

        An objective that several sources share is there once, under the name of the first.

        Raises:
            IsoglossError: A part has ``state_dict`` and no ``load_state_dict``, or the other way round.
        """
        parts: dict[str, object] = {
            "progress": self.progress,
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "weighting": self.weighting,
            "unfreezing": self.unfreezing,
            **{f"objective of {name}": source.objective for name, source in self.sources.items()},
            **{f"probe {number}": probe for number, probe in enumerate(self.probes)},
        }
        found: dict[str, Stateful] = {}
        for name, part in parts.items():
            own = stateful(part)
            if own is not None and not any(own is known for known in found.values()):
                found[name] = own
        return found


def _require_partition(model: nn.Module, groups: Mapping[Hashable, Sequence[nn.Parameter]]) -> None:
    """Stop unless every parameter is in one group: what is in none would train whatever the rule says.

    Raises:
        IsoglossError: A parameter is in no group, or in several; the message names them.
    """
    times = Counter(id(parameter) for parameters in groups.values() for parameter in parameters)
    wrong = {name: times[id(parameter)] for name, parameter in model.named_parameters() if times[id(parameter)] != 1}
    if wrong:
        shown = ", ".join(f"{name} (in {number})" for name, number in list(wrong.items())[:5])
        known = ", ".join(map(str, groups)) or "(there are none)"
        raise IsoglossError(
            f"unfreezing: each parameter must be in one of the groups {known}, found {len(wrong)} that are not: {shown}"
        )


def never() -> bool:
    """The run goes on to its last step."""
    return False


def train_until(
    training: Training,
    steps: int,
    after_step: Callable[[list[dict[str, Any]]], None],
    is_over: Callable[[], bool] = never,
    around: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> None:
    """Take steps until ``steps`` have been taken in all, or the run is over before.

    Args:
        training: The parts; changed in place.
        steps: Number of optimizer steps at which to stop, counted from the start of the run.
        after_step: Called after every step with the rows that probes saw; it logs, evaluates and saves.
        is_over: Asked before every step whether that one is not to be taken any more.
        around: Makes the context of a step and of the probes after it; ``after_step`` is called outside.

    Raises:
        IsoglossError: A loss is not finite on some rank; the model has not moved by it.
    """
    while training.progress.step < steps and not is_over():
        with around():
            training.model.train()  # every time: whoever looked may have left it in another mode
            take_step(training)
            probes = [probe for probe in training.probes if probe.due(training.progress.step)]
            rows = []
            if probes:
                # What would be evaluated and shipped is what is looked at: the slow weights, where there are any.
                with evaluation_weights(training.optimizer):
                    rows = [row for probe in probes for row in probe(training.model, training.progress)]
        after_step(rows)


def take_step(training: Training) -> None:
    """One optimizer step, see the module's head."""
    progress, model = training.progress, training.model
    open_groups(training)
    seed_torch(training.seed, "step", progress.step, training.group.rank)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    names = training.sampler(progress.step)
    if training.weighting is None or training.rows is None:
        add_gradients(training, names, parameters)
    else:
        weigh_gradients(training, training.weighting, training.rows, names)
    # Without a limit nothing is clipped, but the norm still shows whether the gradient is finite.
    norm = clip(parameters, training.max_grad_norm or float("inf"), training.table)
    if not torch.isfinite(norm):
        raise IsoglossError(f"step {progress.step + 1}: the norm of the gradient is {norm.item()}; {_NOT_FINITE}")
    if training.max_grad_element is not None:
        torch.nn.utils.clip_grad_value_(parameters, training.max_grad_element)
    training.optimizer.step()
    training.optimizer.zero_grad(set_to_none=True)
    training.schedule.step()
    progress.step += 1


def add_gradients(training: Training, names: tuple[str, ...], parameters: Sequence[nn.Parameter]) -> None:
    """Set the gradients to the sums of those of the sources."""
    progress, table = training.progress, training.table
    with nullcontext() if table is None else table.taking():
        for name in names:
            backward(training, training.sources[name], progress.draw(name))
    moved = None if table is None else table.take(training.group)
    sum_gradients(training.group, parameters)
    if table is not None and moved is not None:
        table.put([(moved, 1.0)])


def clip(parameters: Sequence[nn.Parameter], limit: float, table: SparseTable | None = None) -> Tensor:
    """Scale the gradients so that their norm is at most ``limit``, as `torch.nn.utils.clip_grad_norm_` does.

    Args:
        parameters: What may move.
        limit: Largest norm.
        table: The table of sub-words, of which only the rows that are not zero are looked at.

    Returns:
        The norm before.

    Example:
        >>> weight = nn.Parameter(torch.zeros(2))
        >>> weight.grad = torch.tensor([3.0, 4.0])
        >>> clip([weight], 1.0), weight.grad
        (tensor(5.), tensor([0.6000, 0.8000]))
    """
    rows = None if table is None else table.rows()
    dense = [
        parameter
        for parameter in parameters
        if parameter.grad is not None and (rows is None or table is None or parameter is not table.weight)
    ]
    gradients = [parameter.grad for parameter in dense if parameter.grad is not None]
    norm = torch.nn.utils.get_total_norm(gradients if rows is None else [*gradients, rows])
    torch.nn.utils.clip_grads_with_norm_(dense, limit, norm)
    if table is not None and rows is not None:
        table.scale(torch.clamp(limit / (norm + 1e-6), max=1.0))
    return norm


def weigh_gradients(training: Training, weighting: Weighting, rows: GradientRows, names: tuple[str, ...]) -> None:
    """Set the gradients to the weighted sums of those of the sources, which are taken one after the other."""
    progress, losses = training.progress, []
    with rows.taking():
        for name in names:
            losses.append(backward(training, training.sources[name], progress.draw(name)))
            rows.take(training.group)
    rows.put(weighting(progress.step, names, rows.grams(), torch.tensor(losses, dtype=torch.float64)))


def open_groups(training: Training) -> None:
    """Let exactly the open groups require gradients; must come before any forward pass.

    A closed parameter's gradient becomes None: a zero gradient would still move it by momentum and decay.
    """
    if training.unfreezing is None:
        return
    is_open = training.unfreezing(training.progress.step, training.model)
    for key, parameters in training.parameter_groups.items():
        for parameter in parameters:
            parameter.requires_grad_(key in is_open)
            if key not in is_open:
                parameter.grad = None


def backward(training: Training, source: DataSource, k: int) -> float:
    """Add the gradients of the source's k-th global batch, of which this process has a slice, to the model's.

    Returns:
        The loss of the global batch: per term, the sum over all items divided by their number; then the terms added up.
    """
    device = next(training.model.parameters()).device
    batches = [batch.to(device) for batch in source.stream(k)]
    counts = [source.objective.counts(batch) for batch in batches]
    terms = list(counts[0])
    totals = torch.stack(
        [sum((count[term].sum() for count in counts), torch.zeros((), device=device)) for term in terms]
    )
    training.group.sum([totals])
    divisors = dict(zip(terms, totals.clamp(min=1.0), strict=True))
    parts = []
    for batch, count in zip(batches, counts, strict=True):
        with training.autocast():
            sums = source.objective(training.model, batch)
        loss = torch.stack([sums[term].sum() / divisors[term] for term in terms])
        loss.sum().backward()  # type: ignore[no-untyped-call]
        parts.append(loss.detach())
        training.meter.add(batch.languages, sums, count)
    values = torch.stack(parts).sum(dim=0)
    training.group.sum([values])
    _check_finite(training, source.name, dict(zip(terms, values.tolist(), strict=True)))
    return float(values.sum())


def _check_finite(training: Training, source: str, values: Mapping[str, float]) -> None:
    for term, value in values.items():
        if value != value or value in (float("inf"), float("-inf")):
            raise IsoglossError(
                f"step {training.progress.step + 1}: loss term {term!r} of source {source!r} is {value}; {_NOT_FINITE}"
            )
