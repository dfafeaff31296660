"""From a recipe to how much each class counts in the loss."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from isogloss.common.errors import IsoglossError, nearest
from isogloss.examples import Example, TaggedSentence
from isogloss.recipe.spec import objective as spec
from isogloss.tasks.classification import Classification
from isogloss.tasks.tagging import Tagging
from isogloss.tasks.task import Task

KEY = "objective.class_weights"


def build_class_weights(
    asked: spec.Objective, task: Task, train: Mapping[str, Sequence[Example]]
) -> dict[str, float] | None:
    """The weight of each label of the task, in their order; None: all count alike.

    Args:
        asked: The loss.
        task: The task.
        train: The training examples by language.

    Raises:
        IsoglossError: The task has no classes, or not one that is named.
    """
    if not isinstance(asked, spec.Supervised) or asked.class_weights is None:
        return None
    if not isinstance(task, Classification | Tagging):
        raise IsoglossError(f"{KEY}: task {task.name!r} has no classes to weigh; leave it out")
    if asked.class_weights == "balanced":
        return balanced(task.labels, numbers(example for examples in train.values() for example in examples))
    for label in asked.class_weights:
        if label not in task.labels:
            raise IsoglossError(f"{KEY}: {label!r} is no label of the training data{nearest(label, task.labels)}")
    return {label: asked.class_weights.get(label, 1.0) for label in task.labels}


def numbers(examples: Iterable[Example]) -> Counter[str]:
    """How often each label occurs, in tagging by tokens; of soft tags it is the sum of their probabilities."""
    found: Counter[str] = Counter()
    for example in examples:
        if isinstance(example, TaggedSentence) and example.soft is not None:
            found.update(dict(zip(example.soft.labels, example.soft.shares.sum(axis=0).tolist(), strict=True)))
        else:
            found.update(example.labels or ())
    return found


def balanced(labels: Sequence[str], found: Mapping[str, float]) -> dict[str, float]:
    """w_c = N / (C · N_c), with N_c of the N items in class c and C classes that occur, as in scikit-learn.

    Each class then has the same part in the loss. A label that does not occur has the weight 1, which nothing takes.

    Example:
        >>> balanced(("O", "B", "I"), {"O": 9, "B": 1})
        {'O': 0.5555555555555556, 'B': 5.0, 'I': 1.0}
    """
    present = {label: number for label, number in found.items() if number > 0}
    whole = sum(present.values())
    return {label: whole / (len(present) * present[label]) if label in present else 1.0 for label in labels}


def as_tensor(weights: Mapping[str, float] | None) -> Tensor | None:
    """The weights ``[c]``."""
    return None if weights is None else torch.tensor(list(weights.values()))
