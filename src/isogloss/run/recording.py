"""What a run says while it runs: log history, a tracker, a progress bar or lines. Nothing of it changes the run."""

from __future__ import annotations

import dataclasses
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm
from transformers import TrainerState

from isogloss.common.writing import write_json
from isogloss.run.lines import Lines
from isogloss.run.trackers import Tracker


class Recorder:
    """Keeps the log history in the shape of Hugging Face's ``trainer_state.json`` and, once opened, shows it.

    On a terminal it shows a bar, in a file lines.

    Args:
        state: The history so far and the sizes of the run.
        unit: What is trained on, such as sentences.
    """

    def __init__(self, state: TrainerState, unit: str = "sentences") -> None:
        self.state = state
        self._unit = unit
        self._lines: Lines | None = None
        self._tracker: Tracker | None = None
        self._bar: tqdm[Any] | None = None
        self._since, self._subwords = 0.0, 0
        self._loss = math.nan
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
        step, last = self.state.global_step, self.state.max_steps
        if sys.stderr.isatty():
            # A short bar: a line has to hold the loss of every language.
            form = "{n_fmt}/{total_fmt} |{bar:12}| {remaining} left{postfix}"
            self._bar = tqdm(total=last, initial=step, dynamic_ncols=True, bar_format=form)
        else:
            self._lines = Lines(step, last, self._unit)
        self._since = time.perf_counter()

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
        self._loss = losses["loss"]
        if self._bar is None:
            return
        now = time.perf_counter()
        rate = (subwords - self._subwords) / (now - self._since)
        self._shown |= {n.removeprefix("loss/"): f"{v:.3f}" for n, v in losses.items() if n.startswith("loss")}
        self._bar.set_postfix({**self._shown, "sub-words/s": f"{rate:,.0f}"}, refresh=False)
        self._since, self._subwords = time.perf_counter(), subwords

    def tell(self, done: Sequence[str], loss: Callable[[], float], trained_on: int) -> None:
        """Print a line where there is no terminal, if something was done or it is time to.

        Args:
            done: What was done after the step.
            loss: Says what the mean loss since the last log is, NaN if there was none since.
            trained_on: Units trained on since the run was opened.
        """
        if self._lines is not None:
            self._lines.tell(self.state.global_step, done, partial(self._latest, loss), trained_on)

    def _latest(self, loss: Callable[[], float]) -> float:
        now = loss()
        return self._loss if math.isnan(now) else now

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Time spent inside does not count for how much is trained on per second."""
        start = time.perf_counter()
        yield
        passed = time.perf_counter() - start
        self._since += passed
        if self._lines is not None:
            self._lines.skip(passed)

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
