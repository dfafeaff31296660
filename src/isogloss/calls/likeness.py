"""How alike the languages of one finished run are represented, before and after training, mixed or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from isogloss.calls.finished import build_evaluator, modes_asked, open_run
from isogloss.calls.interpolation import interpolated, starting_weights
from isogloss.calls.parallel import first_windows, parallel_texts
from isogloss.data.corpus import Cell
from isogloss.data.problems import Problems
from isogloss.diagnostics.paired import paired_vectors
from isogloss.diagnostics.representations import similarities
from isogloss.models.extensions.mixing import mixing_of
from isogloss.objectives.side_by_side import States, first_place, mean_of_places

Rows = list[dict[str, Any]]

POOLING: Mapping[str, States] = {"mean": mean_of_places, "first": first_place}
"""From the states of a text to its vector, by the names of `isogloss.calls.gap.POOLING`."""


def likeness_of(
    folder: Path, source: str, data: Sequence[str], split: str, scores: Rows, pooling: str, limit: int
) -> Rows:
    """The rows of `isogloss.gap` of one run.

    Args:
        folder: The run folder.
        source: Its source language.
        data: Names of data entries; none: all of the recipe.
        split: dev or test.
        scores: Rows of its scores, of which the transfer gap is taken.
        pooling: A name of `POOLING`.
        limit: Texts per language.

    Raises:
        IsoglossError: As `isogloss.gap`.
    """
    run, recipe, task, loaded = open_run(folder)
    pairs = parallel_texts(recipe, task, source, data, split, limit)
    mode = modes_asked(folder, recipe, loaded, None)[0]
    evaluator, mixing, problems = build_evaluator(recipe, task, loaded, mode), mixing_of(loaded.model), Problems()
    pretrained = isinstance(recipe.model, str) and not recipe.random_weights
    starting = starting_weights(run, recipe, task) if pretrained else None
    rows: Rows = []
    for cell, (examples, others) in pairs.items():
        sides = [first_windows(evaluator, own, problems) for own in (examples, others)]
        transfer = _transfer_gap(scores, cell, source)
        for state in ("before", "alone", "mixed"):
            if (state == "before" and starting is None) or (state == "mixed" and mixing is None):
                continue
            held = interpolated(loaded.model, starting, 0.0) if state == "before" and starting else nullcontext()
            with held, mode.around(cell, loaded.model), evaluator.autocast():
                found = paired_vectors(
                    loaded.model,
                    lambda features: task.collate(features, loaded.tokenizer),
                    *sides,
                    states=POOLING[pooling],
                    mixing=mixing if state == "mixed" else None,
                    batch_size=evaluator.batch_size,
                )
            shared = {"data": cell.data, "language": cell.language, "source": source, "state": state}
            sizes = {"n": len(examples), "d": found[0].shape[-1], "gap": transfer}
            (layers,) = similarities(dict(zip(("target", "source"), found, strict=True))).values()
            rows += [
                {**shared, "layer": number, "cka": cka, "retrieval": retrieval, **sizes}
                for number, (cka, retrieval) in enumerate(layers)
            ]
    return rows


def _transfer_gap(scores: Rows, cell: Cell, source: str) -> float | None:
    """Score of the source language minus that of a cell, as last scored by the final model."""
    found: dict[str, float] = {}
    for row in scores:
        final = row["selection"] is not None and row.get("interpolation") is None
        if final and (row["data"], row["split"]) == (cell.data, cell.split):
            found[row["language"]] = row["value"]
    language = cell.question_language or cell.language
    return found[source] - found[language] if {source, language} <= found.keys() else None
