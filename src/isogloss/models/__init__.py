"""The encoder that is trained, its tokenizer, and where its weights come from."""

from __future__ import annotations

from isogloss.models.open import Loaded, new_model, open_model
from isogloss.models.tokenizer import load_tokenizer, train_tokenizer

__all__ = ["Loaded", "load_tokenizer", "new_model", "open_model", "train_tokenizer"]
