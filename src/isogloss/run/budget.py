"""How long a run is, how a step is cut, and when it is measured, logged and saved."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """The numbers of a run, with nothing left open.

    Attributes:
        steps: Optimizer steps.
        batch_size: Examples of a source in a step, over all processes; in pre-training rows, those of the first stage.
        accumulation: Micro-batches that each process cuts its share of a batch into.
        evaluation_steps: Steps between evaluations.
        logging_steps: Steps between logged losses.
        save_steps: Steps between checkpoints.
        checkpoints: Checkpoints kept.
    """

    steps: int
    batch_size: int
    accumulation: int
    evaluation_steps: int
    logging_steps: int
    save_steps: int
    checkpoints: int
