"""From the keys of X-Mixup to its parts: what is left open is the task's; what the released code has, on request."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, PreTrainedTokenizerBase

from isogloss.models.extensions.mixing import EntropyRatio, Mixing, mixing_of
from isogloss.models.open import Loaded
from isogloss.objectives.side_by_side import first_place, mean_of_places, released_mean
from isogloss.recipe.build.mixing import max_grad_element, share_of_originals, usual, with_fresh_pooler, with_mixing
from isogloss.recipe.names import TASKS
from isogloss.recipe.spec.mixing import ConstantRatio
from isogloss.recipe.spec.objective import Supervised, XMixup
from isogloss.tasks.task import Task


def task(name: str) -> Task:
    return TASKS[name].build(("a", "b"))


def mixing(name: str, layers: int, **keys: Any) -> Mixing:
    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_attention_heads": 2, "vocab_size": 9}
    model = AutoModel.from_config(AutoConfig.for_model("bert", num_hidden_layers=layers, **sizes))
    loaded = Loaded(model, PreTrainedTokenizerBase(), frozenset(), frozenset(), {})
    found = with_mixing(loaded, XMixup(**keys), task(name), 16)
    assert found.fresh == {f"extensions.mixing.{name}" for name, _ in mixing_of(found.model).named_parameters()}  # type: ignore[union-attr]
    (note,) = found.notes
    own = mixing_of(found.model)
    assert own is not None and note == f"targets are mixed with their sources in layer {own.layer} of {layers}"
    return own


@pytest.mark.parametrize(
    ("name", "layers", "layer"),
    [
        *(("nli", 24, 1), ("pos", 24, 4), ("qa", 24, 16), ("choice", 24, 1)),
        *(("nli", 12, 1), ("ner", 12, 2), ("qa", 12, 8), ("paraphrase", 2, 1), ("pos", 2, 1)),
    ],
)
def test_the_layer_is_that_of_the_released_code_in_proportion(name: str, layers: int, layer: int):
    assert mixing(name, layers).layer == layer


def test_a_layer_by_number_or_as_a_share():
    assert [mixing("nli", 12, layer=asked).layer for asked in (3, 12, 0.25, 0.5, 0.01)] == [3, 12, 3, 6, 1]


@pytest.mark.parametrize(
    ("name", "weight", "halving", "states", "released"),
    [
        ("nli", 0.4, 1000, first_place, first_place),
        ("choice", 0.4, 1000, first_place, first_place),
        ("pos", 0.8, 1000, mean_of_places, released_mean),
        ("qa", 0.2, 2000, mean_of_places, released_mean),
    ],
)
def test_what_is_left_open_is_the_tasks(name: str, weight: float, halving: float, states: object, released: object):
    own = usual(task(name))
    assert (own.source_weight, own.halving, own.states, own.released) == (weight, halving, states, released)
    share = share_of_originals(XMixup(), task(name), 10**6)
    assert share(0) == pytest.approx(1, abs=2 / halving)
    assert share(round(halving * math.log(halving))) == pytest.approx(0.5, abs=1e-3)
    assert share(10**6) == pytest.approx(0)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_half_of_the_sources_are_original_after_a_share_of_the_steps(part: float):
    share = share_of_originals(XMixup(halving=part), task("nli"), 1000)
    assert share(round(part * 1000)) == pytest.approx(0.5, abs=1e-6)
    assert all(one > other for one, other in zip(map(share, range(900)), map(share, range(1, 900)), strict=False))


def test_the_ratio_of_the_released_code_is_not_learned_and_sees_padding():
    scores, real = torch.randn(1, 2, 3, 4), torch.tensor([[True, True, False, False]])
    ratios = {compat: mixing("nli", 2, compat=compat).ratio for compat in (None, "released")}
    assert {compat: len(list(own.parameters())) for compat, own in ratios.items()} == {None: 2, "released": 0}
    with torch.no_grad():
        ours, theirs = (own(scores, real[:, :3], real) for own in ratios.values())
    assert not torch.allclose(ours, theirs)
    frozen = mixing("nli", 2, ratio={"kind": "entropy", "learned": False}).ratio
    assert isinstance(frozen, EntropyRatio) and not list(frozen.parameters()) and not frozen.released
    assert {compat: mixing("nli", 2, compat=compat).places for compat in (None, "released")} == {
        None: None,
        "released": 16,
    }
    constant = mixing("nli", 2, compat="released", ratio=ConstantRatio(value=0.3)).ratio
    assert constant(scores, real[:, :3], real).tolist() == [pytest.approx(0.3)]


def test_the_released_code_clips_elements_of_sums_of_losses():
    released = XMixup(compat="released")
    assert max_grad_element(XMixup(), task("nli"), 8) is max_grad_element(Supervised(), task("pos"), 8) is None
    found = {name: max_grad_element(released, task(name), 8) for name in ("nli", "choice", "qa", "pos")}
    assert found == {"nli": 1 / 8, "choice": 1 / 8, "qa": 1 / 8, "pos": 1}


@pytest.mark.parametrize(("family", "fresh"), [("bert", 2), ("xlm-roberta", 0)])
def test_the_released_code_has_no_pooler_that_was_pre_trained(family: str, fresh: int):
    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_attention_heads": 2, "vocab_size": 9}
    config = AutoConfig.for_model(family, num_hidden_layers=1, **sizes)
    models = [AutoModelForSequenceClassification.from_config(config) for _ in range(2)]
    before = [{name: own.clone() for name, own in model.named_parameters()} for model in models]
    found = [
        with_fresh_pooler(Loaded(model, PreTrainedTokenizerBase(), frozenset(), frozenset(), {}), seed=3)
        for model in models
    ]
    for loaded, own in zip(found, before, strict=True):
        assert len(loaded.fresh) == len(loaded.notes) * 2 == fresh
        assert all(torch.equal(now, own[name]) == (name not in loaded.fresh or name.endswith("bias"))
                   for name, now in loaded.model.named_parameters())  # fmt: skip
    first, second = (dict(loaded.model.named_parameters()) for loaded in found)
    assert all(torch.equal(first[name], second[name]) for name in found[0].fresh)  # the seed alone decides


@pytest.mark.parametrize(("name", "learned"), [("x_mixup", True), ("x_mixup_released", False)])
def test_the_ratio_is_learned_and_in_every_checkpoint(name: str, learned: bool, straight: Callable[[str], Path]):
    run = straight(name)
    (checkpoint,) = run.glob("checkpoint-*")
    for folder in (checkpoint, run / "model"):
        stored = load_file(folder / "extensions.safetensors")
        weight, bias = (float(own) for part in ("weight", "bias") for key, own in stored.items() if key.endswith(part))
        assert (weight != 1 and bias != 0) if learned else (weight, bias) == (1, 0)
