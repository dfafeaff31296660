"""From layers to one recipe: order, merging, overrides, budgets and messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from isogloss import IsoglossError
from isogloss.recipe.layers import merge
from isogloss.recipe.presets import METHODS
from isogloss.recipe.resolve import as_yaml, resolve
from isogloss.recipe.spec.sampling import Blocks, Mixed, Temperature
from tests.support.methods import SETTINGS
from tests.support.methods import recipe as entry_of_the_table

MINIMAL: dict[str, Any] = {
    "model": "some/model",
    "data": [{"task": "pos", "format": "conllu", "path": "x/{language}/{split}"}],
    "steps": 10,
}
TEXT = {"format": "lines", "path": "x/{language}.txt"}
MLM = {"kind": "mlm", "share": 0.3}
L2_SP = {"kind": "l2_sp"}


@pytest.mark.parametrize("method", METHODS)
def test_a_preset_gives_the_answers_and_the_rest_are_defaults(method: str):
    answers = METHODS[method].answers
    shown = yaml.safe_load(as_yaml(resolve({**MINIMAL, "method": method})))
    default = yaml.safe_load(as_yaml(resolve(MINIMAL)))
    assert shown["method"] == method
    for key, answer in answers.items():
        assert merge(shown[key], answer) == shown[key] if isinstance(answer, dict) else shown[key] == answer
    assert {key for key in shown if shown[key] != default[key]} <= {"method", *answers}


@pytest.mark.parametrize("name", SETTINGS)
def test_what_is_shown_resolves_to_the_same(name: str, tmp_path: Path):
    first = resolve(entry_of_the_table(name, tmp_path))
    (tmp_path / "shown.yaml").write_text(as_yaml(first), encoding="utf-8")
    assert resolve(tmp_path / "shown.yaml") == first
    assert resolve(first) == first


def test_layers_in_order(tmp_path: Path):
    (tmp_path / "low.yaml").write_text(
        yaml.safe_dump(
            {
                **MINIMAL,
                "method": "sequential_reptile",
                "batch_size": 1,
                "max_length": 11,
                "weight_decay": 0.1,
                "optimizer": {"eps": 1e-7, "lookahead": {"inner_steps": 1, "reset": "all"}},
                "scales": {"small": {"batch_size": 3, "max_length": 13}},
            }
        )
    )
    (tmp_path / "high.yaml").write_text(
        yaml.safe_dump(
            {
                "base": str(tmp_path / "low.yaml"),
                "batch_size": 2,
                "max_length": 12,
                "optimizer": {"lookahead": {"inner_steps": 2}},
                "scales": {"small": {"max_length": 14}},
            }
        )
    )
    plain = resolve(tmp_path / "high.yaml")
    assert (plain.batch_size, plain.max_length, plain.weight_decay) == (2, 12, 0.1)
    lookahead = plain.optimizer.lookahead
    assert lookahead is not None
    assert (lookahead.inner_steps, lookahead.reset, lookahead.outer_learning_rate) == (2, "all", 0.1)
    assert plain.optimizer.eps == 1e-7
    scaled = resolve(tmp_path / "high.yaml", scale="small", overrides=["batch_size=4"])
    assert (scaled.batch_size, scaled.max_length) == (4, 14)
    assert resolve(tmp_path / "high.yaml", scale="small").batch_size == 3


def test_a_base_that_is_missing_is_named(tmp_path: Path):
    (tmp_path / "high.yaml").write_text("base: ud-poss")
    with pytest.raises(IsoglossError, match=r"high\.yaml: base: no recipe 'ud-poss'; did you mean .*'ud-pos'"):
        resolve(tmp_path / "high.yaml")


def test_a_base_may_not_name_itself(tmp_path: Path):
    for name, base in (("a", "b"), ("b", "a"), ("c", "c")):
        (tmp_path / f"{name}.yaml").write_text(f"base: {tmp_path}/{base}.yaml")
    for name in "abc":
        with pytest.raises(IsoglossError, match="a recipe cannot stand on itself") as caught:
            resolve(tmp_path / f"{name}.yaml")
        assert "\n" not in str(caught.value)


def test_a_part_of_the_same_kind_is_merged_and_of_another_replaced():
    temperature = {**MINIMAL, "method": "temperature_sampling"}
    assert resolve({**temperature, "sampling": {"temperature": 3}}).sampling == Temperature(temperature=3)
    assert resolve({**temperature, "sampling": {"kind": "temperature"}}).sampling == Temperature()
    flat = {**temperature, "sampling": {"kind": "temperature", "temperature": 3}}
    assert resolve(flat, overrides=["sampling={kind: mixed}"]).sampling == Mixed()
    assert resolve(flat, overrides=["sampling={kind: blocks, length: 4}"]).sampling == Blocks(length=4)
    assert resolve({**MINIMAL, "method": "lookahead", "optimizer": {"lookahead": None}}).optimizer.lookahead is None


@pytest.mark.parametrize(
    ("override", "key", "expected"),
    [
        ("learning_rate=3e-5", "learning_rate", 3e-5),
        ("learning_rate=1E-3", "learning_rate", 1e-3),
        ("optimizer.betas=[0.9, 0.98]", "optimizer.betas", [0.9, 0.98]),
        ("optimizer.lookahead.inner_steps=7", "optimizer.lookahead.inner_steps", 7),
        ("data.0.path=y/{language}.conllu", "data.0.path", "y/{language}.conllu"),
        ("data.0.languages=[no, en]", "data.0.languages", ["no", "en"]),
        ("data.0.splits=dev", "data.0.splits", {"dev": "dev"}),
        ("data.0.splits={dev: validation}", "data.0.splits", {"dev": "validation"}),
        ("data.0.scripts={no: Latn, hi: [Deva, Latn]}", "data.0.scripts", {"no": "Latn", "hi": ["Deva", "Latn"]}),
        ("data.0.label_map.DATE=O", "data.0.label_map", {"DATE": "O"}),
        ("train_languages=[en, no]", "train_languages", ["en", "no"]),
        ("max_grad_norm=null", "max_grad_norm", None),
        ("seed=[1, 2]", "seed", [1, 2]),
        ("model={config: {model_type: bert}}", "model.config.model_type", "bert"),
        ("name=a=b", "name", "a=b"),
    ],
)
def test_overrides(override: str, key: str, expected: object):
    value = yaml.safe_load(as_yaml(resolve(MINIMAL, overrides=[override])))
    for part in key.split("."):
        value = value[int(part) if part.isdigit() else part]
    assert value == expected


def test_later_overrides_win():
    assert resolve(MINIMAL, overrides=["batch_size=1", "batch_size=2"]).batch_size == 2


def test_data_may_be_one_mapping():
    found = resolve({**MINIMAL, "data": MINIMAL["data"][0]}, overrides=["data.0.path=y/{language}"])
    assert [entry.path for entry in found.data] == ["y/{language}"]


def test_data_may_name_a_public_set_alone():
    (found,) = resolve({**MINIMAL, "data": {"name": "xnli", "languages": ["en"]}}).data
    assert (found.task, found.format, found.path) == ("nli", "jsonl", "data/xnli/{language}/{split}.jsonl")
    assert (found.name, found.languages) == ("xnli", ("en",))
    (elsewhere,) = resolve({**MINIMAL, "data": {"name": "xnli", "path": "y/{language}.{split}"}}).data
    assert elsewhere.path == "y/{language}.{split}"
    # Whoever says what the files are may call them what they like.
    (own,) = resolve({**MINIMAL, "data": {**MINIMAL["data"][0], "name": "xnli"}}).data
    assert own.format == MINIMAL["data"][0]["format"]


@pytest.mark.parametrize("budget", ["steps", "epochs"])
def test_the_last_layer_that_speaks_of_a_budget_wins(budget: str):
    other = {"steps": "epochs", "epochs": "steps"}[budget]
    low = {key: value for key, value in MINIMAL.items() if key != "steps"}
    layered = {**low, other: 3, "scales": {"small": {budget: 5}}}
    for found in (resolve(layered, scale="small"), resolve({**low, other: 3}, overrides=[f"{budget}=5"])):
        assert getattr(found, budget) == 5
        assert getattr(found, other) is None
    assert getattr(resolve(layered), other) == 3


def test_resolving_leaves_its_input_alone():
    before = yaml.safe_dump({**MINIMAL, "scales": {"small": {"optimizer": {"eps": 1e-3}}}})
    raw = yaml.safe_load(before)
    resolve(raw, scale="small", overrides=["data.0.name=x", "optimizer.eps=1"])
    assert raw == yaml.safe_load(before)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stepz": 1}, r"recipe: unknown key 'stepz'; did you mean 'steps'"),
        (
            {"class_weights": "balanced"},
            r"unknown key 'class_weights' \(it stands inside another: objective\.class_weights\)",
        ),
        (
            {"layer_decay": 0.9, "unfreezing": {"kind": "gradual", "layer_rate_decay": 2.6}},
            r"layer_decay: 0.9 beside unfreezing.layer_rate_decay: 2.6",
        ),
        ({"optimizer": {"lookahed": {}}}, r"unknown key 'optimizer\.lookahed'; did you mean 'lookahead'"),
        (
            {"sampling": {"kind": "mixed", "temprature": 1}},
            r"unknown key .*; did you mean 'temperature'\? \(valid: kind",
        ),
        ({"data": {"task": "pos", "format": "x", "path": "y", "label_mop": {}}}, r"; did you mean 'label_map'"),
        ({"data": {"name": "xnly"}}, r"data\.0: .*no data set 'xnly' in the catalogue; did you mean 'xnli'"),
        ({"data": {"task": "pos"}}, r"data\.0\.format: is missing\n.*data\.0\.path: is missing"),
        ({"text": TEXT, "sources": "mlm"}, r"sources: must be a list, found 'mlm'"),
        ({"text": "x/{language}.txt", "sources": MLM}, r"text: must be a list, found 'x/"),
        (
            {"text": TEXT, "sources": {"share": 0.3}},
            r"sources\.0\.kind: is missing \(valid: mlm, tlm, soft_labels\), found {'share'",
        ),
        ({"text": TEXT, "sources": ["mlm"]}, r"sources\.0: .*found 'mlm'"),
        ({"text": TEXT, "sources": [MLM, MLM]}, r"sources: one source of each kind, found \[{'kind': 'mlm'"),
        ({"text": TEXT, "sources": {"kind": "tlm", "share": 0.3}}, r"sources: tlm needs an entry of text with `para"),
        (
            {"text": TEXT, "sources": {**MLM, "share": 1.0}},
            r"sources: their shares must add up to less than 1.*\[1\.0\]",
        ),
        ({"text": TEXT}, r"text and sources go together.*found text alone"),
        ({"exclude": ["x/*.txt"]}, r"exclude: .*there is no text; found \['x/\*\.txt'\]"),
        (
            {"penalties": [L2_SP, {**L2_SP, "strength": 0.1}]},
            r"penalties: one penalty of each kind, found \[{'kind': 'l2",
        ),
        ({"sampling": {"kind": "joined"}}, r"sampling\.kind: no kind 'joined'; did you mean 'joint'"),
        ({"method": "multi_task"}, r"no method 'multi_task'; did you mean 'multitask'"),
        ({"selection": "best"}, r"selection: .*'source-dev'.*found 'best'"),
        ({"steps": 0}, r"steps: .*greater than or equal to 1, found 0"),
        ({"steps": None}, r"either steps or epochs, found steps=None and epochs=None"),
        ({"optimizer": {"lookahead": {"outer_learning_rate": 2}}}, r"outer_learning_rate: .*less than or equal to 1"),
        ({"dropout": 1.0}, r"dropout: .*less than 1, found 1\.0"),
        ({"scales": [1, 2]}, r"scales: a mapping of names to keys that change, found \[1, 2\]"),
        ({"scales": {"smoke": 3}}, r"scales: a mapping .*found \{'smoke': 3\}"),
        ({"method": ["a"]}, r"method: no method \['a'\]"),
        ({"seed": []}, r"seed: .*at least one entry"),
        ({"evaluate_languages": ["en", "en"]}, r"evaluate_languages: .*without repetition"),
        ({"learning_rate": float("inf")}, r"learning_rate: .*finite"),
        ({"unfreezing": {"kind": "gradual", "every": 0}}, r"unfreezing\.every: .*greater than 0, or 'epoch', found 0$"),
        ({"unfreezing": {"kind": "gradual", "order": ["a"]}}, r"unfreezing\.order\.0: .*valid integer.*found 'a'"),
        ({"unfreezing": {"kind": "gradual", "order": "up"}}, r"unfreezing\.order: .*'random', or a list, found 'up'$"),
    ],
)
def test_messages(changes: dict[str, Any], message: str):
    with pytest.raises(IsoglossError, match=message):
        resolve({**MINIMAL, **changes})


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(IsoglossError) as caught:
        resolve({**MINIMAL, "stepz": 1, "dropout": 2, "seed": "x"})
    assert str(caught.value).count("recipe: ") >= 3


def test_a_shipped_name_gives_way_to_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("ud-pos").write_text(yaml.safe_dump({**MINIMAL, "steps": 77}))
    assert resolve("ud-pos").steps == 77


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{0: entailment, 1: neutral}", {"0": "entailment", "1": "neutral"}),
        ("{entailment: 0, neutral: 1.0}", {"entailment": "0", "neutral": "1.0"}),
        ("{yes: 1, no: 0, True: on, '2': null}", {"yes": "1", "no": "0", "True": "on", "2": "null"}),
        (
            "{1.0: a, -1: b, 010: c, 1e3: d, 2024-01-01: e}",
            {"1.0": "a", "-1": "b", "010": "c", "1e3": "d", "2024-01-01": "e"},
        ),
    ],
)
def test_labels_are_text_as_they_are_written(tmp_path: Path, written: str, meant: dict[str, str]):
    path = tmp_path / "x.yaml"
    head = "model: some/model\nsteps: 10\n"
    path.write_text(f"{head}data: {{task: nli, format: tsv, path: x, languages: [en], label_map: {written}}}\n")
    recipe = resolve(path)
    assert recipe.data[0].label_map == meant
    path.write_text(as_yaml(recipe))
    assert resolve(path) == recipe
    path.write_text(f"{head}data: {{task: nli, format: tsv, path: x, languages: [en]}}\n")
    assert resolve(path, overrides=[f"data.0.label_map={written}"]) == recipe
    one_by_one = [f"data.0.label_map.{old.replace('.', '')}={new}" for old, new in meant.items()]
    assert resolve(path, overrides=one_by_one).data[0].label_map == {
        old.replace(".", ""): new for old, new in meant.items()
    }


def test_labels_of_python_become_text():
    given = {0: "a", 1.5: "b", True: 2, "x": False}
    entry = {**MINIMAL["data"][0], "label_map": given}
    assert resolve({**MINIMAL, "data": [entry]}).data[0].label_map == {"0": "a", "1.5": "b", "true": "2", "x": "false"}


@pytest.mark.parametrize("label_map", ["{a: ''}", "{'': a}", "{a: }"])
def test_empty_labels_are_refused(tmp_path: Path, label_map: str):
    path = tmp_path / "x.yaml"
    path.write_text(f"model: m\nsteps: 1\ndata: {{task: nli, format: tsv, path: x, label_map: {label_map}}}\n")
    with pytest.raises(IsoglossError, match=r"data\.0\.label_map: a label is not empty"):
        resolve(path)


@pytest.mark.parametrize("label_map", ["[a]", "{a: [b]}", "a"])
def test_what_is_no_label_map_is_refused(tmp_path: Path, label_map: str):
    path = tmp_path / "x.yaml"
    path.write_text(f"model: m\nsteps: 1\ndata: {{task: nli, format: tsv, path: x, label_map: {label_map}}}\n")
    with pytest.raises(IsoglossError, match=r"data\.0\.label_map"):
        resolve(path)


def test_a_penalty_comes_once():
    with pytest.raises(IsoglossError, match=r"penalties: one penalty of each kind, found \[\{'kind': 'l2_sp'\}"):
        resolve({**MINIMAL, "penalties": [{"kind": "l2_sp"}, {"kind": "l2_sp", "strength": 0.5}]})
