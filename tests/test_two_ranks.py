"""Two processes take the steps of one, whatever the method; averaged workers walk apart and meet at outer steps."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import isogloss
from isogloss import IsoglossError
from isogloss.common.writing import read_lines
from tests.support import pretraining
from tests.support.launching import launch
from tests.support.methods import CRASH, SETTINGS, STEPS, recipe
from tests.support.world import (
    merged,
    outcome,
    runs_in,
)

pytestmark = pytest.mark.slow

SHARED = [name for name in SETTINGS if not name.endswith("averaged_workers")]
EXACT = {
    "dropout": {"dropout": 0.0},
    "probes": {"dropout": 0.0},
    "text_beside": {"dropout": 0.0},
    "manifold_mixup_of_translations": {"dropout": 0.0},
    "x_tune_second_stage": {"dropout": 0.0},
    "filter_taught": {"dropout": 0.0},
    "answers_of_a_teacher": {"dropout": 0.0},
    "x_tune_noise": {"objective": {"augment": {"size": 1e-12}}},
    "task_adapter_in_parallel": {"dropout": 0.0},
    "x_mixup_of_slow_weights": {"dropout": 0.0},
    # The released entropy changes with padding, and so with how a batch is cut.
    "x_mixup_released": {"objective": {"ratio": {"kind": "constant", "value": 0.3}}},
    "lora_of_fused_attention": {"dropout": 0.0, "lora": {"dropout": 0.0}},
    "bf16": {"precision": "fp32"},
    "gradients_bf16": {"gradients": {"precision": "fp32"}},
}
"""What must change for two processes to compute what one computes: each draws its own dropout, and bf16 rounds."""

ONE_PART = {"gradient_accumulation_steps": 1}
"""In several parts the rows of two processes get into a queue in another order than those of one."""

WELL_CONDITIONED = {"knowledge": {"norm": "layer"}}
"""Vectors of a fresh encoder are nearly one, and what batch norm makes of their differences is all rounding."""

SELDOM = {"evaluation_steps": STEPS // 2, "save_steps": STEPS}
"""Twice seen and once saved by two processes is enough where nothing is resumed: both take longer than the steps."""

AVERAGED = "averaged_workers"
PROBED = "probes_of_averaged_workers"
APART = (
    AVERAGED,
    "weighted_averaged_workers",
    "text_beside_averaged_workers",
    "unfreezing_of_averaged_workers",
    PROBED,
)


def settings(name: str, world: Path) -> dict[str, Any]:
    # Adam divides by the size of a gradient, which may be all rounding; with a larger eps rounding stays small. The
    # gradients of multiple choice are a thousand times smaller than those of tagging.
    optimizer = merged(SETTINGS[name].get("optimizer", {}), {"eps": 1e-1 if name == "choice" else 1e-3})
    seldom = {} if name in APART else SELDOM
    return recipe(name, world, **{**seldom, **EXACT.get(name, {}), "optimizer": optimizer})


def pretrained(text_world: Path) -> dict[str, dict[str, Any]]:
    """Pre-training that goes on with an encoder, and that of a new one."""
    # Five rows give the ranks three and two.
    stages = [{"length": 24, "batch_size": 5, "share": 0.6}, {"length": 40, "batch_size": 4, "share": 0.4}]
    given = {"model": str(text_world / "encoder"), "tokenizer": None, "dropout": 0.0, "stages": stages}
    plain = {"dropout": 0.0, "stages": stages}
    return {
        "pretrained-given": pretraining.recipe("accumulation", text_world, **given),
        "pretrained-new": pretraining.recipe("aligned", text_world),
        "pretrained-knowledge": merged(
            pretraining.recipe("knowledge_of_a_lagging_copy", text_world, **plain, **ONE_PART), WELL_CONDITIONED
        ),
        "pretrained-released": pretraining.recipe("knowledge_as_released", text_world, **plain),
        "pretrained-distilled": pretraining.recipe("states_of_a_teacher", text_world, **plain),
    }


INTERRUPTED = ("multitask", AVERAGED)


@pytest.fixture(scope="module")
def launched(ready_python: str, world: Path, text_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every entry of the table trained by two processes, all in one launch, for each takes ten seconds of imports."""
    root = tmp_path_factory.mktemp("two")
    plan = [{"output": str(root / name), "recipe": settings(name, world)} for name in SETTINGS]
    for name in APART:
        stopped = {"output": str(root / f"stopped-{name}"), "recipe": settings(name, world)}
        plan += [{**stopped, "stop": CRASH}, {**stopped, "resume": True}]
    for name in INTERRUPTED:
        entry = {"output": str(root / f"interrupted-{name}"), "recipe": settings(name, world)}
        plan += [{**entry, "interrupt": CRASH}, {**entry, "resume": True}]
    alone = {**settings(PROBED, world), "probes": []}
    plan.append({"output": str(root / "without-probes"), "recipe": alone})
    plan += [{"output": str(root / name), "recipe": whole} for name, whole in pretrained(text_world).items()]
    (root / "recipe.json").write_text(json.dumps(commanded(world)), encoding="utf-8")
    plan.append({"command": ["train", "recipe.json", "--output", "commanded"]})
    (root / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    # With --cpu, or without --multi_gpu where there is no GPU, accelerate starts one process whatever it is told. Its
    # processes are torchrun's.
    launcher = ("accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--main_process_port", "0")
    launch(ready_python, *launcher, "-m", "tests.support.walk_in_ranks", "--plan", "plan.json", root=root)
    return root


def commanded(world: Path) -> dict[str, Any]:
    """What the command line is told to train."""
    return {**settings("sequential_reptile", world), "steps": 4}


def trace(launched: Path, name: str, rank: int) -> list[dict[str, Any]]:
    written = json.loads((launched / f"{name}.rank-{rank}.json").read_text(encoding="utf-8"))
    return list(written["trace"])


@pytest.mark.parametrize("name", SHARED)
def test_both_ranks_hold_equal_weights_after_every_step(name: str, launched: Path):
    first, second = trace(launched, name, 0), trace(launched, name, 1)
    assert [row["step"] for row in first] == list(range(1, STEPS + 1))
    assert first == second


@pytest.mark.parametrize("name", SHARED)
def test_two_ranks_compute_what_one_computes(name: str, launched: Path, world: Path, tmp_path: Path):
    # A batch of 5 gives the ranks 3 and 2 sentences.
    isogloss.train(settings(name, world), output=tmp_path / "one")
    (one,), (two,) = runs_in(tmp_path / "one"), runs_in(launched / name)
    expected = load_file(one / "model" / "model.safetensors")
    found = load_file(two / "model" / "model.safetensors")
    for parameter in expected:
        torch.testing.assert_close(found[parameter], expected[parameter], rtol=1e-5, atol=1e-5, msg=parameter)
    mine, theirs = outcome(one), outcome(two)
    assert theirs["files"] == mine["files"]
    history = [theirs["state"]["log_history"], mine["state"]["log_history"]]
    if tied(theirs["predictions"], mine["predictions"]):
        history = [[{name: row[name] for name in row if "eval_" not in name} for row in rows] for rows in history]
    else:
        assert theirs["results"] == mine["results"]
    for of_two, of_one in zip(*history, strict=True):
        assert of_two == pytest.approx(of_one, rel=1e-4, abs=1e-6)


def tied(found: dict[str, str], expected: dict[str, str]) -> bool:
    """Whether one label differs, and nothing else: of two scores within rounding, now one is higher, now the other.

    Weights agree within 1e-5, and so do scores; no processor says which of two such scores it makes the higher.
    """
    assert found.keys() == expected.keys()
    different = 0
    for name, text in found.items():
        for one, two in zip(text.splitlines(), expected[name].splitlines(), strict=True):
            mine, theirs = json.loads(one), json.loads(two)
            labels, others = (row.pop("predicted") for row in (mine, theirs))
            sure, others_sure = (row.pop("probability", None) for row in (mine, theirs))
            assert sure == pytest.approx(others_sure, abs=1e-4)
            assert mine == theirs
            if isinstance(labels, list):
                different += sum(label != other for label, other in zip(labels, others, strict=True))
            else:
                different += labels != others
    assert different <= 1
    return different == 1


def test_averaged_workers_walk_apart_and_meet_at_outer_steps(launched: Path):
    first, second = trace(launched, AVERAGED, 0), trace(launched, AVERAGED, 1)
    assert [row["step"] for row in first] == [row["step"] for row in second] == list(range(1, STEPS + 1))
    together = [one["step"] for one, two in zip(first, second, strict=True) if one["weights"] == two["weights"]]
    # In the first step of the warm-up the learning rate is 0, and nobody walks.
    assert together == [1, 3, 6, 9]
    assert [row["slow"] for row in first] == [row["slow"] for row in second]
    assert first[-1]["draws"] != second[-1]["draws"]


@pytest.mark.parametrize("name", APART)
def test_averaged_workers_resume_to_the_last_bit(name: str, launched: Path):
    resumed, straight = outcome(launched / f"stopped-{name}"), outcome(launched / name)
    assert resumed == straight
    for rank in range(2):
        assert trace(launched, f"stopped-{name}.resumed", rank) == trace(launched, name, rank)[4:]


@pytest.mark.parametrize("name", INTERRUPTED)
def test_an_interrupt_of_one_process_stops_both_and_they_resume_to_the_last_bit(name: str, launched: Path):
    stopped = f"interrupted-{name}"
    assert outcome(launched / stopped) == outcome(launched / name)
    for rank in range(2):
        written = json.loads((launched / f"{stopped}.rank-{rank}.json").read_text(encoding="utf-8"))
        assert written["error"] == "interrupted"
        assert written["trace"] == trace(launched, name, rank)[:CRASH]
        assert trace(launched, f"{stopped}.resumed", rank) == trace(launched, name, rank)[CRASH:]


def test_probes_of_averaged_workers_change_nothing(launched: Path):
    assert outcome(launched / PROBED)["weights"] == outcome(launched / "without-probes")["weights"]
    for rank in range(2):
        assert trace(launched, PROBED, rank) == trace(launched, "without-probes", rank)
    seen = read_lines(launched / PROBED / "diagnostics.jsonl")
    assert {row["step"] for row in seen if row["probe"] == "conflicts"} == {3, 4, 6, 8, 9, 10}


def test_averaged_workers_are_not_resumed_by_another_number(launched: Path, world: Path, tmp_path: Path):
    run = shutil.copytree(launched / AVERAGED, tmp_path / "run")
    with pytest.raises(IsoglossError, match=r"written by 2 averaged workers, resumed by 1.*same number of processes"):
        isogloss.train(settings(AVERAGED, world), output=run, resume=True)


def test_shared_batches_resume_with_another_number_of_processes(launched: Path, world: Path, tmp_path: Path):
    name = "sequential_reptile"
    run = shutil.copytree(launched / name, tmp_path / "run")
    shutil.rmtree(run / "model")
    isogloss.train(settings(name, world), output=run, resume=True)
    assert (run / "model" / "model.safetensors").read_bytes() == outcome(launched / name)["weights"]


@pytest.mark.parametrize("name", ["given", "new", "knowledge", "released", "distilled"])
def test_both_ranks_hold_equal_weights_in_pretraining(name: str, launched: Path):
    first, second = (trace(launched, f"pretrained-{name}", rank) for rank in (0, 1))
    assert [row["step"] for row in first] == list(range(1, pretraining.STEPS + 1))
    assert first == second


@pytest.mark.parametrize("name", ["pretrained-given", "pretrained-knowledge", "pretrained-distilled"])
def test_two_ranks_pretrain_what_one_pretrains(name: str, launched: Path, text_world: Path, tmp_path: Path):
    isogloss.pretrain(pretrained(text_world)[name], output=tmp_path / "one")
    for file in ("model", "extensions")[: 1 + (name == "pretrained-knowledge")]:
        expected = load_file(tmp_path / "one" / "model" / f"{file}.safetensors")
        found = load_file(launched / name / "model" / f"{file}.safetensors")
        assert found.keys() == expected.keys()
        for tensor in expected:
            torch.testing.assert_close(found[tensor], expected[tensor], rtol=1e-4, atol=1e-5, msg=tensor)


def test_accelerate_launches_the_command_line(launched: Path, world: Path, tmp_path: Path):
    isogloss.train(commanded(world), output=tmp_path / "one")
    (start,) = json.loads((launched / "commanded" / "environment.json").read_text(encoding="utf-8"))
    assert start["processes"] == 2
    one, two = outcome(tmp_path / "one"), outcome(launched / "commanded")
    assert not tied(two["predictions"], one["predictions"])
    assert two["results"] == one["results"]
