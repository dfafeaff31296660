"""The runs of a setting: what they read is there, and they are trained, or gone on with, arm by arm."""

from __future__ import annotations

import glob
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from isogloss.calls.pretrain import pretrain
from isogloss.calls.reproducing.changed import ASKED, SCORED, encoder_folder
from isogloss.calls.reproducing.papers import Arm, Before, Setting
from isogloss.calls.reproducing.scores import arm_folder
from isogloss.calls.train import train
from isogloss.common.errors import IsoglossError
from isogloss.common.writing import write_text
from isogloss.data.patterns import escaped
from isogloss.recipe.overrides import Typed
from isogloss.recipe.resolve import as_yaml, resolve, resolve_pretraining
from isogloss.recipe.smoke_world import FOLDER as SMOKE_WORLD
from isogloss.recipe.spec.objective import Supervised
from isogloss.recipe.spec.recipe import Recipe
from isogloss.run.folder import RunFolder


def changes_of(arm: Arm, scale: str, overrides: Iterable[str], seeds: int) -> list[str]:
    """The keys of an arm's recipe that change: its own, and that test data are scored, which figures are of."""
    seeded = [f"seed={list(range(seeds))}"] if seeds > 1 else []
    return [*arm.changes(scale), SCORED, *seeded, *overrides]


BEFORE = "pretraining."
"""What a change begins with that is of the pre-training of encoders, and not of the recipes of arms."""


def parted(overrides: Iterable[str], name: str, arms: Mapping[str, Arm]) -> tuple[list[str], list[Typed]]:
    """The changes of the arms' recipes, and those of what their encoders are pre-trained by.

    Raises:
        IsoglossError: No arm is pre-trained, or a pre-trained arm is told to begin from another model.
    """
    own = [change for change in overrides if not change.startswith(BEFORE)]
    before = [
        Typed(change.removeprefix(BEFORE), f"--set {change}") for change in overrides if change.startswith(BEFORE)
    ]
    made = [arm for arm, one in arms.items() if one.pretraining is not None]
    if before and not made:
        raise IsoglossError(
            f"set: {BEFORE}{before[0]}: no arm of {', '.join(arms)} in {name} is pre-trained; leave it out"
        )
    if made and any(change.partition("=")[0].strip() == "model" for change in own):
        raise IsoglossError(
            f"set: model: {', '.join(made)} begin from what their pre-training makes; {BEFORE}model=... is what that "
            "begins from, and --arm names the arms that are trained"
        )
    return own, before


def require_data(setting: Setting, name: str, scale: str, recipes: Iterable[Recipe]) -> None:
    """Stop where files are missing, and say what fetches or makes them.

    Raises:
        IsoglossError: Files are missing.
    """
    templates = dict.fromkeys(path for recipe in recipes for path in _paths(recipe))
    missing = [path for path in templates if not glob.glob(escaped(re.sub(r"\{\w+\}", "*", path)))]
    if missing:
        commands = setting.needs.get(scale, ())  # type: ignore[call-overload]
        said = "".join(f"\n  {command}" for command in commands)
        hint = f"; it takes{said}" if said else ": the data beside the checkout (../shared/data) are not there"
        raise IsoglossError(f"{name} at scale {scale}: no file {', '.join(missing)}{hint}")


def run_arms(
    root: Path,
    name: str,
    setting: Setting,
    scale: str,
    arms: Sequence[str],
    *,
    overrides: Sequence[str],
    seeds: int,
    jobs: int,
) -> None:
    """Train the arms one after the other; runs that have ended are passed over, others gone on with.

    Raises:
        IsoglossError: Files are missing, or a change is of no key of the recipes that it is for.
    """
    plain, before = parted(overrides, name, {arm: setting.arms[arm] for arm in arms})
    for arm in arms:
        made = setting.arms[arm].pretraining
        if made is not None:
            resolve_pretraining(made.recipe, overrides=[*made.set, *before], scale=scale)
    changes = {arm: changes_of(setting.arms[arm], scale, plain, seeds) for arm in arms}
    recipes = [resolve(setting.arms[arm].recipe, overrides=changes[arm], scale=scale) for arm in arms]
    require_data(setting, name, scale, recipes)
    for arm in arms:
        own = setting.arms[arm]
        print(f"{name}, {scale}: {arm}", file=sys.stderr)
        made = own.pretraining
        started = [] if made is None else [_encoder(root / name.split("/")[0], made, scale, before)]
        folder = arm_folder(root, name, scale, arm)
        # Once a run has begun, train refuses another recipe; one that was refused before has left nothing to hold to.
        if not any(folder.glob(f"**/{RunFolder(Path()).recipe.name}")):
            write_text(folder / ASKED, as_yaml(resolve(own.recipe, overrides=changes[arm], scale=scale)))
        train(own.recipe, overrides=[*changes[arm], *started], scale=scale, output=folder, resume=True, jobs=jobs)


def _encoder(root: Path, before: Before, scale: str, changes: Sequence[str]) -> str:
    """Make the encoder that an arm starts from, once for all settings of its paper."""
    folder = encoder_folder(root, before, scale)
    pretrain(before.recipe, overrides=[*before.set, *changes], scale=scale, output=folder, resume=True)
    return f"model={folder / 'model'}"


def _paths(recipe: Recipe) -> list[str]:
    """The templates of all files that training reads, but those that it writes itself."""
    found = []
    for entry in recipe.data:
        train, back = entry.translations.train, entry.translations.back
        found.append(entry.path)
        if train is not None and recipe.translate_train:
            found.append(train.path)
        if back is not None and not isinstance(recipe.objective, Supervised):  # of pairs
            found.append(back.path)
    return [path for path in found if not Path(path).is_relative_to(SMOKE_WORLD)]
