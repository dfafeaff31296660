"""Where the history of a run goes besides its own folder's trainer_state.json."""

from __future__ import annotations

import io
import netrc
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import write_text, writing

WANDB_NO_KEY = (
    "report_to: wandb knows no account on this machine; `wandb login` or WANDB_API_KEY names one, and "
    "WANDB_MODE=offline writes to the run folder only"
)
WANDB_MISSING = "report_to: wandb is not installed; `pip install wandb` adds it"


class Tracker(Protocol):
    """Takes the history of a run."""

    def add(self, values: Mapping[str, float], step: int) -> None:
        """Add the values of a step."""

    def close(self) -> None:
        """Finish."""


class TensorBoard:
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

    def close(self) -> None:
        """Nothing is left to do: every event is in the file already."""

    def _append(self, *events: Mapping[str, Any]) -> None:
        buffer = io.BytesIO()
        records = self._records(buffer)
        for event in events:
            records.write(self._event.Event(wall_time=time.time(), **event).SerializeToString())
        with writing(self.path), self.path.open("ab") as file:
            file.write(buffer.getvalue())


def has_account() -> bool:
    """Whether wandb can send what it is given: it has a key, can ask for one, or is told not to send."""
    if os.environ.get("WANDB_MODE", "online") != "online" or sys.stdin.isatty():
        return True
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    # Where `wandb login` keeps keys.
    host = urlsplit(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).netloc
    try:
        return netrc.netrc().authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


class WeightsAndBiases:
    """A run of Weights & Biases, in the project ``isogloss``, which a resume goes on with.

    The variables of wandb (``WANDB_PROJECT``, ``WANDB_MODE=offline``, ``WANDB_API_KEY`` and others) have their effect.

    Args:
        folder: Folder of the run, whose name it gets; files of wandb lie in ``wandb/`` in it, the id of its run in
            ``wandb_id.txt``.
        recipe: The recipe, as its config.

    Raises:
        IsoglossError: wandb is not installed or refuses to start.
    """

    def __init__(self, folder: Path, recipe: Mapping[str, Any]) -> None:
        try:
            import wandb  # optional, and slow to import
        except ImportError as error:
            raise IsoglossError(WANDB_MISSING) from error
        known = folder / "wandb_id.txt"
        try:
            run = wandb.init(
                project=os.environ.get("WANDB_PROJECT", "isogloss"),
                name=folder.name,
                dir=folder,
                id=known.read_text(encoding="utf-8").strip() if known.exists() else None,
                resume="allow",
                config=dict(recipe),
            )
        except (wandb.Error, OSError) as error:
            raise IsoglossError(
                f"report_to: wandb does not start: {error}; WANDB_MODE=offline writes to the run folder only"
            ) from error
        # Values of steps that come again after a resume keep their own axis: wandb's steps cannot go back.
        run.define_metric("*", step_metric="step")
        write_text(known, run.id + "\n")
        self._run = run

    def add(self, values: Mapping[str, float], step: int) -> None:
        """Add the values of a step."""
        self._run.log({**values, "step": step})

    def close(self) -> None:
        """Finish the run of wandb."""
        self._run.finish()
