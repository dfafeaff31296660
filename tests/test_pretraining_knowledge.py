"""`isogloss pretrain xlm-k`: it goes on with an encoder, leaves a plain folder, and says what stands in its way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from transformers import AutoModelForMaskedLM

import isogloss
from isogloss import IsoglossError
from tests.support.pretraining import recipe
from tests.support.told import Told
from tests.support.world import merged

pytestmark = pytest.mark.slow

FEW = ["languages=[de, en]", "limit=60", "steps=4", "logging_steps=2", "evaluation_steps=4", "held_out=4"]


def test_smoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)  # there is nothing in it
    rows = isogloss.pretrain("xlm-k", scale="smoke", overrides=[*FEW, "stages.0.batch_size=4"], output=tmp_path / "run")
    assert {row["language"] for row in rows} == {"de", "en"}
    state = json.loads((tmp_path / "run" / "trainer_state.json").read_text(encoding="utf-8"))
    logged = {name for entry in state["log_history"] for name in entry}
    assert {"collapse/cosine", "collapse/accuracy", "collapse/chance"} <= logged
    model, report = AutoModelForMaskedLM.from_pretrained(tmp_path / "run" / "model", output_loading_info=True)
    assert not report["missing_keys"] and not report["unexpected_keys"]
    beside = load_file(tmp_path / "run" / "model" / "extensions.safetensors")
    assert beside["knowledge_queue.vectors"].shape == (64, model.config.hidden_size)
    assert "knowledge_heads.texts.0.weight" in beside
    said = capfd.readouterr().err
    size = model.config.hidden_size
    thousand = 4 * size / 1000
    assert f"queue: 64 descriptions of {size} numbers, 0.1 MB in each process ({thousand:.1f} MB per thousand)" in said
    assert "mentions of" not in said and " mentions" in said and "rows/s" in said


def test_heads_of_an_earlier_run_are_gone_on_with(text_world: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    isogloss.pretrain(recipe("knowledge", text_world), output=tmp_path / "first")
    changes = {"model": str(tmp_path / "first" / "model"), "steps": 1, "learning_rate": 1e-12}
    whole = {**recipe("knowledge", text_world), **changes}
    isogloss.pretrain(whole, output=tmp_path / "second")
    assert "its projection heads train on" in capfd.readouterr().err
    before, after = (load_file(tmp_path / name / "model" / "extensions.safetensors") for name in ("first", "second"))
    name = "knowledge_heads.descriptions.0.weight"
    assert (after[name] - before[name]).abs().max() < 1e-9
    assert after["knowledge_queue.used"].sum() < 7  # the queue begins anew


def test_a_control_learns_from_the_same_sentences_alone(text_world: Path, tmp_path: Path):
    sources = {"sources": [{"kind": "mlm", "share": 1.0}]}
    isogloss.pretrain({**recipe("knowledge", text_world), **sources}, output=tmp_path / "run")
    assert not (tmp_path / "run" / "model" / "extensions.json").exists()
    assert not (tmp_path / "run" / "diagnostics.jsonl").exists()


def test_an_encoder_without_a_masked_lm_head_is_said(
    text_world: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    isogloss.pretrain(recipe("knowledge_as_released", text_world, steps=1), output=tmp_path / "run")
    assert "headless' has no masked-LM head, or not all of one: 6 parameters fresh" in capfd.readouterr().err
    isogloss.pretrain(recipe("knowledge", text_world, steps=1), output=tmp_path / "other")
    assert "no masked-LM head" not in capfd.readouterr().err


def rewritten(told: Told, folder: Path) -> Path:
    from isogloss.data.knowledge_files import write_knowledge

    write_knowledge(folder, told)
    return folder


def without(part: int) -> Callable[[Told], Told]:
    return lambda told: Told(*([] if number == part else own for number, own in enumerate(told.parts)))


@pytest.mark.parametrize(
    ("spoil", "changes", "message"),
    [
        (None, {"knowledge": {"corpus": "nowhere"}}, r"nowhere: no such folder of knowledge"),
        (without(2), {}, r"sources: oe: .*own has no fact about entities with a description to learn from, only .*"),
        (without(1), {}, r"sources: mep: .*own has no mention of an entity with a description .*271 mentions of"),
        (without(3), {}, r"sources: oe: .*10 facts without a name of their relation"),
        (None, {"knowledge": None}, r"sources: mep learns from `knowledge`, which is missing"),
        (None, {"knowledge": {"layer": 2}}, r"knowledge.layer: from 1 to 1, the layers of the model, found 2"),
        (
            None,
            {"gradient_accumulation_steps": 3},
            r"knowledge.norm: batch needs at least 2 rows of mep .* found 1 of 5",
        ),
        (
            None,
            {"knowledge": {"faithful": True, "momentum": 0.9}},
            r"faithful: the released code has momentum: 0.0, found",
        ),
        (None, {"knowledge": {"faithful": True}}, r"sources: oe needs masking above 0 with knowledge.faithful"),
        (None, {"knowledge": {"momentum": 1.0}}, r"knowledge.momentum: .*less than 1, found 1.0"),
        (None, {"adapters": {"reduction": 4}}, r"adapters: mep trains the encoder itself"),
        (
            None,
            {"languages": ["en", "fi"]},
            r"languages: no sentence of knowledge in 'fi'; there are some in en, fr, ru",
        ),
        (None, {"sources": [{"kind": "mlm", "share": 1.0}], "knowledge": None}, r"text: is missing, and there is no"),
        (None, {"knowledge": {"quue": 3}}, r"unknown key 'knowledge.quue'; did you mean 'queue'"),
    ],
)
def test_bad_input_is_one_clear_error_before_anything_is_written(
    spoil: Callable[[Told], Told] | None, changes: dict[str, Any], message: str, text_world: Path, tmp_path: Path
):
    from tests.support.pretraining import told

    whole = recipe("knowledge", text_world)
    if spoil is not None:
        whole["knowledge"]["corpus"] = str(rewritten(spoil(told()), tmp_path / "own"))
    with pytest.raises(IsoglossError, match=message):
        isogloss.pretrain(merged(whole, changes), output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_other_knowledge_is_refused_on_resume(text_world: Path, tmp_path: Path):
    from tests.support.pretraining import told

    whole = recipe("knowledge", text_world)
    whole["knowledge"]["corpus"] = str(rewritten(told(), tmp_path / "own"))
    isogloss.pretrain(whole, output=tmp_path / "run")
    path = tmp_path / "own" / "facts-0.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("Q4", "Q3"), encoding="utf-8")
    with pytest.raises(IsoglossError, match=r"facts-0\.jsonl was "):
        isogloss.pretrain(whole, output=tmp_path / "run", resume=True)


def test_what_a_list_names_is_left_out_and_another_list_is_another_run(
    text_world: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    names = tmp_path / "apart.tsv"
    whole = recipe("knowledge", text_world, steps=1)
    whole["knowledge"]["leave_out"] = str(names)
    names.write_text("Q9\n", encoding="utf-8")
    with pytest.raises(IsoglossError, match=r"knowledge.leave_out: .* has no mention and no fact of what .*apart.tsv"):
        isogloss.pretrain(whole, output=tmp_path / "run")
    names.write_text("Q1\nQ2\tP1\tQ3\n", encoding="utf-8")
    isogloss.pretrain(whole, output=tmp_path / "run")
    said = capfd.readouterr().err
    assert "mentions of entities kept apart" in said and "5 facts kept apart" in said  # four of Q1, and the listed one
    names.write_text("Q1\n", encoding="utf-8")
    with pytest.raises(IsoglossError, match=r"apart\.tsv was "):
        isogloss.pretrain(whole, output=tmp_path / "run", resume=True)
