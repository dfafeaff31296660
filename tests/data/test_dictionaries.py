"""Bilingual dictionaries, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from isogloss import IsoglossError
from isogloss.data.dictionaries import read_dictionary
from isogloss.data.problems import Problems


def _read(path: Path, text: str) -> dict[str, tuple[str, ...]]:
    path.write_text(text, encoding="utf-8")
    problems = Problems()
    found = read_dictionary(path, problems)
    problems.raise_errors()
    return found


def test_words_have_all_their_translations_once_and_in_order(tmp_path: Path):
    text = "dog Hund\ncat\tKatze\n\ndog Köter\ndog Hund\n"
    assert _read(tmp_path / "en-de.txt", text) == {"dog": ("Hund", "Köter"), "cat": ("Katze",)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dog Hund\nthe dog der Hund\n", r"en-de\.txt:2: .*expected a word and its translation, two words, found 4"),
        ("dog\n", r"en-de\.txt:1: .*found 1: 'dog'"),
        ("\n", "no words in it"),
    ],
)
def test_other_lines_are_refused(tmp_path: Path, text: str, message: str):
    with pytest.raises(IsoglossError, match=message):
        _read(tmp_path / "en-de.txt", text)
