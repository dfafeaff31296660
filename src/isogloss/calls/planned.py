"""The runs that a recipe stands for, each with its folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.recipe.build import data as build_data
from isogloss.recipe.presets import METHODS
from isogloss.recipe.spec.recipe import Recipe
from isogloss.run.folder import RunFolder

RecipeLike = Recipe | Mapping[str, Any] | str | Path
"""A recipe as a user names it: resolved, as a mapping, by its path, or by the name of a shipped one."""


def is_made(recipe: Recipe, root: Path, seed: int) -> bool:
    """Whether all runs of a recipe with a seed have ended, in ``root/seed-N``."""
    seeded = recipe.model_copy(update={"seed": seed})
    return all(RunFolder(path).is_finished() for path, _ in runs_of(seeded, root / f"seed-{seed}"))


def runs_of(recipe: Recipe, root: Path) -> list[tuple[Path, Recipe]]:
    """The runs of a recipe, each with a folder: one per seed and, for ``single`` and leave-one-out, per language.

    Raises:
        IsoglossError: Leaving one language out leaves none.
    """
    trained: dict[str, tuple[str, ...] | None] = {"": recipe.train_languages}
    if METHODS[recipe.method].one_run_per_language:
        if recipe.leave_one_out:
            raise IsoglossError(f"leave_one_out: method {recipe.method} trains on one language at a time; leave it out")
        trained = {language: (language,) for language in training_languages(recipe)}
    elif recipe.leave_one_out:
        every = training_languages(recipe)
        if len(every) < 2:
            raise IsoglossError(f"leave_one_out: needs at least 2 training languages, found {', '.join(every)}")
        trained = {f"without-{left}": tuple(code for code in every if code != left) for left in every}
    return [
        (
            (root / f"seed-{seed}" if len(recipe.seeds) > 1 else root) / folder,
            recipe.model_copy(update={"seed": seed, "train_languages": languages}),
        )
        for seed in recipe.seeds
        for folder, languages in trained.items()
    ]


def training_languages(recipe: Recipe) -> tuple[str, ...]:
    """All languages of the recipe, whose labels every one of its models has."""
    if recipe.train_languages is not None:
        return recipe.train_languages
    _, collections = build_data.build_collections(recipe.data)
    return tuple(sorted({language for c in collections for language, split in c.files() if split == "train"}))
