"""The run folder: everything a run leaves behind, and what a resume may find there."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import append_lines, read_json, read_lines, write_json, write_lines, write_text
from isogloss.data.corpus import Cell

OBJECT = r"(model-)?[0-9a-f]{12}|\..+\.partial"
"""Names of what is written from memory: tables, and models, by a digest of what they hold."""


def entries(folder: Path) -> list[Path]:
    """What lies in a folder; nothing where there is none."""
    return list(folder.iterdir()) if folder.is_dir() else []


class RunFolder:
    """A folder with one run in it.

    ``data/`` the objects that stood in the recipe (only where some did); ``recipe.yaml`` the resolved recipe;
    ``environment.json`` versions and hardware; ``fingerprint.json`` data, tokenizer and starting weights;
    ``partition.json`` the part of each training example (partitions only); ``checkpoint-N/``; ``results.jsonl``;
    ``predictions/``; ``trainer_state.json``; ``diagnostics.jsonl`` what probes saw; ``gap.jsonl`` what `isogloss gap`
    found; ``cost.json``; ``events/``
    (TensorBoard); ``starting_weights/`` (random weights only); ``adapters/`` the adapters that were trained, as
    AdapterHub has them; ``model/`` the final model, a plain Hugging Face folder.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.begun = path / ".begun"
        self.data = path / "data"
        self.recipe = path / "recipe.yaml"
        self.fingerprint = path / "fingerprint.json"
        self.results = path / "results.jsonl"
        self.predictions = path / "predictions"
        self.diagnostics = path / "diagnostics.jsonl"
        self.gap = path / "gap.jsonl"
        self.cost = path / "cost.json"
        self.events = path / "events"
        self.adapters = path / "adapters"
        self.model = path / "model"
        self.starting_weights = path / "starting_weights"
        self.trainer_state = path / "trainer_state.json"
        self.partition = path / "partition.json"
        self._touches = path / "test_touches.json"
        self.environment = path / "environment.json"

    def require_free(self, *, resume: bool) -> None:
        """Stop if the folder is not ours to write to.

        Raises:
            IsoglossError: It holds something and ``resume`` is false, or it holds something that is no run.
        """
        if self.path.is_dir() and any(self.path.iterdir()):
            if not resume and not self._was_only_begun():
                raise IsoglossError(
                    f"{self.path} exists; --resume goes on with it, --overwrite removes it and starts anew, --output "
                    "names another folder"
                )
            if not self.fingerprint.exists() and not self._was_only_begun():
                raise IsoglossError(
                    f"{self.path} holds no run to resume (no {self.fingerprint.name}); --output names another folder"
                )
        elif self.path.exists() and not self.path.is_dir():
            raise IsoglossError(f"{self.path} is a file, not a folder; --output names another")

    def _was_only_begun(self) -> bool:
        """Whether there is nothing but what a start writes before the fingerprint; a user's own file is none of it."""
        first = {self.recipe.name, self.environment.name, self.starting_weights.name, self.partition.name}
        ours = first if self.begun.exists() else set()
        visible = {path.name for path in self.path.iterdir() if not path.name.startswith(".")}
        return visible <= {*ours, self.data.name} and len(self.objects()) == len(entries(self.data))

    def objects(self) -> list[Path]:
        """What lies in ``data/`` and was written from memory."""
        return [path for path in entries(self.data) if re.fullmatch(OBJECT, path.name)]

    def begin(self) -> None:
        """Mark the folder as that of a run without a fingerprint, before anything else is written there."""
        write_text(self.begun, "isogloss has begun a run here, and has not got to its fingerprint.json.\n")

    def start(self, recipe: str, fingerprint: Mapping[str, Any], weights: Callable[[Path], None] | None) -> None:
        """Write what identifies the run; the fingerprint last, since it marks the folder as a run.

        Args:
            recipe: The recipe as YAML.
            fingerprint: What a resume must find unchanged.
            weights: Writes the starting weights into a folder, where nothing else identifies them.
        """
        write_text(self.recipe, recipe)
        if weights is not None:
            weights(self.starting_weights)
        write_json(self.fingerprint, fingerprint)
        self.begun.unlink(missing_ok=True)

    def note_environment(self, now: Mapping[str, Any]) -> list[str]:
        """Add versions, hardware and command of this start to environment.json, a list of all starts.

        Args:
            now: What `isogloss.run.environment.environment` says of this process.

        Returns:
            What has changed since the start before and may change the last bits of a result.
        """
        starts = read_json(self.environment, list) if self.environment.exists() else []
        write_json(self.environment, [*starts, now])
        return [
            f"{part} were {starts[-1][part]}, are {now[part]}"
            for part in ("processes", "threads", "devices")
            if starts and starts[-1][part] != now[part]
        ]

    def devices(self) -> list[str]:
        """Names of the devices that the last start ran on; none where it is not written down."""
        starts = read_json(self.environment, list) if self.environment.exists() else []
        return [str(name) for name in starts[-1].get("devices", ())] if starts else []

    def is_finished(self) -> bool:
        """Whether the run has come to its end: final scores and a final model are there."""
        return self.model.is_dir() and any(row["selection"] is not None for row in read_lines(self.results))

    def final_rows(
        self, cells: Collection[Cell] | None = None, modes: Collection[str | None] | None = None
    ) -> list[dict[str, Any]]:
        """The last final scores; of some cells, and in some of the modes of `isogloss.run.evaluation.Mode`."""
        rows = [
            row
            for row in read_lines(self.results)
            if row["selection"] is not None
            and row["view"] == "original"
            and row.get("interpolation") is None
            and (modes is None or row.get("at_test") in modes)
            and (cells is None or cell_of(row) in cells)
        ]
        return list({(cell_of(row), row["metric"], row.get("at_test")): row for row in rows}.values())

    def require_same(self, fingerprint: Mapping[str, Any]) -> None:
        """Stop if the run to resume was started on something else.

        Raises:
            IsoglossError: Data, tokenizer or starting weights differ; the message names what.
        """
        changed = differences(read_json(self.fingerprint), fingerprint)
        if changed:
            raise IsoglossError(
                f"{self.path}: cannot resume, the run was started with other input: {'; '.join(changed)}"
            )

    def cut(self, step: int) -> None:
        """Drop what training left later than ``step``, and results and predictions of an end that will come again."""
        rows = read_lines(self.results)
        kept = [row for row in rows if row["selection"] is None and row["step"] <= step]
        if kept != rows:
            write_lines(self.results, kept)
        looked = read_lines(self.diagnostics)
        if any(row["step"] > step for row in looked):
            write_lines(self.diagnostics, [row for row in looked if row["step"] <= step])
        for folder in self.predictions.glob("*"):
            number = folder.name.removeprefix("step-").partition(".")[0]
            if not number.isdigit() or int(number) > step:
                shutil.rmtree(folder)
        for partial in self.path.glob(".*.partial"):
            shutil.rmtree(partial) if partial.is_dir() else partial.unlink()
        self.gap.unlink(missing_ok=True)
        for ended in (self.model, self.adapters):
            shutil.rmtree(ended, ignore_errors=True)

    def last_checkpoint(self) -> tuple[int, Path] | None:
        """Step and path of the newest complete checkpoint."""
        found = checkpoints(self.path) if self.path.is_dir() else []
        return found[-1] if found else None

    def write_predictions(self, cell: Cell, columns: Mapping[str, Any], rows: list[dict[str, Any]]) -> None:
        """Write per-example predictions as JSON lines; ``columns`` are those of the rows with their scores."""
        write_lines(self._predicted(cell, columns), rows)

    def predictions_of(self, row: Mapping[str, Any]) -> Path:
        """The file with the predictions that a row of results scores, if it is still there.

        Of several scorings of the same data with the same weights it is the last one's.
        """
        return self._predicted(cell_of(row), row)

    def _predicted(self, cell: Cell, columns: Mapping[str, Any]) -> Path:
        folder = columns["selection"] or f"step-{columns['step']}"
        if columns.get("view", "original") != "original":
            folder += f".{columns['view']}"
        if columns.get("interpolation") is not None:
            folder += f".interpolated-{columns['interpolation']:g}"
        if columns.get("at_test") == "keep":
            folder += ".keep"
        return self.predictions / folder / f"{cell.data}.{cell.language}.{cell.split}.jsonl".replace("/", "-")

    def add_results(self, rows: list[dict[str, Any]]) -> None:
        """Append rows to results.jsonl."""
        append_lines(self.results, rows)

    def add_diagnostics(self, rows: list[dict[str, Any]]) -> None:
        """Append rows that probes saw to diagnostics.jsonl."""
        append_lines(self.diagnostics, rows)

    def touch_test(self, cell: Cell) -> int:
        """Count one more scoring of a test set by this run; the count survives every resume.

        Returns:
            How often this run has scored it, this time included.
        """
        touches = read_json(self._touches) if self._touches.exists() else {}
        key = f"{cell.data}/{cell.language}"
        touches[key] = touches.get(key, 0) + 1
        write_json(self._touches, touches)
        return int(touches[key])


def checkpoints(folder: Path) -> list[tuple[int, Path]]:
    """The complete checkpoints of a run, (step, path), oldest first."""
    found = [
        (int(match[1]), path) for path in folder.iterdir() if (match := re.fullmatch(r"checkpoint-(\d+)", path.name))
    ]
    return sorted(found)


def cell_of(row: Mapping[str, Any]) -> Cell:
    """The cell that a row of results is of."""
    context = row["context_language"]
    question = row["language"] if context else None
    return Cell(row["data"], context or row["language"], row["split"], question)


def differences(
    old: Mapping[str, Any], new: Mapping[str, Any], where: str = "", form: str = "{key} was {before}, is {after}"
) -> list[str]:
    """Where two nested mappings differ, each place in the words of ``form``."""
    found = []
    for key in sorted({*old, *new}):
        before, after = old.get(key), new.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            found.extend(differences(before, after, f"{where}{key}.", form))
        elif before != after:
            found.append(form.format(key=f"{where}{key}", before=_short(before), after=_short(after)))
    return found


def _short(value: Any) -> str:  # noqa: ANN401 - any JSON
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
