"""``isogloss schema``."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def schema(
    pretraining: Annotated[bool, typer.Option("--pretraining", help="Of recipes of `isogloss pretrain`.")] = False,
) -> None:
    """Print a JSON schema of recipes, by which editors complete and check them.

    Example: isogloss schema > recipe.schema.json, and as first line of a recipe
    # yaml-language-server: $schema=recipe.schema.json
    """
    from isogloss.recipe.json_schema import pretraining_schema, training_schema  # slow to import, so only when wanted

    print(json.dumps(pretraining_schema() if pretraining else training_schema(), indent=1, ensure_ascii=False))
