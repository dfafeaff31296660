"""Which keys of a recipe take a list as their value."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from isogloss.recipe.spec.recipe import Recipe


def takes_list(path: str) -> bool:
    """Whether the key of a recipe takes a list as its value, so that a list is no sweep; an unknown key may.

    Example:
        >>> [takes_list(key) for key in ("train_languages", "optimizer.betas", "learning_rate", "data.0.path")]
        [True, True, False, False]
    """
    found: list[Any] = [Recipe]
    for key in path.split("."):
        found = [inner for annotation in found for inner in _inside(annotation, key)]
    return not found or any(
        alternative is Any or typing.get_origin(alternative) in (tuple, list)
        for annotation in found
        for alternative in _alternatives(annotation)
    )


def _inside(annotation: Any, key: str) -> Iterator[Any]:  # noqa: ANN401 - annotations have no common type
    for alternative in _alternatives(annotation):
        if isinstance(alternative, type) and issubclass(alternative, BaseModel):
            if key in alternative.model_fields:
                yield alternative.model_fields[key].annotation
        elif typing.get_origin(alternative) is tuple and key.isdigit():
            yield typing.get_args(alternative)[0]


def _alternatives(annotation: Any) -> Iterator[Any]:  # noqa: ANN401 - annotations have no common type
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        for part in typing.get_args(annotation):
            yield from _alternatives(part)
    elif origin is typing.Annotated:
        yield from _alternatives(typing.get_args(annotation)[0])
    else:
        yield annotation
