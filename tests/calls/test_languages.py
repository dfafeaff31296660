"""Which languages a run trains on, is evaluated in and chooses its weights by."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import isogloss
from isogloss import IsoglossError
from tests.support.methods import METHOD_SETTINGS
from tests.support.runs import rows_of, short
from tests.support.world import LANGUAGES, entry, runs_in


def test_single_makes_a_run_per_language(world: Path, tmp_path: Path):
    rows = isogloss.train(short("pos", world, **METHOD_SETTINGS["single"], steps=1), output=tmp_path / "one")
    assert [path.name for path in runs_in(tmp_path / "one")] == ["fr"]
    assert {tuple(row["train_languages"]) for row in rows} == {("fr",)}
    rows = isogloss.train(short("pos", world, method="single", steps=1), output=tmp_path / "all")
    assert [path.name for path in runs_in(tmp_path / "all")] == ["en", "fr", "ru"]
    by_run = {Path(row["run"]).name: tuple(row["train_languages"]) for row in rows}
    assert by_run == {"en": ("en",), "fr": ("fr",), "ru": ("ru",)}
    assert {row["language"] for row in rows} == set(LANGUAGES)


def test_few_shots_of_the_languages_that_are_evaluated(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    few = short("pos", world, train_languages=["en"], few_shot=3, steps=2, evaluation_steps=1, selection="target-dev")
    rows = isogloss.train(few, output=tmp_path / "run")
    shown = capsys.readouterr()
    assert "training examples: en 24, fr 3, ru 3" in shown.err
    assert {(tuple(row["train_languages"]), row["few_shot"]) for row in rows} == {(("en",), 3)}
    assert "selection: target-dev + 3 training sentences per target language" in shown.out
    assert "what each selection would have taken (dev)" in shown.out
    again = isogloss.evaluate(tmp_path / "run")
    assert {row["few_shot"] for row in again} == {3}
    isogloss.train({**few, "few_shot": None}, output=tmp_path / "zero-shot" / "run")
    shutil.copytree(tmp_path / "run", tmp_path / "zero-shot" / "few")
    with pytest.raises(IsoglossError, match="few_shot differs between the rows: 3; None"):
        isogloss.compare([tmp_path / "zero-shot"], baseline="multitask")


def test_few_shots_need_training_files(world: Path, tmp_path: Path):
    with pytest.raises(IsoglossError, match="few_shot: no language that is evaluated but not trained on has"):
        isogloss.train(short("pos", world, few_shot=3), output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_language_that_is_left_out_is_not_shot(world: Path, tmp_path: Path):
    with pytest.raises(IsoglossError, match="leave_one_out with few_shot=3 would train on examples"):
        isogloss.train(short("pos", world, few_shot=3, leave_one_out=True), output=tmp_path / "run")


@pytest.mark.slow
def test_one_language_is_left_out_of_each_run(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for method in ("multitask", "temperature_sampling"):
        whole = short("pos", world, method=method, leave_one_out=True, steps=1)
        rows = isogloss.train(whole, output=tmp_path / method)
        assert [path.name for path in runs_in(tmp_path / method)] == ["without-en", "without-fr", "without-ru"]
        assert {tuple(row["train_languages"]) for row in rows} == {("fr", "ru"), ("en", "ru"), ("en", "fr")}
    assert "one language left out, seed 0, dev" in capsys.readouterr().out
    table = isogloss.compare([tmp_path], baseline="multitask", left_out=True)
    assert [line.split("|")[2].strip()[:2] for line in table.splitlines()[2:5]] == ["en", "fr", "ru"]
    for changes, message in (
        ({"method": "single"}, "leave_one_out: method single trains on one language at a time"),
        ({"train_languages": ["en"]}, "leave_one_out: needs at least 2 training languages, found en"),
    ):
        with pytest.raises(IsoglossError, match=message):
            isogloss.train(short("pos", world, leave_one_out=True, **changes), output=tmp_path / "refused")


def test_a_split_without_the_languages_left_out_has_no_table(world: Path, tmp_path: Path):
    whole = short("pos", world, leave_one_out=True, train_languages=["en", "fr"], evaluate_languages=["de"], steps=1)
    rows = isogloss.train({**whole, "selection": "last"}, output=tmp_path / "run")
    assert {row["language"] for row in rows} == {"de"}


@pytest.mark.parametrize("apart", [False, True], ids=["one entry", "sources and targets in entries of their own"])
def test_sources_choose_the_weights_where_only_targets_are_evaluated(world: Path, tmp_path: Path, apart: bool):
    data = entry("pos", world / "pos")
    entries = [{**data, "name": "s", "languages": ["en", "fr"]}, {**data, "name": "t", "languages": ["de", "ru"]}]
    changes = {"data": entries if apart else data, "train_languages": ["en", "fr"], "steps": 3, "test": True}
    rows = {}
    for name, evaluated in (("targets", ["de", "ru"]), ("all", ["de", "en", "fr", "ru"])):
        isogloss.train(short("pos", world, evaluate_languages=evaluated, **changes), output=tmp_path / name)
        rows[name] = [{**row, "run": ""} for row in rows_of(tmp_path / name)]
    # Nothing but the test scores of the sources is left out.
    assert rows["targets"] == [row for row in rows["all"] if row["split"] == "dev" or row["language"] in ("de", "ru")]
    assert {row["language"] for row in rows["targets"] if row["split"] == "dev"} == {"de", "en", "fr", "ru"}
    state = [json.loads((tmp_path / name / "trainer_state.json").read_text()) for name in rows]
    assert state[0]["best_metric"] == state[1]["best_metric"] is not None
    again = short("pos", world, evaluate_languages=["de", "ru"], **changes)
    final = [row for row in rows["targets"] if row["selection"]]
    assert [{**row, "run": ""} for row in isogloss.train(again, output=tmp_path / "targets", resume=True)] == final


def test_sources_choose_with_few_shot_and_leave_one_out_too(world: Path, tmp_path: Path):
    few = short("pos", world, train_languages=["en"], evaluate_languages=["fr"], few_shot=2, steps=1)
    rows = isogloss.train(few, output=tmp_path / "few")
    assert {(row["language"], *row["train_languages"]) for row in rows} == {("en", "en"), ("fr", "en")}
    left = short("pos", world, train_languages=["en", "fr"], evaluate_languages=["de"], leave_one_out=True, steps=1)
    rows = isogloss.train(left, output=tmp_path / "left")
    assert {(row["language"], *row["train_languages"]) for row in rows} == {
        ("de", "en"), ("en", "en"), ("de", "fr"), ("fr", "fr"),
    }  # fmt: skip


def test_questions_in_a_language_that_is_not_trained_on_choose_nothing(world: Path, tmp_path: Path):
    own = {**entry("qa", world / "qa"), "name": "own"}
    # The same questions under another name: they are said to be in German.
    asked = {**own, "name": "asked", "languages": ["en"], "question_language": "de", "splits": ["dev"]}
    changes = {"data": [own, asked], "train_languages": ["en"], "steps": 1}
    rows = isogloss.train(short("qa", world, evaluate_languages=["fr"], **changes), output=tmp_path / "run")
    assert {(row["data"], row["language"]) for row in rows} == {("own", "en"), ("own", "fr")}


@pytest.mark.parametrize(
    ("selection", "without", "message"),
    [
        ("source-dev", "en", "source-dev needs dev data in every training language, none found for en; name their dev"),
        ("target-dev", "de", "target-dev needs dev data of a language .* none found for de; name dev files"),
    ],
)
def test_no_dev_data_to_choose_by(world: Path, tmp_path: Path, selection: str, without: str, message: str):
    shutil.copytree(world / "pos", tmp_path / "pos")
    (tmp_path / "pos" / without / "dev.conllu").unlink()
    languages = {"train_languages": ["en", "fr"], "evaluate_languages": ["de", "en"]}
    asked = short("pos", world, data=entry("pos", tmp_path / "pos"), selection=selection, **languages)
    with pytest.raises(IsoglossError, match=message):
        isogloss.train(asked, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_codes_with_scripts_go_all_the_way(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    codes = {"en": "simple", "fr": "sr-Latn", "ru": "kk_Cyrl", "de": "zh-min-nan"}
    for old, new in codes.items():
        shutil.copytree(world / "pos" / old, tmp_path / "pos" / new)
    whole = short("pos", world, data=entry("pos", tmp_path / "pos"), train_languages=["simple", "kk_Cyrl"], steps=1)
    rows = isogloss.train({**whole, "test": True}, output=tmp_path / "run")
    assert {row["language"] for row in rows} == set(codes.values())
    assert rows == isogloss.train({**whole, "test": True}, output=tmp_path / "run", resume=True)
    said = capsys.readouterr()
    assert "of the letters" not in said.err
    assert "kk_Cyrl (source)" in said.out
    assert "| sr-Latn" in isogloss.compare([tmp_path], baseline="multitask", split="test")
    file = tmp_path / "pos" / "zh-min-nan" / "test.conllu"
    assert isogloss.predict(tmp_path / "run", file, language="zh-min-nan").exists()
