"""From a recipe to its task: how labelled examples become the model's input, and its output an answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.recipe.names import NamedTask
from isogloss.recipe.spec import task as spec
from isogloss.recipe.spec.objective import as_released
from isogloss.recipe.spec.recipe import Recipe
from isogloss.tasks.spans import Spans
from isogloss.tasks.tagging import Tagging
from isogloss.tasks.task import Task


def build_task(asked: Recipe, named: NamedTask, labels: tuple[str, ...]) -> Task:
    """The task with its labels.

    Raises:
        IsoglossError: Outputs are to be averaged over tokens, or spaces between them or a stride are chosen, in a task
            that has none, or a key of questions is given to another task.
    """
    task = named.build(labels)
    own = {"doc_stride": asked.doc_stride, "max_answer_length": asked.max_answer_length}
    given: dict[str, Any] = {key: value for key, value in own.items() if value is not None}
    if isinstance(task, Spans):
        task = replace(task, **given)
    elif given:
        hint = "the key of tagged sentences is stride" if isinstance(task, Tagging) else "leave it out"
        raise IsoglossError(f"{next(iter(given))}: task {task.name!r} has no questions to answer; {hint}")
    if isinstance(task, Tagging):
        as_written = spacing(asked, named) == "text"
        summed = as_released(asked.objective) or asked.aggregation == "sum"
        average = asked.aggregation == "average" and not summed
        return replace(task, average=average, summed=summed, as_written=as_written, stride=asked.stride)
    if asked.stride is not None:
        hint = "the key of questions is doc_stride" if isinstance(task, Spans) else "leave it out"
        raise IsoglossError(f"stride: task {task.name!r} has no tagged sentences; {hint}")
    if asked.aggregation != "first":
        raise IsoglossError(f"aggregation: task {task.name!r} has no tokens of several sub-words; leave it out")
    if asked.spacing is not None:
        raise IsoglossError(f"spacing: task {task.name!r} has no tokens with spaces between them; leave it out")
    return task


def spacing(asked: spec.Task, named: NamedTask) -> str | None:
    """The spacing that is asked for, or for tagging the default."""
    return asked.spacing or (spec.SPACING if isinstance(named.build(()), Tagging) else None)
