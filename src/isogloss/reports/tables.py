"""Tables from result rows: one run in plain text, several methods in Markdown.

A row is a line of ``results.jsonl``: one score of one run on one data set in one language. Values are fractions; the
tables print per cent, and differences in points (percentage points), rounded only when printed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import mean
from typing import Any

import numpy as np
from tabulate import tabulate

from isogloss.common.errors import IsoglossError
from isogloss.reports.cells import Scoring, told_apart
from isogloss.reports.comparison import compare_rows
from isogloss.reports.comparison_formats import as_markdown
from isogloss.reports.differences import MISSING
from isogloss.reports.floors import LEGEND, floors_of, mark
from isogloss.reports.protocol import BADGE, told
from isogloss.reports.values import require_equal, values_of

Row = Mapping[str, Any]

GAP = "Gap: the mean of the source languages less the language's own score, in points."
"""What the last column of `closing_table` is."""

_OF_ONE_RUN = ("run", "seed", "step", "split", "interpolation", "at_test", *BADGE)


def closing_table(rows: Sequence[Row], train_languages: Collection[str], metrics: Sequence[str]) -> str:
    """The scores of one run in every language, and its transfer gap.

    The gap of a language is the mean score of the source languages minus its own score, in points; the transfer gap is
    the mean of the sources minus the mean of the targets. Both are taken within a data set, on its primary metric: the
    first of ``metrics`` that it has, which the floor is of too. Source languages come first and are
    marked; the others follow by code.

    Args:
        rows: Result rows of one run, step, selection, split, view, mode of language adapters and number of few-shot
            examples.
        train_languages: Codes of the source languages.
        metrics: Names of the metrics to show, the primary one first; rows of other metrics are left out.

    Returns:
        Plain text without a final line break. What has no value reads ``–``.

    Raises:
        IsoglossError: There is nothing to show, rows of several runs or protocols are mixed, there are two values for
            one cell, or a value is no fraction.
    """
    shown = [told_apart(row) for row in rows if row.get("metric") in metrics]
    if not shown:
        raise IsoglossError(f"no result row has one of the metrics {', '.join(metrics)} (rows given: {len(rows)})")
    require_equal(shown, _OF_ONE_RUN, "a closing table shows one run under one protocol")
    values = values_of(shown, "data", "language", "metric")
    counts = {(str(row["data"]), str(row["language"])): row.get("n", MISSING) for row in reversed(shown)}
    body, footer = [], []
    floors = {name: floors_of([row for row in shown if row["metric"] == name]) for name in metrics}
    has_floor = any(floors.values())
    for data in sorted({data for data, _ in counts}):
        languages = _sources_first((language for found, language in counts if found == data), train_languages)
        primary = next(name for name in metrics if any((data, language, name) in values for language in languages))
        scores = {language: values.get((data, language, primary)) for language in languages}
        sources = _mean(score for language, score in scores.items() if language in train_languages)
        targets = _mean(score for language, score in scores.items() if language not in train_languages)
        for language, score in scores.items():
            name = f"{language} (source)" if language in train_languages else language
            percents = [_percent(values.get((data, language, metric))) for metric in metrics]
            floor = floors[primary].get((data, language))
            percents[metrics.index(primary)] += mark(score, floor)
            lowest = [_percent(floor)] if has_floor else []
            gap = _percent(_minus(sources, score))
            body.append([data, name, str(counts[data, language]), *percents, *lowest, gap])
        footer.append(
            f"{data}, {primary}: source mean {_percent(sources)}, target mean {_percent(targets)}, "
            f"transfer gap {_percent(_minus(sources, targets))} points"
        )
    named = [f"{name} %" for name in metrics]
    headers = ["data", "language", "sentences", *named, *(["floor"] if has_floor else []), "gap"]
    alignment = ["left", "left", *["right"] * (len(headers) - 2)]
    table = tabulate(body, headers, disable_numparse=True, colalign=alignment)
    return "\n".join([table, "", *footer, GAP, *([LEGEND] if has_floor else []), told(shown)])


def closing_tables(rows: Sequence[Row], metrics: Sequence[str]) -> str:
    """`closing_table` for each split in the rows of one run, and for each mode of language adapters, headed by both.

    Args:
        rows: Result rows of one run; its source languages are those in their ``train_languages``.
        metrics: Names of the metrics to show, the primary one first.
    """
    tables = []
    for split in sorted({row["split"] for row in rows}):
        of_split = [row for row in rows if row["split"] == split]
        for mode in dict.fromkeys(row.get("at_test") for row in of_split):
            own = [row for row in of_split if row.get("at_test") == mode]
            title = split if mode is None else f"{split} ({mode})"
            tables.append(f"\n{title}\n{closing_table(own, own[0]['train_languages'], metrics)}")
    return "\n".join(tables)


def masked_table(rows: Sequence[Row]) -> str:
    """How well a pre-trained model finds masked sub-words: accuracy and loss per language, and their means.

    Args:
        rows: Final rows of one pre-training run, with metrics ``masked_accuracy`` and ``masked_loss``.
    """
    values = {(row["language"], row["metric"]): row["value"] for row in rows}
    counts = {row["language"]: row["n"] for row in rows}
    body = [
        [language, n, f"{100 * values[language, 'masked_accuracy']:.1f}", f"{values[language, 'masked_loss']:.2f}"]
        for language, n in sorted(counts.items())
    ]
    means = [mean(values[language, name] for language in counts) for name in ("masked_accuracy", "masked_loss")]
    body.append(["mean", "", f"{100 * means[0]:.1f}", f"{means[1]:.2f}"])
    return tabulate(body, headers=["language", "held out", "masked accuracy %", "loss"], disable_numparse=True)


def distilled_table(rows: Sequence[Row]) -> str:
    """How far a student is from its teacher: the loss and its terms per language, and their means.

    Args:
        rows: Final rows of one run with a teacher, ``distillation_loss`` and one metric for each term.
    """
    values = {(row["language"], row["metric"]): row["value"] for row in rows}
    counts, metrics = ({row[key]: row["n"] for row in rows} for key in ("language", "metric"))
    body = [
        [language, n, *(f"{values[language, metric]:.4f}" for metric in metrics)]
        for language, n in sorted(counts.items())
    ]
    means = [mean(values[language, metric] for language in counts) for metric in metrics]
    body.append(["mean", "", *(f"{value:.4f}" for value in means)])
    headers = ["language", "held out", *(metric.replace("_", " ") for metric in metrics)]
    return tabulate(body, headers=headers, disable_numparse=True)


def comparison_table(
    rows: Sequence[Row],
    baseline: str | None,
    *,
    mixed: Collection[str] = (),
    confidence: float = 0.95,
    redrawn: Mapping[Scoring, np.ndarray] | None = None,
) -> str:
    """`isogloss.reports.comparison.compare_rows` as Markdown without a final line break."""
    return as_markdown(compare_rows(rows, baseline, mixed=mixed, confidence=confidence, redrawn=redrawn))


def _sources_first(languages: Iterable[str], sources: Collection[str]) -> list[str]:
    return sorted(set(languages), key=lambda language: (language not in sources, language))


def _mean(scores: Iterable[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return mean(known) if known else None


def _minus(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else left - right


def _percent(fraction: float | None) -> str:
    # "z" writes -0.04 as 0.0: a rounded zero has no sign.
    return MISSING if fraction is None else f"{100 * fraction:z.1f}"
