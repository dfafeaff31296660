"""Texts of a finished run's own data that say the same in several languages."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from isogloss.common.errors import IsoglossError, nearest
from isogloss.data.corpus import Cell
from isogloss.data.pairing import ALONE, partners
from isogloss.data.problems import Problems
from isogloss.examples import Example
from isogloss.protocols import Feature
from isogloss.recipe.build import data as build_data
from isogloss.recipe.names import TASKS
from isogloss.recipe.spec.recipe import Recipe
from isogloss.run.evaluation import Evaluator
from isogloss.start.corpus import load_corpus
from isogloss.store.cache import cache_of_environment
from isogloss.store.features import example_indices
from isogloss.tasks.task import Task


def parallel_texts(
    recipe: Recipe, task: Task, source: str, data: Sequence[str], split: str, limit: int
) -> dict[Cell, tuple[list[Example], list[Example]]]:
    """By cell the texts that have a partner in the source language, and these partners.

    Args:
        recipe: The recipe of the run.
        task: Its task.
        source: The source language.
        data: Names of data entries; none: all.
        split: dev or test.
        limit: Texts per cell, evenly spaced.

    Raises:
        IsoglossError: No such data, or no text of another language has an id of the source language.
    """
    known = {build_data.build_collection(entry, "data").name: entry for entry in recipe.data}
    for name in data:
        if name not in known:
            raise IsoglossError(f"data: no data {name!r} in the recipe{nearest(name, known)}")
    entries = [entry for name, entry in known.items() if not data or name in data]
    collections = [build_data.build_collection(entry, "data") for entry in entries]
    corpus = load_corpus(
        collections,
        lambda _: task.labels,
        TASKS[task.name].complaint,
        train_languages=(),
        splits=(split,),
        cache=cache_of_environment(),
    )
    sets = {str(path): own.name for own in collections for path in own.files().values()}
    cells = {cell: corpus.evaluation[cell] for cell in corpus.cells(split)}
    found = {}
    for cell, examples in cells.items():
        asked = None if cell.question_language is None else source
        originals = cells.get(replace(cell, language=source, question_language=asked), [])
        if cell.language == source or not originals:
            continue
        places = partners(examples, originals, sets)
        both = [(own, originals[place]) for own, place in zip(examples, places.tolist(), strict=True) if place != ALONE]
        both = [both[index * len(both) // limit] for index in range(limit)] if len(both) > limit else both
        if len(both) > 1:
            found[cell] = ([own for own, _ in both], [other for _, other in both])
        else:
            print(f"{cell.data}, {cell.language}: no texts with the ids of {source!r}, left out", file=sys.stderr)
    if not found:
        raise IsoglossError(
            f"data: no {split} texts of another language have the ids of those in {source!r} in "
            f"{', '.join(entry.path for entry in entries)}; likeness needs parallel data"
        )
    return found


def first_windows(evaluator: Evaluator, examples: Sequence[Example], problems: Problems) -> list[Feature]:
    """The feature of each example, of a long one that of its beginning."""
    features = evaluator.encode(examples, problems)
    first: dict[int, int] = {}
    for place, example in enumerate(example_indices(features).tolist()):
        first.setdefault(example, place)
    return [features[first[example]] for example in range(len(examples))]
