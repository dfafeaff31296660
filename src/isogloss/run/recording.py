"""What a run says while it runs: log history, a tracker, a progress bar or lines. Nothing of it changes the run."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from tqdm import tqdm
from transformers import TrainerState

from isogloss.common.progress import BETWEEN_LINES
from isogloss.common.writing import write_json
from isogloss.run.trackers import Tracker


class Recorder:
    """Keeps the log history in the shape of Hugging Face's ``trainer_state.json`` and, once opened, shows it.

    On a terminal it shows a bar; in a file, a line when something is logged, at most one a minute.

    Args:
        state: The history so far and the sizes of the run.
    """

    def __init__(self, state: TrainerState) -> None:
        self.state = state
        self._tracker: Tracker | None = None
        self._bar: tqdm[Any] | None = None
        self._since, self._subwords = 0.0, 0
        self._opened, self._first, self._line = 0.0, 0, 0.0
        # The loss seen last of each language: a step of one language must not blank the others.
        self._shown: dict[str, str] = {}

    def resume(self, history: Mapping[str, Any]) -> None:
        """Go on with a history that `as_dict` gave; sizes of the run stay those of now."""
        for name in ("epoch", "global_step", "log_history", "best_metric", "best_global_step"):
            setattr(self.state, name, history[name])

    def open(self, tracker: Tracker | None) -> None:
        """Start showing.

        Args:
            tracker: Takes the history besides; None: nothing does.
        """
        self._tracker = tracker
        self._bar = tqdm(
            total=self.state.max_steps,
            initial=self.state.global_step,
            disable=not sys.stderr.isatty(),
            dynamic_ncols=True,
            # A short bar: a line has to hold the loss of every language.
            bar_format="{n_fmt}/{total_fmt} |{bar:12}| {remaining} left{postfix}",
        )
        self._since = self._opened = self._line = time.perf_counter()
        self._first = self.state.global_step

    def step(self, step: int, epoch: float) -> None:
        """Note that ``step`` steps have been taken, ``epoch`` passes over the data."""
        self.state.global_step, self.state.epoch = step, epoch
        if self._bar is not None:
            self._bar.update(1)

    def log(self, values: Mapping[str, float]) -> None:
        """Add values of the current step to the history."""
        step = self.state.global_step
        self.state.log_history.append({**values, "epoch": self.state.epoch or 0.0, "step": step})
        if self._tracker is not None:
            self._tracker.add(values, step)

    def log_losses(self, losses: Mapping[str, float], learning_rate: float, subwords: int) -> None:
        """Log what a meter read; what is shown has the losses and the sub-words per second since the last time.

        Args:
            losses: What the meter read.
            learning_rate: That of now.
            subwords: How many have been trained on since the run was opened, in all processes.
        """
        self.log({**losses, "learning_rate": learning_rate})
        if self._bar is None:
            return
        now = time.perf_counter()
        rate = (subwords - self._subwords) / (now - self._since)
        self._shown |= {n.removeprefix("loss/"): f"{v:.3f}" for n, v in losses.items() if n.startswith("loss")}
        self._bar.set_postfix({**self._shown, "sub-words/s": f"{rate:,.0f}"}, refresh=False)
        if self._bar.disable and now - self._line >= BETWEEN_LINES:
            step, last = self.state.global_step, self.state.max_steps
            left = timedelta(seconds=round((now - self._opened) / (step - self._first) * (last - step)))
            print(
                f"step {step:,} of {last:,}: loss {losses['loss']:.3f}, {rate:,.0f} sub-words/s, {left} left",
                file=sys.stderr,
                flush=True,
            )
            self._line = now
        self._since, self._subwords = time.perf_counter(), subwords

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Time spent inside does not count for sentences per second."""
        start = time.perf_counter()
        yield
        self._since += time.perf_counter() - start

    def as_dict(self) -> dict[str, Any]:
        """The history as Hugging Face's JSON holds it."""
        return dataclasses.asdict(self.state)

    def save(self, path: Path) -> None:
        """Write the history as ``trainer_state.json``."""
        write_json(path, self.as_dict())

    def close(self) -> None:
        """Finish the bar and the tracker."""
        if self._bar is not None:
            self._bar.close()
        if self._tracker is not None:
            self._tracker.close()
