"""What probes found as rows, with intervals, and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

import numpy as np
from tabulate import tabulate

from isogloss.data.corpus import Cell
from isogloss.diagnostics.knowledge.finding import Finding
from isogloss.reports.bootstrap import FEWEST
from isogloss.reports.resampling import Counted, resample
from isogloss.run.evaluation import result_rows

DRAWS = 1000
"""Sets of items drawn for an interval."""

ENDS = (0.025, 0.975)
"""The share of draws below each end of an interval."""

_ROUNDING = 1e-9

Rows = list[dict[str, Any]]


def probe_rows(findings: Sequence[Finding], data: str, **columns: Any) -> Rows:  # noqa: ANN401 - columns of a row
    """A row per finding: the columns of results, ``floor`` among them, and ``chance``, ``low`` and ``high``.

    Args:
        findings: What was found.
        data: Name of what was probed on.
        columns: Values of other columns; the rest is null.
    """
    counted = {}
    for number, finding in enumerate(findings):
        units, sums = finding.by_unit()
        if len(units) >= FEWEST:
            counted[number] = Counted(units, sums, _score(finding))
    drawn = resample(counted, draws=DRAWS) if counted else {}
    rows: Rows = []
    for number, finding in enumerate(findings):
        pair = (finding.context_language, finding.language) if finding.context_language else (finding.language, None)
        cell = Cell(data, pair[0], "test", pair[1])
        floors = {} if finding.floor is None else {finding.metric: finding.floor}
        (row,) = result_rows(
            {finding.metric: finding.value}, cell, len(finding.ids), floors=floors, view=finding.view, **columns
        )
        low, high = (None, None) if number not in drawn else _ends(drawn[number])
        rows.append({**row, "chance": finding.chance, "low": low, "high": high})
    return rows


def item_rows(findings: Sequence[Finding], **columns: Any) -> Rows:  # noqa: ANN401 - columns of a row
    """A row per item of every finding, with its score: what two models scored on the same item can be paired."""
    return [
        {
            **columns,
            "language": finding.language,
            "context_language": finding.context_language,
            "view": finding.view,
            "metric": finding.metric,
            "id": name,
            "unit": unit,
            "value": float(score),
            "weight": float(weight),
        }
        for finding in findings
        for name, unit, score, weight in zip(
            finding.ids,
            finding.units,
            finding.scores,
            np.ones(len(finding.ids)) if finding.weights is None else finding.weights,
            strict=True,
        )
    ]


def probe_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as plain text: a line per view, metric and language; pairs of languages as means, same and other."""
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        own, other = row["language"], row["context_language"]
        where = own if other is None else "same language" if own == other else "other language"
        groups.setdefault((row["view"], where, row["metric"]), []).append(row)
    body = [
        [
            view,
            where,
            metric,
            sum(row["n"] for row in own),
            *(mean(row[name] for row in own) for name in ("value", "chance")),
            None if own[0]["floor"] is None else mean(row["floor"] for row in own),
        ]
        for (view, where, metric), own in groups.items()
    ]
    return tabulate(body, ["items", "language", "metric", "n", "value", "chance", "floor"], floatfmt=".4g")


def _score(finding: Finding) -> Any:  # noqa: ANN401 - a function of sums
    return lambda sums: finding.of(sums[..., 0] / sums[..., 1])


def _ends(drawn: np.ndarray) -> tuple[float | None, float | None]:
    """None where the draws agree: an interval without width would claim that nothing is uncertain."""
    if np.ptp(drawn) < _ROUNDING:
        return None, None
    low, high = np.quantile(drawn, ENDS)
    return float(low), float(high)
