"""What each test sentence adds to a score, from the predictions that run folders keep."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import read_json, read_lines
from isogloss.examples import Prediction
from isogloss.recipe.names import TASKS
from isogloss.reports.cells import Row, Scoring, scoring_of
from isogloss.reports.resampling import DRAWS, Counted, resample
from isogloss.run.folder import RunFolder


def redraw(rows: Sequence[Row], *, draws: int = DRAWS, seed: int = 0) -> dict[Scoring, np.ndarray]:
    """The values of result rows on test sets drawn anew from the sentences that they were scored on.

    Args:
        rows: Final rows of one task, metric, split and view, of any methods, languages and seeds; ``run`` is the folder
            where the run lies now.
        draws: Number of test sets.
        seed: Seed of the draws.

    Returns:
        By `isogloss.reports.cells.scoring_of` the values ``[draws]``, see `isogloss.reports.resampling.resample`; rows
        whose run folder holds no predictions are left out.

    Raises:
        IsoglossError: Two runs were scored on other sentences, or on the same ones with other gold labels, or
            predictions do not give the value of the row.
    """
    return resample(counted(rows), draws=draws, seed=seed)


def counted(rows: Sequence[Row]) -> dict[Scoring, Counted]:
    """What each sentence adds to the values of rows; see `redraw`."""
    firsts: dict[tuple[Any, ...], tuple[Path, list[str], list[Prediction]]] = {}
    runs = {row["run"]: RunFolder(Path(row["run"])) for row in rows}
    labels = {run: label_set(folder.path) for run, folder in runs.items()}
    found = {}
    for row in rows:
        file = runs[row["run"]].predictions_of(row)
        if not file.exists():
            continue
        # Where ids are not unique, sentences of the same id keep the order of the file.
        lines = sorted(read_lines(file), key=lambda line: str(line["id"]))
        ids = [str(line["id"]) for line in lines]
        gold = [_prediction(line["gold"]) for line in lines]
        place = (row["data"], row["language"], row["context_language"])
        first = firsts.setdefault(place, (file, ids, gold))
        _require_same(first, (file, ids, gold))
        one = _counted(row, labels[row["run"]], file, gold, [_prediction(line["predicted"]) for line in lines])
        if one is not None:
            found[scoring_of(row)] = Counted(tuple(ids), *one)
    return found


def label_set(run: Path) -> tuple[str, ...] | None:
    """The classes of a run's model; None where the run folder holds no model, or one that names no classes."""
    config = RunFolder(run).model / "config.json"
    if not config.exists():
        return None
    # transformers leaves out the names that it gives itself, LABEL_0 and so on.
    names: Mapping[str, str] = read_json(config).get("id2label", {})
    return None if not names else tuple(names[index] for index in sorted(names, key=int))


def _counted(
    row: Row, labels: tuple[str, ...] | None, file: Path, gold: list[Prediction], predicted: list[Prediction]
) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]] | None:
    """What each sentence adds, and the score of sums; None where the classes, and so the score, are not known."""
    # Without its model the classes of a run are not known for certain, but those that occur may be all.
    seen = {label for label in (*gold, *predicted) if isinstance(label, str)}
    task = TASKS[row["task"]].build(labels or tuple(sorted(seen)))
    measure = task.measures(row["context_language"] or row["language"])[row["metric"]]
    counts = measure.counts(gold, predicted)
    value = float(measure.score(counts.sum(axis=0)))
    if math.isclose(value, row["value"], rel_tol=0, abs_tol=1e-9):
        return counts, measure.score
    if labels is None:
        return None
    raise IsoglossError(
        f"{file}: these predictions have {row['metric']} {value:.4f}, but "
        f"results.jsonl says {row['value']:.4f}, so they are of another scoring; `isogloss evaluate {row['run']}` "
        "makes both anew"
    )


def _require_same(
    first: tuple[Path, list[str], list[Prediction]], other: tuple[Path, list[str], list[Prediction]]
) -> None:
    """Stop unless two files hold the same sentences with the same gold labels."""
    rule = f"methods are compared on the same sentences, but {first[0]} and {other[0]}"
    if first[1] != other[1]:
        apart = sorted(set(first[1]) ^ set(other[1])) or sorted(first[1] + other[1])
        raise IsoglossError(f"{rule} hold others: {len(first[1])} and {len(other[1])}, not both have id {apart[0]!r}")
    for identifier, one, another in zip(first[1], first[2], other[2], strict=True):
        if one != another:
            raise IsoglossError(f"{rule} have other gold labels: of id {identifier!r}, {one!r} and {another!r}")


def _prediction(value: str | list[str]) -> Prediction:
    return value if isinstance(value, str) else tuple(value)
