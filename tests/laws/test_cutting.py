"""The loss of a step is the mean over the global batch, however the batch is cut."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor, nn

from isogloss.common.errors import IsoglossError
from isogloss.protocols import Batch, DataSource
from isogloss.step.loop import Training, backward, take_step
from isogloss.step.sampling import Joint
from tests.laws.small import (
    LANGUAGES,
    Tagger,
    TwoTerms,
    adamw,
    assert_close,
    assert_same,
    gradients,
    labels_of,
    mean_loss,
    sizes,
    sources,
    training,
    walk,
    weights,
)


def parts_of(model: nn.Module, accumulation: int = 1) -> Training:
    slices = {"accumulation": accumulation, "batch_size": 12}
    return training(model, adamw(model), Joint(LANGUAGES), slices=slices, max_grad_norm=None)


@pytest.mark.parametrize("accumulation", [1, 2, 4, 5, 12])
@pytest.mark.parametrize("k", [0, 7])
def test_gradients_are_those_of_the_whole_batch(accumulation: int, k: int):
    model = Tagger(dtype=torch.float64)
    stream = sources(batch_size=12)["de"].stream
    loss = mean_loss(model, stream(k))
    loss.backward()
    expected = gradients(model)
    model.zero_grad()
    parts = parts_of(model, accumulation)
    assert len(parts.sources["de"].stream(k)) == accumulation
    assert backward(parts, parts.sources["de"], k) == pytest.approx(float(loss.detach()), rel=1e-12)
    assert_close(gradients(model), expected)


def test_micro_batches_hold_different_numbers_of_labels():
    """Else the law above would hold for a mean of means as well, which it must not."""
    model = Tagger(dtype=torch.float64)
    batches = sources(batch_size=12, accumulation=4)["de"].stream(0)
    assert len({int((labels_of(batch) != -100).sum()) for batch in batches}) > 1
    mean_of_means = sum(mean_loss(model, [batch]) for batch in batches) / 4
    assert abs(mean_of_means - mean_loss(model, batches)) > 1e-3


def test_training_does_not_depend_on_the_cut():
    whole, cut = Tagger(dtype=torch.float64), Tagger(dtype=torch.float64)
    walk(parts_of(whole), 10)
    walk(parts_of(cut, 4), 10)
    assert_close(weights(whole), weights(cut))


def without_labels(k: int) -> list[Batch]:
    batches = sources(accumulation=2)["en"].stream(k)
    return [dataclasses.replace(batch, labels=torch.full_like(labels_of(batch), -100)) for batch in batches]


def test_a_batch_without_labels_has_no_task_loss():
    model = Tagger(dtype=torch.float64)
    parts = parts_of(model)
    loss = backward(parts, DataSource("en", without_labels, TwoTerms()), 0)
    size = torch.cat([sizes(batch, model(**batch.inputs)) for batch in without_labels(0)]).mean()
    assert loss == pytest.approx(float(size.detach()), rel=1e-12)


class Broken(TwoTerms):
    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        terms = super().__call__(model, batch)
        return {**terms, "size": terms["size"] * float("inf")}


def test_a_loss_that_is_not_finite_moves_nothing():
    model = Tagger()
    parts = parts_of(model)
    walk(parts, 3)
    before = weights(model)
    parts.sources = {**parts.sources, "de": dataclasses.replace(parts.sources["de"], objective=Broken())}
    with pytest.raises(IsoglossError, match="step 4: loss term 'size' of source 'de' is inf"):
        take_step(parts)
    assert_same(weights(model), before)
