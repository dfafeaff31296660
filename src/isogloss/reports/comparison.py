"""Several methods, or other kinds of run, side by side over seeds, with what each differs from a baseline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isogloss.common.errors import IsoglossError, nearest
from isogloss.reports import differences
from isogloss.reports.cells import Scoring, told_apart
from isogloss.reports.differences import Difference, difference
from isogloss.reports.escaping import code, markdown
from isogloss.reports.floors import LEGEND, floors_of
from isogloss.reports.means import Place, drawn_per_seed, means_of, per_seed
from isogloss.reports.protocol import BADGE, told
from isogloss.reports.values import draws_of, require_equal, require_same_sentences, text_of, values_of

Row = Mapping[str, Any]

MIXABLE = (*BADGE, "split", "metric", "train_languages", "data")
"""What runs that are compared may differ in if that is asked for."""


@dataclass(frozen=True)
class Line:
    """A language of a data set, or a mean over several.

    Attributes:
        data: Data set; `isogloss.reports.means.ALL_DATA`: all of them.
        label: Code of the language, or which mean it is.
        source: Whether one of the methods was trained on the language; None of a mean.
        scores: By method and seed, as fractions.
        floor: What always answering the most frequent label would give; of a mean, the mean of its languages.
        differences: What each method but the baseline differs from it; None without a common seed.
        weights: The languages that are averaged, with their weights; of a language itself, 1.
    """

    data: str
    label: str
    source: bool | None
    scores: Mapping[str, Mapping[int, float]]
    floor: float | None = None
    differences: Mapping[str, Difference | None] = field(default_factory=dict)
    weights: Mapping[Place, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """Methods side by side.

    Attributes:
        methods: Names of the methods, the baseline first.
        baseline: The method that the others are compared with; None: they stand side by side only.
        metric: What the scores are of.
        lines: A line per language, and the means.
        legend: What the numbers mean and rest on.
        notes: Seeds that have no pair.
    """

    methods: tuple[str, ...]
    baseline: str | None
    metric: str
    lines: tuple[Line, ...]
    legend: str
    notes: tuple[str, ...] = ()


def compare_rows(
    rows: Sequence[Row],
    baseline: str | None,
    *,
    mixed: Collection[str] = (),
    confidence: float = 0.95,
    redrawn: Mapping[Scoring, np.ndarray] | None = None,
) -> Comparison:
    """Methods side by side over seeds, each with its paired difference to a baseline.

    A difference is method − baseline on the same seed, averaged over the seeds that both have, with two intervals:
    `isogloss.reports.statistics.paired_interval`, of new seeds on the same sentences, and
    `isogloss.reports.statistics.crossed_interval`, of new seeds and sentences, which decides what is significant. Means
    over languages are taken per seed first, and only on seeds that have every language of the mean; a mean over data
    sets is one of the means within each. Sources are the languages that any of the methods was trained on; the others
    are unseen.

    Args:
        rows: Result rows of one metric, several methods and seeds.
        baseline: Name of the method that the others are compared with; None: no differences.
        mixed: Fields that may differ between rows although that makes the comparison unfair, of `MIXABLE`. Default
            none.
        confidence: Confidence of the intervals, in (0, 1); 0.95 by the custom of the field.
        redrawn: The values of rows on test sets drawn anew, by `isogloss.reports.cells.scoring_of`, see
            `isogloss.calls.predicted.redraw`. Where it lacks a row the t-interval stands alone, and the legend says so.

    Raises:
        IsoglossError: There are no rows, the baseline is not among them, rows differ in a field not named in ``mixed``,
            a method has no score on a data set, a language has scores on different numbers of examples, there are two
            values for one method, seed, data set and language, or a value is no fraction.
    """
    redrawn = redrawn or {}
    for name in mixed:
        if name not in MIXABLE:
            raise IsoglossError(f"mixed names the unknown field {name!r}{nearest(name, MIXABLE)}")
    fields = [name for name in MIXABLE if name not in (*mixed, "data")]
    require_equal(rows, fields, "methods are compared on equal terms")
    require_same_sentences(rows)
    values = values_of([told_apart(row) for row in rows], "data", "language", "method", "seed")
    if "data" not in mixed:
        _require_same_data(values)
    draws = draws_of(rows, redrawn, "data", "language", "method", "seed")
    methods = list(dict.fromkeys(method for _, _, method, _ in values))
    if baseline is not None:
        if baseline not in methods:
            raise IsoglossError(f"no result row of the baseline {baseline!r}{nearest(baseline, methods)}")
        methods.remove(baseline)
        methods.insert(0, baseline)
    sources = {language for row in rows for language in row.get("train_languages") or ()}
    lines, unpaired = [], defaultdict(list)
    floors = floors_of(rows)
    for data, label, weights in means_of(values, sources):
        scores = {method: per_seed(values, weights, method) for method in methods}
        found = {}
        for method in methods[1:] if baseline is not None else []:
            own, reference = scores[method], scores[methods[0]]
            drawn = drawn_per_seed(draws, weights, method, own), drawn_per_seed(draws, weights, methods[0], reference)
            found[method] = difference(own, reference, drawn, confidence)
            for seed in own.keys() ^ reference.keys():
                unpaired[seed, method, method if seed in reference else methods[0]].append(f"{data} {label}")
        floor = sum(w * floors[place] for place, w in weights.items()) if weights.keys() <= floors.keys() else None
        source = label in sources if (data, label) in weights else None
        lines.append(Line(data, label, source, scores, floor, found, weights))
    legend = (
        f"metric: {' / '.join(sorted({text_of(row.get('metric')) for row in rows}))} in %; {told(rows)}. Scores: mean "
        "over seeds (smallest–largest; number of seeds n)."
    )
    if floors:
        legend += f" {LEGEND}"
    if baseline is not None:
        legend += f" {differences.legend(rows, redrawn, confidence)}"
    notes = [
        f"Seed {seed} of {code(method)} − {code(str(baseline))} has no pair: no score of {code(lacking)} in "
        f"{', '.join(map(markdown, places))}."
        for (seed, method, lacking), places in sorted(unpaired.items())
    ]
    return Comparison(tuple(methods), baseline, text_of(rows[0].get("metric")), tuple(lines), legend, tuple(notes))


def _require_same_data(values: Iterable[tuple[Any, ...]]) -> None:
    """Stop if a method has no score at all on a data set that another one has scores on."""
    found: dict[str, set[str]] = {}
    for data, _, method, _ in values:
        found.setdefault(method, set()).add(data)
    every = set().union(*found.values())
    for method, own in found.items():
        if own != every:
            raise IsoglossError(
                f"methods are compared on the same data, but {method!r} has scores on {', '.join(sorted(own))} and "
                f"none on {', '.join(sorted(every - own))}; compare other runs, or allow 'data' to be mixed"
            )
