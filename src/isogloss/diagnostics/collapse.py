"""Signs of a collapse: all descriptions have become one vector, and no text finds its own among them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from isogloss.diagnostics.rows import Row, finite, row
from isogloss.models.holding import evaluating
from isogloss.objectives.compared import Compared
from isogloss.objectives.contrast import among, normalised
from isogloss.objectives.knowledge import KnowledgeContrast
from isogloss.protocols import Batch, Progress


@dataclass(frozen=True)
class CollapseProbe:
    """Compares the texts of a batch with its descriptions, as the loss does.

    Attributes:
        objective: The loss.
        batch: The rows, the same each time and in each process.
        every: Steps between looks.
        autocast: Makes the context of a forward pass.
    """

    objective: KnowledgeContrast
    batch: Batch
    every: int
    autocast: Callable[[], AbstractContextManager[Any]]

    def due(self, step: int) -> bool:
        """Every so many steps."""
        return step % self.every == 0

    def __call__(self, model: nn.Module, progress: Progress) -> list[Row]:
        """Rows of probe ``collapse``, see `signs`."""
        with evaluating(model), self.autocast():
            compared = self.objective.compare(model, self.batch.to(next(model.parameters()).device))
        return signs(compared)


def signs(compared: Compared) -> list[Row]:
    """How alike descriptions are, and how often a text finds its own.

    Args:
        compared: Vectors of texts and of descriptions.

    Returns:
        ``cosine``, the mean cosine of descriptions of different entities; ``accuracy``, the share of texts whose own
        description is the nearest of those that are not true of it too; ``chance``, what guessing would give.

    Example:
        >>> vectors, numbers = torch.eye(3), torch.arange(3)
        >>> rows = signs(Compared(vectors, vectors, numbers, numbers[:, None], numbers >= 0, numbers))
        >>> {found["metric"]: round(found["value"], 3) for found in rows}
        {'cosine': 0.0, 'accuracy': 1.0, 'chance': 0.333}
    """
    entities, number = compared.entities, len(compared.entities)
    different = entities[:, None] != entities
    directions = normalised(compared.descriptions.float())
    cosine = (directions @ directions.T)[different].mean()
    own = torch.eye(number, dtype=torch.bool, device=entities.device)
    candidates = own | ~among(entities, compared.true)
    likeness = (compared.texts.float() @ compared.descriptions.float().T).masked_fill(~candidates, -torch.inf)
    # Where all are alike the first would be right: a text must be nearer to its own than to all others.
    others = likeness.masked_fill(own, -torch.inf).amax(dim=1)
    accuracy = (likeness.diagonal() > others).float().mean()
    values = {"cosine": cosine, "accuracy": accuracy, "chance": (1 / candidates.sum(dim=1)).mean()}
    return finite([row("collapse", metric, float(value), n=number) for metric, value in values.items()])
