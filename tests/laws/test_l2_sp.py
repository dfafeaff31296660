"""L2-SP is a penalty in the loss: its gradient is λ (θ − θ*), however the batch is cut."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from isogloss.objectives.l2_sp import L2SP
from isogloss.step.sampling import Joint, RoundRobin
from tests.laws.small import Tagger, adamw, assert_close, assert_same, mean_loss, sources, training, walk, weights

STRENGTH = 0.3


def penalised(model: nn.Module, *, sampler: object = None, **slices: int):
    parts = training(model, adamw(model), sampler or Joint(("en",)), slices=slices)  # type: ignore[arg-type]
    objective = L2SP(parts.sources["en"].objective, model, strength=STRENGTH, free={"head.weight"})
    parts.sources = {name: replace(source, objective=objective) for name, source in parts.sources.items()}
    return parts


def test_the_penalty_is_in_the_loss():
    model, literal = Tagger(dtype=torch.float64), Tagger(dtype=torch.float64)
    start, optimizer = weights(literal), adamw(literal)
    parts = penalised(model)
    rates = []
    for step in range(8):
        rates.append(parts.optimizer.param_groups[0]["lr"])
        walk(parts, 1)
        optimizer.param_groups[0]["lr"] = rates[-1]
        optimizer.zero_grad()
        mean_loss(literal, sources()["en"].stream(step)).backward()
        for name, parameter in literal.named_parameters():
            if name != "head.weight":
                parameter.grad += STRENGTH * (parameter.detach() - start[name])
        nn.utils.clip_grad_norm_(literal.parameters(), 1.0)
        optimizer.step()
    assert_close(weights(model), weights(literal))
    losses = parts.meter.read(parts.group)
    assert losses["loss"] > 0


def test_it_does_not_depend_on_how_a_batch_is_cut():
    whole, cut = Tagger(dtype=torch.float64), Tagger(dtype=torch.float64)
    walk(penalised(whole, sampler=RoundRobin(("en", "sw"))), 6)
    walk(penalised(cut, sampler=RoundRobin(("en", "sw")), accumulation=3), 6)
    assert_close(weights(whole), weights(cut))


def test_weights_that_cannot_move_have_no_part():
    model = Tagger()
    objective = L2SP(sources()["en"].objective, model, strength=1.0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0).requires_grad_(False)
    (batch,) = sources()["en"].stream(0)
    assert_same({"l2_sp": objective(model, batch)["l2_sp"]}, {"l2_sp": torch.zeros(len(batch))})
    model.hidden.bias.requires_grad_(True)
    assert objective(model, batch)["l2_sp"].tolist() == [0.5 * 6] * len(batch)
