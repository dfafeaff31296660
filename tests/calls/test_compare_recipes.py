"""Recipes that are compared: their runs are made once, gone on with, kept apart; what differs is refused beforehand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.calls import compare_recipes, made
from isogloss.calls.candidates import Candidate, candidates_of
from isogloss.calls.jobs import Asked, train_one_by_one, train_run
from isogloss.calls.made import watched
from isogloss.common.writing import write_text
from isogloss.recipe.resolve import resolve
from tests.reports.test_compared import write_run
from tests.support.runs import contents, short
from tests.support.stopping import stopped_after

Trainer = Callable[..., Any]


@pytest.fixture(autouse=True)
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Runs are trained in this process, which takes no time to start; the folders of those that were."""
    folders: list[str] = []

    def train(runs: Sequence[Asked], **_: Any) -> None:
        folders.extend(f"{run.path.parent.name}/{run.path.name}" for run in runs)
        train_one_by_one(runs)

    monkeypatch.setattr(made, "train_side_by_side", train)
    return folders


def recipe(world: Path, label: str, **changes: Any) -> dict[str, Any]:
    quick = {"train_languages": ["en", "fr"], "steps": 3, "save_steps": 1, "evaluation_steps": 3}
    return short("pos", world, label=label, **quick, **changes)


def test_what_broke_off_is_gone_on_with_and_what_is_finished_is_kept(
    world: Path, tmp_path: Path, trained: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    recipes = [recipe(world, "slow", learning_rate=0.001), recipe(world, "fast", learning_rate=0.05)]
    root = tmp_path / "runs"

    def killed(runs: Sequence[Asked], **_: Any) -> None:
        train_run(runs[0])
        with stopped_after(2):
            train_run(runs[1])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(made, "train_side_by_side", killed)
        isogloss.compare(recipes, seeds=2, into=root)
    finished = contents(root / "slow" / "seed-0")
    assert (root / "slow/seed-1/checkpoint-2").is_dir() and not (root / "slow/seed-1/model").exists()

    text = isogloss.compare(recipes, seeds=2, into=root)
    assert trained == ["slow/seed-1", "fast/seed-0", "fast/seed-1"]
    assert contents(root / "slow" / "seed-0") == finished
    said = capsys.readouterr()
    assert "1 of 4 runs are there already" in said.err and "resumed at step 2" in said.err
    assert "fast against slow, mean of all languages: no verdict from 2 seeds (" in text
    assert "Cost beside quality" in text and "Cyrl" not in text.split("Transfer gap")[0]
    assert [line.split()[0] for line in text.splitlines() if line.startswith(("slow ", "fast "))][-2:] == [
        "slow",
        "fast",
    ]

    output = tmp_path / "table.json"
    assert (
        json.loads(isogloss.compare(recipes, seeds=2, into=root, baseline="fast", output=output))["baseline"] == "fast"
    )
    assert json.loads(output.read_text("utf-8"))["rows"][0]["method"] == "fast"
    assert len(trained) == 3, "all are there"

    with pytest.raises(
        IsoglossError, match=r"holds runs of another recipe than 'fast': learning_rate was 0.05, is 0.06"
    ):
        isogloss.compare([recipes[0], {**recipes[1], "learning_rate": 0.06}], seeds=2, into=root)
    write_text(tmp_path / "mine/slow/notes.txt", "of a user")
    with pytest.raises(IsoglossError, match="slow holds something that `isogloss compare` has not made"):
        isogloss.compare(recipes, seeds=2, into=tmp_path / "mine")
    assert len(trained) == 3


def test_recipes_are_called_by_label_name_or_file_and_swept_values(world: Path, tmp_path: Path):
    (tmp_path / "own.yaml").write_text(json.dumps(short("pos", world)), encoding="utf-8")
    named = candidates_of(
        [short("pos", world, name="n"), tmp_path / "own.yaml", recipe(world, "a b/c", sweep={"batch_size": [2, 4]})]
    )
    assert [one.name for one in named] == ["n", "own", "a b/c batch_size=2", "a b/c batch_size=4"]
    assert [one.folder for one in named] == ["n", "own", "a-b-c-batch_size=2", "a-b-c-batch_size=4"]
    outside = candidates_of([short("pos", world, label=label) for label in ("..", ".lock")])
    assert [one.folder for one in outside] == ["-", "lock"]
    with pytest.raises(IsoglossError, match="'multitask' and 'multitask' would share the folder multitask; give"):
        candidates_of([short("pos", world), short("pos", world, steps=9)])
    with pytest.raises(IsoglossError, match="leave_one_out makes runs"):
        candidates_of([recipe(world, "a", leave_one_out=True)])


def test_recipes_that_differ_in_what_is_measured_are_refused_before_they_are_trained(
    world: Path, tmp_path: Path, trained: list[str]
):
    first = recipe(world, "a")
    unequal = {
        r"task: pos in 'a', ner in 'b'": {**short("ner", world, label="b"), "train_languages": ["en", "fr"]},
        r"selection: source-dev in 'a', last in 'b'; --allow-mixed selection": recipe(world, "b", selection="last"),
        r"train_languages: en, fr in 'a', en in 'b'": {**first, "label": "b", "train_languages": ["en"]},
        r"limit: None in 'a', 3 in 'b'": recipe(world, "b", limit=3),
        r"test: False in 'a', True in 'b'": recipe(world, "b", test=True),
        r"pos de dev: \S+ in 'a', not evaluated in 'b'": recipe(world, "b", evaluate_languages=["en", "fr", "ru"]),
    }
    for said, other in unequal.items():
        with pytest.raises(IsoglossError, match=said):
            isogloss.compare([first, other], seeds=1, into=tmp_path)
    with pytest.raises(IsoglossError, match=r"the recipes name others, \[0, 1\] and \[0, 2\]"):
        isogloss.compare([recipe(world, "a", seed=[0, 1]), recipe(world, "b", seed=[0, 2])], into=tmp_path)
    with pytest.raises(IsoglossError, match=r"no recipe that trains one model is called 'c' \(valid: a\)"):
        isogloss.compare([first], seeds=1, into=tmp_path, baseline="c")
    alone = [recipe(world, label, method="single") for label in "bc"]
    with pytest.raises(IsoglossError, match="each trains a model for each language alone"):
        isogloss.compare(alone[:1], seeds=1, into=tmp_path)
    with pytest.raises(IsoglossError, match="'b' and 'c' both train a model for each language alone"):
        isogloss.compare([first, *alone], seeds=1, into=tmp_path)
    unknown = {
        r"split: 'tset' is unknown; did you mean 'test'": {"split": "tset"},
        r"metric: task 'pos' has no 'f2'": {"metric": "f2"},
        r"view: no view 'orginal'; did you mean 'original'": {"view": "orginal"},
        r"allow_mixed: 'selektion' is unknown; did you mean 'selection'": {"allow_mixed": "selektion"},
    }
    for said, asked in unknown.items():
        with pytest.raises(IsoglossError, match=said):
            isogloss.compare([first], seeds=1, into=tmp_path, **asked)
    assert not trained and not any(tmp_path.iterdir())


def test_folders_and_recipes_are_not_mixed_and_have_arguments_of_their_own(world: Path, tmp_path: Path):
    with pytest.raises(IsoglossError, match="either recipes or folders of finished runs"):
        isogloss.compare([tmp_path, "ud-pos"])
    with pytest.raises(IsoglossError, match="no run folder in"):
        isogloss.compare([tmp_path, tmp_path])  # the same folder twice is no recipe beside it
    with pytest.raises(IsoglossError, match="seeds: only recipes are compared with it"):
        isogloss.compare([tmp_path], seeds=3)
    with pytest.raises(IsoglossError, match="by: only run folders are compared with it"):
        isogloss.compare([recipe(world, "a")], by=["steps"])
    with pytest.raises(IsoglossError, match="no recipe 'ud-po'; did you mean 'ud-pos'"):
        isogloss.compare(["ud-po"], seeds=3)
    with pytest.raises(IsoglossError, match="runs: no folder ud-po"):
        isogloss.compare(["ud-po"])
    with pytest.raises(IsoglossError, match=r"'runs/two' ends in none of \.md, .*; .* --into the folder"):
        isogloss.compare([recipe(world, "a")], output="runs/two")
    with pytest.raises(IsoglossError, match="format: 'txt' is unknown; did you mean 'text'"):
        isogloss.compare([recipe(world, "a")], format="txt")


def test_models_of_one_language_each_show_negative_transfer(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Run folders as they are left: `single` is right more often in the language that both were trained on."""
    several, alone = (
        Candidate(name, name, resolve(short("topic", world, method=method)), {})
        for name, method in (("all", "multitask"), ("mono", "single"))
    )
    runs = {}
    for seed in range(3):
        for one, right in ((several, 0.1), (alone, 1.0)):
            where = tmp_path / one.name / str(seed)
            path = write_run(where, method=one.recipe.method, seed=seed, right=right, number=150)
            runs[str(path)] = one
    monkeypatch.setattr(compare_recipes, "candidates_of", lambda *_, **__: [alone, several])
    monkeypatch.setattr(made, "made", lambda *_, **__: runs)
    text = isogloss.compare([{}], split="test")
    head, _, table = text.partition("Negative transfer")
    assert "mono" not in head and "all" in head
    assert "Negative transfer: all in d en (ALARM" in " ".join(table.split())
    assert "No cost.json in" in table

    runs = {run: one for run, one in runs.items() if one is alone}
    with pytest.raises(IsoglossError, match="'all', which the others are compared with, has no final test score"):
        isogloss.compare([{}], split="test")


def test_negative_transfer_is_told_in_each_mode_of_language_adapters(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Adapters are right as often as models of one language in one mode, and seldom in the other."""
    names = {"all": "multitask", "adapters": "multitask", "mono": "single"}
    adapters, several, alone = (
        Candidate(name, name, resolve(short("topic", world, method=names[name])), {})
        for name in ("adapters", "all", "mono")
    )
    runs = {}
    for seed in range(3):
        for one, modes in ((adapters, ("swap", "keep")), (several, (None,)), (alone, (None,))):
            for mode in modes:
                right = 0.1 if mode == "keep" else 0.9
                method, where = one.recipe.method, tmp_path / one.name / str(seed)
                path = write_run(where, method=method, seed=seed, right=right, number=150, at_test=mode)
                runs[str(path)] = one
    monkeypatch.setattr(compare_recipes, "candidates_of", lambda *_, **__: [alone, several, adapters])
    monkeypatch.setattr(made, "made", lambda *_, **__: runs)
    found = json.loads(isogloss.compare([{}], split="test", format="json"))
    told = {one["method"]: one for one in found["negative_transfer"]}
    assert set(told) == {"all", "adapters (swap)", "adapters (keep)"}
    assert told["adapters (keep)"]["alarm"] and not told["adapters (swap)"]["alarm"]


def test_a_line_says_how_far_all_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: Path):
    told: list[float] = []
    monkeypatch.setattr(made, "BETWEEN_LOOKS", 0.01)
    runs = [Asked(resolve(recipe(world, "a")), tmp_path / name, True, False, ()) for name in ("one", "two")]
    assert [made._share(run) for run in runs] == [0, 0]
    with watched(runs):
        write_text(tmp_path / "one.log", "12:00 step 2 of 4: loss 1\n12:01 step 1,000 of 4,000: loss 1\n")
        (tmp_path / "two" / "model").mkdir(parents=True)
        told += [made._share(run) for run in runs]
    assert told == [0.25, 1]
