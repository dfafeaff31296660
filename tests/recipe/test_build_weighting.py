from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForTokenClassification, PreTrainedModel

from isogloss import IsoglossError
from isogloss.gradients import CAGrad, GradNorm, GradVac, GramRule, Observed, PCGrad, sparse_table
from isogloss.models.parts import parts_of
from isogloss.recipe.build.weighting import LAST_LAYER, build_rows, build_weighting
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.recipe import Recipe


def recipe(**keys: Any) -> Recipe:
    data = {"task": "pos", "format": "conllu", "path": "data/{language}/{split}.conllu"}
    return resolve({"model": "some/encoder", "data": [data], "steps": 10, **keys})


@pytest.fixture(scope="module")
def model() -> PreTrainedModel:
    config = AutoConfig.for_model(
        "bert", hidden_size=8, intermediate_size=8, num_hidden_layers=2, num_attention_heads=2, vocab_size=30
    )
    return AutoModelForTokenClassification.from_config(config)


@pytest.mark.parametrize(
    ("method", "built", "groups"),
    [
        ("pcgrad", PCGrad, 1),
        ("gradvac", GradVac, 4),
        ("gradnorm", GradNorm, 2),
        ("cagrad", CAGrad, 1),
        ("imtl_g", GramRule, 1),
        ("aligned_mtl", GramRule, 1),
        ("mgda", GramRule, 1),
    ],
)
def test_a_preset_has_its_weighting_and_groups(method: str, built: type, groups: int, model: PreTrainedModel):
    resolved = recipe(method=method)
    assert resolved.sampling.kind == "joint"
    weighting, rows = build_weighting(resolved, model, 1), build_rows(resolved, model, sparse_table(model))
    assert isinstance(weighting, Observed)
    assert isinstance(weighting.weighting, built)
    assert rows is not None
    random = torch.Generator().manual_seed(0)
    with rows.taking():
        for _ in range(3):
            loss = model(input_ids=torch.randint(30, (2, 5), generator=random)).logits.square().sum()
            loss.backward()
            assert model.get_input_embeddings().weight.grad.is_sparse
            rows.take(Alone)
    grams = rows.grams()
    assert grams.shape == (groups, 3, 3)
    weights = weighting(0, ("en", "de", "sw"), grams, torch.ones(3, dtype=torch.float64))
    assert weights.shape == (groups, 3)
    rows.put(weights)
    assert all(parameter.grad is not None for parameter in model.parameters())
    model.zero_grad()


class Alone:
    """A process that shares nothing."""

    world_size = 1

    @staticmethod
    def sum(tensors: Any) -> None:
        pass


def test_the_last_layer_is_a_group_of_its_own(model: PreTrainedModel):
    rows = build_rows(recipe(method="gradnorm"), model, sparse_table(model))
    assert rows is not None
    assert rows._groups[LAST_LAYER] == parts_of(model)["layer_2"]
    assert sum(map(len, rows._groups)) == len(list(model.parameters()))


def test_a_sum_needs_neither(model: PreTrainedModel):
    for method in ("multitask", "multitask_summed"):
        assert build_weighting(recipe(method=method), model, 0) is None
        assert build_rows(recipe(method=method), model, sparse_table(model)) is None


def test_where_gradients_are_kept(model: PreTrainedModel):
    rows = build_rows(
        recipe(method="pcgrad", gradients={"precision": "bf16", "device": "cpu"}), model, sparse_table(model)
    )
    assert rows is not None
    assert (rows._dtype, rows._device) == (torch.bfloat16, torch.device("cpu"))


@pytest.mark.parametrize("kind", ["mixed", "temperature", "round_robin", "blocks"])
def test_a_weighting_needs_several_gradients(kind: str):
    with pytest.raises(IsoglossError, match=rf"pcgrad needs a gradient of each language.*joint.*found.*{kind}"):
        recipe(method="pcgrad", sampling={"kind": kind})


def test_a_penalty_is_not_compared_with_itself():
    with pytest.raises(IsoglossError, match=r"l2_sp=0.1 would be part of every language's gradient"):
        recipe(method="pcgrad", objective={"l2_sp": 0.1})


def test_another_optimizer_does_not_lose_the_slow_weights():
    with pytest.raises(IsoglossError, match="kind recadam replaces the slow weights of method sequential_reptile"):
        recipe(method="sequential_reptile", optimizer={"kind": "recadam"})
    kept = recipe(method="sequential_reptile", optimizer={"kind": "recadam", "lookahead": {"inner_steps": 2}})
    assert kept.optimizer.lookahead is not None


def test_a_walk_of_reptile_is_on_one_language():
    slow = {"optimizer": {"lookahead": {"inner_steps": 5}}}
    with pytest.raises(IsoglossError, match=r"blocks of length=2 would put several languages into a walk"):
        recipe(method="reptile", sampling={"length": 2}, **slow)
    assert recipe(method="reptile", sampling={"length": 5}, **slow).sampling.length == 5
    with pytest.raises(IsoglossError, match=r"optimizer.lookahead.restarts"):
        recipe(method="reptile", optimizer={"lookahead": {"restarts": 0}})


def test_unknown_kinds_and_bad_values():
    with pytest.raises(IsoglossError, match=r"weighting.kind: no kind 'pc_grad'; did you mean 'pcgrad'"):
        recipe(sampling={"kind": "joint"}, weighting={"kind": "pc_grad"})
    with pytest.raises(IsoglossError, match=r"unknown key 'weighting.bet'; did you mean 'beta'"):
        recipe(method="gradvac", weighting={"bet": 0.1})
    with pytest.raises(IsoglossError, match=r"beta.*less than or equal to 1"):
        recipe(method="gradvac", weighting={"beta": 2})
