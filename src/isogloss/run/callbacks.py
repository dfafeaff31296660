"""What a user's own code does while a run goes on: after a step, an evaluation, a save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn


@dataclass(frozen=True)
class Moment:
    """Where a run is.

    Attributes:
        step: Steps that have been taken.
        steps: Steps of the whole run.
        epoch: Passes over the training data so far.
        model: The model in training, as it is now; to be looked at, not changed.
        folder: The run folder.
        is_main: Whether this is the process that writes (rank 0); each process of a run calls its own callbacks.
    """

    step: int
    steps: int
    epoch: float
    model: nn.Module
    folder: Path
    is_main: bool


class Callback:
    """Code of a user's own that a run calls; each method does nothing unless it is overridden.

    A callback looks on: it gets no optimizer, is called without gradients, and its time is counted apart (``callbacks``
    in ``cost.json``). One that changes the model, or draws numbers from torch's own generator, makes another run of it,
    and a resume is then no longer equal to an unbroken run. What it raises ends the run, which can be resumed from its
    last checkpoint.

    Example:
        >>> class Watch(Callback):
        ...     def after_evaluation(self, moment, rows):
        ...         print(moment.step, max(row["value"] for row in rows))
    """

    def after_step(self, moment: Moment) -> None:
        """A step has been taken, and nothing has been evaluated or saved after it yet."""

    def after_evaluation(self, moment: Moment, rows: Sequence[Mapping[str, Any]]) -> None:
        """Dev data have been scored after a step, or everything at the end of the run.

        Args:
            moment: Where the run is.
            rows: The rows of the scores, see `isogloss.run.evaluation.COLUMNS`; on the way ``selection`` is None.
        """

    def after_save(self, moment: Moment, checkpoint: Path) -> None:
        """A checkpoint has been written.

        Args:
            moment: Where the run is.
            checkpoint: Its folder, from which transformers can load the model.
        """
