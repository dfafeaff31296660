"""The public calls; the command line is a thin layer over them, with the same names and arguments."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from isogloss.data.corpus import Cell, load_corpus
from isogloss.data.problems import Problems
from isogloss.data.validate import validate_collections
from isogloss.distributed import device, processes
from isogloss.errors import IsoglossError, nearest
from isogloss.evaluation import Evaluator, score_cells
from isogloss.models.encoder import Loaded, load_encoder
from isogloss.recipe import build
from isogloss.recipe.names import FORMATS, TASKS
from isogloss.recipe.prepare import prepare
from isogloss.recipe.presets import METHODS
from isogloss.recipe.resolve import as_yaml, explain, resolve
from isogloss.recipe.schema import DataEntry, Recipe
from isogloss.reports.tables import closing_table, comparison_table
from isogloss.runs import RunFolder
from isogloss.tasks.task import Task
from isogloss.writing import read_lines, write_text

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
        output: Run folder; default ``runs/<name>``. With several seeds, or one run per language, it gets a folder each.
        resume: Go on with an existing run; one that has not been started is started.
        report_to: none or tensorboard.

    Returns:
        The rows of the final scores, see `isogloss.evaluation.COLUMNS`.

    Raises:
        IsoglossError: Bad input or a failed write.
    """
    changes = [*overrides]
    changes += [f"limit={limit}"] if limit is not None else []
    changes += [f"report_to={report_to}"] if report_to is not None else []
    resolved = resolve(recipe, overrides=changes, scale=scale)
    root = Path(output) if output is not None else Path("runs") / _name(recipe, resolved)
    rows = []
    for path, one in _runs(resolved, root):
        experiment = prepare(one, path, resume=resume)
        final = experiment.run()
        if experiment.ranks.rank == 0:
            _show(final, experiment.evaluator.task, sorted(experiment.corpus.train), None)
        rows += final
    return rows


def evaluate(
    run: str | Path,
    *,
    data: Sequence[str] = (),
    languages: Sequence[str] = (),
    split: str = "dev",
    view: str = "original",
) -> list[dict[str, Any]]:
    """Score the final model of a run, and add the rows to its results. Each scoring of a test split is counted.

    Args:
        run: Run folder.
        data: Names of data entries of its recipe, or entries as YAML (``"{task: pos, format: conllu, path: ...}"``); all
            entries of the recipe by default.
        languages: Languages; all that have the split by default.
        split: dev or test.
        view: How the text reaches the model: only ``original``, as it stands in the file.

    Returns:
        The rows.

    Raises:
        IsoglossError: No such run, data, language, split or view.
    """
    if view != "original":
        raise IsoglossError(f"view: no view {view!r}{nearest(view, ['original'])}")
    if split not in ("dev", "test"):
        raise IsoglossError(f"split: {split!r} is not evaluated{nearest(split, ['dev', 'test'])}")
    folder, recipe, task, loaded = _open_run(run)
    entries = _entries(recipe, data)
    collections = [build.build_collection(entry, "--data") for entry in entries]
    wanted = tuple(languages) or (None if data else recipe.evaluate_languages)
    corpus = load_corpus(collections, lambda _: task.labels, train_languages=(), evaluate_languages=wanted, limit=recipe.limit)
    cells = corpus.cells(split)
    if not cells:
        raise IsoglossError(f"{folder.path}: no {split} data for {', '.join(wanted or ()) or 'any language'} in {', '.join(entry.path for entry in entries)}")
    evaluator = _evaluator(recipe, task, loaded)
    history = read_lines(folder.results)
    final = next((row for row in reversed(history) if row["selection"] is not None), {"step": None})
    columns = {
        "run": str(folder.path),
        "method": recipe.method,
        "train_languages": final.get("train_languages") or sorted(recipe.train_languages or ()),
        "seed": recipe.seeds[0],
        "step": final["step"],
        "selection": recipe.selection,
    }
    rows = score_cells(evaluator, loaded.model, corpus.evaluation, cells, folder, columns)
    if evaluator.group.rank == 0:
        _show(rows, task, columns["train_languages"], None)
    return rows


def predict(
    run: str | Path, file: str | Path, *, language: str, format: str | None = None, output: str | Path | None = None, xtreme: bool = False
) -> Path:
    """Label a file with the final model of a run.

    Args:
        run: Run folder.
        file: The file, with or without labels; one of a format that the run's recipe reads, or of ``format``.
        language: Its language.
        format: Its format; default: that of the recipe's first data entry.
        output: Where to write: a file in the format that was read, or with ``xtreme`` a folder. Default: beside the file,
            as ``<name>.predicted<ending>``.
        xtreme: Write ``test-<language>.tsv`` as XTREME's scorer reads it: labels only, one a line, a blank line after each
            sentence.

    Returns:
        The path written.

    Raises:
        IsoglossError: No such run or file, bad content, or a failed write.
    """
    folder, recipe, task, loaded = _open_run(run)
    source = Path(file)
    entry = recipe.data[0] if format is None else recipe.data[0].model_copy(update={"format": format, "columns": None})
    reader = build.build_collection(entry, "--format").format
    problems = Problems()
    examples = reader.read(source, language, problems)
    problems.raise_errors()
    for warning in problems.warnings:
        print(warning, file=sys.stderr)
    evaluator = _evaluator(recipe, task, loaded)
    predictions = evaluator.predict(loaded.model, examples)
    if xtreme:
        destination = Path(output or source.parent) / f"test-{language}.tsv"
        text = "".join(f"{p}\n" if isinstance(p, str) else "".join(f"{tag}\n" for tag in p) + "\n" for p in predictions)
        if evaluator.group.rank == 0:
            write_text(destination, text)
    else:
        destination = Path(output) if output is not None else source.with_name(f"{source.stem}.predicted{source.suffix}")
        if evaluator.group.rank == 0:
            reader.write(source, predictions, destination)
    return destination


def validate(
    target: str | Path,
    *,
    task: str | None = None,
    format: str | None = None,
    overrides: Iterable[str] = (),
    scale: str | None = None,
) -> Problems:
    """List everything that is wrong with the data of a recipe, or with files, in one pass.

    Args:
        target: A recipe; or, with ``task`` and ``format``, a path or a template with ``{language}`` and ``{split}``.
        task: Task of the files.
        format: Format of the files.
        overrides: Keys of the recipe to change.
        scale: One of the recipe's scales.

    Raises:
        IsoglossError: The recipe itself is wrong, or there is no file at all.
    """
    if format is None and task is None:
        recipe = resolve(target, overrides=overrides, scale=scale)
        _, collections = build.build_collections(recipe)
        return validate_collections(collections, train_languages=recipe.train_languages)
    if format is None or task is None:
        raise IsoglossError("data validate PATH needs both --task and --format")
    if task not in TASKS:
        raise IsoglossError(f"task: no task {task!r}{nearest(task, TASKS)}")
    path = str(target)
    fixed = {"languages": ("und",)} if "{language}" not in path else {}
    split = {"splits": {"dev": "dev"}} if "{split}" not in path else {}
    entry = DataEntry(task=task, format=format, path=path, **fixed, **split)  # type: ignore[arg-type]
    return validate_collections([build.build_collection(entry, "data")])


def show(recipe: RecipeLike, *, overrides: Iterable[str] = (), scale: str | None = None) -> str:
    """A recipe with every default filled in, as YAML that runs again."""
    return as_yaml(resolve(recipe, overrides=overrides, scale=scale))


def compare(runs: Sequence[str | Path], *, baseline: str, split: str = "dev", metric: str | None = None) -> str:
    """Methods side by side: mean and range over seeds per language, differences to a baseline paired over seeds.

    Args:
        runs: Run folders, or folders with run folders in them; all of one task.
        baseline: The method that others are compared with.
        split: dev or test; of several scorings the last one counts.
        metric: Metric; default: the task's primary one.

    Returns:
        A Markdown table.

    Raises:
        IsoglossError: No runs, no scores, or scores under different protocols.
    """
    files = sorted({path for run in runs for path in Path(run).glob("**/results.jsonl")})
    rows = [row for path in files for row in read_lines(path) if row["split"] == split and row["selection"] is not None]
    if not rows:
        raise IsoglossError(f"no final {split} scores in {', '.join(map(str, runs))}; `isogloss evaluate RUN --split {split}` makes them")
    primary = metric or TASKS[rows[0]["task"]].build(()).metrics[0]
    latest = {(row["run"], row["data"], row["language"]): row for row in rows if row["metric"] == primary}
    return comparison_table(list(latest.values()), baseline)


def _runs(recipe: Recipe, root: Path) -> list[tuple[Path, Recipe]]:
    """The runs of a recipe, each with a folder: one per seed and, for ``single``, per language."""
    runs = []
    for seed in recipe.seeds:
        path = root / f"seed-{seed}" if len(recipe.seeds) > 1 else root
        one = recipe.model_copy(update={"seed": seed})
        if METHODS[recipe.method].one_run_per_language:
            languages = recipe.train_languages or _languages_with_training_data(recipe)
            runs += [(path / language, one.model_copy(update={"train_languages": (language,)})) for language in languages]
        else:
            runs.append((path, one))
    return runs


def _languages_with_training_data(recipe: Recipe) -> tuple[str, ...]:
    _, collections = build.build_collections(recipe)
    return tuple(sorted({language for c in collections for language, split in c.files() if split == "train"}))


def _name(recipe: RecipeLike, resolved: Recipe) -> str:
    if resolved.name is not None:
        return resolved.name
    stem = Path(recipe).stem if isinstance(recipe, str | Path) else "run"
    return stem if resolved.method in stem.replace("-", "_") else f"{stem}-{resolved.method}"


def _show(rows: Sequence[Mapping[str, Any]], task: Task, train_languages: Sequence[str], note: str | None) -> None:
    for split in ("dev", "test"):
        of_split = [row for row in rows if row["split"] == split]
        if of_split:
            print(f"\n{split}\n{closing_table(of_split, train_languages, task.metrics)}")
    if note:
        print(note)


def _open_run(run: str | Path) -> tuple[RunFolder, Recipe, Task, Loaded]:
    folder = RunFolder(Path(run))
    if not folder.fingerprint.exists():
        raise IsoglossError(f"{folder.path} is no run folder (no {folder.fingerprint.name} in it)")
    if not folder.model.is_dir():
        raise IsoglossError(f"{folder.path} has no final model: its training has not ended; `isogloss train --resume` goes on")
    recipe = resolve(yaml.safe_load(folder.recipe.read_text(encoding="utf-8")))
    named, _ = build.build_collections(recipe)
    labels = _stored_labels(folder.model)
    task = named.build(labels)
    loaded = load_encoder(folder.model, task.auto_class, labels, seed=0, trust_remote_code=recipe.trust_remote_code)
    loaded.model.to(device())
    return folder, recipe, task, loaded


def _stored_labels(model: Path) -> tuple[str, ...]:
    from transformers import AutoConfig

    names = AutoConfig.from_pretrained(model).id2label
    return tuple(names[index] for index in sorted(names))


def _entries(recipe: Recipe, data: Sequence[str]) -> list[DataEntry]:
    """The data entries that ``--data`` names or spells out."""
    known = {build.build_collection(entry, "data").name: entry for entry in recipe.data}
    entries = []
    for text in data:
        value = yaml.safe_load(text)
        if isinstance(value, dict):
            try:
                entries.append(DataEntry.model_validate({"task": recipe.data[0].task, **value}))
            except ValidationError as error:
                raise IsoglossError(explain(error, "--data")) from None
        elif text in known:
            entries.append(known[text])
        else:
            raise IsoglossError(f"--data: no data {text!r} in the recipe{nearest(text, known)}")
    return entries or list(recipe.data)


def _evaluator(recipe: Recipe, task: Task, loaded: Loaded) -> Evaluator:
    autocast = build.build_autocast(recipe, device())
    return Evaluator(task, loaded.tokenizer, recipe.max_length, recipe.evaluation_batch_size, autocast, processes())


__all__ = ["FORMATS", "METHODS", "TASKS", "Cell", "compare", "evaluate", "predict", "show", "train", "validate"]
