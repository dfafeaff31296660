"""What a run says while it runs: log history, TensorBoard events and a progress bar. Nothing of it changes the run."""

from __future__ import annotations

import dataclasses
import io
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm
from transformers import TrainerState

from isogloss.writing import write_json, writing


class Recorder:
    """Keeps the log history in the shape of Hugging Face's ``trainer_state.json`` and, once opened, shows it.

    Args:
        state: The history so far and the sizes of the run.
    """

    def __init__(self, state: TrainerState) -> None:
        self.state = state
        self._events: Events | None = None
        self._bar: tqdm[Any] | None = None
        self._since = 0.0
        # The loss seen last of each language: a step of one language must not blank the others.
        self._shown: dict[str, str] = {}

    def resume(self, history: Mapping[str, Any]) -> None:
        """Go on with a history that `as_dict` gave; sizes of the run stay those of now."""
        for name in ("epoch", "global_step", "log_history", "best_metric", "best_global_step"):
            setattr(self.state, name, history[name])

    def open(self, events: Path | None) -> None:
        """Start showing.

        Args:
            events: Folder for TensorBoard events; None: none are written.
        """
        if events is not None:
            self._events = Events(events, self.state.global_step)
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
        if self._events is not None:
            self._events.add(values, step)

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
        """Finish the bar and the events."""
        if self._bar is not None:
            self._bar.close()


class Events:
    """A file of TensorBoard events, written in this thread, so that a full disk is an error of this run.

    Args:
        folder: Folder of the run's event files; each resume adds one.
        step: Step that the run goes on from. Readers drop what earlier files say of later steps.

    Raises:
        IsoglossError: The file cannot be written; so for `add`.
    """

    def __init__(self, folder: Path, step: int) -> None:
        # Slow to import, so only when wanted.
        from tensorboard.compat.proto import event_pb2, summary_pb2  # type: ignore[import-untyped]
        from tensorboard.summary.writer.record_writer import RecordWriter  # type: ignore[import-untyped]

        self._event, self._summary, self._records = event_pb2, summary_pb2.Summary, RecordWriter
        # Readers take the files in the order of their names.
        self.path = folder / f"events.out.tfevents.{time.time():020.6f}"
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        restart = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
        self._append({"file_version": "brain.Event:2"}, {"session_log": restart, "step": step + 1})

    def add(self, values: Mapping[str, float], step: int) -> None:
        """Add the values of a step."""
        scalars = [self._summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        self._append({"summary": self._summary(value=scalars), "step": step})

    def _append(self, *events: Mapping[str, Any]) -> None:
        buffer = io.BytesIO()
        records = self._records(buffer)
        for event in events:
            records.write(self._event.Event(wall_time=time.time(), **event).SerializeToString())
        with writing(self.path), self.path.open("ab") as file:
            file.write(buffer.getvalue())
