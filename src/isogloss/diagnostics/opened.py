"""Which layers have opened, when, and by which scores: the events of an unfreezing as a probe of a run."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from isogloss.diagnostics.rows import Row, row
from isogloss.protocols import Progress
from isogloss.step.fun import Fun
from isogloss.step.unfreezing import Staged


@dataclass(frozen=True)
class OpenedProbe:
    """The events of a schedule.

    Attributes:
        rule: The schedule.
    """

    rule: Staged | Fun

    def due(self, step: int) -> bool:
        """After each step that began with an event."""
        return step - 1 in self.rule.starts

    def __call__(self, model: nn.Module, progress: Progress) -> list[Row]:
        """Rows of probe ``unfreezing``.

        ``opened`` by group: the event (from 0) at which it opened; and for FUN, ``score`` of each layer that was closed
        then. Their ``step`` is that of the first step taken with the group open, counted from 1.
        """
        rows = []
        for event, start in enumerate(self.rule.starts):
            if start != progress.step - 1:
                continue
            if isinstance(self.rule, Staged):
                opened = sorted(map(str, self.rule.stages[event]))
                rows += [row("unfreezing", "opened", event, part=name) for name in opened]
            else:
                rows.append(row("unfreezing", "opened", event, part=str(self.rule.order[event])))
                scores = self.rule.scores[event].items()
                rows += [row("unfreezing", "score", value, part=str(layer)) for layer, value in scores]
        return rows
