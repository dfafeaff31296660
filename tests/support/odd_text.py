"""Strategies for text as files of the world hold it: marks, joiners, spaces and line separators of every kind."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as some

ODD = (
    *("a", "Hund", "é", "e\u0301", "\u0301", "ß", "अ", "क्‍ष", "ที่", "中文", "か\u3099"),
    *("א", "\u05d0\u05b8", "سلام", "\u200f", "\u202e", "\u2066", "\u200b", "\u200c", "\u200d", "\u00ad", "\u2060"),
    *("👍🏽", "👩\u200d👩\u200d👧", "🏳\ufe0f", "𝔘", "\U0001f1e9\U0001f1ea", "\U0010fffd", "\ufffd", "\ufeff"),
    *("\u0085", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x1f", "\u00a0", "\u3000", " ", "\x7f"),
    *('"', "'", ",", ";", "|", "\\", "\\n", "{", "}", "%", "<", "&", "=", "-", "_", "1", "0"),
)
"""What readers of text stumble over, each a character or a few that belong together."""


@cache  # a new strategy is checked anew, which takes longer than to draw from it
def texts(without: str, longest: int = 5) -> some.SearchStrategy[str]:
    """Texts that are not blank and hold none of some characters."""
    pieces = [piece for piece in ODD if not set(piece) & set(without)]
    character = some.characters(exclude_categories=["Cs"], exclude_characters=without)
    piece = some.one_of(some.sampled_from(pieces), some.sampled_from(pieces), character)
    return some.lists(piece, min_size=1, max_size=longest).map("".join).filter(str.strip)


@cache
def words(without: str) -> some.SearchStrategy[str]:
    """Tokens: also a no-break or an ideographic space alone, but nothing that a whole file of could mean else."""
    found = some.one_of(some.sampled_from(["\u00a0", "\u3000", "\u2028", "\u0085", "\ufeff"]), texts(without, 3))
    return found.filter(lambda word: bool(word.strip(" \t\n\r\x0b\x0c")) and bool(word.strip("_ 0123456789")))


LABELS = some.sampled_from(["ja", "nein", "7", "2.5", "x y", "e\u0301", "نعم", "B\u2028B", "中", "no\u00a0label"])
"""Names of classes, spelt as they come out."""

PARTS_OF_SPEECH = some.sampled_from(["NOUN", "VERB", "X", "ق", "名词", "A|B", "O\u0308"])


@some.composite
def chunk_tags(draw: some.DrawFn, number: int) -> list[str]:
    """Tags in IOB2, by which most are of chunks or outside."""
    tags: list[str] = []
    for _ in range(number):
        goes_on = [f"I-{tags[-1][2:]}"] if tags and tags[-1] != "O" else []
        tags.append(draw(some.sampled_from(["O", "B-PER", "B-ישוב", *goes_on])))
    return tags
