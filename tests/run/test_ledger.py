from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import isogloss
import isogloss.step.loop
from isogloss.protocols import Progress
from isogloss.run.ledger import Ledger, Timed, counted
from tests.laws.small import LANGUAGES, Tagger, adamw, sources, training, walk
from tests.support.methods import STEPS, recipe


def test_it_counts_what_a_step_sees():
    model, ledger = Tagger(), Ledger()
    parts = training(model, adamw(model), lambda step: LANGUAGES)
    parts.sources = counted(sources(batch_size=6, accumulation=2), ledger)
    ledger.start()
    for _ in range(3):
        walk(parts, 1)
        ledger.step(model)
    cost = ledger.read()
    batches = [
        part for name in LANGUAGES for k in range(3) for part in sources(batch_size=6, accumulation=2)[name].stream(k)
    ]
    padded = sum(batch.inputs["input_ids"].numel() for batch in batches)
    assert (cost["steps"], cost["samples"], cost["passes"]) == (3, 3 * 3 * 6, 3 * 3 * 2)
    # The tagger's batches have no attention mask, so nothing is known to be padding.
    assert cost["subwords"] == cost["padded_subwords"] == padded
    # Outside the embeddings: hidden 5 x 6 + 6, head 6 x 3.
    assert (cost["parameters"], cost["trained_without_embeddings"]) == (11 * 5 + 54, 54)
    assert cost["flops"] == 6 * 54 * padded
    assert cost["samples_per_second"] == pytest.approx(54 / cost["seconds"]["training"])
    assert cost["peak_memory_cpu"] > 2**20


def test_frozen_parameters_cost_a_forward_pass_only():
    model, ledger = Tagger(), Ledger()
    stream = counted(sources(), ledger)["en"].stream
    model.hidden.requires_grad_(False)
    (batch,) = stream(0)
    ledger.step(model)
    tokens = batch.inputs["input_ids"].numel()
    assert ledger.read()["flops"] == tokens * (2 * 54 + 4 * 18)
    model.hidden.requires_grad_(True)
    stream(0)
    ledger.step(model)
    cost = ledger.read()
    assert cost["flops"] == tokens * (2 * 54 + 4 * 18) + tokens * 6 * 54
    assert cost["trained_parameters"] == cost["parameters"]


def test_time_aside_is_not_training():
    ledger = Ledger()
    ledger.start()
    with ledger.aside("evaluation"):
        time.sleep(0.05)
        assert ledger.read()["seconds"]["training"] < 0.02
    seconds = ledger.read()["seconds"]
    assert seconds["evaluation"] >= 0.05
    assert seconds["training"] < 0.02


def test_it_goes_on_where_it_was():
    def spent(ledger: Ledger) -> dict[str, Any]:
        counted(sources(), ledger)["en"].stream(0)
        ledger.start()
        with ledger.aside("evaluation"):
            time.sleep(0.01)
        ledger.step(Tagger())
        return ledger.read()

    first = spent(Ledger())
    ledger = Ledger()
    ledger.resume(json.loads(json.dumps(first)))
    both = spent(ledger)
    for name in ("steps", "samples", "subwords", "passes", "flops"):
        assert both[name] == 2 * first[name], name
    assert both["seconds"]["evaluation"] >= 0.02
    assert both["parameters"] == first["parameters"]


def test_processes_are_added_up_and_the_slowest_counts():
    own: list[dict[str, Any]] = []

    class Ranks:
        world_size = 2

        def __init__(self, rank: int) -> None:
            self.rank = rank

        def sum(self, tensors: list[torch.Tensor]) -> None: ...

        def wait(self) -> None: ...

        def gather(self, rows: list[Any]) -> list[Any]:
            own.extend(rows)
            return list(own)

    for rank in range(2):
        ledger = Ledger(Ranks(rank))
        counted(sources(rank=rank, world_size=2), ledger)["en"].stream(0)
        with ledger.aside("saving"):
            time.sleep(0.01 * rank)
        ledger.step(Tagger())
        cost = ledger.read()
    assert (cost["samples"], cost["passes"], cost["steps"], cost["processes"]) == (8, 2, 1, 2)
    assert cost["seconds"]["saving"] >= 0.01


def test_a_probe_says_what_it_takes(capsys: pytest.CaptureFixture[str]):
    class Sleepy:
        def due(self, step: int) -> bool:
            return step == 2

        def __call__(self, model: nn.Module, progress: Progress) -> list[dict[str, Any]]:
            time.sleep(0.03)
            return [{"seen": progress.step}]

    ledger = Ledger()
    ledger.start()
    probe = Timed(Sleepy(), "sleepy", ledger)
    assert [probe.due(step) for step in (1, 2)] == [False, True]
    assert probe(Tagger(), Progress(step=2)) == [{"seen": 2}]
    assert ledger.read()["seconds"]["probe sleepy"] >= 0.03
    assert capsys.readouterr().err.startswith("step 2: probe sleepy took 0.0")


@pytest.mark.slow
def test_the_cost_of_a_run_survives_a_stop(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    whole = recipe("sequential_reptile", world)
    isogloss.train(whole, output=tmp_path / "straight")
    take_step = isogloss.step.loop.take_step

    def stop(training: Any) -> None:
        if training.progress.step == 7:
            raise KeyboardInterrupt
        take_step(training)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(isogloss.step.loop, "take_step", stop)
        isogloss.train(whole, output=tmp_path / "run")
    isogloss.train(whole, output=tmp_path / "run", resume=True)
    straight, resumed = (json.loads((tmp_path / name / "cost.json").read_text()) for name in ("straight", "run"))
    assert straight["steps"] == STEPS
    for name in ("steps", "samples", "subwords", "padded_subwords", "passes", "flops", "parameters"):
        assert resumed[name] == straight[name], name
    assert straight["subwords"] < straight["padded_subwords"]
