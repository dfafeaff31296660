"""How alike languages are represented to the source language in finished runs, as `isogloss gap` found it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any

from isogloss.reports.gaps import STATES, by_language, gap_associations
from isogloss.reports.page.numbers import short
from isogloss.reports.page.run import Row, SeenRun, by_method

MEASURES = {"cka": "CKA", "retrieval": "retrieval"}
MEAN = "mean of all languages"

Kind = tuple[str, str, str, str]


def beside_source(runs: Iterable[SeenRun]) -> list[dict[str, Any]]:
    """What `isogloss gap` left in the run folders, the mean over the runs of a method.

    Args:
        runs: The runs.

    Returns:
        For each ``kind`` (split, view, metric and pooling in words; what was measured otherwise is not mixed) and
        ``method``, of the ``layer`` that is its last: ``curves``, for each measure, language (and their mean) and state
        the ``values`` from layer 0, the embeddings; ``gaps``, the transfer gap of each language in points; and
        ``correlations``, for each state Spearman's ``rho`` over so many ``languages`` between 1 − CKA in that layer and
        the gap, with the ends of its interval ``low`` and ``high``, see `isogloss.reports.gaps.gap_associations`.
    """
    found = []
    for method, own in by_method(runs).items():
        for kind, rows in by_kind(own).items():
            layer = max(row["layer"] for row in rows)
            gaps = {code: 100 * gap for state in STATES for code, gap in _gaps(rows, state, layer).items()}
            found.append(
                {
                    "method": method,
                    "kind": in_words(kind),
                    "layer": layer,
                    "texts": [min(row["n"] for row in rows), max(row["n"] for row in rows)],
                    "curves": _curves(rows, layer),
                    "gaps": {code: short(gap) for code, gap in gaps.items()},
                    "correlations": [
                        {"state": STATES[state], "languages": rho.n, "rho": rho.value, "low": rho.low, "high": rho.high}
                        for (_, state), rho in gap_associations(rows, layer=layer).items()
                    ],
                }
            )
    return found


def by_kind(runs: Iterable[SeenRun]) -> dict[Kind, list[dict[str, Any]]]:
    """The rows of runs by split, view, metric and pooling, called by the method that the page calls them by."""
    found: dict[Kind, list[dict[str, Any]]] = {}
    for run in runs:
        for row in run.gap:
            kind = (row["split"], row["view"], row["metric"], row["pooling"])
            found.setdefault(kind, []).append({**row, "method": run.method})
    return found


def in_words(kind: Kind) -> str:
    """A kind as it is told.

    Example:
        >>> in_words(("test", "original", "accuracy", "mean")), in_words(("dev", "translate-test", "f1", "first"))
        ('test accuracy, mean over sub-words', 'dev translate-test f1, first state')
    """
    split, view, metric, pooling = kind
    scored = " ".join([split, *([] if view == "original" else [view]), metric])
    return f"{scored}, {'mean over sub-words' if pooling == 'mean' else f'{pooling} state'}"


def _gaps(rows: Sequence[Row], state: str, layer: int) -> dict[str, float]:
    return by_language(rows, "gap", state=state, layer=layer)


def _curves(rows: Sequence[Row], last: int) -> list[dict[str, Any]]:
    """Curves over layers."""
    found = []
    for column, measure in MEASURES.items():
        for state, said in STATES.items():
            layers = [by_language(rows, column, state=state, layer=layer) for layer in range(last + 1)]
            languages = sorted({code for layer in layers for code in layer})
            for code in [MEAN, *languages] if languages else []:
                own = [list(layer.values()) if code == MEAN else [layer[code]] for layer in layers if layer]
                values = [short(fmean(values)) for values in own]
                found.append({"measure": measure, "language": code, "state": said, "values": values})
    return found
