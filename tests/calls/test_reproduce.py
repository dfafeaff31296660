"""The papers that can be reproduced, runs of their settings, and what is held beside their figures."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

import isogloss
from isogloss.calls.reproducing import runs
from isogloss.calls.reproducing.changed import ASKED, encoder_folder
from isogloss.calls.reproducing.checks import Check, Known, summary, table
from isogloss.calls.reproducing.listing import listed
from isogloss.calls.reproducing.papers import SCALES, Setting, papers
from isogloss.calls.reproducing.scores import RECORDED, Place, as_recorded, found_scores, recorded_scores
from isogloss.recipe.resolve import as_yaml, resolve, resolve_pretraining
from isogloss.recipe.smoke_world import FOLDER
from isogloss.run.folder import RunFolder

SETTINGS = {f"{name}/{setting}": own for name, paper in papers().items() for setting, own in paper.settings.items()}


def row(**changes: Any) -> dict[str, Any]:
    columns = {"data": "xnli", "language": "de", "split": "test", "view": "original", "metric": "accuracy", "seed": 0}
    return {**columns, "value": 0.7616, "selection": "source-dev", "at_test": "swap", **changes}


def write_rows(folder: Path, *rows: Mapping[str, Any]):
    folder.mkdir(parents=True)
    (folder / "results.jsonl").write_text("".join(f"{json.dumps(own)}\n" for own in rows))


@pytest.mark.parametrize("name", SETTINGS)
def test_arms_resolve(name: str):
    """At scale paper, and where an arm changes something at another scale; the recipes themselves have their test."""
    for arm in SETTINGS[name].arms.values():
        for scale in SCALES:
            if scale == "paper" or (scale in arm.at and SETTINGS[name].like is None):
                resolve(arm.recipe, overrides=arm.changes(scale), scale=scale)
        if arm.pretraining is not None:
            resolve_pretraining(arm.pretraining.recipe, overrides=arm.pretraining.set, scale="paper")


@pytest.mark.parametrize("name", SETTINGS)
def test_figures_are_of_arms_and_their_means_are_those_of_their_languages(name: str):
    setting = SETTINGS[name]
    assert setting.like is None or f"{name.split('/')[0]}/{setting.like}" in SETTINGS
    values: dict[tuple[str, str], dict[str, float]] = {}
    for figures in setting.stated:
        assert figures.arm in setting.arms and figures.source
        assert figures.data in setting.targets or len(figures.values) == 1
        values.setdefault((figures.arm, figures.data), {}).update(figures.values)
    for figures in setting.stated:
        own = values[figures.arm, figures.data]
        targets = setting.targets.get(figures.data, ())
        if figures.mean is not None and set(targets) <= own.keys():
            assert mean(own[language] for language in targets) == pytest.approx(figures.mean, abs=0.07)


@pytest.mark.parametrize("name", [name for name, own in SETTINGS.items() if own.needs.get("paper")])
def test_what_scale_paper_lacks_is_named_with_what_fetches_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    first = next(iter(SETTINGS[name].arms))
    with pytest.raises(isogloss.IsoglossError, match=r"(?s)no file data/.*; it takes\n  isogloss data get"):
        isogloss.reproduce(name, scale="paper", arms=[first], output=tmp_path)
    assert not list(tmp_path.iterdir())


def test_translations_are_missed_by_what_learns_from_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for arm, missed in (("all texts", False), ("x_mixup", True)):
        with pytest.raises(isogloss.IsoglossError, match="isogloss translate xnli-x-mixup") as raised:
            isogloss.reproduce("x-mixup/xnli", scale="paper", arms=[arm])
        assert ("translations/xnli/train.en-{language}-en.csv" in str(raised.value)) == missed


def test_arms_are_trained_or_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    called = []
    monkeypatch.setattr(runs, "train", lambda *given, **keys: called.append(("train", *given, keys)))
    monkeypatch.setattr(runs, "pretrain", lambda *given, **keys: called.append(("pretrain", *given, keys)))
    runs.run_arms(
        Path("out"),
        "xlm-k/xnli",
        SETTINGS["xlm-k/xnli"],
        "smoke",
        ["start", "mlm"],
        overrides=["limit=4", "pretraining.steps=7"],
        seeds=2,
        jobs=2,
    )
    assert [call[:2] for call in called] == [("train", "xnli-xlm-k"), ("pretrain", "xlm-k"), ("train", "xnli-xlm-k")]
    plain, before, after = (call[2] for call in called)
    assert plain["overrides"] == ["test=true", "seed=[0, 1]", "limit=4"]
    assert all(call["resume"] for call in (plain, before, after))
    assert str(before["output"]) == "out/xlm-k/pretraining/smoke/mlm"
    assert before["overrides"][-1] == "steps=7"
    assert after["overrides"][-1] == f"model={before['output']}/model"
    assert str(after["output"]) == "out/xlm-k/xnli/smoke/mlm" and after["jobs"] == 2
    assert not FOLDER.exists(), "what a recipe writes itself is not missed"


def test_scores_are_the_final_ones_of_each_language_adapter(tmp_path: Path):
    rows = [
        row(),
        row(at_test="keep", value=0.1),
        row(selection=None, value=0.2),
        row(split="dev"),
        row(seed=1, value=0.8),
    ]
    write_rows(tmp_path / "seed-0", *rows, row(language="zh", metric="f1_mlqa", value=0.5), row(metric="macro_f1"))
    found = found_scores(tmp_path, "fun", "accuracy", {"zh": "f1_mlqa"})
    german, chinese = (Place("fun", "xnli", language, "accuracy") for language in ("de", "zh"))
    assert found == {german: {0: pytest.approx(76.16), 1: 80.0}, chinese: {0: 50.0}}
    kept = as_recorded("fun/mnli", "smoke", found)
    assert recorded_scores("fun/mnli", "smoke", kept) == {german: {0: 76.16, 1: 80.0}, chinese: {0: 50.0}}
    assert recorded_scores("fun/mnli", "small", kept) == {}


def test_a_finished_run_is_held_beside_the_paper(tmp_path: Path):
    stated = {figures.source: figures for figures in SETTINGS["fun/mnli"].stated if figures.arm == "standard"}
    values = {code: value / 100 for own in stated.values() for code, value in own.values.items()}
    rows = [row(language=code, value=value + (0.02 if code == "sw" else 0)) for code, value in values.items()]
    write_rows(tmp_path / "fun" / "mnli" / "paper" / "standard", *rows)
    found = isogloss.reproduce("fun/mnli", scale="paper", output=tmp_path, arms=["standard", "fun"], check=True)
    of = {(check.place.arm, check.place.language): check for check in found}
    assert of["standard", "de"].verdict == "within" and of["standard", "de"].difference == pytest.approx(0)
    assert of["standard", "sw"].verdict == "OUTSIDE" and of["standard", "sw"].difference == pytest.approx(2)
    assert of["standard", "mean"].known == Known(73.31, "table 1", 0.44, 4)
    assert of["standard", "mean"].ours == pytest.approx(73.31 + 2 / 11, abs=0.01)
    assert of["fun", "de"].verdict == "not measured"
    said, passed = summary(found)
    assert not passed and said == "12 of 13 figures are met; 13 could not be compared."
    assert "| not measured |" in " ".join(table(found, "paper").split())


def test_a_finished_run_is_held_beside_what_we_recorded(tmp_path: Path):
    recorded = recorded_scores("sequential-reptile/ud-pos", "small")
    of_arm = {place: own for place, own in recorded.items() if place.arm == "multitask"}
    rows = [
        row(data=place.data, language=place.language, seed=seed, value=value / 100)
        for place, own in of_arm.items()
        for seed, value in own.items()
    ]
    write_rows(tmp_path / "sequential-reptile" / "ud-pos" / "small" / "multitask", *rows)
    found = isogloss.reproduce(
        "sequential-reptile/ud-pos", scale="small", output=tmp_path, arms=["multitask"], check=True
    )
    assert {check.verdict for check in found} == {"within"} and "mean" in {check.place.language for check in found}
    assert {check.known.runs for check in found if check.known} == {3} and {check.seeds for check in found} == {3}


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["seed=3", "report_to=tensorboard", "save_steps=3"], None),
        (
            ["steps=7", "batch_size=4"],
            r": the run has other settings \(batch_size: the arm says \d+, the run has 4; epochs: the arm says ",
        ),
        (["evaluation_steps=0.5"], r"\(evaluation_steps: the arm says "),
        (["max_length=9", "dropout=0.3", "steps=7", "batch_size=4", "learning_rate=1"], r"; 3 more\)$"),
    ],
)
def test_a_run_of_other_settings_is_not_held_beside_figures(overrides: list[str], said: str | None, tmp_path: Path):
    """Whatever changed them: `--set` of this call or of one before it."""
    name, arm = "fun/mnli", SETTINGS["fun/mnli"].arms["standard"]
    folder = tmp_path / name / "paper" / "standard"
    write_rows(folder, row(language="zh", value=0.732))
    changes = runs.changes_of(arm, "paper", overrides, 1)
    asked = resolve(arm.recipe, overrides=changes, scale="paper")
    (folder / ASKED).write_text(as_yaml(asked))
    # What a run writes down of it: nothing is left open, and epochs have become steps.
    filled = asked.model_copy(update={"steps": asked.steps or 12, "epochs": None, "evaluation_steps": 4})
    (folder / "recipe.yaml").write_text(as_yaml(filled))
    (folder / "model").mkdir()
    broken = folder / "broken-off"
    broken.mkdir()
    (broken / "recipe.yaml").write_text("of another time")
    found = isogloss.reproduce(name, scale="paper", output=tmp_path, arms="standard", check=True)
    (verdict,) = {check.verdict for check in found if check.ours is not None}
    assert verdict == "within" if said is None else re.match(r"not compared", verdict) and re.search(said, verdict)
    assert summary(found)[1] == (said is None)


@pytest.mark.parametrize(("overrides", "said"), [([], "within"), (["steps=7"], "not compared")])
def test_so_is_one_whose_encoder_was_made_otherwise(overrides: list[str], said: str, tmp_path: Path):
    name, setting = "xlm-k/xnli", SETTINGS["xlm-k/xnli"]
    arm, made = setting.arms["mlm"], setting.arms["mlm"].pretraining
    assert made is not None
    recorded = next(place for place in recorded_scores(name, "smoke") if place.arm == "mlm")
    (value,) = recorded_scores(name, "smoke")[recorded].values()
    folder, before = tmp_path / name / "smoke" / "mlm", encoder_folder(tmp_path / "xlm-k", made, "smoke")
    write_rows(folder, row(data=recorded.data, language=recorded.language, value=value / 100, metric=setting.metric))
    changes = [*runs.changes_of(arm, "smoke", [], 1), f"model={before / 'model'}"]
    (folder / "recipe.yaml").write_text(as_yaml(resolve(arm.recipe, overrides=changes, scale="smoke")))
    before.mkdir(parents=True)
    pretraining = resolve_pretraining(made.recipe, overrides=[*made.set, *overrides], scale="smoke")
    (before / "recipe.yaml").write_text(as_yaml(pretraining))
    found = isogloss.reproduce(name, scale="smoke", output=tmp_path, arms="mlm", check=True)
    (verdict,) = {check.verdict for check in found if check.ours is not None}
    assert verdict.startswith(said) and ("pretraining.steps: the arm says 24, the run has 7" in verdict) == bool(
        overrides
    )


def test_verdicts():
    place = Place("fun", "xnli", "th", "accuracy")
    assert Check(place, None, 41.0, 1, 1.5).verdict == "nothing to compare with"
    unlike = Check(place, Known(41.13, "table 1"), 41.0, 1, 1.5, "another adapter")
    assert unlike.verdict == "not compared: another adapter"
    assert summary([unlike]) == (
        "Nothing was checked: no figure stands beside a score that could be compared with it.",
        False,
    )
    # A standard deviation over few runs says little; none, or one run, says nothing.
    assert Known(70.0, "", 0.6, 4).allowed(4, 0.5) == pytest.approx(3.182 * 0.6 * (1 / 2) ** 0.5, abs=1e-3)
    assert Known(70.0, "", 0.1, 4).allowed(4, 1.5) == Known(70.0, "", None, 4).allowed(4, 1.5) == 1.5
    assert Known(70.0, "", 0.6, 1).allowed(4, 1.5) == 1.5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "fun/mnly"}, "no setting 'fun/mnly'; did you mean 'fun/mnli'"),
        ({"name": "fun/mnli", "scale": "tiny"}, "no scale 'tiny'"),
        ({"name": "fun/mnli", "arms": ["funn"]}, "fun/mnli has no arm 'funn'; did you mean 'fun'"),
        ({"name": "fun/mnli", "arms": "funn"}, "fun/mnli has no arm 'funn'; did you mean 'fun'"),
        ({"name": "fun/mnli", "seeds": 0}, "at least 1, found 0"),
        (
            {"name": "fun/mnli", "overrides": "pretraining.steps=7"},
            "set: pretraining.steps=7: no arm of standard, .* in",
        ),
        ({"name": "xlm-k/ner", "arms": "start", "overrides": "pretraining.steps=7"}, "no arm of start in xlm-k/ner is"),
        ({"name": "xlm-k/ner", "overrides": "pretraining.stepps=7"}, "stepps"),
        (
            {"name": "xlm-k/ner", "overrides": "model=isogloss-small"},
            "model: mlm, xlm_k begin from what .*; pretraining.",
        ),
        ({"name": "fun/mnli", "check": True}, "no run that has ended in nowhere/fun/mnli/smoke"),
        (
            {"name": "fun/mnli", "check": True, "overrides": "steps=7"},
            "set: steps=7: with --check nothing is trained, so there is nothing to change; leave it out",
        ),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], said: str):
    with pytest.raises(isogloss.IsoglossError, match=said):
        isogloss.reproduce(**arguments, output="nowhere")


def test_lists():
    assert all(f"  {name}: " in listed() for name in SETTINGS)
    assert "figures: none known to us" in listed("sequential-reptile") and "table 12" in listed("fun")
    with pytest.raises(isogloss.IsoglossError, match="no paper 'funn'; did you mean 'fun'"):
        listed("funn")


def test_what_is_recorded_is_of_arms():
    recorded = [json.loads(line) for line in RECORDED.read_text("utf-8").splitlines()]
    assert {(own["setting"], own["arm"]) for own in recorded} <= {
        (name, arm) for name, setting in SETTINGS.items() for arm in setting.arms
    }
    assert all(0 <= own["value"] <= 100 and own["metric"] == SETTINGS[own["setting"]].metric for own in recorded)


def test_what_is_recorded_at_scale_small_is_what_its_page_has():
    page = Path(__file__).parents[2] / "docs" / "results" / "ud-pos-test.jsonl"
    rows = [json.loads(line) for line in page.read_text("utf-8").splitlines()]
    recorded = recorded_scores("sequential-reptile/ud-pos", "small")
    of_page = {
        (Place(row["method"], row["data"], row["language"], "accuracy"), row["seed"]): 100 * row["value"]
        for row in rows
        if row["metric"] == "accuracy"
    }
    assert {(place, seed): value for place, own in recorded.items() for seed, value in own.items()} == pytest.approx(
        of_page, abs=1e-3
    )


def test_parts_of_a_setting_are_checked():
    with pytest.raises(ValueError, match="Extra inputs"):
        Setting.model_validate({"title": "a", "metric": "f1", "arms": {}, "figure": []})


def test_what_an_arm_was_begun_with_does_not_keep_its_one_run_from_beginning(tmp_path: Path):
    """It lies in the folder of the arm, which is that of the run where there is one."""
    (tmp_path / ASKED).write_text("steps: 4\n", encoding="utf-8")
    RunFolder(tmp_path).require_free(resume=True)
