"""Learning rates that fall from layer to layer: in every family of encoders, and whatever trains."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from isogloss.gradients.table import sparse_table
from isogloss.models.open import Loaded
from isogloss.models.parts import layer_groups
from isogloss.recipe.build.adapters import with_adapters
from isogloss.recipe.build.lora import with_lora
from isogloss.recipe.build.optimizer import build_optimizer
from isogloss.recipe.build.site import Site
from isogloss.recipe.build.unfreezing import rates
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.recipe import Recipe
from isogloss.recipe.spec.unfreezing import Everything
from isogloss.start.announce import layer_rate_notes
from tests.support.encoders import KINDS, build
from tests.support.site import site_of

RATE, DECAY, STEPS = 0.25, 0.5, 10


def recipe(**changes: Any) -> Recipe:
    data = {"task": "ner", "format": "conll", "path": "{language}/{split}.tsv"}
    own = {"learning_rate": RATE, "layer_decay": DECAY, "schedule": "constant", "weight_decay": 0.0}
    return resolve({"model": "some/model", "data": data, "steps": STEPS, **own, **changes})


def factors(site: Site) -> dict[str, set[float]]:
    """By group what the rates of its parameters are multiplied by, where they may move."""
    names = {id(parameter): name for name, parameter in site.model.named_parameters()}
    return {
        group: {site.rates.get(names[id(p)], 1.0) for p in own}
        for group, own in layer_groups(site.model).items()
        if any(names[id(p)] in site.moving for p in own)
    }


@pytest.mark.parametrize("kind", KINDS)
def test_each_layer_has_the_rate_above_it_times_the_decay(kind: str):
    model = build(kind)
    found, named = rates(Everything(), model, DECAY), dict(model.named_parameters())
    groups = layer_groups(model)
    layers = [name for name in groups if name.startswith("layer_")]
    expected = {"head": 1.0, "rest": 1.0, "embeddings": DECAY ** (len(layers) + 1)}
    expected |= {layer: DECAY ** (len(layers) - place) for place, layer in enumerate(layers)}
    told = {id(named[name]): factor for name, factor in found.items()}
    assert {name: {told.get(id(p), 1.0) for p in own} for name, own in groups.items()} == {
        name: {expected[name]} for name in groups
    }
    assert rates(Everything(), model, 1.0) == {}


def test_layers_of_what_trains_in_place_of_the_encoder_decay():
    asked = recipe(method="lora")
    assert asked.lora is not None
    lora = with_lora(Loaded(build("bert"), None, frozenset(), frozenset(), {}), asked.lora, 0)
    assert factors(site_of(asked, {"en": 9}, lora)) == {
        "layer_1": {0.125},
        "layer_2": {0.25},
        "layer_3": {0.5},
        "head": {1.0},
    }
    asked = recipe(method="adapters")
    assert asked.adapters is not None
    adapted = with_adapters(Loaded(build("bert"), None, frozenset(), frozenset(), {}), asked.adapters, ("en",), 0)
    assert factors(site_of(asked, {"en": 9}, adapted)) == {
        "layer_1": {0.125},
        "layer_2": {0.25},
        "layer_3": {0.5},
        "head": {1.0},
    }


def moved(site: Site, optimizer: Any, schedule: Any) -> dict[str, float]:
    """How far each group moves in a step, where every gradient is 1; Adam's first step is as long as its rate."""
    groups = layer_groups(site.model)
    before = {name: [p.detach().clone() for p in own] for name, own in groups.items()}
    for parameter in site.model.parameters():
        if parameter.requires_grad:
            parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    schedule.step()
    return {
        name: max(float((p.detach() - old).abs().max()) for p, old in zip(own, before[name], strict=True))
        for name, own in groups.items()
    }


@pytest.mark.parametrize("slow", [None, {"inner_steps": 100, "outer_learning_rate": 0.5}])
def test_a_step_is_as_long_as_the_layer_has_it(slow: dict[str, Any] | None):
    asked = recipe(optimizer={"eps": 1e-12, "lookahead": slow}, schedule="linear", warmup_steps=0)
    site = site_of(asked, {"en": 9})
    optimizer, schedule = build_optimizer(asked.optimizer, asked, site)
    whole = {"embeddings": 0.125, "layer_1": 0.25, "layer_2": 0.5, "head": 1.0}
    for step in range(2):
        rate = RATE * (1 - step / STEPS)
        assert moved(site, optimizer, schedule) == pytest.approx({n: rate * f for n, f in whole.items()}, rel=1e-4)
    # What is logged is the rate of what has none of its own.
    assert max(group["lr"] for group in optimizer.param_groups) == pytest.approx(RATE * 0.8)
    (line,) = layer_rate_notes(site, RATE)
    assert line == "learning rates: head 0.25, layer_2 0.125, layer_1 0.0625, embeddings 0.0312"


def test_a_frozen_table_stays_and_the_rest_of_the_embeddings_has_its_rate():
    asked = recipe(unfreezing={"kind": "all_but_embeddings"}, optimizer={"eps": 1e-12})
    site = site_of(asked, {"en": 9})
    table = site.model.get_input_embeddings().get_parameter("weight")
    before = table.detach().clone()
    found = moved(site, *build_optimizer(asked.optimizer, asked, site))
    assert found == pytest.approx({"embeddings": 0.03125, "layer_1": 0.0625, "layer_2": 0.125, "head": 0.25}, rel=1e-4)
    assert torch.equal(table, before)
    assert "embeddings 0.0312" in layer_rate_notes(site, RATE)[0]


def test_a_layer_that_opens_late_has_its_rate():
    asked = recipe(method="gradual_unfreezing", unfreezing={"every": 2}, optimizer={"eps": 1e-12})
    site = site_of(asked, {"en": 9})
    found = moved(site, *build_optimizer(asked.optimizer, asked, site))
    assert {name: found[name] for name in ("layer_1", "layer_2", "head")} == pytest.approx(
        {"layer_1": 0.0625, "layer_2": 0.125, "head": 0.25}, rel=1e-4
    )


def test_rows_of_a_sparse_table_move_by_the_rate_of_the_embeddings():
    asked = recipe(optimizer={"eps": 1e-12})
    site = site_of(asked, {"en": 9})
    table = sparse_table(site.model)
    assert table is not None
    optimizer, _ = build_optimizer(asked.optimizer, asked, site)
    before = table.weight.detach().clone()
    with table.taking():
        site.model(input_ids=torch.tensor([[3, 5, 3]])).logits.sum().backward()
    table.put([(table.take(site.group), 1.0)])
    optimizer.step()
    far = (table.weight.detach() - before).abs().amax(dim=1)
    assert far.nonzero().flatten().tolist() == [3, 5]
    assert far[[3, 5]].tolist() == pytest.approx([RATE * DECAY**3] * 2, rel=1e-3)


def test_without_decay_nothing_is_said():
    asked = recipe(layer_decay=1.0)
    assert layer_rate_notes(site_of(asked, {"en": 9}), RATE) == []
