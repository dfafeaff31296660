"""Diagnostics as probes of a run: when they look, and what they saw as rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from isogloss.common.distributed import Communicator
from isogloss.diagnostics.conflicts import Conflicts, conflicts
from isogloss.diagnostics.flatness import flatness
from isogloss.diagnostics.rows import Row, finite, row
from isogloss.protocols import DataSource, Progress


@dataclass(frozen=True)
class Every:
    """Every so many steps, and after the last.

    Attributes:
        steps: Steps between two looks, at least 1.
        last: Number of steps of the run.
    """

    steps: int
    last: int

    def __call__(self, step: int) -> bool:
        """Whether it is time after ``step`` steps."""
        return step % self.steps == 0 or step == self.last


@dataclass(frozen=True)
class ConflictsProbe:
    """Gradient cosines between languages; at checkpoints also those within a language, the ceiling that noise leaves.

    Attributes:
        groups: Makes the groups of parameters from the model, each time anew: what may move may have changed.
        sources: The languages, with whole fixed batches.
        batches: Number of batches of each.
        every: When to look.
        checkpoints: When to look with the ceiling.
        autocast: Makes the context of a forward pass.
        ranks: Processes that share the batches.
    """

    groups: Callable[[nn.Module], Mapping[str, Sequence[nn.Parameter]]]
    sources: Mapping[str, DataSource]
    batches: Mapping[str, int]
    every: Callable[[int], bool]
    checkpoints: Callable[[int], bool]
    autocast: Callable[[], AbstractContextManager[Any]]
    ranks: Communicator

    def due(self, step: int) -> bool:
        """At either time."""
        return self.every(step) or self.checkpoints(step)

    def __call__(self, model: nn.Module, progress: Progress) -> list[Row]:
        """Rows of probe ``conflicts``, see `conflict_rows`."""
        seen = conflicts(
            model,
            self.sources,
            self.groups(model),
            batches=self.batches,
            halves=self.checkpoints(progress.step),
            autocast=self.autocast,
            ranks=self.ranks,
        )
        return conflict_rows(seen)


def conflict_rows(seen: Conflicts, probe: str = "conflicts") -> list[Row]:
    """What was seen, as rows of ``probe``.

    ``cosine`` of each pair and their mean; where halves were told apart, also ``corrected`` of each pair and their
    mean, and ``within`` of each language and their mean. Means over languages have n = the fewest batches of any of
    them.
    """
    rows = []
    fewest = min(seen.batches)
    above = torch.triu_indices(len(seen.names), len(seen.names), offset=1).unbind()
    measures = {"cosine": seen.cosines} | ({} if seen.within is None else {"corrected": seen.corrected})
    for k, part in enumerate(seen.groups):
        for metric, matrices in measures.items():
            rows.append(row(probe, metric, float(matrices[k][above].nanmean()), part=part, n=fewest))
            for j, i in zip(*(places.tolist() for places in above), strict=True):
                n, pair = min(seen.batches[i], seen.batches[j]), {"language": seen.names[j], "other": seen.names[i]}
                rows.append(row(probe, metric, float(matrices[k, i, j]), part=part, n=n, **pair))
        if seen.within is not None:
            rows.append(row(probe, "within", float(seen.within[k].nanmean()), part=part, n=fewest))
            rows += [
                row(probe, "within", float(value), part=part, language=language, n=n)
                for language, value, n in zip(seen.names, seen.within[k], seen.batches, strict=True)
            ]
    return finite(rows)


@dataclass(frozen=True)
class ObservedConflicts:
    """The cosines of the gradients that training itself took in a step, for methods that take one per language.

    They come for nothing, are of one batch each, and of weights and dropout as training has them.

    Attributes:
        last: The names of the m languages and the g groups, and Gram matrices ``[g, m, m]``, of the step just taken;
            None if it had none.
        every: When to look.
    """

    last: Callable[[], tuple[tuple[str, ...], tuple[str, ...], Tensor] | None]
    every: Callable[[int], bool]

    def due(self, step: int) -> bool:
        """As asked for."""
        return self.every(step)

    def __call__(self, model: nn.Module, progress: Progress) -> list[Row]:
        """Rows of probe ``observed_conflicts``, as `conflict_rows`, of each group and of ``model``, all of them."""
        seen = self.last()
        if seen is None:
            return []
        names, groups, grams = seen
        if len(groups) > 1:
            groups, grams = ("model", *groups), torch.cat([grams.sum(dim=0, keepdim=True), grams])
        return conflict_rows(Conflicts(names, groups, (1,) * len(names), grams, None), "observed_conflicts")


@dataclass(frozen=True)
class FlatnessProbe:
    """The rise of each language's loss under noise on the weights.

    Attributes:
        sources: The languages, with whole fixed batches.
        batches: Number of batches of each.
        radii: Lengths of the noise.
        draws: Directions of noise.
        every: When to look.
        autocast: Makes the context of a forward pass.
        ranks: Processes that share the batches.
    """

    sources: Mapping[str, DataSource]
    batches: Mapping[str, int]
    radii: Sequence[float]
    draws: int
    every: Callable[[int], bool]
    autocast: Callable[[], AbstractContextManager[Any]]
    ranks: Communicator

    def due(self, step: int) -> bool:
        """As asked for."""
        return self.every(step)

    def __call__(self, model: nn.Module, progress: Progress) -> list[Row]:
        """Rows of probe ``flatness``: ``loss`` and, by radius (``radius_0.01``, ...), ``rise``."""
        seen = flatness(
            model,
            self.sources,
            batches=self.batches,
            radii=self.radii,
            draws=self.draws,
            autocast=self.autocast,
            ranks=self.ranks,
        )
        rows = [
            row("flatness", "loss", float(loss), language=language, n=self.batches[language])
            for language, loss in zip(seen.names, seen.losses, strict=True)
        ]
        for radius, rises in zip(seen.radii, seen.rises, strict=True):
            part = f"radius_{radius:g}"
            rows.append(row("flatness", "rise", float(rises.mean()), part=part, n=self.draws))
            rows += [
                row("flatness", "rise", float(rise), part=part, language=language, n=self.draws)
                for language, rise in zip(seen.names, rises, strict=True)
            ]
        return finite(rows)
