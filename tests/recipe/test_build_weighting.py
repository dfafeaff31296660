from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from isogloss import IsoglossError
from isogloss.common.distributed import ALONE
from isogloss.gradients import GradientRows, Observed, sparse_table
from isogloss.models.parts import parts_of
from isogloss.recipe.build.weighting import LAST_LAYER, build_rows, build_weighting
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.recipe import Recipe
from tests.support.site import site_of, small_bert


def recipe(**keys: Any) -> Recipe:
    data = {"task": "pos", "format": "conllu", "path": "data/{language}/{split}.conllu"}
    return resolve({"model": "some/encoder", "data": [data], "steps": 10, **keys})


def taken(rows: GradientRows) -> Tensor:
    """The Gram matrices of the gradients of three batches."""
    model, random = small_bert(), torch.Generator().manual_seed(0)
    with rows.taking():
        for _ in range(3):
            model(input_ids=torch.randint(30, (2, 5), generator=random)).logits.square().sum().backward()
            assert model.get_input_embeddings().weight.grad.is_sparse
            rows.take(ALONE)
    return rows.grams()


def built(method: str, **keys: Any) -> tuple[Observed, GradientRows]:
    found, model = recipe(method=method, **keys), small_bert()
    weighting = build_weighting(found.weighting, site_of(found, {"en": 9, "de": 9, "sw": 9}))
    rows = build_rows(found.weighting, found.gradients, model, sparse_table(model))
    assert weighting is not None and rows is not None
    return weighting, rows


# Gradients of which the first two conflict, and the third is at right angles to both.
GRAM = torch.tensor([[2.0, -1.0, 0.0], [-1.0, 2.0, 0.0], [0.0, 0.0, 1.0]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("method", "keys", "weights"),
    [
        ("pcgrad", {}, [1.5, 1.5, 1.0]),  # each of the two loses half of what goes against the other
        ("gradvac", {"granularity": "model"}, [1.5, 1.5, 1.0]),  # with targets of 0, as at first, it is PCGrad
        ("gradnorm", {}, [1.0, 1.0, 1.0]),  # while first losses are measured
        ("cagrad", {"c": 0.0}, [1 / 3, 1 / 3, 1 / 3]),  # a ball without radius: the mean
        ("imtl_g", {}, None),
        ("aligned_mtl", {}, None),
        ("mgda", {}, [1 / 3, 1 / 3, 1 / 3]),  # <g_i, g> is the same for all, as at the shortest mean
    ],
)
def test_a_preset_weighs_by_its_rule(method: str, keys: dict[str, Any], weights: list[float] | None):
    weighting, rows = built(method, **({"weighting": keys} if keys else {}))
    groups = len(taken(rows))
    answer = weighting(0, ("en", "de", "sw"), GRAM.expand(groups, 3, 3), torch.ones(3, dtype=torch.float64))
    assert answer.shape == (groups, 3)
    if method == "imtl_g":  # equal projections on the unit vector of each
        along = GRAM @ answer[0] / GRAM.diagonal().sqrt()
        torch.testing.assert_close(along, along.mean().expand(3))
    elif method == "aligned_mtl":  # the sum is that of orthogonal gradients of one length
        torch.testing.assert_close(answer[0, 0], answer[0, 1])
        assert answer[0, 2] < answer[0, 0] * 3
    else:
        torch.testing.assert_close(answer[0], torch.tensor(weights, dtype=torch.float64), atol=2e-3, rtol=0)


@pytest.mark.parametrize("method", ["pcgrad", "gradvac", "gradnorm", "cagrad", "imtl_g", "aligned_mtl", "mgda"])
def test_the_groups_of_a_preset_hold_all_of_the_model_once(method: str):
    _, rows = built(method)
    (whole,) = taken(built("pcgrad")[1])
    torch.testing.assert_close(taken(rows).sum(dim=0), whole, rtol=1e-6, atol=1e-6)  # float32, in another order


def test_gradvac_compares_layer_by_layer_unless_asked_for_the_whole():
    names = [name for name in parts_of(small_bert())]
    assert (len(taken(built("gradvac")[1])), len(names)) == (4, 4)
    assert len(taken(built("gradvac", weighting={"granularity": "model"})[1])) == 1


def test_gradnorm_balances_the_last_layer():
    weighting, rows = built("gradnorm", weighting={"initial_batches": 1, "alpha": 0.0, "learning_rate": 0.5})
    assert len(taken(rows)) == 2
    lengths = torch.ones(2, 3, 3, dtype=torch.float64) * torch.eye(3, dtype=torch.float64)
    lengths[LAST_LAYER, 0, 0] = 100.0  # the first source is ten times as long there, and nowhere else
    ones = torch.ones(3, dtype=torch.float64)
    weighting(0, ("en", "de", "sw"), lengths, ones)
    weighting(1, ("en", "de", "sw"), lengths, ones)
    later = weighting(2, ("en", "de", "sw"), lengths, ones)
    assert later[0, 0] < later[0, 1] == later[0, 2]


def test_a_sum_needs_neither():
    for method in ("multitask", "multitask_summed"):
        found = recipe(method=method)
        assert build_weighting(found.weighting, site_of(found, {"en": 9})) is None
        assert build_rows(found.weighting, found.gradients, small_bert(), sparse_table(small_bert())) is None


def test_gradients_kept_in_half_precision_differ_by_its_rounding():
    exact = taken(built("pcgrad")[1])
    rounded = taken(built("pcgrad", gradients={"precision": "bf16", "device": "cpu"})[1])
    assert not torch.equal(exact, rounded)
    torch.testing.assert_close(exact, rounded, rtol=0.02, atol=0.02 * float(exact.max()))


@pytest.mark.parametrize("kind", ["mixed", "temperature", "round_robin", "blocks"])
def test_a_weighting_needs_several_gradients(kind: str):
    with pytest.raises(IsoglossError, match=rf"pcgrad needs a gradient of each language.*joint.*found.*{kind}"):
        recipe(method="pcgrad", sampling={"kind": kind})


def test_a_penalty_is_not_compared_with_itself():
    with pytest.raises(IsoglossError, match=r"penalties: l2_sp would be part of every language's gradient"):
        recipe(method="pcgrad", penalties={"kind": "l2_sp", "strength": 0.1})


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
