"""Pairs of texts for tiny models with a head for every kind of task, and what a loss does to their weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from isogloss.protocols import Batch

PADDING = 1
SIZES: dict[str, Any] = {
    "vocab_size": 30, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3, "num_attention_heads": 2,
    "pad_token_id": PADDING, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
}  # fmt: skip
CLASSES = {
    "classes": AutoModelForSequenceClassification,
    "tags": AutoModelForTokenClassification,
    "answers": AutoModelForQuestionAnswering,
}


def model_of(kind: str, family: str = "bert", **changes: Any) -> Any:
    """A model with weights far from their start, so that nothing is small by chance."""
    torch.manual_seed(3)
    labels = 2 if kind == "answers" else 3
    model = CLASSES[kind].from_config(AutoConfig.for_model(family, **{**SIZES, **changes}, num_labels=labels))
    for parameter in model.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.2)
    return model


def batch_of(kind: str, lengths: tuple[int, ...], seed: int, language: str = "de") -> Batch:
    """Two texts with labels."""
    generator = torch.Generator().manual_seed(seed)
    b, s = len(lengths), max(lengths)
    real = torch.arange(s)[None] < torch.tensor(lengths)[:, None]
    ids = torch.randint(3, 30, (b, s), generator=generator).masked_fill(~real, PADDING)
    labels = torch.tensor([0, 2])
    if kind == "tags":
        labels = torch.randint(0, 3, (b, s), generator=generator).masked_fill(~real, -100)
        labels[:, 0] = -100
    if kind == "answers":
        labels = torch.tensor([[1, 2], [0, 1]])
    return Batch({"input_ids": ids, "attention_mask": real.long()}, labels, (language,) * b)


def pairs_of(kind: str) -> Batch:
    """Two pairs of texts of other lengths."""
    target, source = batch_of(kind, (5, 3), 0), batch_of(kind, (4, 6), 1, "en")
    return Batch(target.inputs, target.labels, target.languages, target.extras, beside=source)


def texts(batch: Batch) -> list[Tensor]:
    """The ids of each text ``[1, s]``, without padding."""
    rows = zip(batch.inputs["input_ids"], batch.inputs["attention_mask"].bool(), strict=True)
    return [ids[real][None] for ids, real in rows]


def loss_of(objective: Any, model: Any, batch: Batch) -> Tensor:
    """The loss as the loop takes it: each term over its items."""
    counts = {name: own.sum().clamp(min=1) for name, own in objective.counts(batch).items()}
    terms = objective(model, batch)
    assert terms.keys() == counts.keys()
    return sum((own.sum() / counts[name] for name, own in terms.items()), torch.zeros(()))


def gradients(model: Any, loss: Tensor) -> dict[str, Tensor]:
    """What a loss does to each parameter that it reaches."""
    model.zero_grad()
    loss.backward(retain_graph=True)  # several losses may share a part of the graph
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def assert_same(model: Any, loss: Tensor, expected: Tensor) -> None:
    """Two losses and their gradients are equal up to rounding, and reach the same parameters."""
    torch.testing.assert_close(loss, expected)
    found, wanted = gradients(model, loss), gradients(model, expected)
    assert found.keys() == wanted.keys()
    for name, gradient in wanted.items():
        torch.testing.assert_close(found[name], gradient, atol=1e-5, rtol=1e-4, msg=name)
