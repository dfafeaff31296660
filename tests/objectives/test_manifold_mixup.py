"""Manifold Mixup of sentence states: its equation, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForSequenceClassification

from isogloss import IsoglossError
from isogloss.models.sentence_states import layer_of
from isogloss.objectives import Supervised
from isogloss.objectives.manifold_mixup import SHARE, ManifoldMixup
from isogloss.protocols import Batch
from tests.support.encoders import build
from tests.support.pairs import assert_same, gradients, loss_of, model_of, pairs_of, texts

SHARES = torch.tensor([0.3, 0.8])


def shared(shares: Tensor = SHARES) -> Batch:
    return replace(pairs_of("classes"), extras={SHARE: shares})


@pytest.mark.parametrize("layer", [1, 2, None])
def test_loss_and_gradients_are_those_of_the_equation(layer: int | None):
    """A pair at a time, layer by layer, without padding."""
    model, pairs = model_of("classes"), shared()
    assert pairs.beside is not None and pairs.labels is not None and pairs.beside.labels is not None
    expected, layers = torch.zeros(()), model.bert.encoder.layer
    for first, second, y, other, share in zip(
        texts(pairs), texts(pairs.beside), pairs.labels, pairs.beside.labels, SHARES, strict=True
    ):
        states, states_of_other = model.bert.embeddings(first), model.bert.embeddings(second)
        for number, one in enumerate(layers, start=1):
            states, states_of_other = one(states), one(states_of_other)
            if number == (layer or len(layers)):
                mixed = share * states[:, :1] + (1 - share) * states_of_other[:, :1]
                states = torch.cat([mixed, states[:, 1:]], dim=1)
        logs = model.classifier(model.bert.pooler(states))[0].log_softmax(-1)
        expected = expected - (share * logs[y] + (1 - share) * logs[other]) / 2
    assert_same(model, loss_of(ManifoldMixup(layer_of(model, layer)), model, pairs), expected)


def test_a_share_of_one_is_plain_training():
    model, pairs = model_of("classes"), shared(torch.ones(2))
    assert_same(model, loss_of(ManifoldMixup(layer_of(model, 2)), model, pairs), loss_of(Supervised(), model, pairs))


def test_the_mixture_is_consumed_and_gradients_reach_both_texts():
    model, pairs = model_of("classes"), shared()
    objective = ManifoldMixup(layer_of(model, None))
    mixed = loss_of(objective, model, pairs)
    assert not torch.isclose(mixed, loss_of(objective, model, shared(torch.ones(2))))
    assert pairs.beside is not None
    table = gradients(model, mixed)["bert.embeddings.word_embeddings.weight"]
    only_beside = set(pairs.beside.inputs["input_ids"].flatten().tolist()) - set(
        pairs.inputs["input_ids"].flatten().tolist()
    )
    assert only_beside and all(table[id].abs().sum() > 0 for id in only_beside)


@pytest.mark.parametrize("kind", ["xlm-roberta", "modernbert", "deberta-v2", "electra", "distilbert"])
def test_every_family_reads_the_mixture(kind: str):
    model = build(kind, AutoModelForSequenceClassification).eval()
    logits = []
    objective = ManifoldMixup(layer_of(model, None))
    for shares in (torch.ones(2), torch.zeros(2)):
        pairs = shared(shares)
        assert pairs.labels is not None
        labels = pairs.labels.clamp(max=1)
        one = replace(pairs, labels=labels, beside=replace(pairs.beside, labels=labels))
        logits.append(objective(model, one)["task"])
    assert not torch.allclose(*logits)


def test_nothing_is_mixed_outside():
    model, pairs = model_of("classes").eval(), shared()
    before = model(**pairs.inputs).logits
    loss_of(ManifoldMixup(layer_of(model, None)), model, pairs)
    assert torch.equal(model(**pairs.inputs).logits, before)


def test_layers_that_are_not_there_are_refused():
    model = model_of("classes")
    with pytest.raises(IsoglossError, match="from 1 to 3, the layers of the model, found 4"):
        layer_of(model, 4)
    with pytest.raises(IsoglossError, match="'albert' model has no module for each of its layers"):
        layer_of(build("albert"), None)


def test_batches_without_partners_or_shares_are_refused():
    model, objective = model_of("classes"), ManifoldMixup(layer_of(model_of("classes"), None))
    for batch in (pairs_of("classes"), replace(shared(), beside=None)):
        with pytest.raises(ValueError, match="pairs with shares"):
            objective(model, batch)
    with pytest.raises(ValueError, match="a label for each text"):
        objective(model, replace(pairs_of("tags"), extras={SHARE: SHARES}))
