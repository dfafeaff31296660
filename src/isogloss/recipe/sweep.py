"""Recipes that stand for several runs: keys with several values, in ``sweep`` or in ``--set KEY=[...]``."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from isogloss.common.several import several
from isogloss.recipe.overrides import Typed, said
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.recipe import Recipe
from isogloss.recipe.values import as_text

UNSAFE = re.compile(r"[^\w.+=-]+")
"""What does not stand in a value in the name of a folder: blanks, commas, braces, slashes and other signs."""

LONGEST = 100
"""Bytes of a name; file systems take 255, and a path has several names."""

DIGITS = 8


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
    overrides = several(overrides)
    base = resolve(recipe, overrides=overrides, scale=scale)
    if base.sweep is None:
        return [("", base)]
    asked = {override.partition("=")[0]: said(override) for override in overrides}
    found = []
    for values in itertools.product(*base.sweep.values()):
        chosen = dict(zip(base.sweep, values, strict=True))
        # JSON is YAML, but for what it writes as two escapes.
        changes = [
            Typed(f"{key}={json.dumps(value, ensure_ascii=False)}", asked.get(key, f"sweep.{key}"))
            for key, value in chosen.items()
        ]
        changes = [*overrides, *changes, Typed("sweep=null", "")]
        found.append((_folder(chosen), resolve(recipe, overrides=changes, scale=scale)))
    names = [name for name, _ in found]
    # Two values may read alike, such as two optimizers of a kind.
    return [(f"{name}-{place}" if names.count(name) > 1 else name, one) for place, (name, one) in enumerate(found)]


def _folder(chosen: Mapping[str, Any]) -> str:
    """A name that every file system and shell takes; a long one is cut and ends in a digest of all."""
    name = ",".join(f"{key}={UNSAFE.sub('-', as_text(value))}" for key, value in chosen.items())
    if len(name.encode()) <= LONGEST:
        return name
    whole = json.dumps(chosen, sort_keys=True)
    digest = hashlib.sha256(whole.encode()).hexdigest()[:DIGITS]
    # A letter may be several bytes, of which none stays alone.
    return f"{name.encode()[: LONGEST - DIGITS - 1].decode(errors='ignore')}-{digest}"
