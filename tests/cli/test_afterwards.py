"""What commands say at their end: where a model lies, and what to type next."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from isogloss.cli import app
from isogloss.recipe.resolve import as_yaml, resolve_pretraining

PREDICT, FINE_TUNE = "isogloss predict {} FILE --language CODE", "isogloss train RECIPE --set model={}"


def processes_of(rank: int, monkeypatch: pytest.MonkeyPatch):
    distributed = SimpleNamespace(processes=lambda: SimpleNamespace(rank=rank))
    monkeypatch.setitem(sys.modules, "isogloss.common.distributed", distributed)


@pytest.fixture
def said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., list[str]]:
    """What a command line says at its end, where the call behind it returns something without any training."""
    monkeypatch.chdir(tmp_path)
    processes_of(0, monkeypatch)

    def run(words: list[str], found: Any) -> list[str]:
        verb = words[0].replace("-", "_")
        call = SimpleNamespace(**{verb: lambda *_, **__: found})
        monkeypatch.setitem(sys.modules, f"isogloss.calls.{verb}", call)  # not the call itself, which imports torch
        app(words, standalone_mode=False)
        return capsys.readouterr().out.splitlines()

    return run


def rows(*runs: str) -> list[dict[str, Any]]:
    return [{"run": run, "metric": metric} for run in runs for metric in ("accuracy", "macro_f1")]


def test_one_run_says_what_labels_a_file(said: Callable[..., list[str]]):
    assert said(["train", "ud-pos"], rows("runs/a b")) == [
        "", f"Model: runs/a b/model. Next: {PREDICT.format(chr(39) + 'runs/a b' + chr(39))}"
    ]  # fmt: skip


def test_several_runs_say_what_shows_them_all(said: Callable[..., list[str]]):
    (_, line) = said(["train", "ud-pos"], rows("runs/x/seed-0", "runs/x/seed-1"))
    assert line == "Models: in runs/x, of 2 runs. Next: isogloss report runs/x --output report.html"


def test_nothing_is_said_of_nothing_nor_by_processes_beside_the_first(
    said: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
):
    assert said(["train", "ud-pos"], []) == []
    processes_of(1, monkeypatch)
    assert said(["train", "ud-pos"], rows("runs/x")) == []


@pytest.mark.parametrize("verb", [["pretrain", "isogloss-small"], ["distil", "isogloss-small"]])
def test_an_encoder_is_to_be_trained_on_a_task(verb: list[str], said: Callable[..., list[str]]):
    assert said(verb, rows("runs/e"))[-1] == f"Model: runs/e/model. Next: {FINE_TUNE.format('runs/e/model')}"


def test_a_distilled_task_labels_files(said: Callable[..., list[str]]):
    assert (
        said(["distil", "--run", "r"], rows("runs/s"))[-1] == f"Model: runs/s/model. Next: {PREDICT.format('runs/s')}"
    )


def test_adapters_are_named_for_a_recipe(said: Callable[..., list[str]]):
    for language in ("de", "en"):
        (Path("runs/a/adapters") / language).mkdir(parents=True)
    assert said(["pretrain-adapter", "language-adapters"], rows("runs/a"))[-1] == (
        "Adapters: runs/a/adapters. Next: isogloss train RECIPE with "
        "`adapters: {language: {de: runs/a/adapters/de, en: runs/a/adapters/en}}` in it"
    )


@pytest.mark.parametrize(
    ("recipe", "model", "then"),
    [
        (None, "out", FINE_TUNE.format("out")),
        ("model: x\ndata: {task: pos, format: conllu, path: x}\n", "out/model", PREDICT.format("out")),
        (as_yaml(resolve_pretraining("isogloss-small", scale="smoke")), "out/model", FINE_TUNE.format("out/model")),
    ],
)
def test_trim_says_what_its_model_is_for(recipe: str | None, model: str, then: str, said: Callable[..., list[str]]):
    words = ["trim", "isogloss-small", "--languages", "de", "--output", "out"]
    if recipe is not None:
        Path("out").mkdir()
        Path("out/fingerprint.json").write_text("{}")
        Path("out/recipe.yaml").write_text(recipe)
    found = SimpleNamespace(told=lambda: "cut", as_json=dict)
    assert said(words, found) == ["cut", "", f"Model: {model}. Next: {then}"]
    assert said([*words, "--json"], found) == ["{}"]
