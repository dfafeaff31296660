"""A batch of pairs as one batch of texts, and what a model makes of both halves.

Shapes: b pairs, s sub-words, d units of the encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from isogloss.models.extensions.pairing import Pairing, pairing_of
from isogloss.objectives.supervised import IGNORED, outputs
from isogloss.protocols import Batch

States = Callable[[Tensor, Tensor], Tensor]
"""From last hidden states ``[n, s, d]`` and which places are real ``[n, s]`` to a vector for each text ``[n, d]``."""


ORIGINAL = "original"
"""Name of an extra of the second halves: the ``attention_mask`` of the text that one came in the place of, or of itself
``[b, s]``. Where it is there, as in the released code of X-Mixup, vectors are taken under it."""

NO_SIZES: Mapping[int, int] = MappingProxyType({})
"""No dimension has a least size."""


@dataclass(frozen=True)
class Halves:
    """What a model makes of pairs, mixed or not.

    Attributes:
        logits: Of the first halves, as `isogloss.objectives.supervised.outputs` gives them, float32.
        beside: Of the second halves, of the same shape.
        states: A vector for each first half ``[n, d]``; n is b, or b · c where an example has c alternatives.
        states_beside: A vector for each second half ``[n, d]``.
    """

    logits: Tensor
    beside: Tensor
    states: Tensor
    states_beside: Tensor


def first_place(states: Tensor, real: Tensor) -> Tensor:
    """The state of the first place, which stands for a text in classification."""
    return states[:, 0]


def mean_of_places(states: Tensor, real: Tensor) -> Tensor:
    """The mean of the states of a text's sub-words, without its first and last (special) one."""
    inner = real.clone()
    inner[:, 0] = False
    last = real.shape[1] - 1 - real.int().flip(1).argmax(dim=1)
    inner[torch.arange(len(real), device=real.device), last] = False
    inner = torch.where(inner.any(dim=1, keepdim=True), inner, real)  # of an empty text all that it has
    weights = inner.to(states.dtype)
    return (weights.unsqueeze(1) @ states).squeeze(1) / weights.sum(dim=1, keepdim=True)


def released_mean(states: Tensor, real: Tensor) -> Tensor:
    """The released code's mean: divided by all places, padding included, so that short texts have short vectors."""
    inner = real[:, 2:].to(states.dtype)
    return (inner.unsqueeze(1) @ states[:, 1:-1]).squeeze(1) / max(1, states.shape[1] - 2)


def side_by_side(batch: Batch, padding: int, places: int | None = None) -> Batch:
    """The first halves of b pairs and then the second ones, 2b examples padded to one length.

    Args:
        batch: Pairs.
        padding: Id of the padding sub-word.
        places: That length, where the longest text of the batch is no longer; None: that of the longest.

    Raises:
        ValueError: The batch holds no pairs.

    Example:
        >>> source = Batch({"input_ids": torch.tensor([[5, 6, 7]])}, None, ("en",))
        >>> target = Batch({"input_ids": torch.tensor([[8, 9]])}, None, ("de",), beside=source)
        >>> side_by_side(target, padding=1).inputs["input_ids"].tolist()
        [[8, 9, 1], [5, 6, 7]]
    """
    other = batch.beside
    if other is None:
        raise ValueError("needs a batch of pairs")
    fill, axis = {"input_ids": padding}, batch.inputs["input_ids"].dim() - 1  # of the sub-words

    def stacked(first: Tensor, second: Tensor, fill: int) -> Tensor:
        return _stacked(first, second, fill, {axis: places or 0})

    inputs = {name: stacked(batch.inputs[name], other.inputs[name], fill.get(name, 0)) for name in batch.inputs}
    labels = None
    if batch.labels is not None:
        # Back-translations of tagged sentences have none.
        each = batch.labels.shape == batch.inputs["input_ids"].shape  # one for each sub-word
        none = torch.full_like(other.inputs["input_ids"] if each else batch.labels, IGNORED)
        labels = (stacked if each else _stacked)(batch.labels, none if other.labels is None else other.labels, IGNORED)
    extras = {name: stacked(*_both(name, batch, other), 0) for name in {**batch.extras, **other.extras}}
    if "anchors" in extras:
        # Padding is in no token: it is its own anchor.
        themselves = torch.arange(extras["anchors"].shape[1], device=extras["anchors"].device)
        extras["anchors"] = torch.where(inputs["attention_mask"].bool(), extras["anchors"], themselves)
    return Batch(inputs, labels, (*batch.languages, *other.languages), extras)


def _both(name: str, batch: Batch, other: Batch) -> tuple[Tensor, Tensor]:
    """An extra of both halves; where one has none, as gold labels have no soft ones ``[b, s, c]``, it is 0."""
    found = [half.extras.get(name) for half in (batch, other)]
    like = next(tensor for tensor in found if tensor is not None)
    first, second = (
        like.new_zeros(*half.inputs["input_ids"].shape, *like.shape[2:]) if tensor is None else tensor
        for tensor, half in zip(found, (batch, other), strict=True)
    )
    return first, second


def parted(both: Batch) -> tuple[Batch, Batch]:
    """The two halves of what `side_by_side` has put together, padded to one length."""

    def half(first: bool) -> Batch:
        rows = slice(0, len(both) // 2) if first else slice(len(both) // 2, None)
        return Batch(
            {name: own[rows] for name, own in both.inputs.items()},
            None if both.labels is None else both.labels[rows],
            both.languages[rows],
            {name: own[rows] for name, own in both.extras.items()},
        )

    return half(True), half(False)


def halves(model: PreTrainedModel, mixing: Pairing | None, both: Batch, states: States) -> Halves:
    """Both halves of b pairs in one forward pass.

    Args:
        model: The model.
        mixing: Mixes the first halves with the second ones; None: each goes its own way.
        both: The pairs, `side_by_side`.
        states: Makes a vector of a text's last hidden states.
    """
    real = both.inputs["attention_mask"].bool().flatten(0, -2)
    with _seen(model.base_model) as seen, mixing.pairs(real) if mixing else nullcontext():
        logits, logits_beside = outputs(model, both).chunk(2)
    if ORIGINAL in both.extras:
        real = torch.cat([real.chunk(2)[0], both.extras[ORIGINAL].bool().flatten(0, -2).chunk(2)[1]])
    vectors, vectors_beside = states(seen[0].float(), real).chunk(2)
    return Halves(logits, logits_beside, vectors, vectors_beside)


def paired_logits(model: nn.Module, pairing: Pairing | None, both: Batch) -> tuple[Tensor, Tensor]:
    """The logits of both halves of b pairs, which meet where the model has a module for it."""
    real = both.inputs["attention_mask"].bool().flatten(0, -2)
    with pairing.pairs(real) if pairing else nullcontext():
        logits, beside = outputs(model, both).chunk(2)
    return logits, beside


def predicted(model: nn.Module, batch: Batch) -> Tensor:
    """What a model predicts for texts or, as the released codes have it, for the first halves of pairs.

    Of pairs, where a text has one distribution (classification, multiple choice), the mean of the logits of both
    halves; else, for tags and answers and for texts that are fused (FILTER), the logits of the first halves.

    Returns:
        Logits as `isogloss.objectives.supervised.outputs` gives them, padded to the longer half.
    """
    if batch.beside is None:
        return outputs(model, batch)
    pairing = pairing_of(model)
    both = side_by_side(batch, padding_of(model), pairing.places if pairing else None)
    logits, beside = paired_logits(model, pairing, both)
    mean = pairing is None or pairing.both_predict
    return (logits + beside) / 2 if mean and logits.dim() == 2 else logits


def padding_of(model: nn.Module) -> int:
    """Id of the padding sub-word of a model; 0 where it has none, which attention masks out all the same."""
    return int(getattr(getattr(model, "config", None), "pad_token_id", None) or 0)


@contextmanager
def _seen(encoder: nn.Module) -> Iterator[list[Tensor]]:
    """The last hidden states of each forward pass inside."""
    seen: list[Tensor] = []
    handle = encoder.register_forward_hook(lambda module, arguments, output: seen.append(output[0]))
    try:
        yield seen
    finally:
        handle.remove()


def _stacked(first: Tensor, second: Tensor, fill: int, least: Mapping[int, int] = NO_SIZES) -> Tensor:
    """Rows of both, each dimension but the first padded at its end to the longer of the two, or to its least size."""
    shapes = zip(first.shape[1:], second.shape[1:], strict=True)
    sizes = [max(*pair, least.get(axis, 0)) for axis, pair in enumerate(shapes, start=1)]

    def padded(tensor: Tensor) -> Tensor:
        missing = [wanted - found for wanted, found in zip(sizes, tensor.shape[1:], strict=True)]
        return functional.pad(tensor, [part for size in reversed(missing) for part in (0, size)], value=fill)

    return torch.cat([padded(first), padded(second)])
