"""Runs with schedules of unfreezing: in which order layers opened, tr(F) over time, and how it goes with transfer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from isogloss.calls.scored import check_figures, metric_of, scored_runs
from isogloss.common.errors import IsoglossError
from isogloss.common.writing import read_lines, write_text
from isogloss.figures import features_figure, layers_figure, opened_figure, traces_figure
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.recipe import Recipe
from isogloss.reports.cells import told_apart
from isogloss.reports.curves import FEATURES
from isogloss.reports.protocol import BADGE
from isogloss.reports.unfreezing import unfreezing_tables
from isogloss.reports.values import require_equal, require_same_sentences
from isogloss.reports.watched import WatchedRun, by_schedule, final_scores, watched_run
from isogloss.run.folder import RunFolder


@dataclass(frozen=True)
class Watched:
    """What `unfreezing` found.

    Attributes:
        runs: The runs, of which `isogloss.reports` makes numbers and `isogloss.figures` pictures.
        metric: Metric of their scores.
        split: Of which data the final scores are.
        files: What was written.
    """

    runs: tuple[WatchedRun, ...]
    metric: str
    split: str
    files: tuple[Path, ...] = ()

    @property
    def tables(self) -> str:
        """The findings in Markdown."""
        return unfreezing_tables(self.runs, metric=self.metric, split=self.split)


def unfreezing(
    runs: str | Path | Sequence[str | Path],
    *,
    output: str | Path | None = None,
    split: str = "test",
    metric: str | None = None,
    smooth: int = 1,
) -> Watched:
    """The order in which layers opened against top-down, tr(F) per open layer, and its features against transfer.

    Runs of one schedule may differ in the seed; those of one method whose ``unfreezing`` differs, or of which some have
    ``adapters``, count as schedules of their own. Runs without a schedule may lie beside others, to be compared with.

    Args:
        runs: Run folders, or folders with run folders in them; all of one task, length and test data.
        output: Folder for ``opened.svg``, ``traces.svg``, ``layers.svg``, ``features.svg`` (where there are scores) and
            ``runs.jsonl``; None: nothing is written, and matplotlib is not needed.
        split: dev or test: which scores of the target languages stand for transfer.
        metric: Metric; default: the task's primary one.
        smooth: Looks of the moving average over tr(F) per open layer, odd; 1: none.

    Returns:
        The runs; see `isogloss.reports.watched`, `isogloss.reports.unfreezing` and `isogloss.figures`.

    Raises:
        IsoglossError: A place without runs, no run with opened layers or with rows of probe ``fisher``, runs of several
            tasks, lengths, protocols or test data, two runs of a schedule with one seed, or figures are asked for
            without matplotlib.
    """
    check_figures(split, output)
    folders, results = scored_runs(runs)
    chosen = metric_of(results, metric)
    own = {folder: [row for row in results if row["run"] == str(folder)] for folder in folders}
    _require_same_data([row for rows in own.values() for row in final_scores(rows, chosen, split)])
    recipes = {folder: resolve(RunFolder(folder).recipe) for folder in folders}
    names = schedule_names([(recipe.method, _settings(recipe)) for recipe in recipes.values()])
    found = [
        watched_run(
            read_lines(RunFolder(folder).diagnostics),
            own[folder],
            name=str(folder),
            schedule=name,
            seed=recipe.seeds[0],
            top_first=getattr(recipe.unfreezing, "top_first", False),
            metric=chosen,
            split=split,
            smooth=smooth,
        )
        for (folder, recipe), name in zip(recipes.items(), names, strict=True)
    ]
    _require_something(found)
    watched = Watched(tuple(run for own in by_schedule(found).values() for run in own), chosen, split)
    return watched if output is None else _written(watched, Path(output))


def schedule_names(runs: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Names of the schedules of runs, from methods and settings: a method, and the settings that its runs differ in.

    Example:
        >>> schedule_names([("fun", {"every": 2}), ("gradual", {"every": 2}), ("gradual", {"every": 3})])
        ['fun', 'gradual every=2', 'gradual every=3']
    """
    differing: dict[str, list[str]] = {}
    for method in dict.fromkeys(method for method, _ in runs):
        own = [settings for name, settings in runs if name == method]
        keys = dict.fromkeys(key for settings in own for key in settings)
        differing[method] = [key for key in keys if any(each.get(key) != own[0].get(key) for each in own)]
    return [
        " ".join([method, *(f"{key}={_short(settings[key])}" for key in differing[method] if key in settings)])
        for method, settings in runs
    ]


def _settings(recipe: Recipe) -> dict[str, Any]:
    """What tells schedules of a method apart."""
    return {
        **recipe.unfreezing.model_dump(mode="json"),
        "adapters": recipe.adapters is not None,
        "lora": recipe.lora is not None,
    }


def _short(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _require_same_data(rows: Sequence[Mapping[str, Any]]) -> None:
    """Stop unless the scores are of one protocol and of the same test data."""
    require_equal(rows, (*BADGE, "train_languages"), "scores of runs go together on equal terms")
    require_same_sentences(rows)
    cells: dict[str, set[str]] = {}
    for row in rows:
        cells.setdefault(row["run"], set()).add(f"{row['data']} {told_apart(row)['language']}")
    for run, own in cells.items():
        for other, others in cells.items():
            if missing := sorted(others - own):
                raise IsoglossError(
                    f"runs: transfer is the mean over the same test data, but {run} has no score in {missing[0]}, as "
                    f"{other} has"
                )


def _require_something(runs: Sequence[WatchedRun]) -> None:
    """Stop unless layers opened, traces were taken, and runs are of one length."""
    if not any(run.traces for run in runs):
        raise IsoglossError(
            f"runs: no traces in {_listed(runs)}; `probes: [{{kind: fisher, every: 50}}]` in the recipe takes them"
        )
    if not any(run.openings for run in runs):
        raise IsoglossError(
            f"runs: no layer opened by a schedule in {_listed(runs)}; `method: fun` or another schedule of unfreezing "
            "opens them"
        )
    ends = {max(curve.steps[-1] for curve in run.traces.values()): run for run in reversed(runs) if run.traces}
    if len(ends) > 1:
        listed = "; ".join(f"{run.name} to step {end}" for end, run in sorted(ends.items()))
        raise IsoglossError(f"runs: curves are compared over the same steps, found {listed}")


def _listed(runs: Sequence[WatchedRun]) -> str:
    return ", ".join(run.name for run in runs)


def _written(watched: Watched, folder: Path) -> Watched:
    """With figures and numbers written."""
    runs, metric, split = watched.runs, watched.metric, watched.split
    files = {
        "opened.svg": opened_figure(runs),
        "traces.svg": traces_figure(runs, metric=metric),
        "layers.svg": layers_figure(runs),
        "runs.jsonl": "".join(json.dumps(_row(run), ensure_ascii=False) + "\n" for run in runs),
    }
    if any(run.features is not None and run.score is not None for run in runs):
        files["features.svg"] = features_figure(runs, metric=metric, split=split)
    for name, text in files.items():
        write_text(folder / name, text)
    return replace(watched, files=tuple(folder / name for name in files))


def _row(run: WatchedRun) -> dict[str, Any]:
    """A run as a row."""
    features = dict.fromkeys(FEATURES) if run.features is None else asdict(run.features)
    agreement = None if run.openings is None else run.openings.agreement
    return {
        "run": run.name,
        "schedule": run.schedule,
        "seed": run.seed,
        "agreement": agreement,
        **features,
        "score": run.score,
    }
