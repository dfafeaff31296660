"""Recipes that stand for several runs: keys with several values, in ``sweep`` or in ``--set KEY=[...]``."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.recipe import Recipe
from isogloss.recipe.values import as_text


def resolve_sweep(
    recipe: Recipe | Mapping[str, Any] | str | Path, *, overrides: Iterable[str] = (), scale: str | None = None
) -> list[tuple[str, Recipe]]:
    """The recipe of each combination of swept values, with the name of its folder; a single one has no name.

    Args:
        recipe: See `isogloss.recipe.resolve.resolve`, as for the rest.
        overrides: Keys to change.
        scale: One of the recipe's scales.

    Raises:
        IsoglossError: As `resolve`, of any of them.
    """
    overrides = list(overrides)
    base = resolve(recipe, overrides=overrides, scale=scale)
    if base.sweep is None:
        return [("", base)]
    found = []
    for values in itertools.product(*base.sweep.values()):
        chosen = dict(zip(base.sweep, values, strict=True))
        # JSON is YAML.
        changes = [f"{key}={json.dumps(value)}" for key, value in chosen.items()]
        name = ",".join(f"{key}={as_text(value)}" for key, value in chosen.items()).replace("/", "-")
        found.append((name, resolve(recipe, overrides=[*overrides, *changes, "sweep=null"], scale=scale)))
    names = [name for name, _ in found]
    # Two values may read alike, such as two optimizers of a kind.
    return [(f"{name}-{place}" if names.count(name) > 1 else name, one) for place, (name, one) in enumerate(found)]
