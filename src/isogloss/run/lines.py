"""What a run says where there is no terminal: a line from time to time, and whenever it was measured or saved."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import mean
from typing import Any

from isogloss.common.progress import BETWEEN_LINES


class Lines:
    """Plain lines of a log file: time, step, loss, speed, how long the rest will take, and what was done.

    Args:
        first: Steps taken before.
        last: Steps of the whole run.
        unit: What is trained on, such as sentences.
    """

    def __init__(self, first: int, last: int, unit: str) -> None:
        self._first, self._last, self._unit = first, last, unit
        self._opened = self._told = self._since = time.perf_counter()
        self._before = 0

    def skip(self, seconds: float) -> None:
        """Let time not count for the speed."""
        self._since += seconds

    def tell(self, step: int, done: Sequence[str], loss: Callable[[], float], trained_on: int) -> None:
        """Print a line where something was done, or if the last one was a while ago.

        Args:
            step: Steps taken.
            done: What was done after the step.
            loss: Says what the loss is; it may have to wait for the accelerator, so it is asked for lines alone.
            trained_on: Units trained on since the run was opened.
        """
        now = time.perf_counter()
        if not done and now - self._told < BETWEEN_LINES:
            return
        rate = (trained_on - self._before) / max(now - self._since, 1e-9)
        left = timedelta(seconds=round((now - self._opened) / (step - self._first) * (self._last - step)))
        said = [
            f"{datetime.now():%Y-%m-%d %H:%M:%S} step {step:,} of {self._last:,}: loss {loss():.3f}",
            f"{rate:,.0f} {self._unit}/s",
            f"{left} left",
            *done,
        ]
        print(", ".join(said), file=sys.stderr, flush=True)
        self._told = self._since = time.perf_counter()
        self._before = trained_on


def measured(rows: Sequence[Mapping[str, Any]], seconds: float) -> str:
    """What a line says of an evaluation: means of sources and targets, or each language where all were trained on.

    Args:
        rows: Its scores, the metric to select by first.
        seconds: What it took.

    Example:
        >>> columns = {"metric": "accuracy", "split": "dev", "context_language": None, "train_languages": ["en"]}
        >>> measured([{"language": "en", "value": 0.9, **columns}, {"language": "de", "value": 0.5, **columns}], 2.4)
        'evaluated in 2 s (dev accuracy: source mean 90.0, target mean 50.0)'
        >>> measured([{"language": "en", "value": 0.9, **columns}], 2.4)
        'evaluated in 2 s (dev accuracy: en 90.0)'
    """
    took = f"evaluated in {seconds:.0f} s"
    if not rows:
        return took
    metric, split = rows[0]["metric"], rows[0]["split"]
    # Scores are shown per cent, losses as they are.
    factor, digits = (1, 3) if metric.endswith("_loss") else (100, 1)
    values: dict[str, list[tuple[str, float]]] = {"source": [], "target": []}
    for row in rows:
        if row["metric"] == metric:
            languages = [language for language in (row["language"], row["context_language"]) if language]
            kind = "source" if set(languages) <= set(row["train_languages"]) else "target"
            values[kind].append(("/".join(languages), factor * row["value"]))
    if values["target"]:
        shown = [f"{kind} mean {mean(value for _, value in own):.{digits}f}" for kind, own in values.items() if own]
    else:
        shown = [f"{name} {value:.{digits}f}" for name, value in values["source"]]
    return f"{took} ({split} {metric}: {', '.join(shown)})"
