"""How alike the languages of finished runs are represented, before and after, mixed or not, and the transfer gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from isogloss.calls.required import finished_run
from isogloss.calls.scored import check_figures, metric_of, scored_runs
from isogloss.calls.unfreezing import schedule_names
from isogloss.calls.views import check_view
from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.several import several
from isogloss.common.writing import write_lines, write_text
from isogloss.figures.gap import gap_figure, likeness_figure
from isogloss.recipe.resolve import resolve
from isogloss.reports.gaps import gap_tables
from isogloss.run.folder import RunFolder

LIMIT = 1000
"""Texts per language, evenly spaced: as many as components of the largest usual encoder, or CKA is biased."""

POOLING = ("mean", "first")
"""From the states of a text to its vector: the mean over sub-words without special ones, or the first state."""

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Gap:
    """What `gap` found.

    Attributes:
        rows: A row for each run, language, layer and state (``before``, ``alone``, ``mixed``), with ``cka``,
            ``retrieval``, the number of texts ``n`` and of components ``d``, and the transfer ``gap``; ``split``,
            ``metric``, ``view`` and ``pooling`` say of what.
        layer: The layer that tables and correlation are of.
        metric: Metric of the scores.
        split: Of which data texts and scores are.
        view: View of the scores.
        files: What was written.
    """

    rows: Rows
    layer: int
    metric: str
    split: str
    view: str = "original"
    files: tuple[Path, ...] = ()

    @property
    def tables(self) -> str:
        """The findings in Markdown."""
        return gap_tables(self.rows, layer=self.layer, metric=self.metric, split=self.split, view=self.view)


def gap(
    runs: str | Path | Sequence[str | Path],
    *,
    output: str | Path | None = None,
    data: str | Sequence[str] = (),
    split: str = "test",
    metric: str | None = None,
    view: str = "original",
    layer: int | None = None,
    pooling: str = "mean",
    limit: int = LIMIT,
) -> Gap:
    """Likeness of languages to the source language in each layer of finished runs, and how it goes with transfer.

    Texts are those of the recipe's own data that have the same id in the source language, the first training language.
    They go through the model before training (where it was pre-trained), after it each by itself, and, where the
    model mixes (X-Mixup), after it beside their source. No score is taken: those in the run's results are read. What
    is found of a run is kept in its folder (``gap.jsonl``) in place of an earlier call's, and `isogloss report` shows
    it.

    Args:
        runs: Run folders, or folders with run folders in them; all of one task.
        output: Folder for ``likeness.svg``, ``gap.svg`` (where there are scores) and ``gap.jsonl``, the rows of all
            runs; None: nothing is drawn, and matplotlib is not needed.
        data: Names of data entries; default: all of the recipe.
        split: dev or test.
        metric: Metric; default: the task's primary one.
        view: Scores of which view make the transfer gap, see `isogloss.evaluate`.
        layer: The layer of tables and correlation, 0 for the embeddings; default: the last.
        pooling: ``mean`` or ``first``, see `POOLING`.
        limit: Texts per language, evenly spaced; of a longer text the first window counts.

    Returns:
        The rows; see `isogloss.reports.gaps` and `isogloss.figures.gap`.

    Raises:
        IsoglossError: A place without finished runs, runs of several tasks, no such data, layer or pooling, or no text
            has the same id in the source language.
    """
    check_figures(split, output)
    if pooling not in POOLING:
        raise IsoglossError(f"pooling: {pooling!r} is unknown{nearest(pooling, POOLING)}")
    check_view(view)
    if limit < 2:
        raise IsoglossError(f"limit: at least 2 texts, found {limit}")
    folders, results = scored_runs(runs)
    chosen = metric_of(results, metric)
    recipes = {folder: resolve(RunFolder(folder).recipe) for folder in folders}
    names = schedule_names([(own.method, own.objective.model_dump(mode="json")) for own in recipes.values()])
    for folder in folders:
        finished_run(folder)
    # Here, since torch takes seconds, which whoever has mistyped a name need not wait.
    from isogloss.calls.likeness import likeness_of

    rows: Rows = []
    for folder, name in zip(folders, names, strict=True):
        theirs = [row for row in results if row["run"] == str(folder)]
        source = (recipes[folder].train_languages or theirs[0]["train_languages"])[0]
        scores = [row for row in theirs if row["metric"] == chosen and row["view"] == view]
        shared = {"run": str(folder), "method": name, "seed": recipes[folder].seeds[0], "split": split}
        shared |= {"metric": chosen, "view": view, "pooling": pooling}
        own = likeness_of(folder, source, several(data), split, scores, pooling, limit)
        rows += [{**shared, **row} for row in own]
    last = max(row["layer"] for row in rows)
    if layer is not None and not 0 <= layer <= last:
        raise IsoglossError(f"layer: the models have layers 0 (the embeddings) to {last}, found {layer}")
    for folder in folders:
        write_lines(RunFolder(folder).gap, [row for row in rows if row["run"] == str(folder)])
    found = Gap(rows, last if layer is None else layer, chosen, split, view)
    return found if output is None else _written(found, Path(output))


def _written(found: Gap, folder: Path) -> Gap:
    """With figures and numbers written."""
    files = {"likeness.svg": likeness_figure(found.rows)}
    if any(row["gap"] is not None for row in found.rows):
        files["gap.svg"] = gap_figure(found.rows, layer=found.layer, metric=found.metric, split=found.split)
    for name, text in files.items():
        write_text(folder / name, text)
    write_lines(folder / "gap.jsonl", found.rows)
    return replace(found, files=tuple(folder / name for name in (*files, "gap.jsonl")))
