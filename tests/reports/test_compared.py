"""Comparing run folders: intervals from the predictions in them, and what cannot be compared."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isogloss.calls.compare import compare
from isogloss.calls.predicted import counted, redraw
from isogloss.common.errors import IsoglossError
from isogloss.common.writing import append_lines, read_lines, write_text
from isogloss.data.corpus import Cell
from isogloss.examples import Prediction
from isogloss.recipe.names import TASKS
from isogloss.reports.cells import scoring_of
from isogloss.run.evaluation import result_rows
from isogloss.run.folder import RunFolder
from isogloss.tasks import Classification

GOLD: dict[str, Callable[[random.Random], Prediction]] = {
    "pos": lambda draw: tuple(draw.choices(["NOUN", "SYM", "VERB"], k=draw.randint(1, 9))),
    "ner": lambda draw: tuple(draw.choices(["O", "B-PER", "I-PER"], k=draw.randint(1, 9))),
    "nli": lambda draw: draw.choice(["entailment", "neutral"]),
    "topic": lambda draw: draw.choice(["sports", "travel"]),
    "paraphrase": lambda draw: draw.choice(["0", "1"]),
    "choice": lambda draw: draw.choice(["0", "1"]),
    "qa": lambda draw: (draw.choice(["der Hund", "Rom"]), "1984"),
}
LABELS = {"nli": ("contradiction", "entailment", "neutral"), "paraphrase": ("0", "1")}


def write_run(
    folder: Path,
    *,
    task: str = "topic",
    method: str = "multitask",
    seed: int = 0,
    right: float = 0.7,
    languages: Sequence[str] = ("en", "de"),
    number: int = 40,
    split: str = "test",
    labels: Sequence[str] | None = None,
    at_test: str | None = None,
) -> Path:
    """A run folder with scores and predictions as a run leaves them, right in a share of the sentences."""
    run, chosen = RunFolder(folder), LABELS.get(task, ("sports", "travel"))
    scorer = TASKS[task].build(tuple(labels or chosen))
    names = {"id2label": dict(enumerate(labels or chosen))} if isinstance(scorer, Classification) else {}
    write_text(folder / "model/config.json", json.dumps(names))
    for language in languages:
        truth, luck = random.Random(language), random.Random(f"{language} {method} {seed}")
        gold = [GOLD[task](truth) for _ in range(number)]
        guess = [one if luck.random() < right else _other(one, GOLD[task](luck)) for one in gold]
        cell = Cell("d", language, split, language if task == "qa" else None)
        columns: dict[str, Any] = {"selection": "last", "step": 3, "seed": seed, "method": method, "at_test": at_test}
        rows = [
            {"id": str(i), "predicted": guess[i], "gold": gold[i]}
            for i in random.Random(seed).sample(range(number), number)
        ]
        run.write_predictions(cell, columns, rows)
        scores = scorer.score(gold, guess, language)
        run.add_results(
            result_rows(scores, cell, number, **columns, run="elsewhere", task=task, train_languages=["en"])
        )
    return folder


def _other(gold: Prediction, guess: Prediction) -> Prediction:
    """A guess that fits: as many tags as the gold ones, or one answer."""
    if isinstance(guess, str):
        return guess
    return "Rom" if "1984" in gold else (guess * 9)[: len(gold)]


def several(root: Path, **changes: Any) -> list[Path]:
    """Three seeds of two methods."""
    return [
        write_run(root / f"{method}-{seed}", method=method, seed=seed, **changes)
        for method in ("multitask", "reptile")
        for seed in range(3)
    ]


def rows_of(runs: Sequence[Path], metric: str) -> list[dict[str, Any]]:
    rows = [{**row, "run": str(run)} for run in runs for row in read_lines(run / "results.jsonl")]
    return [row for row in rows if row["metric"] == metric]


@pytest.mark.parametrize(("task", "metric"), [(t, m) for t, named in TASKS.items() for m in named.build(()).metrics])
def test_what_is_counted_gives_the_stored_value_and_draws_around_it(tmp_path: Path, task: str, metric: str):
    rows = rows_of(several(tmp_path, task=task), metric)
    for scoring, own in counted(rows).items():
        (row,) = (row for row in rows if scoring_of(row) == scoring)
        assert float(own.score(own.counts.sum(axis=0))) == pytest.approx(row["value"], abs=1e-12)
        assert own.ids == tuple(sorted(map(str, range(40))))
    redrawn = redraw(rows, draws=400)
    assert len(redrawn) == len(rows) == 12
    for row in rows:
        drawn = redrawn[scoring_of(row)]
        assert drawn.mean() == pytest.approx(row["value"], abs=0.03)
        assert 0.01 < drawn.std() < 0.12


def test_both_intervals_are_shown(tmp_path: Path):
    several(tmp_path)
    table = compare([tmp_path], baseline="multitask", split="test")
    header, _, *lines = [line for line in table.splitlines() if line.startswith("|")]
    assert [cell.strip() for cell in header.split("|")[5:7]] == [
        "reptile − multitask",
        "reptile − multitask, new sentences too",
    ]
    for line in lines:
        over_seeds, over_both = (cell.strip() for cell in line.split("|")[5:7])
        inner = [float(number) for number in re.findall(r"[+-][\d.]+", over_seeds)][1:]
        outer = [float(number) for number in re.findall(r"[+-][\d.]+", over_both)]
        assert outer[0] < inner[0] < inner[1] < outer[1]
        assert over_both.endswith("not significant")
    assert "10,000 draws of the test sentences" in table and "No predictions" not in table
    assert table == compare([tmp_path], baseline="multitask", split="test")


def test_without_predictions_the_t_interval_stands_alone(tmp_path: Path):
    runs = several(tmp_path)
    (runs[0] / "predictions/last/d.de.test.jsonl").unlink()
    table = compare([tmp_path], baseline="multitask", split="test")
    cells = {
        line.split("|")[2].strip().removesuffix(" (source)"): line.split("|")[6].strip()
        for line in table.splitlines()
        if line[:1] == "|"
    }
    assert {label for label, cell in cells.items() if cell.startswith("– no predictions")} == {
        *("de", "mean of unseen", "mean"),
    }
    assert "the t-interval decides alone" in table


def test_runs_of_two_tasks_are_not_compared(tmp_path: Path):
    write_run(tmp_path / "a", task="ner")
    write_run(tmp_path / "b", task="pos")
    with pytest.raises(IsoglossError, match=rf"runs of one task .* found ner in {tmp_path}/a; pos in {tmp_path}/b$"):
        compare([tmp_path], baseline="multitask", split="test")


def test_a_metric_that_the_task_does_not_have_is_named(tmp_path: Path):
    write_run(tmp_path)
    with pytest.raises(IsoglossError, match="metric: task 'topic' has no 'makro_f1'; did you mean 'macro_f1'"):
        compare([tmp_path], baseline="multitask", split="test", metric="makro_f1")


def test_runs_without_a_final_score_are_named(tmp_path: Path):
    several(tmp_path)
    write_run(tmp_path / "other", split="dev")
    table = compare([tmp_path], baseline="multitask", split="test")
    assert table.endswith(f"- Left out, without a final test score: {tmp_path}/other.")


def test_a_run_that_has_scored_nothing_is_named(tmp_path: Path):
    several(tmp_path)
    write_text(tmp_path / "begun/fingerprint.json", "{}")
    table = compare([tmp_path], baseline="multitask", split="test")
    assert table.endswith(f"- Left out, without a final test score: {tmp_path}/begun.")


@pytest.mark.parametrize(
    ("place", "message"),
    [("runs/tw0", "no folder .*/runs/tw0; did you mean 'two'"), ("empty", "no run folder in .*/empty")],
)
def test_a_place_without_runs_is_not_passed_over(tmp_path: Path, place: str, message: str):
    several(tmp_path / "runs")
    write_run(tmp_path / "runs" / "two")
    (tmp_path / "empty").mkdir()
    with pytest.raises(IsoglossError, match=f"runs: {message}"):
        compare([tmp_path / "runs", tmp_path / place], baseline="multitask", split="test")


def test_scores_on_other_sentences_are_not_compared(tmp_path: Path):
    write_run(tmp_path / "a")
    write_run(tmp_path / "b", method="reptile", number=30)
    with pytest.raises(IsoglossError, match=r"a/.* and .*/b/.*test\.jsonl hold others: 40 and 30, .* id '30'"):
        compare([tmp_path], baseline="multitask", split="test")
    for file in (tmp_path / "b/predictions/last").iterdir():
        file.unlink()
    with pytest.raises(IsoglossError, match=rf"number in d en differs: 40 in {tmp_path}/a; 30 in {tmp_path}/b"):
        compare([tmp_path], baseline="multitask", split="test")


def test_other_gold_labels_are_not_compared(tmp_path: Path):
    write_run(tmp_path / "a")
    file = write_run(tmp_path / "b", method="reptile") / "predictions/last/d.de.test.jsonl"
    rows = read_lines(file)
    place = next(place for place, row in enumerate(rows) if row["id"] == "7")
    rows[place]["gold"] = "economy"
    write_text(file, "".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(IsoglossError, match=r"have other gold labels: of id '7', '(sports|travel)' and 'economy'"):
        compare([tmp_path], baseline="multitask", split="test")


def test_predictions_of_another_scoring_are_not_taken_for_this_one(tmp_path: Path):
    write_run(tmp_path)
    rows = read_lines(tmp_path / "results.jsonl")
    (tmp_path / "results.jsonl").unlink()
    append_lines(tmp_path / "results.jsonl", [{**row, "value": row["value"] / 2} for row in rows])
    with pytest.raises(IsoglossError, match=r"d\.en\.test\.jsonl: these predictions have accuracy 0\.\d+, but results"):
        compare([tmp_path], baseline="multitask", split="test")


def test_a_mean_over_other_labels_is_not_compared(tmp_path: Path):
    write_run(tmp_path / "a")
    write_run(tmp_path / "b", method="reptile", labels=("economy", "sports", "travel"))
    with pytest.raises(IsoglossError, match=r"found economy, sports, travel in .*/b; sports, travel in .*/a$"):
        compare([tmp_path], baseline="multitask", split="test", metric="macro_f1")
    assert "reptile − multitask" in compare([tmp_path], baseline="multitask", split="test")


def test_without_a_model_the_labels_that_occur_will_do_if_they_give_the_score(tmp_path: Path):
    topic, nli = write_run(tmp_path / "topic"), write_run(tmp_path / "nli", task="nli")
    for run in (topic, nli):
        (run / "model/config.json").unlink()
    assert len(counted(rows_of([topic], "macro_f1"))) == 2
    # The third label of inference does not occur, and counts with an F1 of 0.
    assert counted(rows_of([nli], "macro_f1")) == {}
    assert len(counted(rows_of([nli], "accuracy"))) == 2


def test_languages_with_the_same_ids_are_drawn_together(tmp_path: Path):
    rows = rows_of([write_run(tmp_path, languages=("en", "de", "fr"), number=200)], "accuracy")
    drawn = np.stack([redraw(rows)[scoring_of(row)] for row in rows])
    # Nothing but their ids ties these sentences together, so on average their scores do not go together either.
    assert np.abs(np.corrcoef(drawn)[np.triu_indices(3, 1)]).max() < 0.25
