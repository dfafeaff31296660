"""Methods that pull back to pre-trained weights say so where there are none, or where they would overshoot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.models.open import open_model
from isogloss.optim import Lookahead, RecAdam
from isogloss.recipe.build.optimizer import build_optimizer
from isogloss.recipe.resolve import resolve
from isogloss.tasks.tagging import part_of_speech
from tests.support.methods import BASE
from tests.support.site import site_of
from tests.support.world import entry


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "recadam"}, "optimizer.kind: recadam: .*all weights of this model are random"),
        ({"method": "l2_sp"}, r"penalties: l2_sp: .*all weights of this model are random"),
        ({"method": "recadam", "model": "encoder"}, r"at most 1 / learning rate = 33\.3.*; found 5000"),
    ],
)
def test_what_cannot_be_pulled(changes: dict[str, Any], message: str, world: Path, tmp_path: Path):
    model = {"model": str(world / "encoder")} if "model" in changes else {}
    with pytest.raises(IsoglossError, match=message):
        isogloss.train({**BASE, "data": entry("pos", world / "pos"), **changes, **model}, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_only_a_fresh_head_goes_free_and_has_an_outer_rate_of_its_own(world: Path):
    optimizer = {"kind": "recadam", "pull": 7.0, "annealing": {"kind": "linear", "steps": 3}}
    slow = {"inner_steps": "languages", "head_outer_learning_rate": 1.0}
    recipe = resolve(
        {**BASE, "data": entry("pos", world / "pos"), "method": "fish", "optimizer": {**optimizer, "lookahead": slow}}
    )
    task = part_of_speech(("NOUN", "VERB"))
    loaded = open_model(world / "encoder", task.auto_class, task.labels, seed=0)
    built, _ = build_optimizer(recipe.optimizer, recipe, site_of(recipe, {"en": 9, "fr": 9, "ru": 9}, loaded))
    assert isinstance(built, Lookahead) and isinstance(built.inner, RecAdam)
    assert built.period == 3
    found = {
        name: (group["pull"], group["alpha"])
        for group in built.param_groups
        for name, parameter in loaded.model.named_parameters()
        if any(parameter is own for own in group["params"])
    }
    assert {found[name] for name in loaded.fresh} == {(0.0, 1.0)}
    assert {pair for name, pair in found.items() if name not in loaded.fresh} == {(7.0, 0.1)}
