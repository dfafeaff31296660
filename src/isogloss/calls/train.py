"""Train as a recipe says, once per seed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isogloss.calls.arguments import as_overrides
from isogloss.calls.neighbours import naming_neighbours
from isogloss.calls.objects import at, entries_of, objects_of, write
from isogloss.calls.outcome import print_outcome
from isogloss.calls.planned import RecipeLike, runs_of, training_languages
from isogloss.calls.repeated import print_renewed
from isogloss.calls.required import require_files
from isogloss.common.errors import IsoglossError
from isogloss.recipe.overrides import Typed
from isogloss.recipe.presets import METHODS
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.recipe import Recipe
from isogloss.recipe.sweep import resolve_sweep
from isogloss.run.clearing import require_usable
from isogloss.run.folder import RunFolder

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from isogloss.run.callbacks import Callback

# What trains is imported where it is wanted: torch takes seconds, which whoever has mistyped a name need not wait.


def train(
    recipe: RecipeLike,
    *,
    overrides: Iterable[str] = (),
    scale: str | None = None,
    limit: int | None = None,
    output: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    report_to: str | None = None,
    jobs: int = 1,
    data: Any = None,  # noqa: ANN401 - tables of several libraries
    model: PreTrainedModel | None = None,
    tokenizer: PreTrainedTokenizerBase | None = None,
    callbacks: Callback | Sequence[Callback] = (),
) -> list[dict[str, Any]]:
    """Train as a recipe says, once per seed and value that is swept, and score the dev data of every language.

    Args:
        recipe: Path to YAML, name of a shipped recipe, or a mapping. In a mapping, objects may stand where a data entry
            has its path, see `isogloss.calls.objects.objects_of`; they are written to ``data`` in ``output``.
        overrides: Keys to change, ``"a.b=c"`` each; a list for a key that takes none is a sweep over its values.
        scale: One of the recipe's scales (smoke, small, paper).
        limit: Examples read per language and split.
        output: Run folder; default ``runs/<recipe>-<scale>``. With several seeds or swept values, or one run
            per language, it gets a folder each. The model is in ``model`` below it, and a task adapter, if the recipe
            trains one, also in ``adapters/task``, a folder as AdapterHub has them.
        resume: Go on with an existing run; one that has not been started is started.
        overwrite: Remove an existing run, once recipe, data and model have been read without an error, and start anew.
            Of several runs those are removed that are trained now. A folder that holds anything else is refused.
        report_to: none, tensorboard or wandb.
        jobs: How many runs are trained side by side, each in a process of its own with its share of the CPU cores, all
            on the same GPU if there is one. What each says is in a file ``RUN.log`` beside its folder.
        data: What is learned from and measured on, in the place of the recipe's ``data``: by language and split a
            table in memory, ``{"en": {"train": rows, "dev": rows}}``, of the recipe's task; or entries as in a recipe.
        model: A model in memory, in the place of the recipe's ``model``; it is written to ``data`` in ``output`` as
            objects are, and opened from there.
        tokenizer: The fast tokenizer of ``model``.
        callbacks: Code of your own that each run calls after a step, an evaluation and a save, see `isogloss.Callback`.

    Returns:
        The rows of the final scores, see `isogloss.run.evaluation.COLUMNS`.

    Raises:
        IsoglossError: Bad input, a failed write, or another process is at work in the folder.
    """
    callbacks = [] if callbacks == () else _listed(callbacks)
    if callbacks and jobs > 1:
        raise IsoglossError(f"callbacks: they are called in this process, and jobs = {jobs} trains in others; jobs=1")
    recipe, files = objects_of(recipe)
    changes, given = as_overrides(overrides, limit, report_to), dict[str, Any]()
    if model is not None or tokenizer is not None:
        from isogloss.calls.own_model import name_of

        given["model"] = name_of(model, tokenizer)
    if data is not None:
        placed, own = objects_of({"data": entries_of(data, _tasks(recipe, changes, given, scale))})
        files, given["data"] = files | own, placed["data"]
    changes = [*_as_changes(given), *changes]
    children = resolve_sweep(recipe, overrides=changes, scale=scale)
    # Now, and not when all is trained: the file may have been changed by then.
    swept = list(resolve(recipe, overrides=changes, scale=scale).sweep or ()) if len(children) > 1 else []
    _require_taken(given, children)
    root = Path(output) if output is not None else Path("runs") / _name(recipe, children, scale)
    with naming_neighbours(recipe, children[0][1]):
        children = [(name, at(resolved, root)) for name, resolved in children]
        first = children[0][1]
        if (files or model is not None) and not resume and _is_one_run(children):
            require_usable(RunFolder(root), first.model_dump(mode="json"), resume=False, overwrite=overwrite)
        write(files, root)
        if model is not None:
            from isogloss.calls.own_model import write_own

            write_own(model, tokenizer, Path(str(first.model)))
        planned = [
            (name, path, one, training_languages(resolved))
            for name, resolved in children
            for path, one in runs_of(resolved, root / name)
        ]
        for _, resolved in children:
            require_files(resolved)
        for _, path, one, _ in planned:
            require_usable(RunFolder(path), one.model_dump(mode="json"), resume=resume, overwrite=overwrite)
        print_renewed(recipe, first)

        from isogloss.calls.jobs import Asked, train_one_by_one, train_side_by_side

        runs = [
            (name, Asked(one, path, resume, overwrite, languages, callbacks)) for name, path, one, languages in planned
        ]
        train_all = train_one_by_one if jobs == 1 or len(runs) == 1 else partial(train_side_by_side, jobs=jobs)
        found = train_all([asked for _, asked in runs])
    from isogloss.common.distributed import processes

    every = [row for rows in found for row in rows]
    if every and processes().rank == 0:
        of_child: dict[str, list[dict[str, Any]]] = {name: [] for name, _ in children}
        for (name, _), rows in zip(runs, found, strict=True):
            of_child[name] += rows
        print_outcome(children, of_child, root, swept)
    return every


def _listed(callbacks: Callback | Sequence[Callback]) -> Sequence[Callback]:
    """The callbacks, each of which is one.

    Raises:
        IsoglossError: One is something else.
    """
    from isogloss.run.callbacks import Callback

    listed = [callbacks] if isinstance(callbacks, Callback) else callbacks
    for callback in listed:
        if not isinstance(callback, Callback):
            made = f"; an object of it is {callback.__name__}()" if isinstance(callback, type) else ""
            raise IsoglossError(f"callbacks: objects of isogloss.Callback, found {callback!r}{made}")
    return listed


def _tasks(recipe: RecipeLike, overrides: Sequence[str], given: Mapping[str, Any], scale: str | None) -> list[str]:
    """The tasks of a recipe's own data entries; none where it has no entries."""
    if isinstance(recipe, Mapping) and not {"data", "base"} & recipe.keys():
        return []
    return [entry.task for entry in resolve(recipe, overrides=[*_as_changes(given), *overrides], scale=scale).data]


def _as_changes(given: Mapping[str, Any]) -> list[str]:
    """Overrides for what is given in memory; JSON is YAML."""
    return [Typed(f"{key}={json.dumps(value, ensure_ascii=False)}", key) for key, value in given.items()]


def _require_taken(given: Mapping[str, Any], children: Sequence[tuple[str, Recipe]]) -> None:
    """Stop where an override or a sweep names what is given in memory, too.

    Raises:
        IsoglossError: It does.
    """
    for _, recipe in children:
        taken: dict[str, list[Any]] = {"model": [recipe.model], "data": [entry.path for entry in recipe.data]}
        for key, value in given.items():
            entries = [value] if isinstance(value, str | Mapping) else value
            asked = [one if isinstance(one, str) else one.get("path") for one in entries]
            if taken[key] != asked:
                raise IsoglossError(
                    f"{key}: given as an argument of train, and named by an override or a sweep, too "
                    f"({taken[key][0]}); leave one of the two out"
                )


def _is_one_run(children: Sequence[tuple[str, Recipe]]) -> bool:
    """Whether a recipe stands for one run alone, whose folder is the one that is asked for."""
    (_, first), *others = children
    by_language = METHODS[first.method].one_run_per_language or first.leave_one_out
    return not others and len(first.seeds) == 1 and not by_language


def _name(recipe: RecipeLike, children: Sequence[tuple[str, Recipe]], scale: str | None) -> str:
    resolved = children[0][1]
    if resolved.name is not None:
        return resolved.name
    stem = Path(recipe).stem if isinstance(recipe, str | Path) else "run"
    several = len({one.method for _, one in children}) > 1
    stem = stem if several or resolved.method in stem.replace("-", "_") else f"{stem}-{resolved.method}"
    return stem if scale is None else f"{stem}-{scale}"
