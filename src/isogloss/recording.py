"""What a run says while it runs: log history, TensorBoard events and a progress bar. Nothing of it changes the run."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tqdm import tqdm
from transformers import TrainerState

from isogloss.writing import write_json, writing


class Recorder:
    """Keeps the log history in the shape of Hugging Face's ``trainer_state.json`` and shows it.

    Args:
        state: The history so far and the sizes of the run.
        events: Folder for TensorBoard events; None: none are written.
        show: Whether to draw a progress bar: on a terminal only, and in one process.
    """

    def __init__(self, state: TrainerState, *, events: Path | None, show: bool) -> None:
        self.state = state
        self._writer = None
        if events is not None:
            from torch.utils.tensorboard import SummaryWriter  # slow to import, so only when wanted

            with writing(events):
                # Events of a crashed run beyond this step are hidden by TensorBoard and by its readers.
                self._writer = SummaryWriter(str(events), purge_step=state.global_step + 1)
        self._bar = tqdm(
            total=state.max_steps,
            initial=state.global_step,
            unit="step",
            disable=not (show and sys.stderr.isatty()),
            dynamic_ncols=True,
        )
        self._since, self._sentences = time.perf_counter(), 0

    def step(self, step: int, epoch: float, sentences: int) -> None:
        """Note that ``step`` steps have been taken; ``sentences`` were seen in the last one."""
        self.state.global_step, self.state.epoch = step, epoch
        self._sentences += sentences
        self._bar.update(1)

    def log(self, values: Mapping[str, float]) -> None:
        """Add values of the current step to the history."""
        step = self.state.global_step
        self.state.log_history.append({**values, "epoch": self.state.epoch, "step": step})
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)  # type: ignore[no-untyped-call]
            self._writer.flush()  # type: ignore[no-untyped-call]

    def log_losses(self, losses: Mapping[str, float], learning_rate: float) -> None:
        """Log losses since the last time; the bar shows them, and sentences per second."""
        self.log({**losses, "learning_rate": learning_rate})
        elapsed = time.perf_counter() - self._since
        shown = {name.removeprefix("loss/"): f"{value:.3f}" for name, value in losses.items()}
        self._bar.set_postfix({**shown, "sentences/s": f"{self._sentences / elapsed:.0f}"}, refresh=False)
        self._since, self._sentences = time.perf_counter(), 0

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self._bar.write(text, file=sys.stderr)

    def save(self, path: Path) -> None:
        """Write the history as ``trainer_state.json``."""
        write_json(path, dataclasses.asdict(self.state))

    def close(self) -> None:
        """Finish the bar and the events."""
        self._bar.close()
        if self._writer is not None:
            self._writer.close()  # type: ignore[no-untyped-call]
