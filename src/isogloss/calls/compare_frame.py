"""Finished runs side by side, as a pandas data frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from isogloss.calls.compare_runs import compared
from isogloss.common.errors import IsoglossError
from isogloss.reports.comparison_formats import records

if TYPE_CHECKING:
    import pandas as pd


def compare_frame(
    runs: str | Path | Sequence[str | Path],
    *,
    baseline: str | None = None,
    by: str | Sequence[str] = (),
    split: str = "dev",
    metric: str | None = None,
    allow_mixed: str | Sequence[str] = (),
    left_out: bool = False,
    view: str = "original",
) -> pd.DataFrame:
    """What `isogloss.compare` shows, as a data frame: a row for each line and method.

    Args:
        runs: Run folders, or folders with run folders in them; all of one task.
        baseline: What the others are compared with; None: scores alone.
        by: Keys of the recipes that tell runs apart; see `isogloss.compare`, as for the rest.
        split: dev or test.
        metric: Metric; default: the task's primary one.
        allow_mixed: Parts of the protocol in which the runs may differ.
        left_out: Compare runs of ``leave_one_out``, each on the language that it was not trained on.
        view: Scores of which view.

    Returns:
        The columns of `isogloss.reports.comparison_formats.records`; scores and differences are fractions. What the
        numbers rest on is in ``frame.attrs["legend"]``.

    Raises:
        IsoglossError: pandas is not installed, or as `isogloss.compare`.
    """
    try:
        import pandas as pd
    except ImportError:
        raise IsoglossError("compare_frame: needs pandas; `pip install pandas` brings it") from None
    found = compared(
        runs,
        baseline=baseline,
        by=by,
        split=split,
        metric=metric,
        allow_mixed=allow_mixed,
        left_out=left_out,
        view=view,
        negative_transfer=False,
        cost=False,
    ).comparison
    assert found is not None  # which only cost and negative transfer leave out
    frame = pd.DataFrame(records(found))
    frame.attrs["legend"] = found.legend
    return frame
