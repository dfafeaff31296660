"""The released form of X-Mixup against a transcription of its code, on texts that are all padded to one length."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from isogloss.models.extensions import attach
from isogloss.models.extensions.mixing import NAME, EntropyRatio, Mixing
from isogloss.objectives.side_by_side import ORIGINAL, first_place, released_mean
from isogloss.objectives.x_mixup import XMixup
from isogloss.protocols import Batch
from tests.support.pairs import PADDING, assert_same, loss_of, model_of, pairs_of

T = 9
"""Places of every text."""
ALPHA = 0.4
HEADS = 2
ANCHORS = torch.tensor([[0, 1, 1, *range(3, T)]] * 2)
"""The place of each place's word in texts that are tagged."""


def padded(tensor: Tensor, fill: int) -> Tensor:
    return torch.nn.functional.pad(tensor, (0, T - tensor.shape[1]), value=fill)


def entropy(scores: Tensor, mask: Tensor) -> Tensor:
    """``[b]`` from ``[b, h, t, s]`` and the mask of the keys ``[b, s]``: heads and all queries, padding too."""
    mask = mask[:, None, None, :]
    shares = torch.softmax(scores + (1 - mask) * -1e4, dim=-1)
    return -(shares * torch.log_softmax(scores * mask, dim=-1)).sum(dim=-1).mean(dim=1).mean(dim=1)


def last_states(model: Any, texts: list[Tensor], masks: list[Tensor]) -> list[Tensor]:
    """H_t and H_s of target and source, mixed in the second of three layers."""
    encoder, hidden = model.bert.encoder.layer, []
    seen = [((1 - mask) * -1e4)[:, None, None, :].expand(-1, -1, T, -1) for mask in masks]
    for ids, mask in zip(texts, seen, strict=True):
        hidden.append(encoder[1].attention(encoder[0](model.bert.embeddings(input_ids=ids), mask), mask)[0])
    (u_t, u_s), own, output = hidden, encoder[1].attention.self, encoder[1].attention.output
    q, k, v = (
        part(u).unflatten(-1, (HEADS, -1)).transpose(1, 2)
        for part, u in ((own.query, u_t), (own.key, u_s), (own.value, u_s))
    )
    scores = q @ k.transpose(2, 3) / q.shape[-1] ** 0.5
    both = entropy(scores, masks[1]) + entropy(scores.transpose(2, 3), masks[0])
    ratio = 0.5 * torch.sigmoid(1.0 * both + 0.0)[:, None, None]
    weights = torch.softmax(scores + ((1 - masks[1]) * -1e4)[:, None, None, :], dim=-1)
    c = output.dense((weights @ v).transpose(1, 2).flatten(2))
    states = [output.LayerNorm(ratio * c + (1 - ratio) * u_t), u_s]
    states = [encoder[1].output(encoder[1].intermediate(own), own) for own in states]
    return [encoder[2](own, mask) for own, mask in zip(states, seen, strict=True)]


def summed(states: Tensor, anchors: Tensor) -> Tensor:
    """All sub-words of a word added up at the first of them, and nothing left at the others."""
    found = torch.zeros_like(states)
    for text, row in enumerate(anchors.tolist()):
        for place, anchor in enumerate(row):
            found[text, anchor] = found[text, anchor] + states[text, place]
    return found


def rep(states: Tensor, mask: Tensor) -> Tensor:
    """Σ_{j=1}^{T−2} mask[j+1] · H[j] / (T − 2)."""
    return sum((mask[:, j + 1, None] * states[:, j] for j in range(1, T - 1)), torch.zeros(())) / (T - 2)


def task_loss(kind: str, model: Any, states: Tensor, mask: Tensor, labels: Tensor) -> Tensor:
    """A mean over texts, tokens, or ends of answers."""
    if kind == "classes":
        return torch.nn.functional.cross_entropy(model.classifier(model.bert.pooler(states)), labels)
    if kind == "tags":
        logits = model.classifier(summed(states, ANCHORS))
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
    logits = model.qa_outputs(states).masked_fill(mask[..., None] == 0, -torch.inf)  # ours: no end in padding
    return sum(torch.nn.functional.cross_entropy(logits[..., end], labels[:, end]) for end in (0, 1)) / 2  # type: ignore[return-value]


def with_words(side: Batch) -> Batch:
    """Texts whose places 1 and 2 are of one word."""
    anchors, b = ANCHORS[:, : side.inputs["input_ids"].shape[1]], len(side)
    return replace(side, extras={"anchors": anchors.expand(b, -1), "summed": torch.ones(b, dtype=torch.bool)})


@pytest.mark.parametrize("kind", ["classes", "tags", "answers"])
@pytest.mark.parametrize("instead", [False, True])
def test_loss_and_gradients_are_those_of_the_released_code(kind: str, instead: bool):
    """``instead``: sources are back-translations, without labels but of classes, whose originals had other lengths."""
    model, pairs = model_of(kind), pairs_of(kind)
    if kind == "tags":
        pairs = replace(with_words(pairs), beside=with_words(pairs.beside))
    original = torch.tensor([[1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 0]])
    assert pairs.beside is not None and pairs.beside.labels is not None
    if instead:
        labels = pairs.beside.labels if kind == "classes" else torch.full_like(pairs.beside.labels, -100)
        extras = {**pairs.beside.extras, ORIGINAL: original}
        pairs = replace(pairs, beside=replace(pairs.beside, labels=labels, extras=extras))
    assert pairs.beside is not None and pairs.labels is not None and pairs.beside.labels is not None
    sides = (pairs, pairs.beside)
    texts = [padded(side.inputs["input_ids"], PADDING) for side in sides]
    masks = [padded(side.inputs["attention_mask"], 0).float() for side in sides]
    labels = [pairs.labels, pairs.beside.labels]
    if kind == "tags":
        labels = [padded(own, -100) for own in labels]
    h_t, h_s = last_states(model, texts, masks)
    of_target, of_source = (
        task_loss(kind, model, *own) for own in ((h_t, masks[0], labels[0]), (h_s, masks[1], labels[1]))
    )
    alone = instead and kind != "classes"
    expected = of_target if alone else ALPHA * of_source + (1 - ALPHA) * of_target
    if kind == "classes":
        p_s, p_t = (model.classifier(model.bert.pooler(own)).softmax(dim=-1) for own in (h_s, h_t))
        expected = expected + (p_s * (p_s / p_t).log()).sum(dim=-1).mean()
        expected = expected + (h_s[:, 0] - h_t[:, 0]).square().mean(dim=-1).mean()
    else:
        expected = (
            expected
            + (rep(h_s, padded(original, 0) if instead else masks[1]) - rep(h_t, masks[0])).square().mean(dim=-1).mean()
        )
    ratio = EntropyRatio(learned=False, released=True)
    attach(model, NAME, mixing := Mixing(model, 2, ratio, places=T))
    states = first_place if kind == "classes" else released_mean
    objective = XMixup(mixing, source_weight=ALPHA, kl=1.0, mse=1.0, states=states, places=T)
    assert_same(model, loss_of(objective, model, pairs), expected)
