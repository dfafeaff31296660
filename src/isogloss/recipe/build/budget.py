"""From a recipe to the numbers of a run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from isogloss.recipe.spec import budget as spec
from isogloss.run.budget import Budget


def build_budget(asked: spec.Budget, *, steps: int, batch_size: int) -> Budget:
    """How long a run is, and when it is measured, logged and saved: by default ten, a hundred and ten times."""
    every = asked.evaluation_steps or 0.1
    evaluation_steps = max(1, int(every * steps if every < 1 else every))
    return Budget(
        steps=steps,
        batch_size=batch_size,
        accumulation=asked.gradient_accumulation_steps,
        evaluation_steps=evaluation_steps,
        logging_steps=asked.logging_steps or max(1, steps // 100),
        save_steps=asked.save_steps or evaluation_steps,
        checkpoints=asked.save_total_limit,
    )


def steps_of(epochs: float, sizes: Sequence[int], per_step: float) -> int:
    """Steps in which as many examples are seen as ``epochs`` passes over all sources have, ``per_step`` on average."""
    return max(1, math.ceil(epochs * sum(sizes) / per_step))
