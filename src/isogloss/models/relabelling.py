"""A checkpoint's head for other labels: which of its rows stay, and what the user is told of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel

from isogloss.models.weights import head

NO_NAME = re.compile(r"LABEL_\d+")
"""What transformers calls the n-th label of a model that was given no names."""

TASK_HEADS = ("Classification", "QuestionAnswering", "MultipleChoice")
"""How the names of model classes end whose head was trained for a task; others were pre-trained."""


def labels_of(config: PreTrainedConfig) -> tuple[str, ...]:
    """The labels of a checkpoint in the order of its outputs."""
    return tuple(str(label) for _, label in sorted((config.id2label or {}).items()))


def output_layer(model: PreTrainedModel, labels: Sequence[str] | None) -> frozenset[str]:
    """Names of the parameters that have one row per label: those of the head's last layer of that many rows."""
    own = head(model)
    found = [name for name, p in model.named_parameters() if name in own and p.shape[:1] == (len(labels or ()),)]
    last = found[-1].rpartition(".")[0] if found else ""
    return frozenset(name for name in found if name.rpartition(".")[0] == last)


def keep_rows(
    model: PreTrainedModel, held: Mapping[str, Tensor], stored: Sequence[str], labels: Sequence[str]
) -> list[str]:
    """Give the labels that a checkpoint has too its rows, whatever the order; the other rows stay as they are.

    Args:
        model: The model, with one row per label of ``labels`` in the parameters that ``held`` names.
        held: The checkpoint's rows by name of the parameter, one per label of ``stored``.
        stored: The checkpoint's labels. Those without a name (``LABEL_0``) are no one's.
        labels: The model's labels.

    Returns:
        The labels that have got rows.
    """
    if not held or any(len(rows) != len(stored) for rows in held.values()):
        return []
    places = {label: row for row, label in enumerate(stored) if not NO_NAME.fullmatch(label)}
    for name, rows in held.items():
        for row, label in enumerate(labels):
            if label in places:
                model.get_parameter(name).data[row] = rows[places[label]]
    return [label for label in labels if label in places]


def told(source: object, stored: Sequence[str], labels: Sequence[str], kept: Sequence[str]) -> str:
    """What became of a head for other labels, or for the same in another order.

    Example:
        >>> print(told("x", ["O", "PER", "DATE"], ["LOC", "PER", "O"], ["PER", "O"]))
        warning: model 'x': its head is for other labels; kept: PER, O; new, from random weights: LOC; dropped: DATE
    """
    begin = f"warning: model {str(source)!r}: its head is "
    if all(NO_NAME.fullmatch(label) for label in stored):
        return f"{begin}for labels without names (LABEL_0 and so on), and is dropped; new: {', '.join(labels)}"
    new = [label for label in labels if label not in kept]
    dropped = [label for label in stored if label not in kept]
    if not new and not dropped:
        return f"{begin}for the same labels in another order, and is kept"
    parts = {"kept": kept, "new, from random weights": new, "dropped": dropped}
    listed = (f"{what}: {', '.join(names)}" for what, names in parts.items() if names)
    return "; ".join([f"{begin}for other labels", *listed])


def told_of_kind(source: object, config: PreTrainedConfig) -> list[str]:
    """That a head was dropped since it is one of another kind of task; nothing where it was one of pre-training."""
    name = next(iter(getattr(config, "architectures", None) or ()), "")
    if not name.endswith(TASK_HEADS):
        return []
    return [f"warning: model {str(source)!r}: its head ({name}) is for another kind of task, and is dropped"]
