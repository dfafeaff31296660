"""A finished run's recipe is trained again, and an encoder that it names is not the one that the run began with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.recipe.spec.recipe import Recipe
from isogloss.run.beginnings import renewed_of
from isogloss.run.folder import RunFolder


def print_renewed(recipe: Any, resolved: Recipe | Pretraining) -> None:  # noqa: ANN401 - whatever a call takes
    """Warn of each such encoder.

    Args:
        recipe: The recipe as the user named it: only a file in a run folder says what its run began with.
        resolved: The same, resolved.
    """
    if not isinstance(recipe, str | Path) or not Path(recipe).is_file():
        return
    for name, said in renewed_of(RunFolder(Path(recipe).parent)).items():
        if name in (resolved.model, getattr(resolved, "teacher", None)):
            print(f"{recipe}: warning: {said}; scores are not those of the run there", file=sys.stderr)
