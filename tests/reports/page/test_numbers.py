"""What is drawn, from the rows of runs."""

from __future__ import annotations

from typing import Any

import pytest

from isogloss.diagnostics.rows import row
from isogloss.reports.comparison import compare_rows
from isogloss.reports.page import SeenRun
from isogloss.reports.page import conflicts as conflict_maps
from isogloss.reports.page.conflicts import conflicts
from isogloss.reports.page.costs import costs, levels
from isogloss.reports.page.curves import ALL, LOSS, POINTS, curves
from isogloss.reports.page.groups import gaps
from isogloss.reports.page.likeness import MEAN, likeness
from isogloss.reports.page.table import table_rows, verdict_in_words
from isogloss.reports.page.timeline import timelines


def seen(method: str = "joint", seed: int = 0, **changes: Any) -> SeenRun:
    shared: dict[str, Any] = {"path": f"runs/{method}/{seed}", "finished": True, "step": 20, "steps": 20}
    return SeenRun(**{**shared, "method": method, "seed": seed, **changes})


def score(language: str, value: float, *, method: str = "joint", seed: int = 0, **changes: Any) -> dict[str, Any]:
    columns = {"data": "d", "context_language": None, "metric": "accuracy", "split": "test", "view": "original"}
    run = {"run": f"{method}-{seed}", "selection": "last", "train_languages": ["en"], "n": 9}
    return {**columns, **run, "language": language, "value": value, "method": method, "seed": seed, **changes}


def test_each_run_has_a_curve_and_each_language_the_mean_over_seeds():
    runs = [
        seen(seed=seed, history=[{"step": step, "loss": 1.0, "loss/en": seed + step} for step in (1, 2)])
        for seed in (0, 2)
    ]
    found = curves(runs, "accuracy")
    assert [(one["what"], one["language"], one["seed"]) for one in found] == [
        (LOSS, ALL, 0),
        (LOSS, ALL, 2),
        (LOSS, "en", None),
    ]
    assert found[-1]["steps"] == [1, 2] and found[-1]["values"] == [2.0, 3.0]


def test_long_curves_are_means_over_neighbours_and_end_where_they_end():
    run = seen(history=[{"step": step, "loss": float(step % 2)} for step in range(1, 1001)])
    (curve,) = curves([run], "accuracy")
    assert len(curve["steps"]) <= POINTS and curve["steps"][-1] == 1000
    assert set(curve["values"][:-1]) <= {0.5, 0.5385, 0.4615}


def test_dev_scores_on_the_way_are_a_mean_over_languages_and_final_ones_are_not_on_the_way():
    rows = [score(code, value, split="dev", selection=None, step=5) for code, value in (("en", 0.5), ("de", 0.25))]
    run = seen(results=[*rows, score("en", 0.9, split="dev", step=9)])
    found = {one["language"]: one["values"] for one in curves([run], "accuracy")}
    assert found == {ALL: [0.375], "de": [0.25], "en": [0.5]}


def test_conflicts_are_upper_triangles_with_holes_where_a_pair_has_no_value():
    def look(step: int, value: float, one: str, other: str) -> dict[str, Any]:
        return {"step": step, **row("conflicts", "cosine", value, part="model", language=one, other=other)}

    runs = [
        seen(seed=0, diagnostics=[look(4, 0.5, "en", "de"), look(4, -0.25, "en", "fr")]),
        seen(seed=1, diagnostics=[look(4, 0.25, "de", "en"), {**look(4, 1, "en", "de"), "part": "encoder"}]),
    ]
    (found,) = conflicts(runs)
    assert (found["languages"], found["steps"]) == (["de", "en", "fr"], [4])
    assert found["values"] == [[0.38, None, -0.25]]


def test_too_many_matrices_keep_fewer_looks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(conflict_maps, "CELLS", 5)
    rows = [
        {"step": step, **row("conflicts", "cosine", step / 10, part="model", language="en", other="de")}
        for step in range(1, 11)
    ]
    (found,) = conflicts([seen(diagnostics=rows)])
    assert found["steps"] == [1, 3, 5, 8, 10] and found["values"][-1] == [1.0]


def test_a_timeline_has_openings_and_traces_and_says_where_there_is_no_trace():
    rows = [
        {"step": 3, **row("unfreezing", "opened", 0, part="layer_2")},
        {"step": 5, **row("fisher", "trace", 0.123456, part="layer_1", n=2)},
        {"step": 9, **row("fisher", "trace", 2.0, part="layer_2", n=2)},
        {"step": 9, **row("fisher", "trace", 2.0, part="mean_open", n=2)},
    ]
    assert timelines([seen(), seen(diagnostics=rows, seed=1)]) == [
        {
            "method": "joint",
            "seed": 1,
            "step": 20,
            "opened": [{"part": "layer_2", "step": 3}],
            "layers": [1, 2],
            "steps": [5, 9],
            "traces": [[0.1235, None], [None, 2.0]],
        }
    ]


def test_likeness_keeps_single_pairs_of_the_last_look_only():
    rows = []
    for step in (5, 9):
        for layer in (0, 1):
            rows.append({"step": step, **row("representations", "cka", layer / 2, part=f"layer_{layer}")})
            pair = {"language": "en", "other": "de"}
            rows.append({"step": step, **row("representations", "cka", 0.25, part=f"layer_{layer}", **pair)})
    found = [(one["step"], one["pair"], one["values"]) for one in likeness([seen(diagnostics=rows)])]
    assert found == [(5, MEAN, [0.0, 0.5]), (9, MEAN, [0.0, 0.5]), (9, "de – en", [0.25, 0.25])]


def test_gaps_are_taken_within_a_seed_and_a_data_set():
    rows = [
        score(code, value + seed / 10, seed=seed, data=data)
        for seed in (0, 1)
        for data, values in (("a", {"en": 0.8, "de": 0.6, "hi": 0.5}), ("b", {"en": 0.7, "hi": 0.2}))
        for code, value in values.items()
    ]
    found = {(one["by"], one["group"]): one for one in gaps(compare_rows(rows, None))}
    assert found["script", "Latn"]["mean"] == 20 and found["script", "Latn"]["seeds"] == 2
    assert found["script", "Deva"]["mean"] == 40, "the mean of the gaps within each data set"
    assert found["family", "Indo-European, Germanic"]["languages"] == ["de"], "a source has no gap"


def test_costs_are_of_finished_runs_and_zeros_are_left_out():
    cost = {"seconds": {"training": 120}, "flops": 1e12, "peak_memory_gpu": 0, "peak_memory_cpu": 2**30}
    runs = [
        seen(seed=seed, finished=seed < 2, cost={**cost, "trained_parameters": 1e6 * (1 + seed)}) for seed in range(3)
    ]
    found = {one["measure"]: (one["low"], one["mean"], one["high"], one["runs"]) for one in costs(runs)}
    assert found["training, minutes"] == (2, 2, 2, 2)
    assert found["trained parameters, millions"] == (1, 1.5, 2, 2)
    assert not any("GPU" in measure for measure in found)


def test_quality_is_the_means_over_languages():
    rows = [score("en", 0.5), score("de", 0.25)]
    found = {one["line"]: one["mean"] for one in levels(compare_rows(rows, None))}
    assert found == {"mean of sources (d)": 50, "mean of unseen (d)": 25, "mean (d)": 37.5}


def test_the_table_says_what_is_known_and_what_is_not():
    rows = [score("en", 0.5 + seed / 100, seed=seed) for seed in range(3)]
    rows += [score("en", 0.7 + seed / 90, seed=seed, method="other") for seed in range(3)]
    found = compare_rows(rows, "joint")
    first, *_, last = table_rows(found)
    assert (first["label"], first["name"], first["script"], first["is_mean"]) == ("en", "English", "Latn", False)
    assert last["is_mean"]
    one, other = first["cells"]
    assert (one["score"], one["range"], one["seeds"]) == ("51.0", "50.0–52.0", 3)
    assert (other["verdict"], other["said"], other["difference"]) == ("better", "▲ better", "+20.1")
    (said,) = verdict_in_words(found)
    assert said.startswith("other: better than joint, +20.1 points of accuracy over all languages [")
    few = compare_rows([row for row in rows if row["seed"] < 2], "joint")
    assert "2 common seed(s) are too few for a verdict" in verdict_in_words(few)[0]
    assert table_rows(few)[0]["cells"][1]["said"] == "no verdict: 2 common seed(s)"
