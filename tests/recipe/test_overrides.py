"""What is wrong with a key that was changed from outside is said of what the user typed, and not of the recipe."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
import yaml

import isogloss
from isogloss import IsoglossError
from isogloss.recipe.overrides import LONGEST, Typed, said
from isogloss.recipe.resolve import resolve, resolve_pretraining
from isogloss.recipe.sweep import resolve_sweep

MINIMAL: dict[str, Any] = {
    "model": "some/model",
    "data": [{"task": "pos", "format": "conllu", "path": "x/{language}/{split}"}],
    "steps": 10,
}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def write(**changes: Any) -> str:
        Path("own.yaml").write_text(yaml.safe_dump({**MINIMAL, **changes}), encoding="utf-8")
        return "own.yaml"

    return write


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["stepps=3"], "--set stepps=3: unknown key 'stepps'; did you mean 'steps'"),
        (["stepps=3", "seed=1"], "--set stepps=3: unknown key 'stepps'; did you mean 'steps'"),
        (
            ["optimizer.lookahed.period=3"],
            "own.yaml with --set optimizer.lookahed.period=3: unknown key 'optimizer.lookahed'",
        ),
        (["optimizer.epss=3"], "--set optimizer.epss=3: unknown key 'optimizer.epss'; did you mean 'eps'"),
        (["steps=-1"], "--set steps=-1: steps: Input should be greater than or equal to 1, found -1"),
        (["steps=1", "steps=many"], "--set steps=many: steps: Input should be a valid integer"),
        (["selection=best"], "--set selection=best: selection: Input should be 'source-dev'"),
        (["method=multi_task"], "--set method=multi_task: method: no method 'multi_task'; did you mean 'multitask'"),
        (["sampling.kind=joined"], "--set sampling.kind=joined: sampling.kind: no kind 'joined'; did you mean 'joint'"),
        (["sampling={kind: joined}"], "--set sampling={kind: joined}: sampling.kind: no kind 'joined'"),
        (["data.0.formt=tsv"], "--set data.0.formt=tsv: unknown key 'data.0.formt'; did you mean 'format'"),
        (["learning_rate=[1e-3,-1]"], "--set learning_rate=[1e-3,-1]: learning_rate: Input should be greater than"),
        (["learnin_rate=[1e-3,1e-4]"], "--set learnin_rate=[1e-3,1e-4]: unknown key 'learnin_rate'; did you mean"),
        (["steps=[1,1]"], "--set steps=[1,1]: sweep: steps: a list without repetition"),
        (["text=[]", "sources=[{kind: mlm, share: 0.3}]"], "own.yaml with --set text=[] --set sources=[{kind: mlm, "),
    ],
)
def test_an_error_names_what_was_typed(overrides: list[str], message: str, own: Any):
    with pytest.raises(IsoglossError) as caught:
        resolve_sweep(own(), overrides=overrides)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith(message) and len(lines) == 1, lines


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stepps": 3}, "own.yaml: unknown key 'stepps'"),
        ({"learning_rate": -1}, "own.yaml: learning_rate: "),
        ({"optimizer": {"kind": "adamw", "epss": 1}}, "own.yaml: unknown key 'optimizer.epss'"),
        ({"sweep": {"learning_rate": [1e-3, -1]}}, "sweep.learning_rate: learning_rate: "),
    ],
)
def test_what_the_recipe_says_is_its_own(changes: dict[str, Any], message: str, own: Any):
    with pytest.raises(IsoglossError) as caught:
        resolve_sweep(own(**changes), overrides=["seed=1", "optimizer.eps=1e-6", "optimizer.kind=adamw"])
    assert str(caught.value).startswith(message)


def test_pretraining_too():
    with pytest.raises(IsoglossError, match=r"^--set stepps=3: unknown key 'stepps'; did you mean 'steps'"):
        resolve_pretraining("isogloss-small", overrides=["stepps=3"], scale="smoke")


def test_options_that_set_a_key_are_named(own: Any):
    for keys, message in (
        ({"report_to": "wanddb"}, r"^--report-to wanddb: report_to: .*found 'wanddb'"),
        ({"limit": 0}, r"^--limit 0: limit: .*found 0"),
    ):
        with pytest.raises(IsoglossError, match=message):
            isogloss.train(own(), **keys)
    with pytest.raises(IsoglossError, match=r"^student \{layers: no\}: student\.layers: "):
        isogloss.distil("isogloss-small", student="{layers: no}", scale="smoke")
    with pytest.raises(IsoglossError, match=r"^--set pretraining\.stepps=7: unknown key 'stepps'"):
        isogloss.reproduce("xlm-k/ner", overrides="pretraining.stepps=7", output="nowhere")
    with pytest.raises(IsoglossError, match=r"^data: data\.0\.task: "):
        isogloss.train(own(), data={"format": "tsv", "path": "x/{language}/{split}"})


def test_a_former_key_is_said_of_what_was_typed(capsys: pytest.CaptureFixture[str], own: Any):
    resolve(own(), overrides=["objective.l2_sp=0.1"])
    assert capsys.readouterr().err.startswith("--set objective.l2_sp=0.1: objective.l2_sp is now written penalties:")


def test_what_is_long_is_cut():
    shown = said(f"data.0.label_map={{{'a: b, ' * 20}}}")
    assert len(shown) == LONGEST and shown.startswith("--set data.0.label_map={a: b, ") and shown.endswith("...")
    assert said(Typed("sweep=null", "")) == ""


def test_a_copy_says_the_same():
    own = Typed("steps=0", "--steps 0", "steps")
    for made in (copy.deepcopy(own), pickle.loads(pickle.dumps(own))):
        assert (made, made.typed, made.key) == ("steps=0", "--steps 0", "steps")
