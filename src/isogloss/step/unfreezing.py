"""What may move? The groups of parameters that are open in a step: always the same, or one stage after the other."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from torch import nn

from isogloss.common.errors import IsoglossError


@dataclass(frozen=True, slots=True)
class Always:
    """The same groups in every step.

    Args:
        opening: Names of the open groups.

    Example:
        >>> sorted(Always(frozenset({"head", "layer_12"}))(step=7, model=nn.Linear(1, 1)))
        ['head', 'layer_12']
    """

    opening: frozenset[Hashable]

    def __call__(self, step: int, model: nn.Module) -> frozenset[Hashable]:
        """The open groups of step ``step``."""
        return self.opening


@dataclass(frozen=True, slots=True)
class Staged:
    """Stages that open one after the other and stay open: S(t) = always ∪ ⋃ of the stages e with start_e ≤ t.

    Gradual unfreezing has a layer a stage, from the top; linear probing then fine-tuning an empty stage and then all
    layers; ordinary training a single one.

    Args:
        always: Groups that are open from the start, such as the head.
        stages: The groups that each stage opens.
        starts: The step (from 0) in which each stage opens, rising.

    Raises:
        IsoglossError: There are not as many starts as stages, or they do not rise.

    Example:
        >>> rule = Staged(frozenset({"head"}), (frozenset({"top"}), frozenset({"bottom"})), (0, 10))
        >>> [sorted(rule(step, nn.Linear(1, 1))) for step in (0, 9, 10)]
        [['head', 'top'], ['head', 'top'], ['bottom', 'head', 'top']]

    Reference:
        Howard, Ruder, *Universal Language Model Fine-tuning for Text Classification*, ACL 2018; Kumar et al.,
        *Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution*, ICLR 2022; Liu et al., *FUN
        with Fisher*, NAACL 2024.
    """

    always: frozenset[Hashable]
    stages: tuple[frozenset[Hashable], ...]
    starts: tuple[int, ...]

    def __post_init__(self) -> None:
        """Check the starts."""
        if len(self.starts) != len(self.stages) or list(self.starts) != sorted(self.starts):
            raise IsoglossError(
                f"unfreezing: {len(self.stages)} stages need as many starts that rise, found {list(self.starts)}"
            )

    @property
    def opening(self) -> frozenset[Hashable]:
        """All groups of all stages."""
        return self.always.union(*self.stages)

    def __call__(self, step: int, model: nn.Module) -> frozenset[Hashable]:
        """The open groups of step ``step``."""
        opened = [stage for stage, start in zip(self.stages, self.starts, strict=True) if start <= step]
        return self.always.union(*opened)


def paper_timeline(every: int, number: int) -> tuple[int, ...]:
    """When event e = 0 … ``number`` − 1 takes place in Algorithm 1 of FUN: at step e · k.

    Example:
        >>> paper_timeline(100, 4)
        (0, 100, 200, 300)
    """
    return tuple(event * every for event in range(number))


def released_gradual_timeline(every: int, number: int) -> tuple[int, ...]:
    """The same in the released code of gradual unfreezing, whose first event names the layer that is open already.

    Example:
        >>> released_gradual_timeline(100, 4)
        (0, 199, 299, 399)
    """
    return tuple((event + 1) * every - 1 if event else 0 for event in range(number))


def released_fun_timeline(every: int, number: int) -> tuple[int, ...]:
    """The same in the released code of FUN, of random and of fixed orders.

    Example:
        >>> released_fun_timeline(100, 4)
        (0, 99, 199, 299)
    """
    return tuple(event * every - 1 if event else 0 for event in range(number))


def never_opened(stages: Sequence[frozenset[Hashable]], starts: Sequence[int], steps: int) -> list[Hashable]:
    """Groups that a run of ``steps`` steps ends before opening, in the order in which they would have opened."""
    return [
        group for stage, start in zip(stages, starts, strict=True) if start >= steps for group in sorted(stage, key=str)
    ]
