"""What is kept of a fine-tuned head: the rows of labels that it has been trained for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from isogloss.models import Loaded, open_model
from isogloss.models.relabelling import output_layer
from isogloss.tasks import Classification, Spans, Task, part_of_speech
from tests.support.loading import TAGGING, TYPES, load, weights


@pytest.mark.parametrize("model_type", TYPES)
def test_heads_depend_on_the_seed_alone(folders: dict[str, Path], model_type: str) -> None:
    torch.manual_seed(5)
    first = load(folders[model_type])
    state = torch.get_rng_state()
    torch.rand(7)
    second, other = load(folders[model_type]), load(folders[model_type], seed=1)
    torch.manual_seed(5)
    assert torch.equal(torch.get_rng_state(), state)
    assert weights(first, first.fresh) == weights(second, first.fresh)
    assert weights(first, first.fresh) != weights(other, first.fresh)
    assert all("classifier" in name or "pooler" in name for name in first.fresh)


def test_the_head_of_pre_training_is_unused(folders: dict[str, Path]) -> None:
    assert any(name.startswith("cls.predictions") for name in load(folders["bert"]).unused)


def tuned_head(folder: Path, target: Path, task: Task, **config: Any) -> tuple[Loaded, list[str]]:
    """A checkpoint with a head for the task in ``target``, and the names of its output layer."""
    tuned = load(folder, task, seed=3)
    names = sorted(output_layer(tuned.model, task.labels))
    for name in names:  # biases begin as 0, and would not be told apart
        tuned.model.get_parameter(name).data.normal_(generator=torch.Generator().manual_seed(7))
    for name, value in config.items():
        setattr(tuned.model.config, name, value)
    tuned.model.save_pretrained(target)
    tuned.tokenizer.save_pretrained(target)
    return tuned, names


OUTPUT = {
    ("pos", "xlm-roberta"): "classifier",
    ("nli", "xlm-roberta"): "classifier.out_proj",
    ("pos", "bert"): "classifier",
    ("nli", "bert"): "classifier",
    ("pos", "deberta-v2"): "classifier",
    ("nli", "deberta-v2"): "classifier",
    ("pos", "modernbert"): "classifier",
    ("nli", "modernbert"): "classifier",
    ("pos", "electra"): "classifier",
    ("nli", "electra"): "classifier.out_proj",
}


@pytest.mark.slow
@pytest.mark.parametrize("make", [part_of_speech, partial(Classification, "nli")], ids=["pos", "nli"])
@pytest.mark.parametrize("model_type", TYPES)
def test_rows_of_a_fine_tuned_head_are_kept_by_label(
    folders: dict[str, Path], tmp_path: Path, model_type: str, make: Callable[[tuple[str, ...]], Task]
) -> None:
    stored = ("A", "B", "C")
    task = make(stored)
    tuned, names = tuned_head(folders[model_type], tmp_path, task)
    layer = OUTPUT[task.name, model_type]
    assert names == [f"{layer}.bias", f"{layer}.weight"]
    again = load(tmp_path, task)
    assert (again.fresh, again.notes) == (frozenset(), ())
    assert weights(again, frozenset(names)) == weights(tuned, frozenset(names))
    begin = f"warning: model '{tmp_path}': its head is for "
    for labels, note in (
        (("C", "A", "B"), "the same labels in another order, and is kept"),
        (("C", "A"), "other labels; kept: C, A; dropped: B"),
        (("D", "C", "E"), "other labels; kept: C; new, from random weights: D, E; dropped: A, B"),
        (("A", "B", "C", "D"), "other labels; kept: A, B, C; new, from random weights: D"),
        (("X", "Y", "Z"), "other labels; new, from random weights: X, Y, Z; dropped: A, B, C"),
        (("X", "Y"), "other labels; new, from random weights: X, Y; dropped: A, B, C"),
    ):
        other = load(tmp_path, make(labels))
        assert other.notes == (begin + note,)
        assert other.fresh == (frozenset() if set(labels) <= set(stored) else frozenset(names))
        assert other.model.config.id2label == dict(enumerate(labels))
        for name in names:
            rows = other.model.get_parameter(name)
            assert len(rows) == len(labels)
            for row, label in zip(rows, labels, strict=True):
                matches = [torch.equal(row, old) for old in tuned.model.get_parameter(name)]
                assert matches == [label == old for old in stored], (name, label)
        everything = frozenset(name for name, _ in other.model.named_parameters()) - frozenset(names)
        assert weights(other, everything) == weights(again, everything)


@pytest.mark.parametrize("labels", [("X", "Y"), ("X", "Y", "Z"), ("A", "X", "Y"), ("A", "X")])
def test_new_rows_are_those_of_a_fresh_head(folders: dict[str, Path], tmp_path: Path, labels: tuple[str, ...]) -> None:
    _, names = tuned_head(folders["xlm-roberta"], tmp_path, TAGGING)
    task = part_of_speech(labels)
    rows, fresh = (load(folder, task, seed=5) for folder in (tmp_path, folders["xlm-roberta"]))
    new = [index for index, label in enumerate(labels) if label != "A"]
    for name in names:
        weight, expected = rows.model.get_parameter(name)[new], fresh.model.get_parameter(name)[new]
        # Of as many labels the head is drawn together with all other parameters.
        assert torch.equal(weight, expected) == (len(labels) != 3 or name.endswith("bias"))
        assert torch.equal(weight, load(tmp_path, task, seed=5).model.get_parameter(name)[new])
        assert name.endswith("bias") or not torch.equal(weight, load(tmp_path, task).model.get_parameter(name)[new])


def test_labels_without_names_are_no_ones(folders: dict[str, Path], tmp_path: Path) -> None:
    unnamed = part_of_speech(("LABEL_0", "LABEL_1", "LABEL_2"))
    tuned, names = tuned_head(folders["bert"], tmp_path, unnamed, problem_type="multi_label_classification")
    for task in (TAGGING, part_of_speech(("LABEL_1", "LABEL_0"))):
        other = load(tmp_path, task)
        (note,) = other.notes
        assert note.endswith(
            f"its head is for labels without names (LABEL_0 and so on), and is dropped; new: {', '.join(task.labels)}"
        )
        assert other.fresh == frozenset(names)
        assert other.model.config.problem_type is None
    assert load(tmp_path, unnamed).notes == ()
    assert weights(load(tmp_path, unnamed), frozenset(names)) == weights(tuned, frozenset(names))


@pytest.mark.parametrize("model_type", TYPES)
def test_a_head_of_another_kind_is_dropped_and_said(folders: dict[str, Path], tmp_path: Path, model_type: str) -> None:
    if model_type == "xlm-roberta":
        tuned_head(folders[model_type], tmp_path, Classification("nli", ("A", "B", "C")))
        (note,) = load(tmp_path).notes
        assert note.endswith(
            "its head (XLMRobertaForSequenceClassification) is for another kind of task, and is dropped"
        )
    tuned_head(folders[model_type], tmp_path, TAGGING)
    spans = Spans("qa")
    answering = open_model(tmp_path, spans.auto_class, None, seed=0)
    (note,) = answering.notes
    assert "ForTokenClassification) is for another kind of task, and is dropped" in note
    layer = "classifier" if model_type == "modernbert" else "qa_outputs"
    assert answering.model.get_parameter(f"{layer}.weight").shape[0] == 2
    assert f"{layer}.weight" in answering.fresh
    assert load(folders[model_type]).notes == ()


def test_as_many_rows_as_the_hidden_layer_is_wide(folders: dict[str, Path], tmp_path: Path) -> None:
    labels = tuple("ABCDEFGHIJKLMNOP")
    tuned, names = tuned_head(folders["xlm-roberta"], tmp_path, Classification("topic", labels))
    other = load(tmp_path, Classification("topic", labels[::-1]))
    assert names == ["classifier.out_proj.bias", "classifier.out_proj.weight"]
    dense = frozenset({"classifier.dense.weight", "classifier.dense.bias"})
    assert weights(other, dense) == weights(tuned, dense)
