"""The traces of the Fisher matrix of all layers over time, as a probe of a run."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from isogloss.diagnostics.fisher import Fisher, Traces
from isogloss.diagnostics.rows import Row, finite, row
from isogloss.protocols import Progress, Stream

MEAN_OPEN = "mean_open"
"""The part of a row that is the mean over the layers that were open."""


@dataclass(frozen=True)
class FisherProbe:
    """tr(F) of each layer, whether open or closed, on the same batches each time.

    Attributes:
        fisher: The estimator.
        layers: Makes the layers from the model.
        stream: Whole batches.
        batches: Number n of batches.
        every: When to look.
    """

    fisher: Fisher
    layers: Callable[[nn.Module], Mapping[Hashable, Sequence[nn.Parameter]]]
    stream: Stream
    batches: int
    every: Callable[[int], bool]

    def due(self, step: int) -> bool:
        """As asked for."""
        return self.every(step)

    def __call__(self, model: nn.Module, progress: Progress) -> list[Row]:
        """Rows of probe ``fisher``.

        ``trace`` of each layer and, as part ``mean_open``, the mean over the layers that were open in the step just
        taken; ``error``, the standard error of each over the n batches, std / √n; ``open`` of each layer, 1 or 0.
        Without an open layer there is no mean.
        """
        layers = self.layers(model)
        is_open = {name: any(parameter.requires_grad for parameter in own) for name, own in layers.items()}
        batches = [self.stream(k) for k in range(self.batches)]
        traces = self.fisher(model, layers, batches, progress.step)
        rows = [row("fisher", "open", value, part=str(name)) for name, value in is_open.items()]
        rows += trace_rows(traces)
        opened = [name for name, value in is_open.items() if value]
        return rows + (trace_rows(traces.average(opened, MEAN_OPEN)) if opened else [])


def trace_rows(traces: Traces) -> list[Row]:
    """``trace`` and ``error`` of each group; a single batch has no error."""
    n = len(traces.values)
    found = [
        row("fisher", metric, value, part=str(group), n=n)
        for metric, values in (("trace", traces.means), ("error", traces.errors))
        for group, value in values.items()
    ]
    return finite(found)
