"""Whether a prediction is right, as the task has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from isogloss.recipe.names import TASKS


def right_answers(task: str, language: str) -> Callable[[Sequence[str], str], bool]:
    """Whether an answer is exactly one of the gold ones, as the task has it; or a label the gold one."""
    exact = TASKS[task].build(()).measures(language).get("exact_match")
    if exact is None:
        return lambda golds, predicted: predicted in golds
    return lambda golds, predicted: exact.counts([tuple(golds)], [predicted])[0, 0] == 1
