"""Rows for several points between the pre-trained and the fine-tuned weights, from one run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import isogloss
from isogloss import IsoglossError
from isogloss.calls.finished import open_run
from isogloss.calls.interpolation import interpolated, starting_weights
from isogloss.recipe.names import TASKS
from tests.support.methods import BASE
from tests.support.world import entry


def test_weights_lie_on_a_line_and_come_back():
    model = nn.Linear(2, 1)
    end, bias = model.weight.detach().clone(), model.bias.detach().clone()
    starting = {"weight": torch.full((1, 2), 3.0)}
    for share in (0.0, 0.25, 1.0):
        with interpolated(model, starting, share):
            torch.testing.assert_close(model.weight.detach(), (1 - share) * starting["weight"] + share * end)
            assert torch.equal(model.bias, bias)
            assert share < 1 or torch.equal(model.weight, end)
        assert torch.equal(model.weight, end)
    with pytest.raises(IsoglossError, match=r"in \[0, 1\], found 1.5"), interpolated(model, starting, 1.5):
        pass


def test_one_run_gives_rows_for_several_shares(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    whole = {**BASE, "model": str(world / "encoder"), "data": entry("pos", world / "pos")}
    trained = isogloss.train({**whole, "steps": 6}, output=tmp_path / "run")
    capsys.readouterr()
    rows = isogloss.evaluate(tmp_path / "run", interpolate=[0.0, 0.5, 1.0])
    said = capsys.readouterr().out
    assert "selection: source-dev + spacing text + 0.5 of the way from the pre-trained weights" in said
    values = {share: [row["value"] for row in rows if row["interpolation"] == share] for share in (0.0, 0.5, 1.0)}
    assert values[1.0] == [row["value"] for row in trained] != values[0.0]
    # All the way back stand the weights of the checkpoint, under the head as it was trained.
    folder, recipe, _, loaded = open_run(tmp_path / "run")
    starting = starting_weights(folder, recipe, TASKS["pos"].build(()))
    written, head = load_file(world / "encoder" / "model.safetensors"), loaded.model.classifier.weight.clone()
    with interpolated(loaded.model, starting, 0.0):
        for name, parameter in loaded.model.base_model.named_parameters():
            assert torch.equal(parameter, written[name])
        assert torch.equal(loaded.model.classifier.weight, head)
    assert (tmp_path / "run" / "predictions" / "source-dev.interpolated-0.5").is_dir()
    # The run itself is what it was, and the shares are methods of their own beside it.
    assert isogloss.train({**whole, "steps": 6}, output=tmp_path / "run", resume=True) == trained
    table = isogloss.compare([tmp_path / "run"], baseline="multitask")
    assert all(f"multitask e={share:g}" in table for share in values)


def test_random_weights_are_nothing_to_go_back_to(world: Path, tmp_path: Path):
    isogloss.train({**BASE, "data": entry("pos", world / "pos"), "steps": 1}, output=tmp_path / "run")
    with pytest.raises(IsoglossError, match="began with random weights"):
        isogloss.evaluate(tmp_path / "run", interpolate=[0.5])


def test_another_model_in_its_place_is_noticed(own_world: Path, tmp_path: Path):
    encoder = own_world / "encoder"
    whole = {**BASE, "model": str(encoder), "data": entry("pos", own_world / "pos"), "steps": 1}
    isogloss.train(whole, output=tmp_path / "run")
    path = encoder / "model.safetensors"
    path.write_bytes((tmp_path / "run" / "model" / "model.safetensors").read_bytes())
    with pytest.raises(IsoglossError, match="is not what the run began with"):
        isogloss.evaluate(tmp_path / "run", interpolate=[0.5])
