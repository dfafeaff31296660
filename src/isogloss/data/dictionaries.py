"""Bilingual dictionaries: a word and a translation a line, as MUSE has them."""

from __future__ import annotations

from pathlib import Path

from isogloss.data.lines import read_lines
from isogloss.data.problems import Problems


def read_dictionary(path: Path, problems: Problems) -> dict[str, tuple[str, ...]]:
    """The translations of each word, in the order of the file.

    A line is a word and a translation, with a space or a tab between them. A word with several translations has several
    lines. Blank lines are passed over.

    Args:
        path: The file.
        problems: Takes an error for each line of more or fewer words than two, and for a file without any line.
    """
    found: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(read_lines(path, problems), start=1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2:
            problems.error(
                path, number, f"expected a word and its translation, two words, found {len(words)}: {line.strip()!r}"
            )
            continue
        word, translation = words
        if translation not in found.get(word, ()):
            found[word] = (*found.get(word, ()), translation)
    if not found and not problems.spoils(path):
        problems.error(path, None, "no words in it; a dictionary has a word and its translation on each line")
    return found
