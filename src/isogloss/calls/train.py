"""Train as a recipe says, once per seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.calls.arguments import as_overrides, print_adapters, print_doubts
from isogloss.calls.objects import at, objects_of, write
from isogloss.common.distributed import processes
from isogloss.common.errors import IsoglossError
from isogloss.common.locking import locked
from isogloss.common.writing import read_lines
from isogloss.recipe.build import data as build_data
from isogloss.recipe.names import TASKS
from isogloss.recipe.presets import METHODS
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.recipe import Recipe
from isogloss.reports.left_out import left_out_table
from isogloss.reports.selections import selections_table
from isogloss.reports.tables import closing_tables
from isogloss.run.folder import RunFolder
from isogloss.start.prepare import prepare

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
        recipe: Path to YAML, name of a shipped recipe, or a mapping. In a mapping, objects may stand where a data entry
            has its path, see `isogloss.calls.objects.objects_of`; they are written to ``data`` in ``output``.
        overrides: Keys to change, ``"a.b=c"`` each.
        scale: One of the recipe's scales (smoke, small, paper).
        limit: Examples read per language and split.
        output: Run folder; default ``runs/<recipe>-<scale>``. With several seeds, or one run per
            language, it gets a folder each. The model is in ``model`` below it, and a task adapter, if the recipe
            trains one, also in ``adapters/task``, a folder as AdapterHub has them.
        resume: Go on with an existing run; one that has not been started is started.
        report_to: none, tensorboard or wandb.

    Returns:
        The rows of the final scores, see `isogloss.run.evaluation.COLUMNS`.

    Raises:
        IsoglossError: Bad input, a failed write, or another process is at work in the folder.
    """
    recipe, files = objects_of(recipe)
    resolved = resolve(recipe, overrides=as_overrides(overrides, limit, report_to), scale=scale)
    root = Path(output) if output is not None else Path("runs") / _name(recipe, resolved, scale)
    resolved = at(resolved, root)
    if files and not resume and len(resolved.seeds) == 1:
        RunFolder(root).require_free(resume=False)
    write(files, root)
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
            print_doubts(experiment, final)
            print_adapters(experiment)
        rows += final
    if resolved.leave_one_out and rows and processes().rank == 0:
        _print_left_out(rows)
    return rows


def _print_left_out(rows: Sequence[Mapping[str, Any]]) -> None:
    metric = TASKS[rows[0]["task"]].build(()).metrics[0]
    for seed, split, mode in dict.fromkeys((row["seed"], row["split"], row["at_test"]) for row in rows):
        of_one = [row for row in rows if (row["seed"], row["split"], row["at_test"]) == (seed, split, mode)]
        every = {language for row in rows for language in row["train_languages"]}
        if not any(row["language"] in every - set(row["train_languages"]) for row in of_one):
            continue  # this split has none of the languages that were left out
        title = split if mode is None else f"{split} ({mode})"
        print(f"\none language left out, seed {seed}, {title}\n{left_out_table(of_one, metric)}")


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
    _, collections = build_data.build_collections(recipe.data)
    return tuple(sorted({language for c in collections for language, split in c.files() if split == "train"}))


def _name(recipe: RecipeLike, resolved: Recipe, scale: str | None) -> str:
    if resolved.name is not None:
        return resolved.name
    stem = Path(recipe).stem if isinstance(recipe, str | Path) else "run"
    stem = stem if resolved.method in stem.replace("-", "_") else f"{stem}-{resolved.method}"
    return stem if scale is None else f"{stem}-{scale}"
