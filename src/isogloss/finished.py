"""What can be done with a finished run: score it on more data, label files with it."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch
import yaml
from pydantic import ValidationError
from transformers import AutoConfig

from isogloss.data.collection import CODE
from isogloss.data.corpus import load_corpus
from isogloss.data.formats import Format
from isogloss.data.labels import NO_NUMBER
from isogloss.data.problems import Problems
from isogloss.data.tables import Table
from isogloss.destination import check_destination, check_replaced
from isogloss.distributed import device, processes
from isogloss.errors import IsoglossError, nearest
from isogloss.evaluation import Evaluator, score_cells
from isogloss.interpolation import interpolated, starting_weights
from isogloss.locking import locked
from isogloss.models.encoder import Loaded, load_encoder
from isogloss.packing import with_name_before_ending
from isogloss.recipe import build, build_data
from isogloss.recipe.data_schema import DataEntry
from isogloss.recipe.loading import load_yaml
from isogloss.recipe.names import TASKS
from isogloss.recipe.resolve import explain, is_pretraining, resolve
from isogloss.recipe.schema import Recipe
from isogloss.recipe.translated import translated_cells
from isogloss.reports.tables import closing_tables
from isogloss.runs import RunFolder
from isogloss.stored.cache import cache_of_environment
from isogloss.tasks.task import Task
from isogloss.types import Example
from isogloss.writing import read_lines, write_text

VIEWS = ("original", "translate-test")
"""How the text of an example can reach the model."""


def evaluate(
    run: str | Path,
    *,
    data: Sequence[str] = (),
    languages: Sequence[str] = (),
    split: str = "dev",
    view: str = "original",
    interpolate: Sequence[float] = (),
) -> list[dict[str, Any]]:
    """Score the final model of a run, and add the rows to its results. Each scoring of a test split is counted.

    Args:
        run: Run folder.
        data: Names of data entries of its recipe, or entries as YAML (``"{format: conllu, path: ...}"``); all of
            the recipe by default.
        languages: Languages; all that have the split by default.
        split: dev or test.
        view: How the text reaches the model: ``original``, as it stands in the file, or ``translate-test``, translated
            into the source language by the files that the data entry's ``translations.test`` names.
        interpolate: Shares e in [0, 1], each of which is scored: with the weights (1 − e) θ* + e θ between the
            pre-trained θ* and the run's own θ, where a parameter has both (WiSE-FT). None: with θ, as 1.0 is too.

    Returns:
        The rows.

    Raises:
        IsoglossError: No such run, data, language, split or view, a share outside [0, 1], a run from random weights, or
            another process is at work in its folder.
    """
    if view not in VIEWS:
        raise IsoglossError(f"view: no view {view!r}{nearest(view, VIEWS)}")
    if split not in ("dev", "test"):
        raise IsoglossError(f"split: {split!r} is not evaluated{nearest(split, ['dev', 'test'])}")
    folder, recipe, task, loaded = _open_run(run)
    # Not while the run goes on, or another evaluation counts its scorings.
    with locked(folder.path, processes()):
        return _score(folder, recipe, task, loaded, data, languages, split, view, interpolate)


def _score(
    folder: RunFolder,
    recipe: Recipe,
    task: Task,
    loaded: Loaded,
    data: Sequence[str],
    languages: Sequence[str],
    split: str,
    view: str,
    interpolate: Sequence[float],
) -> list[dict[str, Any]]:
    entries = _entries(recipe, data)
    collections = [build_data.build_collection(entry, "--data") for entry in entries]
    wanted = tuple(languages) or (None if data else recipe.evaluate_languages)
    corpus = load_corpus(
        collections,
        lambda _: task.labels,
        TASKS[task.name].complaint,
        train_languages=(),
        evaluate_languages=wanted,
        splits=(split,),
        cache=cache_of_environment(),
    )
    cells = corpus.cells(split)
    if not cells:
        places = ", ".join(entry.path for entry in entries)
        raise IsoglossError(f"no {split} data for {', '.join(wanted or ()) or 'any language'} in {places}")
    evaluator = _evaluator(recipe, task, loaded)
    history = read_lines(folder.results)
    final = next((row for row in reversed(history) if row["selection"] is not None), {"step": None})
    sources = final.get("train_languages") or sorted(recipe.train_languages or ())
    translated = [*(["train"] if recipe.translate_train else []), *(["test"] if view == "translate-test" else [])]
    columns = {
        "run": str(folder.path),
        "method": recipe.method,
        "train_languages": sources,
        "seed": recipe.seeds[0],
        "step": final["step"],
        "selection": recipe.selection,
        "few_shot": recipe.few_shot,
        "view": view,
        "translated": " and ".join(translated) or None,
        "spacing": build_data.spacing(recipe, TASKS[task.name]),
        "partition": None if recipe.partition is None else recipe.partition.title,
    }
    shown = {cell: corpus.evaluation[cell] for cell in cells}
    if view == "translate-test":
        shown = translated_cells(entries, shown, sources, corpus.problems)
    encoded = {cell: (examples, evaluator.encode(examples, corpus.problems)) for cell, examples in shown.items()}
    _print_warnings(corpus.problems)
    starting = starting_weights(folder, recipe, task) if interpolate else {}
    rows = []
    for share in interpolate or (None,):
        between: AbstractContextManager[None] = (
            nullcontext() if share is None else interpolated(loaded.model, starting, share)
        )
        with between:
            found = score_cells(evaluator, loaded.model, encoded, folder, {**columns, "interpolation": share})
        if evaluator.group.rank == 0:
            print(closing_tables(found, task.metrics))
        rows += found
    return rows


def predict(
    run: str | Path,
    file: str | Path,
    *,
    language: str,
    format: str | None = None,
    output: str | Path | None = None,
    xtreme: bool = False,
) -> Path:
    """Label a file with the final model of a run.

    Args:
        run: Run folder.
        file: The file, with or without labels.
        language: Its language.
        format: Its format; default: that of the recipe's first data entry.
        output: Where to write: a file in the format that was read, packed if it is called ``*.gz``, or with ``xtreme``
            a folder. Default: beside the file, as ``<name>.predicted<ending>``.
        xtreme: Write ``test-<language>`` as the scorers of XTREME and XTREME-R read it: labels only, one a line, a
            blank line after each sentence (``.tsv``); positions of alternatives as JSON lines (``.jsonl``); answers
            by id (``.json``). No row is left out, whatever ``skip_empty`` says.

    Returns:
        The path written.

    Raises:
        IsoglossError: No such run or file, bad content, values where labels are expected that are no labels of the
            model, predictions that XTREME's scorer would misread, or a place that cannot be written to; all before
            anything is predicted. Or a failed write.
    """
    if not re.fullmatch(CODE, language):
        raise IsoglossError(f"language: {language!r} is no language code such as sw or zh-CN")
    _, recipe, task, loaded = _open_run(run)
    source = Path(file)
    entry = recipe.data[0] if format is None else build_data.in_format(recipe.data[0], format)
    if entry.columns is not None:
        # Only training data are parted.
        entry = entry.model_copy(update={"columns": entry.columns.model_copy(update={"part": None})})
    if xtreme:
        # The scorer pairs predictions with gold labels by their place.
        entry = entry.model_copy(update={"skip_empty": False})
    # What stands in place of lost labels is overwritten as well as labels are.
    label_map = {**dict.fromkeys(NO_NUMBER, "-"), **entry.label_map}
    reader, examples, problems = _read(entry, source, language, label_map)
    if (
        not xtreme
        and isinstance(reader, Table)
        and len(reader.read(source, "", Problems(), label_map)) != len(examples)
    ):
        raise IsoglossError(
            f"{source} holds rows of other languages than {language} too, and whole files are written; "
            f"cut out the rows of {language} first, or take --xtreme"
        )
    check_replaced(examples, task.labels, [entry.label_map for entry in recipe.data])
    submission = TASKS[task.name].submission
    if xtreme:
        submission.check(source, examples, task.labels)
        destination = submission.path(source.parent if output is None else Path(output), language)
    else:
        destination = with_name_before_ending(source, ".predicted") if output is None else Path(output)
    check_destination(destination, source)
    evaluator = _evaluator(recipe, task, loaded)
    features = evaluator.encode(examples, problems)
    _print_warnings(problems)
    predictions = evaluator.predict(loaded.model, examples, features)
    if evaluator.group.rank == 0:
        if xtreme:
            write_text(destination, submission.text(examples, predictions))
        else:
            reader.write(source, predictions, destination, label_map)
    return destination


def _read(
    entry: DataEntry, source: Path, language: str, label_map: Mapping[str, str]
) -> tuple[Format, Sequence[Example], Problems]:
    """The examples of a file, by the entry's format; it may lack the column of labels or tags that the entry names."""
    reader, problems = build_data.build_collection(entry, "predict").format, Problems()
    examples = reader.read(source, language, problems, label_map)
    if problems.errors and entry.columns is not None and (entry.columns.label, entry.columns.tags) != (None, None):
        without = entry.columns.model_copy(update={"label": None, "tags": None})
        unlabelled = entry.model_copy(update={"columns": without})
        other, others = build_data.build_collection(unlabelled, "predict").format, Problems()
        found = other.read(source, language, others, label_map)
        if not others.errors:
            return other, found, others
    problems.raise_errors()
    return reader, examples, problems


def _print_warnings(problems: Problems) -> None:
    for warning in problems.warnings:
        print(warning, file=sys.stderr)


def _open_run(run: str | Path) -> tuple[RunFolder, Recipe, Task, Loaded]:
    folder = RunFolder(Path(run))
    if not folder.fingerprint.exists():
        inside = sorted(str(path.parent) for path in folder.path.glob("**/fingerprint.json"))
        hint = f"; there are runs in it: {', '.join(inside)}" if inside else ""
        raise IsoglossError(f"{folder.path} is no run folder (no {folder.fingerprint.name} in it){hint}")
    if not folder.model.is_dir():
        raise IsoglossError(
            f"{folder.path} has no final model: its training has not ended; `isogloss train --resume` goes on"
        )
    if is_pretraining(folder.recipe):
        raise IsoglossError(
            f"{folder.path} is a run of `isogloss pretrain`, which has no task; a recipe of `isogloss train` with "
            f"`model: {folder.model}` gives it one"
        )
    recipe = resolve(folder.recipe)
    named, _ = build_data.build_collections(recipe)
    labels = _stored_labels(folder.model)
    task = build_data.build_task(recipe, named, labels)
    loaded = load_encoder(folder.model, task.auto_class, labels, seed=0, trust_remote_code=recipe.trust_remote_code)
    torch.nn.Module.to(loaded.model, device())
    return folder, recipe, task, loaded


def _stored_labels(model: Path) -> tuple[str, ...]:
    names = AutoConfig.from_pretrained(model).id2label
    return tuple(names[index] for index in sorted(names))


def _entries(recipe: Recipe, data: Sequence[str]) -> list[DataEntry]:
    """The data entries that ``--data`` names or spells out."""
    known = {build_data.build_collection(entry, "data").name: entry for entry in recipe.data}
    entries = []
    for text in data:
        try:
            value = load_yaml(text)
        except yaml.YAMLError as error:
            raise IsoglossError(f"--data {text}: not YAML: {' '.join(str(error).split())}") from None
        if isinstance(value, dict):
            try:
                task = {"task": recipe.data[0].task} if "format" in value else {}
                entries.append(DataEntry.model_validate({**task, **value}))
            except ValidationError as error:
                raise IsoglossError(explain(error, "--data", DataEntry)) from None
        elif text in known:
            entries.append(known[text])
        else:
            raise IsoglossError(f"--data: no data {text!r} in the recipe{nearest(text, known)}")
    return entries or list(recipe.data)


def _evaluator(recipe: Recipe, task: Task, loaded: Loaded) -> Evaluator:
    autocast = build.build_autocast(recipe, device())
    return Evaluator(task, loaded.tokenizer, recipe.max_length, recipe.evaluation_batch_size, autocast, processes())
