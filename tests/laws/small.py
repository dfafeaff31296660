"""A world small enough for thousands of steps: a tagger of four tensors, three languages, and a loss of two terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from isogloss.optim import Lookahead
from isogloss.protocols import Batch, DataSource, Feature, Sampler
from isogloss.step.loop import Training, take_step
from isogloss.streams.bucketed import BucketedStream, Examples

# Tensors this small are not worth sharing out: on a busy machine, two threads are twenty times slower than one.
torch.set_num_threads(1)

LANGUAGES = ("en", "de", "sw")


class Tagger(nn.Module):
    """Two layers over embeddings; the class of a sub-word depends on it alone."""

    def __init__(self, *, dropout: float = 0.0, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        torch.manual_seed(7)
        self.embeddings = nn.Embedding(11, 5, dtype=dtype)
        self.hidden = nn.Linear(5, 6, dtype=dtype)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(6, 3, bias=False, dtype=dtype)

    def forward(self, input_ids: Tensor) -> Tensor:
        return self.head(self.dropout(torch.tanh(self.hidden(self.embeddings(input_ids)))))


class TwoTerms:
    """Cross-entropy per labelled sub-word, and the squared logits per sentence; in the precision of the model."""

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        return {"task": (labels_of(batch) != -100).sum(dim=1), "size": torch.ones(len(batch))}

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        logits = model(**batch.inputs)
        losses = functional.cross_entropy(logits.transpose(1, 2), labels_of(batch), reduction="none")
        return {"task": losses.sum(dim=1), "size": sizes(batch, logits)}


def sizes(batch: Batch, logits: Tensor) -> Tensor:
    """A hundredth of each sentence's squared logits, without those of padding ``[b]``."""
    return 0.01 * (logits.square().sum(dim=2) * (batch.inputs["input_ids"] != 0)).sum(dim=1)


def labels_of(batch: Batch) -> Tensor:
    assert batch.labels is not None
    return batch.labels


def features(language: str, number: int = 40) -> list[Feature]:
    """Sentences of 1 to 9 sub-words, some without a label; the label is a function of the id, another per language."""
    random = np.random.default_rng([LANGUAGES.index(language), 1])
    found = []
    for index in range(number):
        ids = random.integers(1, 11, random.integers(1, 10))
        labels = np.where(random.random(len(ids)) < 0.3, -100, (ids + LANGUAGES.index(language)) % 3)
        found.append(Feature({"input_ids": ids.tolist()}, labels.tolist(), language, index))
    return found


def collate(items: Sequence[Feature]) -> Batch:
    ids = [torch.tensor(item.inputs["input_ids"]) for item in items]
    labels = [torch.tensor(item.labels) for item in items]
    return Batch(
        {"input_ids": pad_sequence(ids, batch_first=True)},
        pad_sequence(labels, batch_first=True, padding_value=-100),
        tuple(item.language for item in items),
    )


def sources(*, seed: int = 0, batch_size: int = 8, **slices: int) -> dict[str, DataSource]:
    """One source per language."""
    found = {}
    for language in LANGUAGES:
        own = features(language)
        examples = Examples([len(own)], seed=seed, name=language)
        stream = BucketedStream([own], examples, batch_size=batch_size, collate=collate, **slices)
        found[language] = DataSource(language, stream, TwoTerms())
    return found


def adamw(model: nn.Module) -> torch.optim.AdamW:
    return torch.optim.AdamW(model.parameters(), lr=0.02, weight_decay=0.1)


def training(
    model: nn.Module,
    optimizer: torch.optim.Optimizer | Lookahead,
    sampler: Sampler,
    *,
    seed: int = 0,
    slices: dict[str, int] | None = None,
    **parts: Any,
) -> Training:
    """All that a step needs, with a learning rate that changes from step to step."""
    inner = optimizer.inner if isinstance(optimizer, Lookahead) else optimizer
    schedule = torch.optim.lr_scheduler.LambdaLR(inner, decay)
    return Training(model, sources(seed=seed, **(slices or {})), sampler, optimizer, schedule, seed, **parts)


def decay(step: int) -> float:
    return 1 / (1 + step / 20)


def walk(parts: Training, steps: int) -> list[dict[str, Tensor]]:
    """Take steps; the weights after each of them."""
    parts.model.train()
    trace = []
    for _ in range(steps):
        take_step(parts)
        trace.append(weights(parts.model))
    return trace


def weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def gradients(model: nn.Module) -> dict[str, Tensor]:
    return {name: parameter.grad.clone() for name, parameter in model.named_parameters() if parameter.grad is not None}


def mean_loss(model: nn.Module, batches: Sequence[Batch]) -> Tensor:
    """The loss as one would write it for a whole batch, without sums and counts."""
    batch = collate([item for part in batches for item in unpad(part)])
    logits = model(**batch.inputs)
    task = functional.cross_entropy(logits.flatten(0, 1), labels_of(batch).flatten())
    return task + sizes(batch, logits).mean()


def unpad(batch: Batch) -> list[Feature]:
    """The sentences of a batch as it padded them."""
    rows = zip(batch.inputs["input_ids"].tolist(), labels_of(batch).tolist(), batch.languages, strict=True)
    return [Feature({"input_ids": ids}, labels, language, 0) for ids, labels, language in rows]


def assert_same(left: dict[str, Tensor], right: dict[str, Tensor]) -> None:
    """Equal to the last bit."""
    assert left.keys() == right.keys()
    for name in left:
        assert torch.equal(left[name], right[name]), name


def assert_close(left: dict[str, Tensor], right: dict[str, Tensor]) -> None:
    """Equal but for the rounding of float64."""
    assert left.keys() == right.keys()
    for name in left:
        torch.testing.assert_close(left[name], right[name], rtol=1e-9, atol=1e-12, msg=name)
