"""Where a run takes place: what builders of its parts may know beside their own spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from transformers import PreTrainedModel

from isogloss.common.distributed import Communicator
from isogloss.run.budget import Budget


@dataclass(frozen=True)
class Walk:
    """The inner loops between two moves of the slow weights.

    Attributes:
        steps: Steps K of each.
        restarts: How many there are, each from the same slow weights.
        apart: Whether each process walks its own.
    """

    steps: int
    restarts: int
    apart: bool


@dataclass(frozen=True)
class Site:
    """A run whose data have been read and whose model is open, with nothing left open.

    Attributes:
        model: The model, with the weights that training starts from.
        fresh: Names of the parameters that no checkpoint filled.
        moving: Names of the parameters that may move in some step.
        sizes: Training pieces by source, in the order of the sources.
        seed: Seed of sampling, batches and dropout: the run's own, or a worker's where each walks apart.
        ranks: The processes of the run.
        group: Those that share every batch: all, or each alone.
        autocast: Makes the context of a forward pass.
        budget: How long the run is.
        walk: Its inner loops, if the optimizer has slow weights.
        rates: By name of a parameter what its learning rate is multiplied by, where that is not 1.
    """

    model: PreTrainedModel
    fresh: frozenset[str]
    moving: frozenset[str]
    sizes: Mapping[str, int]
    seed: int
    ranks: Communicator
    group: Communicator
    autocast: Callable[[], AbstractContextManager[Any]]
    budget: Budget
    walk: Walk | None
    rates: Mapping[str, float] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The sources of labelled data."""
        return tuple(self.sizes)
