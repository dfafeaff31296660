"""The public calls; the command line is a thin layer over them, with the same names and arguments."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from isogloss.catalogue import SETS
from isogloss.catalogue.get import copy
from isogloss.compared import compare
from isogloss.data.validate import validate_collections
from isogloss.distributed import processes
from isogloss.errors import IsoglossError, nearest
from isogloss.experiment import Experiment
from isogloss.finished import evaluate, predict
from isogloss.locking import locked
from isogloss.recipe import build_data
from isogloss.recipe.check import check_data
from isogloss.recipe.data_schema import DataEntry
from isogloss.recipe.names import TASKS
from isogloss.recipe.prepare import prepare
from isogloss.recipe.prepare_pretraining import prepare_pretraining
from isogloss.recipe.presets import METHODS
from isogloss.recipe.pretraining_schema import Pretraining
from isogloss.recipe.resolve import as_yaml, explain, is_pretraining, resolve, resolve_pretraining
from isogloss.recipe.schema import Recipe
from isogloss.recipe.survey import Validation, survey
from isogloss.reports.left_out import left_out_table
from isogloss.reports.selections import selections_table
from isogloss.reports.tables import closing_tables, masked_table
from isogloss.retrieval import retrieve
from isogloss.runs import RunFolder
from isogloss.writing import read_lines

__all__ = ["compare", "evaluate", "get", "predict", "pretrain", "retrieve", "show", "train", "validate"]

RecipeLike = Recipe | Mapping[str, Any] | str | Path


def train(
    recipe: RecipeLike,
    *,
    overrides: Iterable[str] = (),
    scale: str | None = None,
    limit: int | None = None,
    output: str | Path | None = None,
    resume: bool = False,
    report_to: str | None = None,
) -> list[dict[str, Any]]:
    """Train as a recipe says, once per seed, and score the dev data of every language.

    Args:
        recipe: Path to YAML, name of a shipped recipe, or a mapping.
        overrides: Keys to change, ``"a.b=c"`` each.
        scale: One of the recipe's scales (smoke, small, paper).
        limit: Examples read per language and split.
        output: Run folder; default ``runs/<recipe>-<scale>``. With several seeds, or one run per
            language, it gets a folder each.
        resume: Go on with an existing run; one that has not been started is started.
        report_to: none, tensorboard or wandb.

    Returns:
        The rows of the final scores, see `isogloss.evaluation.COLUMNS`.

    Raises:
        IsoglossError: Bad input, a failed write, or another process is at work in the folder.
    """
    resolved = resolve(recipe, overrides=_changes(overrides, limit, report_to), scale=scale)
    root = Path(output) if output is not None else Path("runs") / _name(recipe, resolved, scale)
    runs = _runs(resolved, root)
    for path, _ in runs:
        RunFolder(path).require_free(resume=resume)
    rows = []
    for path, one in runs:
        with locked(path, processes()):
            experiment = prepare(one, path, resume=resume, label_languages=_training_languages(resolved))
            final = experiment.run()
        if experiment.ranks.rank == 0 and final:
            metrics = TASKS[final[0]["task"]].build(()).metrics
            print(closing_tables(final, metrics))
            others = selections_table(read_lines(path / "results.jsonl"), final[0]["train_languages"], metrics[0])
            if others is not None:
                print(f"\nwhat each selection would have taken (dev)\n{others}")
            _print_doubts(experiment, final)
        rows += final
    if resolved.leave_one_out and rows and processes().rank == 0:
        _print_left_out(rows)
    return rows


def pretrain(
    recipe: Pretraining | Mapping[str, Any] | str | Path,
    *,
    overrides: Iterable[str] = (),
    scale: str | None = None,
    limit: int | None = None,
    output: str | Path | None = None,
    resume: bool = False,
    report_to: str | None = None,
) -> list[dict[str, Any]]:
    """Train an encoder on text with masked language modelling, from random weights or from a model there is.

    Args:
        recipe: Path to YAML, name of a shipped recipe, or a mapping.
        overrides: Keys to change, ``"a.b=c"`` each.
        scale: One of the recipe's scales.
        limit: Sentences read per file.
        output: Run folder; default ``runs/<recipe>-<scale>``. The model is in ``model`` below it.
        resume: Go on with an existing run; one that has not been started is started.
        report_to: none, tensorboard or wandb.

    Returns:
        The rows of the final scores: masked accuracy and loss per language on held-out text.

    Raises:
        IsoglossError: Bad input, a failed write, or another process is at work in the folder.
    """
    resolved = resolve_pretraining(recipe, overrides=_changes(overrides, limit, report_to), scale=scale)
    stem = resolved.name or (Path(recipe).stem if isinstance(recipe, str | Path) else "pretraining")
    default = stem if scale is None or resolved.name else f"{stem}-{scale}"
    path = Path(output) if output is not None else Path("runs") / default
    RunFolder(path).require_free(resume=resume)
    with locked(path, processes()):
        experiment = prepare_pretraining(resolved, path, resume=resume)
        final = experiment.run()
    if experiment.ranks.rank == 0 and final:
        print(masked_table(final))
        _print_doubts(experiment, final)
    return final


def validate(
    target: str | Path,
    *,
    task: str | None = None,
    format: str | None = None,
    columns: Mapping[str, str | int] | None = None,
    separator: str | None = None,
    overrides: Iterable[str] = (),
    scale: str | None = None,
) -> Validation:
    """Everything that is wrong with the data of a recipe, or with files, in one pass, and what each file holds.

    Args:
        target: A recipe; or, with ``task`` and ``format``, a path or a template with ``{language}`` and ``{split}``.
        task: Task of the files.
        format: Format of the files.
        columns: With ``format``: which of their columns are ours, as in a recipe.
        separator: With ``format``: what separates the columns of a table.
        overrides: Keys of the recipe to change.
        scale: One of the recipe's scales.

    Raises:
        IsoglossError: The recipe itself is wrong, or there is no file at all, or keys of a recipe are given for files
            or the other way round.
    """
    if format is None and task is None:
        if columns is not None or separator is not None:
            raise IsoglossError("columns and separator go with --task and --format; a recipe has them in its data")
        return check_data(resolve(target, overrides=overrides, scale=scale))
    if format is None or task is None:
        raise IsoglossError("data validate PATH needs both --task and --format")
    if task not in TASKS:
        raise IsoglossError(f"task: no task {task!r}{nearest(task, TASKS)}")
    if list(overrides) or scale is not None:
        raise IsoglossError("--set and --scale change a recipe; with --task and --format there is none")
    path = str(target)
    fixed = {"languages": ("und",)} if "{language}" not in path else {}
    split = {"splits": {"dev": "dev"}} if "{split}" not in path else {}
    keys = {"task": task, "format": format, "path": path, "columns": columns, "separator": separator}
    try:
        entry = DataEntry.model_validate({**keys, **fixed, **split})
    except ValidationError as error:
        raise IsoglossError(explain(error, "data validate", DataEntry)) from None
    problems, read = validate_collections([build_data.build_collection(entry, "data")], TASKS[task].complaint)
    return Validation(problems, [survey(file, None, None, 0, problems) for file in read])


def get(
    name: str,
    *,
    languages: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
    output: str | Path | None = None,
    offline: bool = False,
) -> dict[str, Any]:
    """Make a local copy of a public data set from the Hugging Face hub, in a format of our own.

    Files that are there already are checked against their SHA-256 and not fetched again; downloads that were broken off
    are taken up where they ended, and kept in the hub's own cache.

    Args:
        name: Its name in the catalogue, see ``isogloss list data``.
        languages: Codes; default: all.
        splits: train, dev, test; default: all, but for machine-translated training data.
        output: Folder; default ``data/<name>``.
        offline: Whether to take the hub's cache on this machine alone.

    Returns:
        An entry of a recipe's ``data`` that reads the copy.

    Raises:
        IsoglossError: An unknown name, language or split; the hub does not answer; its files are not as the catalogue
            says; a file of the copy was changed since it was written; a failed write.
    """
    if name not in SETS:
        raise IsoglossError(f"no data set {name!r} in the catalogue{nearest(name, SETS)}")
    folder = Path(output) if output is not None else Path("data") / name
    return copy(name, SETS[name], folder, languages=languages, splits=splits, offline=offline)


def show(recipe: RecipeLike | Pretraining, *, overrides: Iterable[str] = (), scale: str | None = None) -> str:
    """A recipe with every default filled in, as YAML that runs again."""
    if isinstance(recipe, Pretraining) or (not isinstance(recipe, Recipe) and is_pretraining(recipe)):
        return as_yaml(resolve_pretraining(recipe, overrides=overrides, scale=scale))
    return as_yaml(resolve(recipe, overrides=overrides, scale=scale))


def _print_doubts(experiment: Experiment, final: list[dict[str, Any]]) -> None:
    for doubt in experiment.doubts(final):
        print(doubt, file=sys.stderr)


def _print_left_out(rows: Sequence[Mapping[str, Any]]) -> None:
    metric = TASKS[rows[0]["task"]].build(()).metrics[0]
    for seed, split in sorted({(row["seed"], row["split"]) for row in rows}):
        of_one = [row for row in rows if row["seed"] == seed and row["split"] == split]
        every = {language for row in rows for language in row["train_languages"]}
        if not any(row["language"] in every - set(row["train_languages"]) for row in of_one):
            continue  # this split has none of the languages that were left out
        print(f"\none language left out, seed {seed}, {split}\n{left_out_table(of_one, metric)}")


def _changes(overrides: Iterable[str], limit: int | None, report_to: str | None) -> list[str]:
    """All overrides, those that have an argument of their own last."""
    given = {"limit": limit, "report_to": report_to}
    return [*overrides, *(f"{key}={value}" for key, value in given.items() if value is not None)]


def _runs(recipe: Recipe, root: Path) -> list[tuple[Path, Recipe]]:
    """The runs of a recipe, each with a folder: one per seed and, for ``single`` and leave-one-out, per language.

    Raises:
        IsoglossError: Leaving one language out leaves none.
    """
    trained: dict[str, tuple[str, ...] | None] = {"": recipe.train_languages}
    if METHODS[recipe.method].one_run_per_language:
        if recipe.leave_one_out:
            raise IsoglossError(f"leave_one_out: method {recipe.method} trains on one language at a time; leave it out")
        trained = {language: (language,) for language in _training_languages(recipe)}
    elif recipe.leave_one_out:
        every = _training_languages(recipe)
        if len(every) < 2:
            raise IsoglossError(f"leave_one_out: needs at least 2 training languages, found {', '.join(every)}")
        trained = {f"without-{left}": tuple(code for code in every if code != left) for left in every}
    return [
        (
            (root / f"seed-{seed}" if len(recipe.seeds) > 1 else root) / folder,
            recipe.model_copy(update={"seed": seed, "train_languages": languages}),
        )
        for seed in recipe.seeds
        for folder, languages in trained.items()
    ]


def _training_languages(recipe: Recipe) -> tuple[str, ...]:
    """All languages of the recipe, whose labels every one of its models has."""
    if recipe.train_languages is not None:
        return recipe.train_languages
    _, collections = build_data.build_collections(recipe)
    return tuple(sorted({language for c in collections for language, split in c.files() if split == "train"}))


def _name(recipe: RecipeLike, resolved: Recipe, scale: str | None) -> str:
    if resolved.name is not None:
        return resolved.name
    stem = Path(recipe).stem if isinstance(recipe, str | Path) else "run"
    stem = stem if resolved.method in stem.replace("-", "_") else f"{stem}-{resolved.method}"
    return stem if scale is None else f"{stem}-{scale}"
