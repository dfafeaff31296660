"""What an encoder answers where a recipe says nothing, a shipped one or what was made from it: rate, what may move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isogloss.models.shipped import made_from, made_from_former, own_defaults
from isogloss.recipe.names import TASKS
from isogloss.recipe.spec.recipe import Recipe
from isogloss.recipe.values import as_text


def with_encoder_defaults(given: Mapping[str, Any]) -> Recipe:
    """The recipe of some keys, in which the encoder's own defaults stand where these have none.

    Keys taken from the encoder stay out of ``model_fields_set``, as other defaults do.

    Raises:
        pydantic.ValidationError: The keys are no recipe.
    """
    recipe = Recipe.model_validate(given)
    taken = left_to_encoder(recipe)
    if taken:
        recipe = Recipe.model_validate({**taken, **given})
        recipe.model_fields_set.difference_update(taken)
    return recipe


def left_to_encoder(recipe: Recipe) -> dict[str, Any]:
    """Keys that a recipe leaves to its encoder, with their values; none where the encoder's weights are forgotten."""
    if not isinstance(recipe.model, str) or recipe.random_weights:
        return {}
    task = TASKS.get(recipe.data[0].task) if recipe.data else None
    own = own_defaults(recipe.model, tagging=task is not None and "conll" in task.formats)
    return {key: value for key, value in own.items() if key not in recipe.model_fields_set}


def encoder_notes(recipe: Recipe) -> list[str]:
    """Says which of the encoder's own defaults a run takes, or why it takes none of a former one's."""
    taken = left_to_encoder(recipe)
    is_trained = isinstance(recipe.model, str) and not recipe.random_weights
    if is_trained and (name := made_from_former(str(recipe.model))) is not None:
        return [
            f"{recipe.model}: was made from {name} when that was another encoder, so it has the usual defaults and "
            f"none of {name}'s (learning_rate {recipe.learning_rate:g})"
        ]
    if not taken:
        return []
    listed = ", ".join(f"{key} {as_text(value)}" for key, value in taken.items())
    first = next(iter(taken))
    origin = made_from(str(recipe.model))
    number = "defaults" if len(taken) > 1 else "default"
    said = f"its own {number}" if origin == recipe.model else f"{number} of {origin}, which it was made from"
    return [f"{recipe.model}: {listed} ({said}; --set {first}=... changes {'one' if len(taken) > 1 else 'it'})"]
