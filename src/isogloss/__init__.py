"""Carry a multilingual model across languages: train on those that have labels, measure on those that need it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isogloss.errors import IsoglossError

if TYPE_CHECKING:
    from isogloss.api import compare, evaluate, get, predict, pretrain, retrieve, show, train, validate

__all__ = [
    "IsoglossError",
    "compare",
    "evaluate",
    "get",
    "predict",
    "pretrain",
    "retrieve",
    "show",
    "train",
    "validate",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a public call
    """The public calls, imported when first used: torch takes seconds, and ``isogloss --help`` needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from isogloss import api

    return getattr(api, name)
