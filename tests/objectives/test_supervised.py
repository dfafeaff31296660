from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional

from isogloss.objectives import Supervised
from isogloss.objectives.supervised import outputs
from isogloss.protocols import Batch, Objective


class Fixed(nn.Module):
    """A model whose logits are a parameter."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.randn(*shape, generator=torch.Generator().manual_seed(0)))

    def forward(self, input_ids: torch.Tensor) -> SimpleNamespace:
        return SimpleNamespace(logits=self.logits + 0 * input_ids.sum())


TAGS = torch.tensor([[-100, 2, 0, -100], [-100, 1, -100, -100], [-100, -100, -100, -100]])


def batch(labels: torch.Tensor | None) -> Batch:
    return Batch({"input_ids": torch.ones(3, 4, dtype=torch.long)}, labels, ("a", "b", "c"))


def test_tagging_sums_over_labelled_tokens() -> None:
    objective: Objective = Supervised()
    model = Fixed(3, 4, 5)
    assert objective.counts(batch(TAGS))["task"].tolist() == [2, 1, 0]
    losses = objective(model, batch(TAGS))["task"]
    logs = model.logits.log_softmax(dim=-1)
    assert torch.allclose(losses, -torch.stack([logs[0, 1, 2] + logs[0, 2, 0], logs[1, 1, 1], torch.zeros(())]))
    mean = functional.cross_entropy(model.logits.flatten(0, 1), TAGS.flatten())
    assert torch.allclose(losses.sum() / 3, mean)


def test_soft_labels_weigh_each_class() -> None:
    model = Fixed(3, 4, 5)
    soft = torch.zeros(3, 4, 5)
    soft[0, 1], soft[1, 1, 1] = torch.tensor([0.1, 0.2, 0.6, 0, 0.1]), 1.0  # the second is certain, as the gold label
    softly = replace(batch(TAGS), extras={"soft": soft})
    logs = model.logits.log_softmax(dim=-1)
    losses, hard = (Supervised()(model, given)["task"] for given in (softly, batch(TAGS)))
    assert torch.allclose(losses[0], -(soft[0, 1] * logs[0, 1]).sum() - logs[0, 2, 0])
    assert torch.allclose(losses[1:], hard[1:])
    assert Supervised().counts(softly)["task"].tolist() == [2, 1, 0]
    losses.sum().backward()
    assert torch.allclose(model.logits.grad[0, 1], (logs[0, 1].exp() - soft[0, 1]).detach(), atol=1e-6)


def test_outputs_are_averaged_over_the_sub_words_of_a_token() -> None:
    model = Fixed(3, 4, 5)
    # Tokens: 1-2 and 3 of the first sentence, 1-3 of the second, none of the third.
    anchors = torch.tensor([[0, 1, 1, 3], [0, 1, 1, 1], [0, 1, 2, 3]])
    averaged = replace(batch(TAGS), extras={"anchors": anchors})
    found = outputs(model, averaged)
    assert torch.allclose(found[0, 1], model.logits[0, 1:3].mean(dim=0))
    assert torch.allclose(found[1, 1], model.logits[1, 1:].mean(dim=0))
    assert not found[0, 2].any()
    assert torch.equal(found[2], model.logits[2])
    assert torch.equal(outputs(model, batch(TAGS)), model.logits)

    losses = Supervised()(model, averaged)["task"]
    expected = functional.cross_entropy(model.logits[1, 1:].mean(dim=0)[None], TAGS[1, 1:2])
    assert torch.allclose(losses[1], expected)


class Ends(nn.Module):
    """A model of questions whose logits are a parameter ``[2, b, s]``."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.randn(2, *shape, generator=torch.Generator().manual_seed(0)))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> SimpleNamespace:
        width = input_ids.shape[1]
        return SimpleNamespace(start_logits=self.logits[0, :, :width], end_logits=self.logits[1, :, :width])


def test_an_answer_is_two_items_whatever_it_is_padded_to() -> None:
    labels, model = torch.tensor([[1, 2], [0, 0], [-100, -100]]), Ends(3, 6)
    mask = torch.tensor([[1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0]])
    losses = {}
    for width in (3, 6):
        inputs = {"input_ids": torch.ones(3, width, dtype=torch.long), "attention_mask": mask[:, :width]}
        padded = Batch(inputs, labels, ("a", "b", "c"))
        assert Supervised().counts(padded)["task"].tolist() == [2, 2, 0]
        losses[width] = Supervised()(model, padded)["task"]
    assert torch.equal(losses[3], losses[6])
    start, end = model.logits
    first = functional.cross_entropy(start[0, :3], labels[0, 0]) + functional.cross_entropy(end[0, :3], labels[0, 1])
    second = functional.cross_entropy(start[1, :2], labels[1, 0]) + functional.cross_entropy(end[1, :2], labels[1, 1])
    assert torch.allclose(losses[6], torch.stack([first, second, torch.zeros(())]))
    losses[6].sum().backward()
    assert model.logits.grad.isfinite().all()
    assert not model.logits.grad[:, 1, 2:].any()


def test_classification_is_one_item_per_text() -> None:
    labels, model = torch.tensor([1, -100, 4]), Fixed(3, 5)
    assert Supervised().counts(batch(labels))["task"].tolist() == [1, 0, 1]
    losses = Supervised()(model, batch(labels))["task"]
    expected = functional.cross_entropy(model.logits, labels, ignore_index=-100, reduction="none")
    assert torch.equal(losses, expected)


def test_float32_under_autocast_and_without_labels_no_gradient() -> None:
    model = Fixed(3, 4, 5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = Supervised()(model.bfloat16(), batch(TAGS))["task"]
    assert losses.dtype == torch.float32
    losses[2].backward()
    assert not model.logits.grad.any()


def test_a_batch_without_labels_is_an_error() -> None:
    with pytest.raises(ValueError, match="needs a batch with labels"):
        Supervised().counts(batch(None))
