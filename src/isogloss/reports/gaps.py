"""Does a language that is represented otherwise than the source also score lower? From rows to numbers and Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from isogloss.reports.bootstrap import Estimate, rank_correlation
from isogloss.reports.differences import MISSING
from isogloss.reports.escaping import markdown
from isogloss.reports.markdown import markdown_table
from isogloss.reports.unfreezing import interval

Row = Mapping[str, Any]

STATES: Mapping[str, str] = {
    "before": "before training",
    "alone": "after, each text alone",
    "mixed": "after, mixed with its source",
}
"""How texts went through the model, and how tables call it."""


def methods_of(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows by method."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["method"], []).append(row)
    return found


def by_language(rows: Sequence[Row], column: str, *, state: str, layer: int) -> dict[str, float]:
    """A column's mean over runs and data sets, by language; languages without a value are left out."""
    values: dict[str, list[float]] = {}
    for row in rows:
        if row["state"] == state and row["layer"] == layer and row[column] is not None:
            values.setdefault(row["language"], []).append(row[column])
    return {language: mean(own) for language, own in values.items()}


def gap_associations(rows: Sequence[Row], *, layer: int) -> dict[tuple[str, str], Estimate]:
    """By method and state Spearman's ρ over languages between 1 − CKA and the transfer gap; see `rank_correlation`.

    Both are means over the runs of the method. Languages are drawn anew for the interval.

    Args:
        rows: Rows as `isogloss.gap` makes them.
        layer: The layer whose CKA counts.
    """
    found = {}
    for method, own in methods_of(rows).items():
        for state in STATES:
            unlike = {code: 1 - value for code, value in by_language(own, "cka", state=state, layer=layer).items()}
            gaps = by_language(own, "gap", state=state, layer=layer)
            common = [code for code in unlike if code in gaps]
            if common:
                found[method, state] = rank_correlation([unlike[c] for c in common], [gaps[c] for c in common])
    return found


def gap_tables(rows: Sequence[Row], *, layer: int, metric: str, split: str, view: str = "original") -> str:
    """Markdown: CKA and retrieval of each language by method, and how CKA goes with the transfer gap.

    Args:
        rows: Rows as `isogloss.gap` makes them.
        layer: The layer.
        metric: Metric of the scores.
        split: dev or test.
        view: View of the scores.
    """
    parts = [f"{markdown(method)}\n\n{_languages(own, layer)}" for method, own in methods_of(rows).items()]
    if any(row["gap"] is not None for row in rows):
        parts.append(_correlations(rows, layer))
    return "\n\n".join([*parts, _notes(rows, layer, metric, split, view)])


def _languages(rows: Sequence[Row], layer: int) -> str:
    states = [state for state in STATES if any(row["state"] == state for row in rows)]
    columns = {
        f"{name}, {STATES[state]}": by_language(rows, column, state=state, layer=layer)
        for name, column in (("CKA", "cka"), ("retrieval", "retrieval"))
        for state in states
    }
    gaps = by_language(rows, "gap", state=states[-1], layer=layer)
    sizes = {row["language"]: row["n"] for row in rows}
    body = [
        [
            markdown(language),
            str(size),
            *(f"{own[language]:.3f}" for own in columns.values()),
            f"{100 * gaps[language]:.1f}" if language in gaps else MISSING,
        ]
        for language, size in sizes.items()
    ]
    headers = ["language", "texts", *columns, "transfer gap"]
    return markdown_table(body, headers)


def _correlations(rows: Sequence[Row], layer: int) -> str:
    body = [
        [
            markdown(method),
            STATES[state],
            str(rho.n),
            MISSING if rho.value is None else f"{rho.value:+.2f}",
            interval(rho, "languages"),
        ]
        for (method, state), rho in gap_associations(rows, layer=layer).items()
    ]
    headers = ["method", "representations", "languages", "ρ of 1 − CKA with the gap", "95 % interval over languages"]
    return markdown_table(body, headers)


def _notes(rows: Sequence[Row], layer: int, metric: str, split: str, view: str) -> str:
    notes = [
        f"- Layer {layer} of {max(row['layer'] for row in rows)}, means over the runs of a method. CKA: linear, of the "
        f"{split} texts of a language with the same texts in the source language; retrieval: share of texts that lie "
        "nearest to their own translation, mean of both directions.",
        f"- Transfer gap: {metric} of the source language minus that of the language, in points. ρ: Spearman's, over "
        "languages; those of one family are alike, so intervals are rather too narrow. A correlation is no "
        "intervention.",
    ]
    if unscored := list(dict.fromkeys(row["language"] for row in rows if row["gap"] is None)):
        notes.append(
            f"- No transfer gap of {', '.join(unscored)}: a run has no score there, or none of its source language, on "
            f"{split} data in view {view}; `isogloss evaluate RUN --split {split} --view {view}` writes it."
        )
    if any(row["state"] == "mixed" for row in rows):
        notes.append("- A text that is mixed with its source holds some of it, so it is nearer to it by construction.")
    if any(row["n"] < row["d"] for row in rows):
        notes.append("- Fewer texts than components: CKA is biased upwards, even for unrelated representations.")
    return "\n".join(notes)
