"""A comparison that settles what it can, as records for programs: CSV, JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from isogloss.reports.comparison_formats import records as records_of_scores
from isogloss.reports.negative_transfer import Transfer
from isogloss.reports.page.groups import gaps
from isogloss.reports.settled import Settled
from isogloss.reports.settled_sections import Outcome
from isogloss.reports.verdicts import outcomes, verdicts


def records(found: Outcome) -> list[dict[str, Any]]:
    """A flat record for each line and method; scores and differences are fractions, None where there is none.

    Those of `isogloss.reports.comparison_formats.records`, with ``low`` and ``high`` of the level (of new seeds and
    sentences), ``p`` of the interval that decides, ``p_holm``, and of the permutation tests ``p_swaps`` (over
    sentences) and ``p_signs`` (over seeds); ``verdict`` is 1, -1, 0 or None, of a language after Holm's correction.
    """
    plain = iter(records_of_scores(replace(found.comparison, lines=tuple(one.line for one in found.lines))))
    return [{**next(plain), **_added(one, method)} for one in found.lines for method in found.comparison.methods]


def as_csv(found: Outcome) -> str:
    """`records`, a line each below their names."""
    rows = records(found)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().removesuffix("\n")


def as_json(found: Outcome) -> str:
    """`records`, and all else that is told: verdicts, wins, negative transfer, gaps, costs."""
    baseline, lines = found.comparison.methods[0], found.lines
    whole = {
        "metric": found.comparison.metric,
        "baseline": baseline,
        "legend": found.comparison.legend,
        "notes": list(found.notes),
        "rows": records(found),
        "verdicts": {method: verdicts(lines, method, baseline) for method in found.others},
        "languages": {method: outcomes(lines, method) for method in found.others},
        "negative_transfer": _transfers(found.transfers),
        "gaps": gaps(found.comparison),
        "costs": [asdict(one) for one in found.prices],
    }
    return json.dumps(whole, ensure_ascii=False, indent=2)


def _added(one: Settled, method: str) -> dict[str, Any]:
    level, own = one.levels[method], one.judged.get(method)
    return {
        "low": level and level.low,
        "high": level and level.high,
        "p": own and own.p,
        "p_holm": own and own.corrected,
        "p_swaps": own and own.swaps,
        "p_signs": own and own.signs,
        "verdict": own and own.verdict,
    }


def _transfers(transfers: Sequence[Transfer]) -> list[dict[str, Any]]:
    found = []
    for one in transfers:
        interval = one.difference and (one.difference.over_both or one.difference.over_seeds)
        numbers = {"difference": interval and interval.mean, "low": interval and interval.low}
        shared = {"data": one.data, "language": one.language, "method": one.method}
        found.append({**shared, **numbers, "high": interval and interval.high, "alarm": one.alarm})
    return found
