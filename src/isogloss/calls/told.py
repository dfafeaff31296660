"""What methods said of single sentences, from the predictions that run folders keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.calls.answers import right_answers
from isogloss.common.writing import read_lines
from isogloss.reports.cells import told_apart
from isogloss.reports.page.sentences import Told
from isogloss.run.folder import RunFolder

Row = Mapping[str, Any]


def told_by(rows: Sequence[Row]) -> list[Told]:
    """Of each data set and language what one run of each method said: that of the smallest seed that all have.

    Args:
        rows: The last final rows of one metric, split and view; ``method`` is what tells them apart.
    """
    seeds: dict[str, set[int]] = {}
    for row in rows:
        seeds.setdefault(row["method"], set()).add(row["seed"])
    common = set.intersection(*seeds.values()) if seeds else set()
    chosen = {method: min(common or own) for method, own in seeds.items()}
    cells: dict[tuple[str, str], tuple[Row, dict[str, list[dict[str, Any]]]]] = {}
    for row in rows:
        file = RunFolder(Path(row["run"])).predictions_of(row)
        if row["seed"] == chosen[row["method"]] and file.exists():
            _, lines = cells.setdefault((row["data"], told_apart(row)["language"]), (row, {}))
            lines[row["method"]] = read_lines(file)
    return [
        Told(
            data,
            language,
            row["language"],
            lines,
            right_answers(row["task"], row["context_language"] or row["language"]),
        )
        for (data, language), (row, lines) in sorted(cells.items(), key=lambda cell: cell[0])
    ]
