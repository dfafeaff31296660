"""The encoder that is trained, its tokenizer, and where its weights come from."""

from __future__ import annotations

from isogloss.models.encoder import Loaded, build_encoder, load_encoder
from isogloss.models.tokenizer import load_tokenizer, train_tokenizer

__all__ = ["Loaded", "build_encoder", "load_encoder", "load_tokenizer", "train_tokenizer"]
