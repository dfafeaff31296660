"""The typed answer to: how much does each class count in the loss?"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag


def _labels_as_text(value: Any) -> Any:  # noqa: ANN401 - raw input
    """A label may be a number in YAML, but not beside the same label as text."""
    if not isinstance(value, dict):
        return value
    found: dict[Any, Any] = {}
    for key, weight in value.items():
        label = str(key) if type(key) is int else key
        if label in found:
            raise ValueError(f"label {label!r} has two weights, {found[label]!r} and {weight!r}; leave one out")
        found[label] = weight
    return found


def _type(value: Any) -> str | None:  # noqa: ANN401 - raw input
    """Which of its types a value was meant to be, so that only the rule of that type is told."""
    return "str" if isinstance(value, str) else "dict[str,float]" if isinstance(value, dict) else None


_Weights = Annotated[
    Annotated[Literal["balanced"], Tag("str")]
    | Annotated[dict[str, Annotated[float, Field(gt=0)]], Tag("dict[str,float]")],
    Discriminator(
        _type,
        custom_error_type="class_weights_type",
        custom_error_message="Input should be 'balanced' or a mapping of labels to weights",
    ),
]

ClassWeights = Annotated[_Weights | None, BeforeValidator(_labels_as_text)]
