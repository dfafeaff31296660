"""FUN: of the layers that are still closed, open the one with the largest score, event after event."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from torch import nn

from isogloss.common.errors import IsoglossError

Score = Callable[[nn.Module, Sequence[Hashable]], Mapping[Hashable, float]]
"""Says how much each of some layers should open next; the larger, the sooner."""


class Fun:
    """Scheduled unfreezing by a score of the model: at event e the closed layer with the largest score opens for good.

    What is open is a function of the step and of the order chosen so far, so a run goes on inside and across events.
    Equal scores open the upper layer first.

    Args:
        always: Groups that are open from the start, such as the head.
        layers: The layers, from bottom to top.
        starts: The step (from 0) of each event, rising; one per layer.
        score: Looks at the model and scores closed layers, alike in every process; `isogloss.diagnostics.fisher` has
            the paper's, the trace of the Fisher matrix.
        first: The layer that opens at the first event whatever its score, as the top one does in the paper's code;
            None: none is forced.

    Raises:
        IsoglossError: There are not as many events as layers, or ``first`` is none of them.

    Example:
        >>> rule = Fun(frozenset({"head"}), ("low", "top"), (0, 5), lambda model, closed: {"low": 1.0, "top": 2.0})
        >>> [sorted(rule(step, nn.Linear(1, 1))) for step in (0, 5)], rule.order
        ([['head', 'top'], ['head', 'low', 'top']], ['top', 'low'])

    Reference:
        Liu, Pfeiffer, Vulić, Gurevych, *FUN with Fisher: Improving Generalization of Adapter-Based Cross-lingual
        Transfer with Scheduled Unfreezing*, NAACL 2024. See ``docs/methods/fun.md``.
    """

    def __init__(
        self,
        always: frozenset[Hashable],
        layers: Sequence[Hashable],
        starts: Sequence[int],
        score: Score,
        *,
        first: Hashable | None = None,
    ) -> None:
        if len(starts) != len(layers) or list(starts) != sorted(starts):
            raise IsoglossError(f"unfreezing: {len(layers)} layers need as many events that rise, found {list(starts)}")
        if first is not None and first not in layers:
            raise IsoglossError(
                f"unfreezing: first is {first!r}, which is none of the layers {', '.join(map(str, layers))}"
            )
        self.always, self.layers, self.starts, self.first = always, tuple(layers), tuple(starts), first
        self._score = score
        self.order: list[Hashable] = []
        self.scores: list[dict[Hashable, float]] = []

    @property
    def opening(self) -> frozenset[Hashable]:
        """The head and all layers."""
        return self.always.union(self.layers)

    def __call__(self, step: int, model: nn.Module) -> frozenset[Hashable]:
        """The open groups of step ``step``; at an event one layer more, chosen now."""
        events = sum(start <= step for start in self.starts)
        while len(self.order) < events:
            self._choose(model)
        return self.always.union(self.order[:events])

    def _choose(self, model: nn.Module) -> None:
        closed = [layer for layer in self.layers if layer not in self.order]
        scores: dict[Hashable, float] = {}
        if not self.order and self.first is not None:
            chosen = self.first
        elif len(closed) == 1:
            chosen = closed[0]
        else:
            scores = dict(self._score(model, closed))
            chosen = max(reversed(closed), key=lambda layer: scores[layer])
        self.order.append(chosen)
        self.scores.append(scores)

    def state_dict(self) -> dict[str, Any]:
        """The order chosen so far, and the scores that it followed from."""
        return {"order": list(self.order), "scores": [dict(scores) for scores in self.scores]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from ``state``."""
        self.order, self.scores = list(state["order"]), [dict(scores) for scores in state["scores"]]
