"""Carry a multilingual model across languages: train on those that have labels, measure on those that need it."""

from isogloss.api import compare, evaluate, predict, show, train, validate
from isogloss.errors import IsoglossError

__all__ = ["IsoglossError", "compare", "evaluate", "predict", "show", "train", "validate"]
