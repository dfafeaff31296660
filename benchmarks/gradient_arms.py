"""The arms of the benchmark of gradient methods: each takes steps on the same batches from the same weights.

All take one forward and one backward pass per language and step, clip, and move by the same AdamW, in fp32.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import nn
from transformers import PreTrainedModel

from benchmarks import surgery
from benchmarks.shapes import SEED, Shape, Step, name_of
from isogloss.common.distributed import ALONE
from isogloss.gradients import GradientRows, GradVac, PCGrad, sparse_table
from isogloss.models.parts import parts_of
from isogloss.objectives.supervised import Supervised
from isogloss.protocols import Batch, DataSource, Weighting
from isogloss.step.loop import Training, take_step

MAX_GRAD_NORM = 1.0

Groups = Callable[[PreTrainedModel], list[list[nn.Parameter]]]


def together(model: PreTrainedModel) -> list[list[nn.Parameter]]:
    """One group of all parameters."""
    return [list(model.parameters())]


def by_layer(model: PreTrainedModel) -> list[list[nn.Parameter]]:
    """A group per layer."""
    return list(parts_of(model).values())


def new_training(
    shape: Shape, languages: int, weighting: Weighting | None, groups: Groups = together, *, by_rows: bool = True
) -> Training:
    """Our side: what a recipe would build; ``by_rows``: the gradient of the table of sub-words is kept so."""
    model = shape.new_model()
    table = sparse_table(model)
    optimizer = _adamw(model.parameters())
    names = tuple(map(name_of, range(languages)))
    streams = [_always(shape.batch(number)) for number in range(languages)]
    return Training(
        model=model,
        sources={name: DataSource(name, stream, Supervised()) for name, stream in zip(names, streams, strict=True)},
        sampler=lambda step: names,
        optimizer=optimizer,
        schedule=torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0),
        seed=SEED,
        weighting=weighting,
        table=table if by_rows else None,
        autocast=partial(torch.autocast, "cpu", dtype=torch.bfloat16) if shape.bf16 else torch.enable_grad,
        rows=None if weighting is None else GradientRows(groups(model), table=table),
        max_grad_norm=MAX_GRAD_NORM,
    )


def losses_of(model: nn.Module, batches: Sequence[Batch]) -> list[torch.Tensor]:
    """The loss of each batch, the graphs of all of them alive."""
    objective = Supervised()
    return [objective(model, batch)["task"].sum() / len(batch) for batch in batches]


def _ours(training: Training) -> Step:
    def step() -> list[float]:
        take_step(training)
        losses = training.meter.read(ALONE)
        return [losses[f"loss/{name}"] for name in training.sources]

    return step


def _theirs(shape: Shape, languages: int, operate: surgery.Surgery) -> Step:
    model = shape.new_model()
    parameters = list(model.parameters())
    optimizer = _adamw(parameters)
    batches = [shape.batch(number) for number in range(languages)]

    def step() -> list[float]:
        losses = losses_of(model, batches)
        operate(parameters, losses)
        torch.nn.utils.clip_grad_norm_(parameters, MAX_GRAD_NORM)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return [loss.item() for loss in losses]

    return step


def _adamw(parameters: object) -> torch.optim.AdamW:
    return torch.optim.AdamW(parameters, lr=2e-5, fused=True)  # type: ignore[arg-type]


def _always(batch: Batch) -> Callable[[int], list[Batch]]:
    return lambda k: [batch]


SUMMED, PCGRAD, GRADVAC = "isogloss, multitask_summed", "isogloss, pcgrad", "isogloss, gradvac by layer"
MATRIX, LOOP = "LibMTL's data flow, written anew for CPU", "a plain PCGrad loop over flat lists"
TORCHJD, BY_ROWS = "TorchJD", "TorchJD, row by row, Gramian only"

FROZEN, KEPT, DENSE = "isogloss, table frozen", "isogloss, table by rows", "isogloss, table as torch has it"


def _frozen(shape: Shape, languages: int) -> Step:
    training = new_training(shape, languages, None)
    training.model.get_input_embeddings().requires_grad_(False)  # type: ignore[operator]
    return _ours(training)


TABLE_ARMS: Mapping[str, Callable[[Shape, int], Step]] = {
    FROZEN: _frozen,
    KEPT: lambda shape, languages: _ours(new_training(shape, languages, None)),
    DENSE: lambda shape, languages: _ours(new_training(shape, languages, None, by_rows=False)),
}
"""The ways of training, or not, the table of sub-words, in the same form."""

ARMS: Mapping[str, Callable[[Shape, int], Step]] = {
    SUMMED: lambda shape, languages: _ours(new_training(shape, languages, None)),
    PCGRAD: lambda shape, languages: _ours(new_training(shape, languages, PCGrad(SEED))),
    GRADVAC: lambda shape, languages: _ours(new_training(shape, languages, GradVac(SEED), by_layer)),
    MATRIX: lambda shape, languages: _theirs(shape, languages, surgery.matrix),
    LOOP: lambda shape, languages: _theirs(shape, languages, surgery.loop),
    TORCHJD: lambda shape, languages: _theirs(shape, languages, surgery.jacobian),
    BY_ROWS: lambda shape, languages: _theirs(shape, languages, surgery.jacobian_by_rows),
}
"""Makes the arm's step, for a shape and a number of languages."""
