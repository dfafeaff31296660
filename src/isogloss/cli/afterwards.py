"""What commands say at their end that have made models: where these lie, and what to type next."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# What is imported in functions has been imported by the call before; `--help` needs none of it.


def print_task_models(rows: Sequence[Mapping[str, Any]]) -> None:
    """Say where the models of a task lie: of one run with what labels a file, of several with what shows them all.

    Args:
        rows: Rows of scores, as the call has returned them; none: nothing is said.
    """
    runs = _runs(rows)
    if len(runs) == 1:
        _print_labelling(runs[0])
    elif runs:
        root = shlex.quote(os.path.commonpath(runs))
        print(f"\nModels: in {root}, of {len(runs)} runs. Next: isogloss report {root} --output report.html")


def print_encoder(rows: Sequence[Mapping[str, Any]]) -> None:
    """Say where an encoder lies that was trained on text, or its adapters, and what trains it on a task."""
    from isogloss.run.folder import RunFolder

    for folder in map(RunFolder, _runs(rows)):
        if folder.adapters.is_dir():
            languages = sorted(path.name for path in folder.adapters.iterdir())
            keys = ", ".join(f"{language}: {folder.adapters / language}" for language in languages)
            recipe = f"`adapters: {{language: {{{keys}}}}}`"
            print(f"\nAdapters: {folder.adapters}. Next: isogloss train RECIPE with {recipe} in it")
        else:
            _print_fine_tuning(folder.model)


def print_trimmed(output: Path) -> None:
    """Say where a model lies whose sub-words were cut, and what is done with it."""
    from isogloss.recipe.resolve import is_pretraining
    from isogloss.run.folder import RunFolder

    run = RunFolder(output)
    if not run.fingerprint.exists():
        _print_fine_tuning(output)
    elif is_pretraining(run.recipe):
        _print_fine_tuning(run.model)
    else:
        _print_labelling(output)


def _print_labelling(run: Path) -> None:
    print(f"\nModel: {run / 'model'}. Next: isogloss predict {shlex.quote(str(run))} FILE --language CODE")


def _print_fine_tuning(model: Path) -> None:
    print(f"\nModel: {model}. Next: isogloss train RECIPE --set model={shlex.quote(str(model))}")


def _runs(rows: Sequence[Mapping[str, Any]]) -> list[Path]:
    """The folders of the runs that rows are of; none in processes beside the first."""
    from isogloss.common.distributed import processes

    return [] if processes().rank else list(dict.fromkeys(Path(row["run"]) for row in rows))
