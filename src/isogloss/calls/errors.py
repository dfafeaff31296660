"""What a finished run gets wrong, language by language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.calls.answers import right_answers
from isogloss.calls.arguments import codes_of
from isogloss.calls.scored import scored_runs, way_to_scores
from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.writing import read_lines
from isogloss.recipe.names import TASKS
from isogloss.reports.mistakes import confusions, said, surest
from isogloss.run.folder import RunFolder

MISTAKES = 5
"""Mistakes shown per language, where nothing is said."""


def errors(
    run: str | Path,
    *,
    split: str = "dev",
    languages: str | Sequence[str] = (),
    data: str | None = None,
    view: str = "original",
    number: int = MISTAKES,
) -> str:
    """What the final model of a run gets wrong, per language, from the predictions in its folder.

    A table of confusions, where a task has classes, and the mistakes that the model is surest of; of tags each with its
    neighbours. Nothing is predicted anew.

    Args:
        run: Run folder.
        split: dev or test. To look at errors of test data is to learn from them.
        languages: Languages, all by default.
        data: Name of a data set, all by default.
        view: Scores of which view, see `isogloss.evaluate`.
        number: Mistakes shown per language.

    Returns:
        Plain text.

    Raises:
        IsoglossError: No such run, nothing scored as asked for, or its predictions are not there any more.
    """
    folders, rows = scored_runs([run])
    if len(folders) > 1:
        raise IsoglossError(f"{run} holds {len(folders)} runs; name one, such as {folders[0]}")
    if split not in ("dev", "test"):
        raise IsoglossError(f"split: {split!r} is unknown{nearest(split, ('dev', 'test'))}")
    metric = TASKS[rows[0]["task"]].build(()).metrics[0]
    wanted = codes_of(languages, "languages") if languages else []
    final = [
        row
        for row in rows
        if row["selection"] is not None and row["metric"] == metric and row.get("interpolation") is None
    ]
    _require_known("language", wanted, [row["language"] for row in final])
    _require_known("data", [] if data is None else [data], [row["data"] for row in final])
    chosen = [
        row
        for row in final
        if (row["split"], row["view"]) == (split, view)
        and (not wanted or row["language"] in wanted)
        and data in (None, row["data"])
    ]
    if not chosen:
        raise IsoglossError(f"{run}: no final {split} scores of view {view} for these; {way_to_scores(folders)}")
    # Of several scorings of the same data the last one's predictions are there.
    last = {(row["data"], row["language"], row["context_language"], row.get("at_test")): row for row in chosen}
    return "\n\n".join(_of_cell(RunFolder(folders[0]), row, metric, number) for row in last.values())


def _of_cell(folder: RunFolder, row: Mapping[str, Any], metric: str, number: int) -> str:
    """The title and the tables of a cell."""
    file = folder.predictions_of(row)
    if not file.exists():
        raise IsoglossError(f"{file}: these predictions are gone; `isogloss evaluate {folder.path}` makes them anew")
    found = list(said(read_lines(file), right_answers(row["task"], row["context_language"] or row["language"])))
    wrong = sum(one.wrong for one in found)
    mode = "" if row.get("at_test") is None else f", {row['at_test']}"
    title = (
        f"{row['language']} ({row['data']}, {row['split']}{mode}): {metric} {100 * row['value']:.1f} %, {wrong:,} of "
    )
    parts = [f"{title}{len(found):,} wrong"]
    if row["task"] not in ("qa", "choice"):
        parts.append(confusions(found))
    if wrong and number:
        parts.append(f"surest mistakes\n{surest(found, number)}")
    return "\n\n".join(parts)


def _require_known(what: str, asked: Sequence[str], known: Sequence[str]) -> None:
    for name in asked:
        if name not in known:
            raise IsoglossError(f"{what}: the run has no scores of {name!r}{nearest(name, sorted(set(known)))}")
