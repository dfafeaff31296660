"""What every vocabulary must keep: its characters, or the bytes that stand for characters it does not have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

BYTE = re.compile(r"<0x[0-9A-F]{2}>")
"""What a sub-word is called that stands for a byte where a character has none of its own."""


def alphabet(pieces: Mapping[int, str], stored: Mapping[str, Any]) -> frozenset[int]:
    """The sub-words that stand for bytes, where a tokenizer falls back on these, and those of one character.

    Args:
        pieces: Sub-words by id, as they stand in the text.
        stored: The part ``model`` of ``tokenizer.json``.
    """
    by_byte = bool(stored.get("byte_fallback"))
    return frozenset(
        number for number, piece in pieces.items() if len(piece) == 1 or (by_byte and BYTE.fullmatch(piece))
    )
