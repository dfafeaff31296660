"""What a run says while it runs: log history, a tracker and a progress bar. Nothing of it changes the run."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm
from transformers import TrainerState

from isogloss.common.writing import write_json
from isogloss.run.trackers import Tracker


class Recorder:
    """Keeps the log history in the shape of Hugging Face's ``trainer_state.json`` and, once opened, shows it.

    Args:
        state: The history so far and the sizes of the run.
    """

    def __init__(self, state: TrainerState) -> None:
        self.state = state
        self._tracker: Tracker | None = None
        self._bar: tqdm[Any] | None = None
        self._since = 0.0
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

    def log_losses(self, losses: Mapping[str, float], learning_rate: float) -> None:
        """Log what a meter read; the bar shows the losses and the sentences per second since the last time."""
        self.log({**losses, "learning_rate": learning_rate})
        if self._bar is not None:
            sentences = sum(value for name, value in losses.items() if name.startswith("sentences/"))
            rate = sentences / (time.perf_counter() - self._since)
            self._shown |= {n.removeprefix("loss/"): f"{v:.3f}" for n, v in losses.items() if n.startswith("loss")}
            self._bar.set_postfix({**self._shown, "sentences/s": f"{rate:.0f}"}, refresh=False)
            self._since = time.perf_counter()

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
