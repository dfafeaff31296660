"""Tables from result rows: one run in plain text, several methods in Markdown.

A row is a line of ``results.jsonl``: one score of one run on one data set in one language. Values are fractions; the
tables print per cent, and differences in points (percentage points), rounded only when printed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import mean
from typing import Any

import numpy as np
from tabulate import tabulate

from isogloss.common.errors import IsoglossError, nearest
from isogloss.reports import differences
from isogloss.reports.cells import Scoring, told_apart
from isogloss.reports.differences import MISSING, difference
from isogloss.reports.protocol import BADGE, told
from isogloss.reports.statistics import summarise
from isogloss.reports.values import draws_of, require_equal, require_same_sentences, text_of, values_of

Row = Mapping[str, Any]

_OF_ONE_RUN = ("run", "seed", "step", "split", "interpolation", "at_test", *BADGE)
_PROTOCOL = (*BADGE, "split", "metric", "train_languages")


def closing_table(rows: Sequence[Row], train_languages: Collection[str], metrics: Sequence[str]) -> str:
    """The scores of one run in every language, and its transfer gap.

    The gap of a language is the mean score of the source languages minus its own score, in points; the transfer gap is
    the mean of the sources minus the mean of the targets. Both are taken within a data set, on its primary metric: the
    first of ``metrics`` that it has. Source languages come first and are marked; the others follow by code.

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
    for data in sorted({data for data, _ in counts}):
        languages = _sources_first((language for found, language in counts if found == data), train_languages)
        primary = next(name for name in metrics if any((data, language, name) in values for language in languages))
        scores = {language: values.get((data, language, primary)) for language in languages}
        sources = _mean(score for language, score in scores.items() if language in train_languages)
        targets = _mean(score for language, score in scores.items() if language not in train_languages)
        for language, score in scores.items():
            mark = " (source)" if language in train_languages else ""
            percents = [_percent(values.get((data, language, name))) for name in metrics]
            gap = _percent(_minus(sources, score))
            body.append([data, language + mark, str(counts[data, language]), *percents, gap])
        footer.append(
            f"{data}, {primary}: source mean {_percent(sources)}, target mean {_percent(targets)}, "
            f"transfer gap {_percent(_minus(sources, targets))} points"
        )
    headers = ["data", "language", "sentences", *(f"{name} %" for name in metrics), "gap"]
    alignment = ["left", "left", *["right"] * (len(metrics) + 2)]
    table = tabulate(body, headers, disable_numparse=True, colalign=alignment)
    return "\n".join([table, "", *footer, told(shown)])


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


def comparison_table(
    rows: Sequence[Row],
    baseline: str,
    *,
    mixed: Collection[str] = (),
    confidence: float = 0.95,
    redrawn: Mapping[Scoring, np.ndarray] | None = None,
) -> str:
    """Methods side by side over seeds, each with its paired difference to a baseline.

    A method's cell is its mean over seeds with the range (smallest–largest) and the number of seeds n. A difference is
    method − baseline on the same seed, averaged over the seeds that both have, with two intervals:
    `isogloss.reports.statistics.paired_interval`, of new seeds on the same sentences, and
    `isogloss.reports.statistics.crossed_interval`, of new seeds and sentences, which decides what is significant. Means
    over languages are taken per seed first, and only on seeds that have every language of the mean. Sources are the
    languages that any of the methods was trained on; the others are unseen.

    Args:
        rows: Result rows of one metric, several methods and seeds.
        baseline: Name of the method that the others are compared with.
        mixed: Fields that may differ between rows although that makes the comparison unfair: any of ``selection``,
            ``few_shot``, ``view``, ``translated``, ``spacing``, ``split``, ``metric`` and ``train_languages``. Default
            none.
        confidence: Confidence of the intervals, in (0, 1); 0.95 by the custom of the field.
        redrawn: The values of rows on test sets drawn anew, by `isogloss.reports.cells.scoring_of`, see
            `isogloss.calls.predicted.redraw`. Where it lacks a row the t-interval stands alone, and the table says so.

    Returns:
        Markdown without a final line break: the table, and below it what it means and which seeds had no pair.

    Raises:
        IsoglossError: There are no rows, the baseline is not among them, rows differ in a field not named in ``mixed``,
            a language has scores on different numbers of examples, there are two values for one method, seed, data set
            and language, or a value is no fraction.
    """
    redrawn = redrawn or {}
    for name in mixed:
        if name not in _PROTOCOL:
            raise IsoglossError(f"mixed names the unknown field {name!r}{nearest(name, _PROTOCOL)}")
    require_equal(rows, [name for name in _PROTOCOL if name not in mixed], "methods are compared on equal terms")
    require_same_sentences(rows)
    values = values_of([told_apart(row) for row in rows], "data", "language", "method", "seed")
    draws = draws_of(rows, redrawn, "data", "language", "method", "seed")
    methods = list(dict.fromkeys(method for _, _, method, _ in values))
    if baseline not in methods:
        raise IsoglossError(f"no result row of the baseline {baseline!r}{nearest(baseline, methods)}")
    methods.remove(baseline)
    sources = {language for row in rows for language in row.get("train_languages") or ()}
    body, unpaired = [], defaultdict(list)
    for data, label, members in _lines(values, sources):
        reference = _per_seed(values, data, members, baseline)
        line = [data, label, _spread(reference)]
        for method in methods:
            scores = _per_seed(values, data, members, method)
            drawn = [_drawn_per_seed(draws, data, members, own, scores) for own in (method, baseline)]
            found = difference(scores, reference, (drawn[0], drawn[1]), confidence)
            line += [_spread(scores), *differences.cells(found)]
            for seed in scores.keys() ^ reference.keys():
                unpaired[seed, method, method if seed in reference else baseline].append(f"{data} {label}")
        body.append(line)
    headers = ["data", "language", baseline]
    for method in methods:
        headers += [method, *differences.headers(method, baseline)]
    legend = (
        f"{_told(rows, 'metric')} in %; {told(rows)}. Scores: mean over seeds (smallest–largest; number of seeds n). "
        f"{differences.legend(rows, redrawn, confidence)}"
    )
    notes = [
        f"- Seed {seed} of `{method}` − `{baseline}` has no pair: no score of `{lacking}` in {', '.join(places)}."
        for (seed, method, lacking), places in sorted(unpaired.items())
    ]
    table = tabulate(body, headers, tablefmt="github", disable_numparse=True)
    return "\n".join([table, "", legend, *([""] if notes else []), *notes])


def _lines(values: Mapping[tuple[Any, ...], float], sources: Collection[str]) -> list[tuple[str, str, list[str]]]:
    """Per line of a comparison its data set, its label and the languages it averages over."""
    lines = []
    for data in sorted({key[0] for key in values}):
        languages = _sources_first((key[1] for key in values if key[0] == data), sources)
        groups = {language: [language] for language in languages}
        groups["mean of sources"] = [language for language in languages if language in sources]
        groups["mean of unseen"] = [language for language in languages if language not in sources]
        groups["mean"] = languages
        lines += [(data, label, members) for label, members in groups.items() if members]
    return lines


def _per_seed(
    values: Mapping[tuple[Any, ...], float], data: str, languages: Sequence[str], method: str
) -> dict[int, float]:
    """A method's mean over ``languages`` for each seed that has them all."""
    seeds = {key[3] for key in values if key[0] == data and key[2] == method}
    keys = {seed: [(data, language, method, seed) for language in languages] for seed in sorted(seeds)}
    return {seed: mean(values[key] for key in of) for seed, of in keys.items() if all(key in values for key in of)}


def _spread(scores: Mapping[int, float]) -> str:
    if not scores:
        return MISSING
    summary = summarise(list(scores.values()))
    return f"{_percent(summary.mean)} ({_percent(summary.low)}–{_percent(summary.high)}; n = {summary.n})"


def _drawn_per_seed(
    draws: Mapping[tuple[Any, ...], np.ndarray], data: str, languages: Sequence[str], method: str, seeds: Iterable[int]
) -> dict[int, np.ndarray]:
    """A method's mean over ``languages`` on test sets drawn anew, for each of the seeds that has draws of them all."""
    keys = {seed: [(data, language, method, seed) for language in languages] for seed in seeds}
    return {
        seed: np.mean([draws[key] for key in of], axis=0)
        for seed, of in keys.items()
        if all(key in draws for key in of)
    }


def _told(rows: Sequence[Row], field: str) -> str:
    return f"{field}: " + " / ".join(sorted({text_of(row.get(field)) for row in rows}))


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
