"""Which sentences must not be trained on: those of files that a model will be measured on, found by what they say.

Two texts are the same here if they are so after NFKC normalisation and case folding, all white space left out. So a
sentence is found again whether a file holds it as running text or a token a line.
"""

from __future__ import annotations

import glob
import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.data.delimiters import Quoted
from isogloss.data.json_text import NotJson, parse
from isogloss.data.lines import read_lines
from isogloss.data.plain import RunningText
from isogloss.data.problems import Problems


def digest(text: str) -> bytes:
    """What two texts share that are the same but for case, width and white space.

    Example:
        >>> digest("The  Ｗorld") == digest("the world")
        True
    """
    folded = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    return hashlib.blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=12).digest()


def held_out(patterns: Iterable[str]) -> frozenset[bytes]:
    """The digests of all sentences in files, of whatever format.

    CoNLL-U gives its text and the text of its words; other files with a token a line, the sentences between blank
    lines; tables and plain text, every cell and line; JSON, every string. See `is_held_out`.

    Args:
        patterns: Paths, with ``*`` and ``**`` as the shell has them.

    Raises:
        IsoglossError: A pattern finds no file, or a file cannot be read.
    """
    found, problems = set(), Problems()
    for pattern in patterns:
        paths = sorted(Path(name) for name in glob.glob(pattern, recursive=True))
        if not paths:
            raise IsoglossError(f"exclude: {pattern!r} finds no file")
        for path in paths:
            found |= {digest(text) for text in _texts(path, problems) if text.strip()}
    problems.raise_errors()
    return frozenset(found)


def is_held_out(text: str, digests: frozenset[bytes]) -> bool:
    r"""Whether a text is one of those with some digests, or has one before or after a tab, as a pair of texts does.

    Example:
        >>> is_held_out("He sleeps.\tShe reads.", frozenset([digest("she reads.")]))
        True
    """
    return bool(digests) and any(digest(part) in digests for part in {text, *text.split("\t")})


def _texts(path: Path, problems: Problems) -> Iterator[str]:
    lines = read_lines(path, problems)
    name = path.name.removesuffix(".gz")
    if name.endswith(".json"):
        yield from _strings(_parsed("\n".join(lines), path, None, problems))
        return
    if name.endswith(".jsonl"):
        for number, line in enumerate(lines, start=1):
            yield from _strings(_parsed(line, path, number, problems)) if line.strip() else ()
        return
    if name.endswith(".csv"):
        yield from _cells(lines, path, problems)
        return
    if name.endswith(".conllu"):
        # The folder or the name says the language; Chinese is written without spaces, which no digest sees.
        yield from (sentence.text for sentence in RunningText().read(path, "und", problems))
    sentences = list(_sentences(lines))
    if name.endswith(".conllu") or len(sentences) > 1:
        yield from sentences
        return
    for line in lines:
        yield from line.split("\t")


def _cells(lines: Sequence[str], path: Path, problems: Problems) -> Iterator[str]:
    """What stands in a table with quotation marks; the name of a file does not say what separates its columns."""
    malformed = []
    for separator in ",;":
        found = Problems()
        for row in Quoted(separator).rows(lines, path, found):
            yield from row.fields
        malformed.append(found.errors)
    if all(malformed):
        problems.error(path, malformed[0][0].line, malformed[0][0].message)


def _sentences(lines: Iterable[str]) -> Iterator[str]:
    """The first column, or the form of CoNLL-U, of the lines between blank ones; one if there is no blank line."""
    words: list[str] = []
    for line in [*lines, ""]:
        if not line.strip():
            if words:
                yield "".join(words)
            words = []
        elif not line.startswith("# "):
            columns = line.split("\t") if "\t" in line else line.split(" ")
            words.append(columns[1] if len(columns) == 10 and columns[0].isdigit() else columns[0])


def _parsed(text: str, path: Path, line: int | None, problems: Problems) -> Any:  # noqa: ANN401 - any JSON
    try:
        return parse(text)
    except NotJson as error:
        problems.error(path, line or error.line, str(error))
        return None


def _strings(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from _strings(entry)
