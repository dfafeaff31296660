"""Layers of a task adapter that open one by one, as a user trains them: what moves when, and what is said of it."""

from __future__ import annotations

import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import AutoModelForMultipleChoice

import isogloss
from isogloss import IsoglossError
from isogloss.common.writing import read_lines
from isogloss.models.extensions import attach
from isogloss.models.extensions.adapters import NAME, PFEIFFER, Adapters, Stacks
from isogloss.recipe.build.unfreezing import build_unfreezing
from isogloss.recipe.spec.unfreezing import Everything
from tests.support import encoders
from tests.support.methods import LAYERED, STEPS, recipe

pytestmark = pytest.mark.slow

EVERY = 3
"""Three layers open at steps 0, 3 and 6 of ten."""


def scheduled(world: Path, method: str, **changes: Any) -> dict[str, Any]:
    asked = {"model": LAYERED, "adapters": {"task": {"reduction": 4}}, "unfreezing": {"every": EVERY}}
    return recipe(method, world, **{**asked, "save_steps": 1, "save_total_limit": STEPS, **changes})


def task_adapter(folder: Path, layer: int) -> dict[str, Tensor]:
    """The task adapter's weights in a layer, from 1, in the folder of a model or a checkpoint."""
    stored = load_file(folder / "extensions.safetensors")
    return {name: own for name, own in stored.items() if f"adapter_task.layers.{layer - 1}." in name}


def moved_in(run: Path, layer: int) -> list[int]:
    """The steps, from 0, in which a layer of the task adapter has moved, of those after the first."""
    states = [task_adapter(run / f"checkpoint-{step}", layer) for step in range(1, STEPS + 1)]
    return [
        step
        for step, (old, new) in enumerate(pairwise(states), start=1)
        if any(not torch.equal(new[name], old[name]) for name in old)
    ]


@pytest.mark.parametrize(
    ("method", "order"),
    [
        ("gradual_unfreezing", (3, 2, 1)),
        ("reverse_unfreezing", (3, 1, 2)),
        ("fun", None),
    ],
)
def test_a_layer_that_opens_late_is_trained_then_and_not_before(
    method: str, order: tuple[int, ...] | None, world: Path, tmp_path: Path
) -> None:
    """An optimizer of what requires a gradient at the start would never train it."""
    more = {"batches": 2} if method == "fun" else {"top_first": True}
    isogloss.train(scheduled(world, method, unfreezing={"every": EVERY, **more}), output=tmp_path / "run")
    opened = [row for row in read_lines(tmp_path / "run" / "diagnostics.jsonl") if row["probe"] == "unfreezing"]
    found = tuple(int(row["part"].removeprefix("layer_")) for row in opened if row["part"].startswith("layer_"))
    found = tuple(dict.fromkeys(found))
    assert found == order if order is not None else (found[0] == 3 and sorted(found) == [1, 2, 3])
    for place, layer in enumerate(found):
        assert moved_in(tmp_path / "run", layer) == list(range(max(1, place * EVERY), STEPS))


def test_an_order_from_the_lowest_layer(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changes = {"unfreezing": {"every": EVERY, "top_first": False}}
    isogloss.train(scheduled(world, "reverse_unfreezing", **changes), output=tmp_path / "run")
    assert "unfreezing: layer_1 at 0; layer_2 at 3; layer_3 at 6" in capsys.readouterr().err
    assert moved_in(tmp_path / "run", 3) == [6, 7, 8, 9]


def test_an_order_of_the_layers_that_have_an_adapter(world: Path, tmp_path: Path, capsys: Any) -> None:
    asked = scheduled(world, "gradual_unfreezing", adapters={"task": {"leave_out": [0]}}, save_steps=STEPS)
    schedule = {"every": EVERY, "order": [2, 3], "top_first": False}
    isogloss.train({**asked, "unfreezing": schedule}, output=tmp_path / "run")
    assert "unfreezing: layer_2 at 0; layer_3 at 3" in capsys.readouterr().err
    with pytest.raises(IsoglossError, match=r"must have each of the layers 2, 3 once, found \[1, 2\]"):
        isogloss.train({**asked, "unfreezing": {**schedule, "order": [1, 2]}}, output=tmp_path / "other")


def test_what_fun_cannot_score_is_said_before_the_first_step(world: Path, tmp_path: Path) -> None:
    asked = scheduled(world, "fun", unfreezing={"every": EVERY, "labels": "exact"})
    with pytest.raises(IsoglossError, match="labels: exact needs tasks with one item an example"):
        isogloss.train(asked, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_best_weights_are_those_of_the_adapters_too(world: Path, tmp_path: Path) -> None:
    """A rate at which the end is not the best: the model and the adapter beside it are of the step that was chosen."""
    run = tmp_path / "run"
    rows = isogloss.train(scheduled(world, "gradual_unfreezing", learning_rate=0.3), output=run)
    (step,) = {row["step"] for row in rows}
    assert step < STEPS
    for layer in (1, 2, 3):
        chosen, kept = task_adapter(run / f"checkpoint-{step}", layer), task_adapter(run / "model", layer)
        assert kept.keys() == chosen.keys() and all(torch.equal(kept[name], chosen[name]) for name in kept)
    written = torch.load(run / "adapters" / "task" / "pytorch_adapter.bin", weights_only=True)
    (down,) = (own for name, own in task_adapter(run / "model", 3).items() if name.endswith("down.weight"))
    assert any(torch.equal(own, down) for own in written.values())
    again = isogloss.evaluate(Path(shutil.copytree(run, tmp_path / "again")))
    assert [row["value"] for row in again] == [row["value"] for row in rows]


def test_a_schedule_longer_than_the_run(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = scheduled(world, "gradual_unfreezing", unfreezing={"every": 5}, selection="last")
    isogloss.train(asked, output=tmp_path / "run")
    said = capsys.readouterr().err
    assert "warning: the run has 10 steps, so layer_1 will never open; give more steps or a smaller unfree" in said
    assert moved_in(tmp_path / "run", 1) == [] and moved_in(tmp_path / "run", 2) == list(range(5, STEPS))


@pytest.mark.parametrize("every", [0, -1, "epochs"])
def test_an_interval_that_is_none(every: Any, world: Path, tmp_path: Path) -> None:
    with pytest.raises(IsoglossError, match=r"unfreezing.*every") as caught:
        isogloss.train(scheduled(world, "gradual_unfreezing", unfreezing={"every": every}), output=tmp_path / "run")
    assert re.search(r"greater than 0|epoch", str(caught.value))
    assert not (tmp_path / "run").exists()


def test_an_id_that_the_hub_does_not_have(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    asked = {**recipe("language_adapters", world), "adapters": {"language": {"en": "AdapterHub/none"}}}
    with pytest.raises(
        IsoglossError, match="adapter 'AdapterHub/none' is neither a local folder nor to be had"
    ) as caught:
        isogloss.train({**asked, "train_languages": ["en"]}, output=tmp_path / "run")
    assert "\n" not in str(caught.value) and not (tmp_path / "run").exists()


@pytest.mark.parametrize("has_pooler", [True, False])
def test_a_pooler_is_frozen_with_the_encoder_that_it_comes_from(has_pooler: bool) -> None:
    """One that the checkpoint does not have would stay random: it moves with the head."""
    model = encoders.build("bert", AutoModelForMultipleChoice)
    adapters = Adapters(model)
    attach(model, NAME, adapters)
    adapters.add("task", PFEIFFER, seed=0)
    adapters.stacks = Stacks({}, ("task",))
    fresh = {name for name, _ in model.named_parameters() if name.startswith("classifier")}
    pooler = {name for name, _ in model.named_parameters() if "pooler" in name}
    assert len(pooler) == 2
    rule, groups = build_unfreezing(Everything(), model, fresh=fresh if has_pooler else fresh | pooler)
    assert rule is not None
    moving = {id(parameter) for name in rule(0, model) for parameter in groups[name]}
    found = {name for name, parameter in model.named_parameters() if id(parameter) in moving}
    assert found & pooler == (set() if has_pooler else pooler) and fresh <= found
    assert not any("bert.encoder" in name or "embeddings" in name for name in found)


def test_an_encoder_of_random_weights_stays_as_it_is(world: Path, tmp_path: Path) -> None:
    isogloss.train(scheduled(world, "adapters", unfreezing={"kind": "everything"}), output=tmp_path / "run")
    first, last = (load_file(tmp_path / "run" / f"checkpoint-{step}" / "model.safetensors") for step in (1, STEPS))
    assert {name.split(".")[0] for name in first if not torch.equal(first[name], last[name])} == {"classifier"}
