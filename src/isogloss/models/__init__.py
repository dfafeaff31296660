"""The encoder that is trained, its tokenizer, and where its weights come from."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isogloss.models.open import Loaded, new_model, open_model
    from isogloss.models.tokenizer import load_tokenizer, train_tokenizer

__all__ = ["Loaded", "load_tokenizer", "new_model", "open_model", "train_tokenizer"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a public name
    """The public names, imported when first used: recipes ask what comes with the package, and that needs no torch."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "tokenizer" if name.endswith("tokenizer") else "open"
    return getattr(import_module(f"isogloss.models.{module}"), name)
