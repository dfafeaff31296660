"""FILTER: fused layers are full attention over both texts, and the loss is that of its equation in both phases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForTokenClassification

from isogloss import IsoglossError
from isogloss.models.extensions import attach
from isogloss.models.extensions.fusion import FAMILIES, NAME, Fusion
from isogloss.models.kinds import KINDS
from isogloss.objectives.filter import Filter
from isogloss.objectives.side_by_side import predicted
from tests.support.encoders import KINDS as KINDS_OF_ENCODER
from tests.support.encoders import build
from tests.support.pairs import CLASSES, assert_same, batch_of, gradients, loss_of, model_of, pairs_of, texts


def fused(kind: str, local: int = 1, number: int = 1) -> Any:
    model = model_of(kind)
    attach(model, NAME, Fusion(model, local, number))
    return model


def logits_of(kind: str, model: Any, local: int, number: int, target: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
    """What both texts of one pair predict, layer by layer without padding, a row for each item."""
    layers = model.bert.encoder.layer
    states = [model.bert.embeddings(ids) for ids in (target, source)]
    for layer in layers[:local]:
        states = [layer(own) for own in states]
    joint = torch.cat(states, dim=1)
    for layer in layers[local : local + number]:
        joint = layer(joint)
    states = list(joint.split([target.shape[1], source.shape[1]], dim=1))
    for layer in layers[local + number :]:
        states = [layer(own) for own in states]
    if kind == "classes":
        first, second = (model.classifier(model.bert.pooler(own)) for own in states)
    elif kind == "tags":
        first, second = (model.classifier(own)[0] for own in states)
    else:
        first, second = (model.qa_outputs(own)[0].T for own in states)
    return first, second


def losses_of(logits: Tensor, labels: Tensor) -> Tensor:
    """The cross-entropy of each labelled item."""
    labels = labels.reshape(-1)[: len(logits)]
    return torch.nn.functional.cross_entropy(logits[labels >= 0], labels[labels >= 0], reduction="none")


def soft(logits: Tensor, taught: Tensor, labels: Tensor, temperature: float) -> Tensor:
    p, t = (own / temperature for own in (logits, taught))
    each = (t.softmax(-1) * (t.log_softmax(-1) - p.log_softmax(-1))).sum(-1)
    return each[labels.reshape(-1)[: len(logits)] >= 0] * temperature**2


@pytest.mark.parametrize(("local", "number"), [(1, 1), (0, 2), (1, 2)])
@pytest.mark.parametrize("kind", CLASSES)
def test_both_phases_are_those_of_the_equations(kind: str, local: int, number: int):
    model, teacher, pairs = fused(kind, local, number), fused(kind, 0, 1).eval(), pairs_of(kind)
    for parameter in teacher.requires_grad_(False).parameters():
        parameter.add_(0.1 * torch.randn_like(parameter))
    assert pairs.beside is not None and pairs.labels is not None and pairs.beside.labels is not None
    own, other, taught = [], [], []
    for target, source, y_t, y_s in zip(
        texts(pairs), texts(pairs.beside), pairs.labels, pairs.beside.labels, strict=True
    ):
        first, second = logits_of(kind, model, local, number, target, source)
        wanted, _ = logits_of(kind, teacher, 0, 1, target, source)
        own.append(losses_of(first, y_t))
        other.append(losses_of(second, y_s))
        taught.append(soft(first, wanted, y_t, 2.0))
    t, s, q = (torch.cat(each).mean() for each in (own, other, taught))
    assert_same(model, loss_of(Filter(), model, pairs), t + s)
    assert_same(model, loss_of(Filter(teacher, share=0.3, temperature=2.0), model, pairs), 0.7 * t + s + 0.3 * q)
    assert all(parameter.grad is None for parameter in teacher.parameters())


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_the_target_predicts_for_a_pair_and_padding_changes_nothing(kind: str, attention: str):
    model, pairs = model_of(kind).eval(), pairs_of(kind)
    model.set_attn_implementation(attention)
    attach(model, NAME, Fusion(model, 1, 1))
    assert pairs.beside is not None and model.config._attn_implementation == attention
    with torch.no_grad():
        found = predicted(model, pairs)
        for row, (target, source) in enumerate(zip(texts(pairs), texts(pairs.beside), strict=True)):
            wanted, _ = logits_of(kind, model, 1, 1, target, source)
            mine = found[row] if kind == "classes" else found[row].movedim(-1 if kind == "answers" else 0, 0)
            mine = (
                mine[: target.shape[1]].movedim(0, -1 if kind == "answers" else 0) if kind != "classes" else mine[None]
            )
            torch.testing.assert_close(mine, wanted, atol=1e-5, rtol=1e-4)


def test_what_the_source_says_reaches_the_target():
    model, pairs = fused("classes").eval(), pairs_of("classes")
    assert pairs.beside is not None
    other = {**pairs.beside.inputs, "input_ids": pairs.beside.inputs["input_ids"].flip(0)}
    with torch.no_grad():
        changed = predicted(model, replace(pairs, beside=replace(pairs.beside, inputs=other)))
        assert not torch.allclose(predicted(model, pairs), changed)
    table = gradients(model, Filter()(model, pairs)["target"].sum())["bert.embeddings.word_embeddings.weight"]
    assert all(table[id].abs().sum() > 0 for id in pairs.beside.inputs["input_ids"][0].tolist() if id > 1)


def test_texts_alone_are_those_of_the_plain_encoder():
    model, plain, batch = fused("tags").eval(), model_of("tags").eval(), batch_of("tags", (5, 3), 0)
    assert torch.equal(model(**batch.inputs).logits, plain(**batch.inputs).logits)


@pytest.mark.parametrize("family", sorted({*FAMILIES} & KINDS_OF_ENCODER.keys()))
def test_every_family_is_fused(family: str):
    model = build(family).eval()
    pairs = pairs_of("tags")
    with torch.no_grad():
        alone = predicted(model, pairs)
        attach(model, NAME, Fusion(model, 1, 2))
        assert not torch.allclose(predicted(model, pairs), alone)


def test_a_fusion_is_stored_and_restored():
    model = fused("tags", 1, 2)
    again = KINDS[Fusion.kind](model_of("tags"), model.extensions[NAME].settings())
    assert isinstance(again, Fusion) and (again.local, again.fused) == (1, 2)


@pytest.mark.parametrize(
    ("family", "local", "number", "message"),
    [
        ("bert", 2, 2, "2 local layers and 2 fused ones, but the model has 3"),
        ("bert", 0, 0, "at least one must be fused"),
        ("modernbert", 1, 1, r"a 'modernbert' model, .*cannot do.*valid: bert"),
        ("deberta-v2", 1, 1, "a 'deberta-v2' model"),
    ],
)
def test_layers_that_cannot_be_fused_are_refused(family: str, local: int, number: int, message: str):
    with pytest.raises(IsoglossError, match=message):
        Fusion(build(family, AutoModelForTokenClassification), local, number)


def test_batches_without_partners_are_refused():
    with pytest.raises(ValueError, match="a batch of pairs with labels"):
        Filter().counts(batch_of("tags", (3, 3), 0))


def test_soft_tags_of_a_target_weigh_each_tag():
    model, pairs = model_of("tags"), pairs_of("tags")
    shares = torch.zeros(*pairs.inputs["input_ids"].shape, 3)
    shares[0, 1] = torch.tensor([0.2, 0.5, 0.3])
    softly = replace(pairs, extras={**pairs.extras, "soft": shares})
    logs = model(**pairs.inputs).logits.log_softmax(-1)[0, 1]
    gold = pairs.labels[0, 1]  # type: ignore[index]
    hard, changed = (Filter()(model, given)["target"][0] for given in (pairs, softly))
    torch.testing.assert_close(changed - hard, logs[gold] - (shares[0, 1] * logs).sum(), atol=1e-5, rtol=1e-5)
