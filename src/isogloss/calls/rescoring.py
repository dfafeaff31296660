"""The final model of a run scored again, on data, in views and with weights that are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from isogloss.calls.entries import entries_of
from isogloss.calls.finished import as_shown, build_evaluator, modes_asked, open_run, print_warnings
from isogloss.calls.interpolation import interpolated, starting_weights
from isogloss.common.distributed import processes
from isogloss.common.errors import IsoglossError
from isogloss.common.locking import locked
from isogloss.common.writing import read_json, read_lines
from isogloss.data.corpus import Cell
from isogloss.examples import Example
from isogloss.models.open import Loaded
from isogloss.recipe.build import data as build_data
from isogloss.recipe.build.task import spacing
from isogloss.recipe.names import TASKS
from isogloss.recipe.spec.recipe import Recipe
from isogloss.reports.tables import closing_tables
from isogloss.run.evaluation import PLAIN, score_cells
from isogloss.run.folder import RunFolder
from isogloss.start.corpus import load_corpus
from isogloss.start.prepare import trained_as
from isogloss.start.translated import gold_cells, translated_cells
from isogloss.store.cache import cache_of_environment
from isogloss.tasks.task import Task


def rescore(
    run: Path,
    data: Sequence[str | Mapping[str, Any]],
    languages: Sequence[str],
    split: str,
    view: str,
    interpolate: Sequence[float],
    adapters: str | None,
) -> list[dict[str, Any]]:
    """What `isogloss.evaluate` does once its arguments have been looked at; see there.

    Raises:
        IsoglossError: As there.
    """
    opened = open_run(run)
    # Not while the run goes on, or another evaluation counts its scorings.
    with locked(opened[0].path, processes()):
        return _score(*opened, data, languages, split, view, interpolate, adapters)


def _score(
    folder: RunFolder,
    recipe: Recipe,
    task: Task,
    loaded: Loaded,
    data: Sequence[str | Mapping[str, Any]],
    languages: Sequence[str],
    split: str,
    view: str,
    interpolate: Sequence[float],
    adapters: str | None,
) -> list[dict[str, Any]]:
    modes = modes_asked(folder.path, recipe, loaded, adapters)
    if view == "translate-test" and modes != (PLAIN,):
        if adapters not in (None, "keep"):
            raise IsoglossError(
                f"adapters: view translate-test has texts in the source language, so they go through its adapter "
                f"(keep), found {adapters!r}"
            )
        modes = modes_asked(folder.path, recipe, loaded, "keep")
    entries = entries_of(data, recipe, folder.path)
    collections = [build_data.build_collection(entry, "--data") for entry in entries]
    wanted = tuple(languages) or (None if data else recipe.evaluate_languages)
    columns = _columns(folder, recipe, view)
    source = (recipe.train_languages or columns["train_languages"])[0]
    # What stands beside texts must be read, whether it is scored or not.
    read = (*wanted, *({source} - {*wanted})) if wanted and view == "with-gold-source" else wanted
    corpus = load_corpus(
        collections,
        lambda _: task.labels,
        TASKS[task.name].complaint,
        train_languages=(),
        evaluate_languages=read,
        asked_by="languages" if languages else "evaluate_languages",
        splits=(split,),
        cache=cache_of_environment(),
    )
    if not corpus.cells(split):
        places = ", ".join(entry.path for entry in entries)
        raise IsoglossError(f"no {split} data for {', '.join(wanted or ()) or 'any language'} in {places}")
    evaluator = build_evaluator(recipe, task, loaded, modes[0])
    shown: Mapping[Cell, Sequence[Example]] = {cell: corpus.evaluation[cell] for cell in corpus.cells(split)}
    beside: Mapping[Cell, Sequence[Example]] = {}
    if view == "translate-test":
        shown = translated_cells(entries, shown, columns["train_languages"], corpus.problems)
    elif view == "with-translate-test":
        beside = translated_cells(entries, shown, [source], corpus.problems)
    elif view == "with-gold-source":
        beside = gold_cells(shown, source, collections)
        shown = {cell: own for cell, own in shown.items() if not wanted or cell.language in wanted}
    encoded = {cell: as_shown(evaluator, own, beside.get(cell), corpus.problems) for cell, own in shown.items()}
    print_warnings(corpus.problems)
    starting = starting_weights(folder, recipe, task) if interpolate else {}
    rows = []
    for share in interpolate or (None,):
        between: AbstractContextManager[None] = (
            nullcontext() if share is None else interpolated(loaded.model, starting, share)
        )
        found: list[dict[str, Any]] = []
        with between:
            for mode in modes:
                one = replace(evaluator, mode=mode)
                found += score_cells(one, loaded.model, encoded, folder, {**columns, "interpolation": share})
        if evaluator.group.rank == 0:
            print(closing_tables(found, task.metrics))
        rows += found
    return rows


def _columns(folder: RunFolder, recipe: Recipe, view: str) -> dict[str, Any]:
    """The columns of rows that do not depend on the data: what the run was, and how its texts are seen."""
    # A run that was cut begins without scores.
    before = {"step": read_json(folder.fingerprint).get("trimmed", {}).get("step")}
    final = next((row for row in reversed(read_lines(folder.results)) if row["selection"] is not None), before)
    translated = [
        *(["train"] if recipe.translate_train else []),
        *(["test"] if view in ("translate-test", "with-translate-test") else []),
    ]
    return {
        **trained_as(recipe),
        "run": str(folder.path),
        "train_languages": final.get("train_languages") or sorted(recipe.train_languages or ()),
        "step": final["step"],
        "selection": recipe.selection,
        "view": view,
        "translated": " and ".join(translated) or None,
        "spacing": spacing(recipe, TASKS[recipe.data[0].task]),
    }
