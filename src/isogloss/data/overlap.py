"""Which sentences must not be trained on: those of files that a model will be measured on, found by what they say.

Two texts are the same here if they are so after NFKC normalisation and case folding, all white space left out. So a
sentence is found again whether a file holds it as running text, a token a line, or as a list of tokens. Of a text of
several sentences, such as the passage of a question, each sentence counts, too.
"""

from __future__ import annotations

import glob
import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.common.sentences import sentences
from isogloss.data.delimiters import USUAL, Quoted, found_separator
from isogloss.data.json_text import NotJson, parse
from isogloss.data.lines import read_lines
from isogloss.data.plain import RunningText
from isogloss.data.problems import Problems
from isogloss.examples import Choice, Example, LabelledText, Question, TaggedSentence

Read = Callable[[Problems], Sequence[Example]]
"""Reads the examples of a file, as it is known to be read."""


def digest(text: str) -> bytes:
    """What two texts share that are the same but for case, width and white space.

    Example:
        >>> digest("The  Ｗorld") == digest("the world")
        True
    """
    folded = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    return hashlib.blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=12).digest()


def held_out(patterns: Iterable[str], known: Mapping[Path, Read] | None = None) -> frozenset[bytes]:
    """The digests of all texts in files, of whatever format, and of the sentences in them.

    What a file holds is told by its name. CoNLL-U gives its text and the text of its words; other files with a token a
    line, the sentences between blank lines; tables and plain text, every cell and line; JSON and Parquet, every string,
    and lists of strings put together as the tokens of a sentence. See `is_held_out`.

    Args:
        patterns: Paths, with ``*`` and ``**`` as the shell has them.
        known: How files are read of which this is known, by resolved path: what they hold is not left to their names.

    Raises:
        IsoglossError: A pattern finds no file, or a file cannot be read.
    """
    found, problems = set(), Problems()
    for pattern in patterns:
        paths = sorted(Path(name) for name in glob.glob(pattern, recursive=True))
        if not paths:
            raise IsoglossError(f"exclude: {pattern!r} finds no file")
        for path in paths:
            read = (known or {}).get(path.resolve())
            texts = [] if read is None else [text for example in read(problems) for text in _said(example)]
            # Of a file that can be read for certain, its text as it was written, which its tokens need not be.
            texts += _texts(path, problems if read is None else Problems())
            found |= {digest(part) for text in texts for part in _parts(text)}
    problems.raise_errors()
    return frozenset(found)


def is_held_out(text: str, digests: frozenset[bytes]) -> bool:
    r"""Whether a text is one of those with some digests, or has one before or after a tab, as a pair of texts does.

    Example:
        >>> is_held_out("He sleeps.\tShe reads.", frozenset([digest("she reads.")]))
        True
    """
    return bool(digests) and any(digest(part) in digests for part in {text, *text.split("\t")})


def _said(example: Example) -> Sequence[str | None]:
    """The texts of an example."""
    match example:
        case TaggedSentence():
            return ["".join(example.tokens)]
        case LabelledText():
            return [example.text, example.pair]
        case Choice():
            return [example.context, example.question, *example.alternatives]
        case Question():
            return [example.question, example.context]


def _parts(text: str | None) -> Iterator[str]:
    """A text and its sentences; none where there is nothing in it."""
    if text and text.strip():
        yield text
        yield from (text[start:stop] for start, stop in sentences(text))


def _texts(path: Path, problems: Problems) -> Iterator[str]:
    name = path.name.removesuffix(".gz")
    if name.endswith(".parquet"):
        yield from _values(path, problems)
        return
    lines = read_lines(path, problems)
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
    tokenized = list(_sentences(lines))
    if name.endswith(".conllu") or len(tokenized) > 1:
        yield from tokenized
        return
    # Commas and semicolons are text in a plain file.
    separator, _ = (found_separator(lines) if name.endswith(".tsv") else None) or ("\t", [])
    for line in lines:
        yield from line.split(separator)


def _values(path: Path, problems: Problems) -> Iterator[str]:
    from isogloss.common.arrow import read_parquet  # only where it is needed: pyarrow takes long

    try:
        table = read_parquet(path)
    except IsoglossError as error:
        problems.error(path, None, str(error))
        return
    for column in table.columns:
        for value in column.to_pylist():
            yield from _strings(value)


def _cells(lines: Sequence[str], path: Path, problems: Problems) -> Iterator[str]:
    """What stands in a table with quotation marks; the name of a file does not say what separates its columns."""
    malformed = []
    for separator in (",", *(usual for usual in USUAL if usual != ",")):
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
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            yield "".join(value)  # the tokens of a sentence, perhaps
        for entry in value.values() if isinstance(value, dict) else value:
            yield from _strings(entry)
