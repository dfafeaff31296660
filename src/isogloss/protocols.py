"""The nouns of a training step, and the protocols of the five questions it asks.

A step asks which data it sees (`Sampler`), what the loss is (`Objective`), how the gradients of several sources meet
(`Weighting`), what may move (`Unfreezing`) and how it moves (a `torch.optim.Optimizer`, plain or wrapped). A `Probe`
may only look. A method answers one or two of these questions, so that methods compose.

Shape letters used throughout: b examples in a batch, s sub-words, c classes or alternatives, m sources in a step, g
parameter groups.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from isogloss.common.errors import IsoglossError

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Feature:
    """An example, or a piece of a long one, as the model sees it.

    Attributes:
        inputs: Model inputs without padding, each a list of s integers (``input_ids``, ``attention_mask`` and, where
            the model has them, ``token_type_ids``).
        labels: Target class per sub-word (-100: none), one class for the text, or the positions of an answer's first
            and last sub-word; None where there is no gold label.
        language: Language code; where the training data are parted, the name of the part.
        example: Index of the example in the list that was encoded.
        words: For tagging, the index of the token that each sub-word stands for, negative for sub-words that stand for
            none; empty for other tasks.
        anchors: For outputs of all sub-words of a token, the position of the sub-word that stands for its token per
            sub-word; else empty.
        ends: For multiple choice, whose inputs are those of the c alternatives one after the other, where each of them
            ends; else empty.
        soft: For tagging, where there is more than one class per token to learn, how probable each class is for each
            sub-word that stands for a token, in their order, ``[w, c]``; else None. Where a row is 0, there is nothing.
        spans: For questions, the first character of the context that each sub-word stands for and the one after its
            last, None for sub-words outside the context; empty for other tasks.
    """

    inputs: Mapping[str, Sequence[int]]
    labels: Sequence[int] | int | None
    language: str
    example: int
    words: Sequence[int] = ()
    anchors: Sequence[int] = ()
    ends: Sequence[int] = ()
    spans: Sequence[tuple[int, int] | None] = ()
    soft: np.ndarray | None = None

    def __len__(self) -> int:
        """Number of sub-words, special ones included."""
        return len(self.inputs["input_ids"])


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded examples.

    Attributes:
        inputs: Model inputs ``[b, s]``; for multiple choice ``[b, c, s]``, c alternatives each.
        labels: Targets ``[b, s]``, ``[b]`` or, for the two ends of an answer, ``[b, 2]``; -100 where there is none;
            None in prediction.
        languages: The b language codes.
        extras: What some tasks need besides, by name. A task's ``collate`` puts it in, and
            `isogloss.objectives.supervised.outputs` reads it: ``anchors``, where outputs are averaged over each token,
            or ``summed`` ``[b]``, the place ``[b, s]`` where a sub-word's output goes; ``alternatives``, for multiple
            choice, which of the c alternatives ``[b, c]`` an example has; ``soft``, for soft tags, how probable each
            class is at each sub-word ``[b, s, c]``, 0 where the gold label counts.
        beside: The other half of each example, where examples come in pairs: row i of it belongs to row i here. It is
            a batch of its own, with its own inputs, padding, labels, languages and extras. A pair counts for the
            language of its first half, in ``languages`` here. None where examples stand alone.
    """

    inputs: dict[str, Tensor]
    labels: Tensor | None
    languages: tuple[str, ...]
    extras: Mapping[str, Tensor] = field(default_factory=dict)
    beside: Batch | None = None

    def __len__(self) -> int:
        """Number of examples b; a pair is one."""
        return len(self.languages)

    def to(self, device: torch.device) -> Batch:
        """The same batch on ``device``, with what stands beside it."""
        inputs = {name: tensor.to(device, non_blocking=True) for name, tensor in self.inputs.items()}
        labels = None if self.labels is None else self.labels.to(device, non_blocking=True)
        extras = {name: tensor.to(device, non_blocking=True) for name, tensor in self.extras.items()}
        beside = None if self.beside is None else self.beside.to(device)
        return Batch(inputs, labels, self.languages, extras, beside)


@runtime_checkable
class Stateful(Protocol):
    """Something that remembers. Every answer to the five questions may, a `Sampler` and a `Stream` excepted.

    Processes that share every batch must remember alike: a checkpoint holds what the first of them does.
    """

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on: tensors and plain values."""

    def load_state_dict(self, state: Any) -> Any:  # noqa: ANN401 - torch's own optimizers return None or nothing
        """Go on from ``state``."""


def stateful(part: object) -> Stateful | None:
    """The part, if it remembers something.

    Raises:
        IsoglossError: It has one of the two methods only (the other's name misspelt, say), so that what it remembers
            would be lost without a word.
    """
    if isinstance(part, Stateful):
        return part
    half = [name for name in ("state_dict", "load_state_dict") if name in dir(part)]
    if half:
        raise IsoglossError(
            f"{type(part).__name__}: what remembers needs state_dict and load_state_dict, found {half[0]} alone"
        )
    return None


def memory_of(part: object) -> dict[str, Any]:
    """What a part remembers, for parts that wrap another; empty if it remembers nothing."""
    own = stateful(part)
    return {} if own is None else own.state_dict()


def recall(part: object, state: Mapping[str, Any]) -> None:
    """Give a part what `memory_of` said of it."""
    own = stateful(part)
    if own is not None:
        own.load_state_dict(state)


class Sampler(Protocol):
    """Which sources a step sees: a pure function of the step, equal on every rank."""

    def __call__(self, step: int) -> tuple[str, ...]:
        """Names of the sources of step ``step`` (from 0)."""


class Objective(Protocol):
    """What the loss is: named terms, each a sum over items divided by the number of items in the whole step.

    The counts are a function of the data alone, so the loop can add them up over micro-batches and ranks before any
    forward pass, and every term becomes the mean over the global batch however that batch is cut.
    """

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        """Per term the number of items of each example ``[b]``."""

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Per term the loss of each example, summed over its items ``[b]``."""


class Weighting(Protocol):
    """How the gradients of a step's sources meet, from their inner products alone.

    What it draws is a function of the step. What it remembers of earlier steps is by source name and in its
    ``state_dict``.
    """

    def __call__(self, step: int, names: tuple[str, ...], grams: Tensor, losses: Tensor) -> Tensor:
        """Weights ``[g, m]`` of step ``step`` (from 0) from Gram matrices ``[g, m, m]`` and losses ``[m]``, float64."""


class Unfreezing(Protocol):
    """What may move in a step.

    It may look at the model, and what it remembers of earlier steps is in its ``state_dict``; so it must answer alike
    in every process.
    """

    @property
    def opening(self) -> frozenset[Hashable]:
        """The groups that are open in some step; all others are frozen for the whole run, and cost nothing."""

    def __call__(self, step: int, model: nn.Module) -> frozenset[Hashable]:
        """The open groups of step ``step`` (from 0), for which ``model`` holds the weights to start from."""


class Stream(Protocol):
    """The global batches of a source: pure in (seed, k), of which each rank takes its slice."""

    def __call__(self, k: int) -> list[Batch]:
        """This rank's micro-batches of the k-th global batch (from 0)."""


@dataclass(frozen=True, slots=True)
class DataSource:
    """Something a step can draw a batch from, usually one language.

    Attributes:
        name: Name by which a sampler asks for it.
        stream: Its batches.
        objective: The loss of its batches.
    """

    name: str
    stream: Stream
    objective: Objective


class Probe(Protocol):
    """Something that looks at a run and changes nothing."""

    def due(self, step: int) -> bool:
        """Whether to look after ``step`` steps."""

    def __call__(self, model: nn.Module, progress: Progress) -> list[dict[str, Any]]:
        """What was seen, as rows."""


@dataclass
class Progress:
    """How far a run is: the only counter that a resume needs.

    Attributes:
        step: Optimizer steps taken.
        draws: Batches drawn from each source so far.
    """

    step: int = 0
    draws: dict[str, int] = field(default_factory=dict)

    def draw(self, name: str) -> int:
        """The number k of the next batch of source ``name``; the next call gives k + 1."""
        k = self.draws.get(name, 0)
        self.draws[name] = k + 1
        return k

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on."""
        return {"step": self.step, "draws": dict(self.draws)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from ``state``."""
        self.step = state["step"]
        self.draws = dict(state["draws"])
