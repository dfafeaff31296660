"""The loss of xTune equals its equations for every task, and the teacher of its second stage never moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from isogloss.models.noise import noise_on_second_half
from isogloss.objectives.side_by_side import side_by_side
from isogloss.objectives.x_tune import XTune
from isogloss.protocols import Batch
from tests.support.pairs import PADDING, assert_same, batch_of, gradients, loss_of, model_of, pairs_of, texts

PARTS = {
    "tags": ("tokens", [[0, 1, 0, 2, 0], [0, 1, 2, 0, 0]], [[0, 1, 2, 0, 0, 0], [0, 0, 1, 0, 2, 0]]),
    "answers": ("parts", [[1, 2, 2, 3, 4], [1, 2, 3, 0, 0]], [[1, 1, 2, 3, 4, 0], [1, 2, 2, 2, 3, 3]]),
}


def augmented(kind: str) -> Batch:
    """Two texts and other forms of them; what is the same part of both."""
    if kind == "classes":
        return pairs_of(kind)
    name, before, after = PARTS[kind]
    first, second = batch_of(kind, (5, 3), 0), batch_of(kind, (5, 6), 1)
    return replace(
        first,
        extras={name: torch.tensor(before)},
        beside=replace(second, extras={name: torch.tensor(after)}),
    )


def shares(kind: str, model: Any, half: Batch, row: int) -> list[Tensor]:
    """The distributions of one text, an item each, from its own forward pass without padding."""
    ids = texts(half)[row]
    numbers = [] if kind == "classes" else half.extras[PARTS[kind][0]][row, : ids.shape[1]].tolist()
    out = model(ids)
    if kind == "classes":
        return [out.logits[0].softmax(-1)]
    if kind == "tags":
        return [out.logits[0, numbers.index(token)].softmax(-1) for token in range(1, max(numbers) + 1)]
    places: list[list[int]] = [
        [place for place, number in enumerate(numbers) if number == part] for part in range(1, max(numbers) + 1)
    ]
    ends = (out.start_logits[0].softmax(-1), out.end_logits[0].softmax(-1))
    return [torch.stack([end[own].sum() for own in places]) for end in ends]


def kl(first: Tensor, second: Tensor) -> Tensor:
    return torch.where(first > 0, first * (first.clamp(min=1e-30).log() - second.log()), 0.0).sum()


def task_loss(kind: str, model: Any, batch: Batch) -> Tensor:
    assert batch.labels is not None
    losses: list[Tensor] = []
    for ids, labels in zip(texts(batch), batch.labels, strict=True):
        out = model(ids)
        if kind == "classes":
            losses.append(-out.logits[0].log_softmax(-1)[labels])
        elif kind == "tags":
            logs = out.logits[0].log_softmax(-1)
            losses += [-logs[place, label] for place, label in enumerate(labels[: ids.shape[1]]) if label >= 0]
        else:
            ends = zip((out.start_logits, out.end_logits), labels, strict=True)
            losses += [-logits[0].log_softmax(-1)[place] for logits, place in ends]
    return torch.stack(losses).mean()


def mean(divergences: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(divergences)).mean()


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("kind", ["classes", "tags", "answers"])
def test_loss_and_gradients_are_those_of_the_equations(kind: str, hard: bool):
    """Both stages, a text at a time without padding; an item is a text, a token or an end of an answer."""
    model, teacher, batch = model_of(kind), model_of(kind).eval(), augmented(kind)
    for parameter in teacher.parameters():
        parameter.data.add_(0.1 * torch.randn_like(parameter))
    teacher.requires_grad_(False)
    assert batch.beside is not None
    agreement, taught = [], []
    for row in range(2):
        own, other = shares(kind, model, batch, row), shares(kind, model, batch.beside, row)
        agreement += [kl(p.detach(), q) + kl(q.detach(), p) for p, q in zip(own, other, strict=True)]
        for t, q in zip(shares(kind, teacher, batch.beside, row), other, strict=True):
            taught.append(kl(torch.nn.functional.one_hot(t.argmax(), len(t)).float() if hard else t, q))
    first = task_loss(kind, model, batch) + 5 * mean(agreement)
    assert_same(model, loss_of(XTune(consistency=5), model, batch), first)
    second = task_loss(kind, model, batch) + 2 * mean(agreement) + 0.3 * mean(taught)
    objective = XTune(consistency=2, teacher=teacher, model_consistency=0.3, hard_labels=hard)
    assert_same(model, loss_of(objective, model, batch), second)


def test_the_teacher_never_moves():
    model, teacher, batch = model_of("classes"), model_of("classes").eval().requires_grad_(False), augmented("classes")
    before = {name: own.clone() for name, own in teacher.state_dict().items()}
    objective = XTune(teacher=teacher)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(3):
        loss = loss_of(objective, model, batch)
        gradients(model, loss)
        optimizer.step()
        losses.append(loss.item())
    assert len(set(losses)) == 3
    assert all(torch.equal(own, before[name]) for name, own in teacher.state_dict().items())
    assert all(parameter.grad is None for parameter in teacher.parameters())


def test_the_bar_stops_the_gradient():
    """∂/∂θ [KL(p̄ ‖ q) + KL(q̄ ‖ p)] is not that of the same numbers without bars."""
    model, batch = model_of("classes"), augmented("classes")
    assert batch.beside is not None
    with_bars = gradients(model, XTune(consistency=1.0)(model, batch)["consistency"].sum())
    pairs = [(shares("classes", model, half, row)[0] for half in (batch, batch.beside)) for row in range(2)]
    without = gradients(model, sum((kl(p, q) + kl(q, p) for p, q in pairs), torch.zeros(())))
    assert not torch.allclose(with_bars["classifier.weight"], without["classifier.weight"], rtol=1e-2)


def test_noise_is_on_the_second_half_alone_in_units_of_each_vector():
    model, both = model_of("classes").eval(), side_by_side(augmented("classes"), PADDING)
    plain = model.get_input_embeddings()(both.inputs["input_ids"])
    torch.manual_seed(0)
    with noise_on_second_half(model, 0.5):
        noisy = model.get_input_embeddings()(both.inputs["input_ids"])
    assert torch.equal(noisy[:2], plain[:2])
    sizes = (noisy - plain)[2:].square().mean(dim=-1).sqrt() / plain[2:].square().mean(dim=-1).sqrt()
    torch.testing.assert_close(sizes.mean(), torch.tensor(0.5), rtol=0.2, atol=0)
    assert torch.equal(model.get_input_embeddings()(both.inputs["input_ids"]), plain)


def test_noise_is_that_of_the_seed_and_reaches_the_loss():
    model, batch = model_of("classes").eval(), replace(augmented("classes"))
    batch = replace(batch, beside=replace(batch, beside=None))
    losses = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        losses.append(XTune(noise=0.5)(model, batch)["consistency"].sum().item())
    assert losses[0] == losses[1] != losses[2] and min(losses) > 0
    assert XTune()(model, batch)["consistency"].abs().max() < 1e-6


def test_several_items_must_say_what_is_the_same():
    with pytest.raises(ValueError, match="which sub-words of both halves are the same"):
        XTune()(model_of("tags"), pairs_of("tags"))
    with pytest.raises(ValueError, match="a batch of pairs with labels"):
        XTune().counts(batch_of("classes", (3, 3), 0))


def test_soft_tags_of_a_target_weigh_each_tag():
    model, pairs = model_of("tags"), augmented("tags")
    shares = torch.zeros(*pairs.inputs["input_ids"].shape, 3)
    shares[0, 1] = torch.tensor([0.2, 0.5, 0.3])
    softly = replace(pairs, extras={**pairs.extras, "soft": shares})
    logs = model(**pairs.inputs).logits.log_softmax(-1)[0, 1]
    gold = pairs.labels[0, 1]  # type: ignore[index]
    hard, changed = (XTune()(model, given)["task"][0] for given in (pairs, softly))
    torch.testing.assert_close(changed - hard, logs[gold] - (shares[0, 1] * logs).sum(), atol=1e-5, rtol=1e-5)
