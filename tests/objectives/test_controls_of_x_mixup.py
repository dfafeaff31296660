"""Controls of X-Mixup: consistency without mixing, and the mean of two logits alone."""

from __future__ import annotations

import pytest
import torch

from isogloss.objectives.side_by_side import first_place, mean_of_places, predicted
from isogloss.objectives.x_mixup import XMixup
from isogloss.recipe.presets import METHODS
from isogloss.recipe.spec.objective import XMixup as Spec
from tests.support.pairs import assert_same, loss_of, model_of, pairs_of, texts


def test_consistency_of_texts_with_a_class_is_that_of_the_equation():
    """A text at a time, without padding."""
    model, pairs = model_of("classes"), pairs_of("classes")
    assert pairs.beside is not None and pairs.labels is not None and pairs.beside.labels is not None
    objective = XMixup(None, source_weight=0.4, kl=0.7, mse=1.3, states=first_place)
    expected = torch.zeros(())
    for target, source, y_t, y_s in zip(
        texts(pairs), texts(pairs.beside), pairs.labels, pairs.beside.labels, strict=True
    ):
        t, s = (model(ids).logits[0].log_softmax(-1) for ids in (target, source))
        h_t, h_s = (model.bert(ids).last_hidden_state[0, 0] for ids in (target, source))
        expected = expected - 0.4 * s[y_s] / 2 - 0.6 * t[y_t] / 2
        expected = expected + 0.7 * (s.exp() * (s - t)).sum() / 2 + 1.3 * (h_s - h_t).square().mean() / 2
    assert_same(model, loss_of(objective, model, pairs), expected)


def test_consistency_of_tagged_texts_is_that_of_the_equation():
    """Without KL, as there is no distribution of both; vectors are means without the first and last sub-word."""
    model, pairs = model_of("tags"), pairs_of("tags")
    assert pairs.beside is not None and pairs.labels is not None and pairs.beside.labels is not None
    objective = XMixup(None, source_weight=0.8, kl=0.7, mse=1.3, states=mean_of_places)
    expected = torch.zeros(())
    for side, weight in ((pairs, 0.2), (pairs.beside, 0.8)):
        assert side.labels is not None
        for ids, labels in zip(texts(side), side.labels, strict=True):
            logs, labels = model(ids).logits[0].log_softmax(-1), labels[: ids.shape[1]]
            picked = logs[labels >= 0].gather(1, labels[labels >= 0][:, None])
            expected = expected - weight * picked.sum() / (side.labels >= 0).sum()
    for target, source in zip(texts(pairs), texts(pairs.beside), strict=True):
        h_t, h_s = (model.bert(ids).last_hidden_state[0, 1:-1].mean(dim=0) for ids in (target, source))
        expected = expected + 1.3 * (h_s - h_t).square().mean() / 2
    assert_same(model, loss_of(objective, model, pairs), expected)


def test_the_mean_of_logits_alone_is_training_on_both_and_a_mean_at_test_time():
    model, pairs = model_of("classes").eval(), pairs_of("classes")
    assert pairs.beside is not None and pairs.labels is not None and pairs.beside.labels is not None
    objective = XMixup(None, source_weight=0.5, kl=0.0, mse=0.0, states=first_place)
    assert objective.counts(pairs).keys() == {"target", "source"}
    both = [*zip(texts(pairs), pairs.labels, strict=True), *zip(texts(pairs.beside), pairs.beside.labels, strict=True)]
    expected = torch.stack([-model(ids).logits[0].log_softmax(-1)[label] for ids, label in both]).mean()
    assert_same(model, loss_of(objective, model, pairs), expected)
    with torch.no_grad():
        found = predicted(model, pairs)
        for row, (target, source) in enumerate(zip(texts(pairs), texts(pairs.beside), strict=True)):
            mean = (model(target).logits[0] + model(source).logits[0]) / 2
            torch.testing.assert_close(found[row], mean)


@pytest.mark.parametrize("name", ["consistency", "mean_of_logits"])
def test_the_presets_mix_nothing(name: str):
    asked = Spec.model_validate(METHODS[name].answers["objective"])
    assert not asked.mix
    assert (asked.kl > 0, asked.mse > 0) == (name == "consistency", name == "consistency")
