"""The typed answer to: how much does each class count in the loss?"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field


def _labels_as_text(value: Any) -> Any:  # noqa: ANN401 - raw input
    """A label may be a number in YAML."""
    if not isinstance(value, dict):
        return value
    return {str(key) if type(key) is int else key: weight for key, weight in value.items()}


ClassWeights = Annotated[
    Literal["balanced"] | dict[str, Annotated[float, Field(gt=0)]] | None, BeforeValidator(_labels_as_text)
]
