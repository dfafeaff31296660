"""Which result rows of run folders are compared, and what their methods are called."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isogloss.calls.named import names_of, of_two_encoders, require_same_files, row_name, variant
from isogloss.calls.predicted import label_set
from isogloss.calls.scored import metric_of, of_one_task, way_to_scores
from isogloss.common.errors import IsoglossError
from isogloss.recipe.presets import METHODS
from isogloss.reports.cells import scoring_of

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Chosen:
    """The rows that are compared.

    Attributes:
        latest: The last final rows of one metric, split and view; ``run`` is where the run lies now.
        dev: Those of dev data.
        names: What each run is called.
        modes: The modes of language adapters that the rows were scored in; empty where there are none.
        notes: What was left out, and what else there is to know of the runs, as Markdown.
    """

    latest: Sequence[Row]
    dev: Sequence[Row]
    names: Mapping[str, str]
    modes: Sequence[str]
    notes: Sequence[str]

    def shown(self, rows: Sequence[Row]) -> list[Row]:
        """The rows, their method being the name that they have in a comparison."""
        named = [{**row, "method": row_name(row, self.names[row["run"]])} for row in rows]
        return [_told_by_mode(row) for row in named] if len(self.modes) > 1 else list(named)

    def trained(self, mode: str | None) -> list[Row]:
        """The rows in a mode, by how models were trained: those of one language each are together one method.

        Where there are several modes, the names of the other methods say which, if they or the models of one language
        have language adapters.
        """
        rows = [row for row in self.latest if row.get("at_test") in (mode, None)]
        by_mode = len(self.modes) > 1
        all_by_mode = by_mode and any(is_alone(row) and row.get("at_test") is not None for row in rows)
        found: list[Row] = []
        for row in rows:
            name = _trained_name(row, self.names[row["run"]])
            told = not is_alone(row) and (all_by_mode or (by_mode and row.get("at_test") is not None))
            found.append({**row, "method": f"{name} ({mode})" if told else name})
        return found


def chosen_rows(
    folders: Sequence[Path],
    found: Sequence[dict[str, Any]],
    *,
    split: str,
    metric: str | None,
    view: str,
    by: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    allow_mixed: Sequence[str] = (),
    left_out: bool = False,
) -> Chosen:
    """The rows to compare, of all that run folders hold.

    Args:
        folders: The run folders.
        found: All rows of their results, as `isogloss.calls.scored.results_of` reads them.
        split: dev or test.
        metric: Metric; None: the task's primary one.
        view: View.
        by: Keys that tell runs apart.
        names: What the runs are called, where that is known already.
        allow_mixed: Parts of the protocol in which the runs may differ.
        left_out: Whether each run counts on the language that it was not trained on.

    Raises:
        IsoglossError: There are no such rows, runs of several tasks, or runs that were trained on other data or labels.
    """
    scored = of_one_task(found)
    final = [row for row in scored if row["selection"] is not None and row["view"] == view]
    rows = [row for row in final if row["split"] == split]
    kind = split if view == "original" else f"{split} {view}"
    if not rows:
        raise IsoglossError(f"no final {kind} scores in {os.path.commonpath(folders)}; {way_to_scores(folders)}")
    primary = metric_of(rows, metric)
    latest = _latest(rows, primary, left_out=left_out)
    if primary == "macro_f1":
        _require_same_labels(sorted({row["run"] for row in latest}))
    if "data" not in allow_mixed:
        require_same_files(sorted({row["run"] for row in latest}))
    names = names or names_of({row["run"]: row["method"] for row in final}, by)
    modes = [mode for mode in dict.fromkeys(row.get("at_test") for row in latest) if mode is not None]
    dev = _latest([row for row in final if row["split"] == "dev"], primary, left_out=False)
    others = {row["run"] for row in found} - {row["run"] for row in scored}
    left = sorted({str(folder) for folder in folders} - others - {row["run"] for row in rows})
    notes = [f"- Left out, without a final {kind} score: {', '.join(left)}."] if left else []
    notes += of_two_encoders(sorted({row["run"] for row in latest}))
    if others:
        notes.append(f"- Left out, of `isogloss pretrain`: {', '.join(sorted(others))}.")
    return Chosen(latest, dev, names, modes, notes)


def _latest(rows: Sequence[dict[str, Any]], metric: str, *, left_out: bool) -> list[dict[str, Any]]:
    """Of several scorings the last one."""
    found = {
        scoring_of(row): row
        for row in rows
        if row["metric"] == metric and not (left_out and row.get("interpolation") is not None)
    }
    return list(found.values())


def _require_same_labels(runs: Sequence[str]) -> None:
    """Stop if a mean over labels is one over other labels in another run."""
    found = {labels: run for run in reversed(runs) if (labels := label_set(Path(run))) is not None}
    if len({frozenset(labels) for labels in found}) > 1:
        listed = "; ".join(f"{', '.join(labels)} in {run}" for labels, run in found.items())
        raise IsoglossError(f"macro_f1 is a mean over the labels of a model, which must be the same, found {listed}")


def is_alone(row: Row) -> bool:
    """Whether a row is of a model that was trained on one language alone."""
    return METHODS[row["method"]].one_run_per_language and row.get("interpolation") is None


def _trained_name(row: Row, name: str) -> str:
    """Models of one language each are together one method."""
    if is_alone(row):
        return " ".join([row["method"], *variant(row)])
    return row_name(row, name)


def _told_by_mode(row: Row) -> Row:
    """Scores with each language's own adapter and with the source's are of two methods."""
    mode = row.get("at_test")
    return row if mode is None else {**row, "method": f"{row['method']} ({mode})"}
