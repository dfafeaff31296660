"""What run folders hold, read for a report: finished runs and others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.calls.named import row_name
from isogloss.common.writing import read_json, read_lines
from isogloss.recipe.loading import load_yaml
from isogloss.recipe.presets import METHODS
from isogloss.reports.page import SeenRun
from isogloss.run.folder import RunFolder

Row = Mapping[str, Any]

UNKNOWN = "unknown method"
"""The method of a run whose folder does not say it."""


def recipe_of(folder: Path) -> dict[str, Any]:
    """The resolved recipe of a run; empty where there is none, or where it is no mapping."""
    path = RunFolder(folder).recipe
    found = load_yaml(path.read_text(encoding="utf-8")) if path.exists() else None
    return found if isinstance(found, dict) else {}


def methods_of(folders: Sequence[Path], results: Sequence[Row]) -> dict[str, str]:
    """The method of each run: as its rows say, or else its recipe."""
    scored = {row["run"]: row["method"] for row in results}
    return {str(folder): scored.get(str(folder)) or recipe_of(folder).get("method", UNKNOWN) for folder in folders}


def seen_run(folder: Path, results: Sequence[Row], *, method: str, name: str) -> SeenRun:
    """A run as its folder tells of it.

    Args:
        folder: The folder.
        results: The rows of its results.
        method: Its method.
        name: What it is called.
    """
    run, recipe = RunFolder(folder), recipe_of(folder)
    state, cost = _state(run)
    history = state.get("log_history", [])
    starts = read_json(run.environment, list) if run.environment.exists() else []
    single = method in METHODS and METHODS[method].one_run_per_language
    columns = {"method": method, "train_languages": recipe.get("train_languages") or _trained(results)}
    return SeenRun(
        path=str(folder),
        method=row_name(columns, name) if single else name,
        seed=results[0]["seed"] if results else recipe.get("seed"),
        finished=any(row["selection"] is not None for row in results),
        step=max((entry["step"] for entry in history), default=0),
        steps=state.get("max_steps") or recipe.get("steps"),
        results=results,
        diagnostics=read_lines(run.diagnostics),
        gap=read_lines(run.gap),
        history=history,
        cost=cost,
        recipe=run.recipe.read_text(encoding="utf-8") if run.recipe.exists() else "",
        command=tuple(starts[0].get("command", ())) if starts else (),
    )


def _state(run: RunFolder) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """History and cost: those of the end, or of the newest checkpoint of a run that has not come to it."""
    places = [run.path]
    newest = run.last_checkpoint()
    if newest is not None:
        places.append(newest[1])
    states, costs = ([place / name for place in places] for name in (run.trainer_state.name, run.cost.name))
    state: dict[str, Any] = next((read_json(path) for path in states if path.exists()), {})
    return state, next((read_json(path) for path in costs if path.exists()), None)


def _trained(results: Sequence[Row]) -> list[str]:
    return list(results[0]["train_languages"] or ()) if results else []
