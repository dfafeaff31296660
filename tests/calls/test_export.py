"""Folders of finished models that load without isogloss and compute the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification

import isogloss
from isogloss.calls.exporting import asked, folders, graphs
from isogloss.calls.exporting.manual import EXAMPLE, example
from isogloss.models.holding import holding
from tests.support.runs import contents

Straight = Callable[[str], Path]
Trained = Callable[[str], Path]


def test_a_plain_model_is_what_transformers_opens(trained: Trained, tmp_path: Path):
    said = isogloss.export(trained("pos"), to="hf", output=tmp_path / "hf")
    assert "largest difference of a logit" in said and "scripts: Cyrl, Latn" in said
    model = AutoModelForTokenClassification.from_pretrained(tmp_path / "hf").eval()
    own = isogloss.load(trained("pos")).loaded.model.eval()
    ids = torch.tensor([[2, 9, 8, 7, 3]])
    assert torch.allclose(model(ids).logits, own(ids).logits, atol=1e-6)
    assert said.split(": ", 1)[1] in (tmp_path / "hf/README.md").read_text("utf-8")


def test_lora_is_merged_or_left_to_peft(straight: Straight, tmp_path: Path):
    own = isogloss.load(straight("lora")).loaded.model.eval()
    ids = torch.tensor([[2, 9, 8, 7, 3]])
    for kind in ("hf", "peft"):
        isogloss.export(straight("lora"), to=kind, output=tmp_path / kind)
    merged = AutoModelForTokenClassification.from_pretrained(tmp_path / "hf").eval()
    base = AutoModelForTokenClassification.from_pretrained(tmp_path / "peft/base").eval()
    assert torch.allclose(merged(ids).logits, own(ids).logits, atol=1e-5)
    assert not torch.allclose(base(ids).logits, own(ids).logits, atol=1e-5)
    assert torch.allclose(PeftModel.from_pretrained(base, tmp_path / "peft")(ids).logits, own(ids).logits, atol=1e-5)


@pytest.mark.parametrize("name", ["x_mixup", "filter"])
def test_a_model_of_pairs_is_exported_as_it_sees_a_text_alone(name: str, straight: Straight, tmp_path: Path):
    said = isogloss.export(straight(name), to="hf", output=tmp_path / "hf")
    assert "its view of pairs of texts needs isogloss" in said
    assert AutoModelForSequenceClassification.from_pretrained(tmp_path / "hf")
    assert not list((tmp_path / "hf").glob("extensions*"))


def test_adapters_are_all_there_with_the_model_they_go_into(straight: Straight, tmp_path: Path):
    isogloss.export(straight("language_adapters"), to="adapterhub", output=tmp_path / "hub")
    found = {path.parent.name for path in (tmp_path / "hub").glob("*/adapter_config.json")}
    assert found == {"en", "fr", "ru", "task"}
    text = (tmp_path / "hub/README.md").read_text("utf-8")
    assert "Stack('en', 'task')" in text and "put its adapter in the place of 'en'" in text


REFUSED = [
    ("trained", "pos", {"to": "peft"}, "the model has no LoRA; nearest: hf or onnx"),
    ("trained", "pos", {"to": "adapterhub"}, "the model has no adapters; nearest: hf or onnx"),
    ("trained", "pos", {"to": "onxn"}, "did you mean 'onnx'"),
    ("trained", "pos", {"to": "hf", "quantize": True}, "quantize: only of a graph"),
    ("trained", "pos", {"to": "hf", "language": "fr"}, "language: only of a graph"),
    ("trained", "pos", {"to": "hf", "split": "train"}, "split: 'train' is unknown"),
    ("trained", "pos", {"to": "hf", "sentences": 0}, "must be 1 or more, found 0"),
    ("straight", "adapters", {"to": "hf"}, "adapters cannot be merged into weights.*nearest: onnx or adapterhub"),
    ("straight", "lora_on_language_adapters", {"to": "peft"}, "beside LoRA the model has adapters"),
]


@pytest.mark.parametrize(("fixture", "name", "arguments", "message"), REFUSED)
def test_what_cannot_be_had_is_refused_with_the_reason(
    fixture: str, name: str, arguments: dict[str, Any], message: str, request: pytest.FixtureRequest, tmp_path: Path
):
    with pytest.raises(isogloss.IsoglossError, match=message):
        isogloss.export(request.getfixturevalue(fixture)(name), output=tmp_path / "out", **arguments)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_something_is_left_alone(trained: Trained, tmp_path: Path):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(isogloss.IsoglossError, match="holds something"):
        isogloss.export(trained("pos"), to="hf", output=tmp_path)
    assert contents(tmp_path) == {str(tmp_path / "note.txt"): b"mine"}


def test_a_model_that_computes_something_else_is_not_written(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def other(folder: Path, source: folders.Source) -> None:
        weights = dict.fromkeys(source.loaded.model.parameters())
        with holding({own: own + 1e-3 for own in weights}):
            folders.write_hf(folder, source)

    monkeypatch.setitem(folders.WRITERS, "hf", other)
    with pytest.raises(isogloss.IsoglossError, match=r"computes something else: in .. a logit lies .* at most 0.0001"):
        isogloss.export(trained("pos"), to="hf", output=tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_elsewhere(trained: Trained, tmp_path: Path):
    before = contents(trained("topic"))
    isogloss.export(trained("topic"), to="hf", output=tmp_path / "deep/er")
    assert contents(trained("topic")) == before
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["er"]


def test_without_onnx_it_is_said_how_it_is_had(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(asked, "PACKAGES", ("numpy", "no_such_package"))
    with pytest.raises(isogloss.IsoglossError, match=r"no_such_package, not installed.*isogloss\[onnx\]"):
        isogloss.export(trained("pos"), to="onnx", output=tmp_path / "out")


USES = {
    "pos": (["ta mi no"], lambda run: [row["tags"] for row in run.predict([["ta", "mi", "no"]])]),
    "topic": (["ta mi no"], lambda run: [[row["label"]] for row in run.predict(["ta mi no"])]),
    "nli": (["ta mi", "no ta"], lambda run: [[row["label"]] for row in run.predict([("ta mi", "no ta")])]),
    "choice": (["ta", "mi", "no no"], None),
    "qa": (["ta mi", "no ta mi so"], None),
}


@pytest.mark.parametrize("task", USES)
def test_the_example_says_what_we_say(
    task: str, trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    arguments, expected = USES[task]
    isogloss.export(trained(task), to="hf", output=tmp_path / "hf")
    run = isogloss.load(trained(task))
    text = example(run.task, run.recipe.max_length)
    assert len(text.splitlines()) <= 18
    model = run.loaded.model.eval()

    def answer(_: None, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        with torch.no_grad():
            found = model(**{name: torch.from_numpy(own) for name, own in feed.items()})
        return [own.numpy() for own in found.to_tuple()]

    taken = [SimpleNamespace(name=name) for name in ("input_ids", "attention_mask")]
    session = SimpleNamespace(run=answer, get_inputs=lambda: taken)
    monkeypatch.setitem(sys.modules, "onnxruntime", SimpleNamespace(InferenceSession=lambda path: session))
    monkeypatch.setattr(sys, "argv", [EXAMPLE, *arguments])
    monkeypatch.chdir(tmp_path / "hf")
    capsys.readouterr()
    exec(text, {})
    printed = [line.split("\t")[-1] for line in capsys.readouterr().out.splitlines()]
    if expected is not None:
        assert printed == expected(run)[0]
    else:
        assert printed[0] in arguments[-2:] or printed[0] in arguments[-1]


def test_what_torch_cannot_follow_is_told(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: Any, **__: Any) -> None:
        raise torch.onnx.OnnxExporterError("no way\nmore")

    monkeypatch.setattr(asked, "PACKAGES", ())
    monkeypatch.setattr(torch.onnx, "export", fail)
    with pytest.raises(isogloss.IsoglossError, match=r"no graph of a ModernBert.*: no way; nearest: hf"):
        isogloss.export(trained("pos"), to="onnx", output=tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_graph_goes_through_one_language_adapter(straight: Straight, tmp_path: Path):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    run, folder = straight("language_adapters"), tmp_path / "onnx"
    with pytest.raises(isogloss.IsoglossError, match=r"name a language.*en, fr, ru"):
        isogloss.export(run, to="onnx", output=folder)
    said = isogloss.export(run, to="onnx", output=folder, language="ru", quantize=True, sentences=4)
    assert "of ru; scripts: Cyrl" in said
    assert "| pos    | ru         |          4 |" in said
    assert said.split("\n\n")[1] in (folder / "README.md").read_text("utf-8")
    assert {path.name for path in folder.iterdir()} >= {"model.onnx", "config.json", "tokenizer.json", EXAMPLE}
    model = graphs.Runtime(folder / "model.onnx")
    for shape in ((1, 3), (3, 17)):
        ids = torch.full(shape, 7)
        assert model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.shape[:2] == shape
    done = subprocess.run(
        [sys.executable, EXAMPLE, "да ни"], cwd=folder, capture_output=True, text=True, check=True, encoding="utf-8"
    )
    labels = json.loads((folder / "config.json").read_text("utf-8"))["id2label"].values()
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["да", "ни"]
    assert {line.split("\t")[1] for line in done.stdout.splitlines()} <= {*labels, "?"}
