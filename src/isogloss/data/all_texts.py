"""All texts in a file of which nothing is known but its name: more than its reader would give, never less.

It is for leaving out what a file says, where a text too many does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.data.delimiters import USUAL, Quoted, found_separator
from isogloss.data.json_text import NotJson, parse
from isogloss.data.lines import read_lines
from isogloss.data.plain import RunningText
from isogloss.data.problems import Problems


def all_texts(path: Path, problems: Problems) -> Iterator[str]:
    """The texts of a file, by what its name ends with (``.gz`` left off).

    CoNLL-U gives its text and the text of its words; other files with a token a line, the sentences between blank
    lines; tables and plain text, every cell and line; JSON and Parquet, every string, and lists of strings put together
    as the tokens of a sentence.

    Args:
        path: The file.
        problems: Takes what cannot be read.
    """
    return READERS.get(Path(path.name.removesuffix(".gz")).suffix, _plain)(path, problems)


def _parquet(path: Path, problems: Problems) -> Iterator[str]:
    from isogloss.common.arrow import read_parquet  # only where it is needed: pyarrow takes long

    try:
        table = read_parquet(path)
    except IsoglossError as error:
        problems.error(path, None, str(error))
        return
    for column in table.columns:
        for value in column.to_pylist():
            yield from _strings(value)


def _json(path: Path, problems: Problems) -> Iterator[str]:
    yield from _strings(_parsed("\n".join(read_lines(path, problems)), path, None, problems))


def _json_lines(path: Path, problems: Problems) -> Iterator[str]:
    for number, line in enumerate(read_lines(path, problems), start=1):
        if line.strip():
            yield from _strings(_parsed(line, path, number, problems))


def _csv(path: Path, problems: Problems) -> Iterator[str]:
    """What stands in a table with quotation marks; the name of a file does not say what separates its columns."""
    lines, malformed = read_lines(path, problems), []
    for separator in (",", *(usual for usual in USUAL if usual != ",")):
        found = Problems()
        for row in Quoted(separator).rows(lines, path, found):
            yield from row.fields
        malformed.append(found.errors)
    if all(malformed):
        problems.error(path, malformed[0][0].line, malformed[0][0].message)


def _conllu(path: Path, problems: Problems) -> Iterator[str]:
    # The folder or the name says the language; Chinese is written without spaces, which no digest sees.
    yield from (sentence.text for sentence in RunningText().read(path, "und", problems))
    yield from _sentences(read_lines(path, problems))


def _tsv(path: Path, problems: Problems) -> Iterator[str]:
    yield from _lines(path, problems, found_separator)


def _plain(path: Path, problems: Problems) -> Iterator[str]:
    # Commas and semicolons are text in a plain file.
    yield from _lines(path, problems, lambda lines: None)


READERS: dict[str, Callable[[Path, Problems], Iterator[str]]] = {
    ".parquet": _parquet,
    ".json": _json,
    ".jsonl": _json_lines,
    ".csv": _csv,
    ".conllu": _conllu,
    ".tsv": _tsv,
}
"""By the ending of a name; what has another one is plain text, or a token a line."""


def _lines(path: Path, problems: Problems, separated: Callable[[Sequence[str]], Any]) -> Iterator[str]:
    lines = read_lines(path, problems)
    tokenized = list(_sentences(lines))
    if len(tokenized) > 1:
        yield from tokenized
        return
    separator, _ = separated(lines) or ("\t", [])
    for line in lines:
        yield from line.split(separator)


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
