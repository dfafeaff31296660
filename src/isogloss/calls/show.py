"""A recipe with every default filled in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from isogloss.recipe.resolve import as_yaml, is_pretraining, resolve, resolve_pretraining
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.recipe.spec.recipe import Recipe

if TYPE_CHECKING:
    from isogloss.calls.planned import RecipeLike  # with torch behind it


def show(recipe: RecipeLike | Pretraining, *, overrides: Iterable[str] = (), scale: str | None = None) -> str:
    """A recipe with every default filled in, as YAML that runs again."""
    if isinstance(recipe, Pretraining) or (not isinstance(recipe, Recipe) and is_pretraining(recipe)):
        return as_yaml(resolve_pretraining(recipe, overrides=overrides, scale=scale))
    return as_yaml(resolve(recipe, overrides=overrides, scale=scale))
