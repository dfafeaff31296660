"""A run folder is opened: what identifies the run is written, or found unchanged and gone on with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import inf
from typing import Any, TypeVar, cast

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import read_json, write_text
from isogloss.models.stored import write_model
from isogloss.recipe.build.run import build_tracker, require_tracker
from isogloss.recipe.loading import load_yaml
from isogloss.recipe.resolve import as_yaml
from isogloss.recipe.spec.objective import XMixup
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.recipe.spec.recipe import Recipe
from isogloss.run.budget import Budget
from isogloss.run.checkpoints import load_checkpoint
from isogloss.run.clearing import clear
from isogloss.run.environment import environment
from isogloss.run.experiment import Experiment
from isogloss.run.folder import RunFolder, differences

AnyRecipe = TypeVar("AnyRecipe", bound=Recipe | Pretraining)

INNER_STEPS = "optimizer.lookahead.inner_steps"
"""What follows from the number of steps where a recipe leaves it open, and then stays as it was in a resume."""


def open_folder(
    experiment: Experiment,
    recipe: Recipe | Pretraining,
    fingerprint: Mapping[str, Any],
    files: Sequence[Callable[[], None]] = (),
    *,
    resuming: bool,
) -> list[str]:
    """Write what identifies the run, or go back to its last checkpoint; then start recording.

    A run that is in the folder and not gone on with is removed, which `require_usable` has allowed.

    Args:
        experiment: The run.
        recipe: Its recipe, with nothing left open.
        fingerprint: What a resume must find unchanged.
        files: Write what lies there before the fingerprint does.
        resuming: Whether the folder holds the run already.

    Returns:
        What to tell the user of it.
    """
    require_tracker(recipe)
    folder, ranks, loaded = experiment.folder, experiment.ranks, experiment.loaded
    is_main, notes = ranks.rank == 0, []
    if is_main and not resuming:
        folder.begin()
        if clear(folder, recipe.model_dump(mode="json")):
            notes.append("the run that was there is removed")
        for file in files:
            file()
        is_random = loaded.identity.get("weights") == "random"
        write = partial(write_model, model=loaded.model, tokenizer=loaded.tokenizer)
        folder.start(as_yaml(recipe), fingerprint, write if is_random else None)
    ranks.wait()
    last = folder.last_checkpoint() if resuming else None
    if last is not None:
        load_checkpoint(last[1], experiment.training, experiment.selection, ranks=ranks)
        history = last[1] / "trainer_state.json"
        try:
            experiment.recorder.resume(read_json(history))
        except KeyError as error:
            raise IsoglossError(f"{history}: damaged: no {error}") from error
        # Checkpoints of earlier versions have none.
        if (last[1] / "cost.json").exists():
            experiment.ledger.resume(read_json(last[1] / "cost.json"))
        notes.append(f"resumed at step {last[0]}")
        if experiment.is_finished() and last[0] < experiment.budget.steps:
            notes.append(f"stopped early at step {last[0]:,}: {experiment.selection}; with more patience it goes on")
    ranks.wait()
    if is_main:
        changed = folder.note_environment(environment(ranks.world_size))
        if last is not None and changed:
            notes.append(f"warning: {'; '.join(changed)}: what follows equals an unbroken run up to rounding only")
        if resuming and not experiment.is_finished():
            was = load_yaml(folder.recipe.read_text(encoding="utf-8"))["gradient_accumulation_steps"]
            if was != recipe.gradient_accumulation_steps:
                notes.append(
                    f"warning: gradient_accumulation_steps was {was}, is {recipe.gradient_accumulation_steps}: what "
                    "follows equals an unbroken run up to rounding, dropout, and what a loss compares within its part "
                    "of a batch"
                )
            folder.cut(experiment.training.progress.step)
            write_text(folder.recipe, as_yaml(recipe))
        experiment.recorder.open(build_tracker(recipe, folder, experiment.training.progress.step))
    ranks.wait()
    return notes


def left_open(folder: RunFolder, asked: Recipe | Pretraining, *, resuming: bool) -> dict[str, list[str]]:
    """What a fingerprint says of the keys that a run was started without, and whose values follow from others.

    Args:
        folder: The run.
        asked: The recipe as the user gave it.
        resuming: Whether the folder holds the run already, which then keeps what it says (one of an earlier version:
            nothing).
    """
    if resuming:
        return {name: value for name, value in read_json(folder.fingerprint).items() if name == "left_open"}
    return {"left_open": [INNER_STEPS] if _leaves_loops_open(asked) else []}


def _leaves_loops_open(asked: Recipe | Pretraining) -> bool:
    return asked.optimizer.lookahead is not None and asked.optimizer.lookahead.inner_steps is None


def bound_to_steps(recipe: Recipe | Pretraining) -> str | None:
    """What makes a step depend on how many there are in all, so that more would move what has been done; None: nothing.

    Args:
        recipe: A recipe with nothing left open.
    """
    if recipe.schedule != "constant":
        return f"schedule: {recipe.schedule} (not under constant)"
    if recipe.selection == "average":
        return "selection: average"
    if isinstance(recipe, Pretraining):
        return "several stages" if len(recipe.stages) > 1 else None
    if isinstance(recipe.objective, XMixup) and (recipe.objective.halving or 1) < 1:
        return f"objective.halving: {recipe.objective.halving:g}, a share of all"
    every = getattr(recipe.unfreezing, "every", None)
    return f"unfreezing.every: {every:g}, a share of all" if isinstance(every, float) and every < 1 else None


def require_same_recipe(
    folder: RunFolder,
    stored: AnyRecipe,
    asked: AnyRecipe,
    recipe: AnyRecipe,
    budget_of: Callable[[AnyRecipe], Budget],
) -> AnyRecipe:
    """The recipe to go on with: the stored one, with more steps where that changes nothing that has been done.

    Args:
        folder: The run.
        stored: The recipe that it was started with.
        asked: The recipe as the user gave it.
        recipe: The same with nothing left open.
        budget_of: Says how long a run of a recipe is.

    Raises:
        IsoglossError: Something else has changed.
    """
    longer, bound = budget_of(recipe).steps > budget_of(stored).steps, bound_to_steps(recipe)
    more = longer and bound is None
    # Intervals that only follow from the number of steps stay as they were when the run was started.
    derived = {key for key in ("evaluation_steps", "logging_steps", "save_steps") if (getattr(asked, key) or 0) < 1}
    loops: dict[str, Any] = {}
    if _leaves_loops_open(asked) and INNER_STEPS in read_json(folder.fingerprint).get("left_open", [INNER_STEPS]):
        loops = {"optimizer": {"lookahead": {"inner_steps"}}}
    names = ("name", "label", "report_to", "save_total_limit", "gradient_accumulation_steps", "evaluation_batch_size")
    changeable = {name: getattr(recipe, name) for name in names if hasattr(recipe, name)}
    # With more patience a run that has stopped goes on; with less it would have stopped before.
    patience, before = (getattr(one, "patience", None) for one in (recipe, stored))
    if patience != before and (patience or inf) > (before or inf):
        changeable["patience"] = patience
    kept: dict[str, Any] = {**dict.fromkeys([*derived, *changeable, *(["steps"] if more else [])], True), **loops}
    old, new = (values.model_dump(mode="json", exclude=kept) for values in (stored, recipe))
    changed = differences(old, new)
    if changed:
        hint = f"; under {bound} a run cannot have more steps than it was started with" if longer and bound else ""
        if not loops and _leaves_loops_open(asked) and any(one.startswith(INNER_STEPS) for one in changed):
            hint += "; the recipe leaves inner_steps open, which the run was started with"
        raise IsoglossError(f"{folder.path}: cannot resume, the recipe has changed: {'; '.join(changed)}{hint}")
    update = {**changeable, **({"steps": recipe.steps} if more else {})}
    return cast(AnyRecipe, stored.model_copy(update=update))
