"""A comparison as Markdown, LaTeX, CSV, JSON, or records for a data frame."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from tabulate import tabulate

from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.markup import one_line
from isogloss.reports import differences
from isogloss.reports.comparison import Comparison, Line
from isogloss.reports.differences import MISSING
from isogloss.reports.escaping import markdown
from isogloss.reports.floors import mark
from isogloss.reports.statistics import Interval, summarise


def as_markdown(found: Comparison) -> str:
    """A table, and below it what it means and which seeds had no pair; without a final line break."""
    notes = [f"- {one_line(note)}" for note in found.notes]
    return "\n".join([_table(found, "github", markdown), "", one_line(found.legend), *([""] if notes else []), *notes])


def as_latex(found: Comparison) -> str:
    """A ``tabular`` with the rules of booktabs; what it means stands above it in comments."""
    comments = [f"% {one_line(text)}" for text in (found.legend, *found.notes)]
    return "\n".join([*comments, _table(found, "latex_booktabs", one_line)])  # tabulate escapes the rest


def as_csv(found: Comparison) -> str:
    """`records`, a line each below their names."""
    rows = records(found)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().removesuffix("\n")


def as_json(found: Comparison) -> str:
    """`records`, with metric, baseline and what the numbers mean."""
    whole = {
        "metric": found.metric,
        "baseline": found.baseline,
        "legend": found.legend,
        "notes": list(found.notes),
        "rows": records(found),
    }
    return json.dumps(whole, ensure_ascii=False, indent=2)


FORMATS: Mapping[str, Callable[[Comparison], str]] = {
    "markdown": as_markdown,
    "latex": as_latex,
    "csv": as_csv,
    "json": as_json,
}
"""How a comparison can be written, by name."""

ENDINGS = {".md": "markdown", ".tex": "latex", ".csv": "csv", ".json": "json"}
"""The format that the ending of a file stands for."""


def writer_of(name: str, *others: str) -> Callable[[Comparison], str]:
    """What writes a format.

    Args:
        name: The format.
        others: Names that would have been valid, too.

    Raises:
        IsoglossError: There is no such format.
    """
    if name not in FORMATS:
        raise IsoglossError(f"format: {name!r} is unknown{nearest(name, [*FORMATS, *others])}")
    return FORMATS[name]


def records(found: Comparison) -> list[dict[str, Any]]:
    """A flat record for each line and method; scores and differences are fractions, None where there is none.

    ``mean``, ``lowest``, ``highest`` and ``seeds`` are of the scores; ``difference`` of the pairs with the baseline,
    ``over_seeds_*`` and ``over_both_*`` the ends of its two intervals; ``verdict`` is 1, -1, 0 (not
    significant) or None.
    """
    return [_record(found, line, method) for line in found.lines for method in found.methods]


def _record(found: Comparison, line: Line, method: str) -> dict[str, Any]:
    summary = summarise(list(line.scores[method].values())) if line.scores[method] else None
    own = line.differences.get(method)
    seeds, both = (own.over_seeds, own.over_both) if own is not None else (None, None)
    return {
        "data": line.data,
        "language": line.label,
        "source": line.source,
        "method": method,
        "metric": found.metric,
        "mean": summary and summary.mean,
        "lowest": summary and summary.low,
        "highest": summary and summary.high,
        "seeds": summary.n if summary else 0,
        "floor": line.floor,
        "baseline": found.baseline,
        "difference": seeds and seeds.mean,
        "pairs": seeds.n if seeds else 0,
        **_ends("over_seeds", seeds),
        **_ends("over_both", both),
        "verdict": own and own.verdict,
    }


def _ends(name: str, interval: Interval | None) -> dict[str, float | None]:
    low, high = (None, None) if interval is None else (interval.low, interval.high)
    return {f"{name}_low": low, f"{name}_high": high}


def _table(found: Comparison, form: str, escaped: Callable[[str], str]) -> str:
    compared = found.methods[1:] if found.baseline is not None else ()
    has_floor = any(line.floor is not None for line in found.lines)
    headers = ["data", "language", *(["floor"] if has_floor else [])]
    for method in found.methods:
        headers.append(escaped(method))
        if method in compared:
            headers += differences.headers(escaped(method), escaped(found.methods[0]))
    body = []
    for line in found.lines:
        label = escaped(line.label)
        cells = [escaped(line.data), f"{label} (source)" if line.source else label]
        if has_floor:
            cells.append(MISSING if line.floor is None else _percent(line.floor))
        for method in found.methods:
            cells.append(_spread(line.scores[method], line.floor))
            if method in compared:
                cells += differences.cells(line.differences[method])
        body.append(cells)
    return tabulate(body, headers, tablefmt=form, disable_numparse=True)


def _spread(scores: Mapping[int, float], floor: float | None) -> str:
    if not scores:
        return MISSING
    summary = summarise(list(scores.values()))
    spread = f"{_percent(summary.mean)} ({_percent(summary.low)}–{_percent(summary.high)}; n = {summary.n})"
    return spread + mark(summary.mean, floor)


def _percent(fraction: float) -> str:
    # "z" writes -0.04 as 0.0: a rounded zero has no sign.
    return f"{100 * fraction:z.1f}"
