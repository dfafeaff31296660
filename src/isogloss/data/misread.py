"""A file that was read as another format than it is in: what it looks like is said once, not an error a line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.common.packing import unpacked
from isogloss.data.chunks import CHUNK
from isogloss.data.columns import ALIASES
from isogloss.data.formats import Format
from isogloss.data.labels import SAME_NAMES
from isogloss.data.lines import read_lines
from isogloss.data.problems import Problem, Problems
from isogloss.data.words import NOT_A_WORD
from isogloss.examples import Example

LOOKED_AT = 50
"""Lines that are looked at, from the first that is not blank."""

CONLLU_COLUMNS = 10

OF_LINES = ("expected ", "malformed row", "not JSON")
"""How errors begin that the last line has where a file was cut off."""


@dataclass(frozen=True)
class Looks:
    """What a file looks like.

    Attributes:
        format: Name of the format.
        what: The same in words.
        tasks: The tasks that take it.
    """

    format: str
    what: str
    tasks: str

    def __str__(self) -> str:
        """What to try."""
        return f"the file looks like {self.what}: try format: {self.format} ({self.tasks})"


CONLLU = Looks("conllu", "CoNLL-U", "task pos")
CONLL = Looks("conll", "one token and its tag a line", "tasks pos and ner")
TSV = Looks("tsv", "a table of texts with tabs", "tasks nli, topic and paraphrase")
CSV = Looks("csv", "a table of texts with commas", "tasks nli, topic and paraphrase")
TEXTS = Looks("jsonl", "JSON lines with texts", "tasks nli, topic and paraphrase")
TOKENS = Looks("jsonl", "JSON lines with tokens and tags", "tasks pos and ner")
CHOICES = Looks("choice_jsonl", "JSON lines with alternatives to choose from", "task choice")
QUESTIONS = Looks("squad", "the JSON of SQuAD", "task qa")

_OWN = {
    "ConllU": (CONLLU,),
    "TokenTag": (CONLL,),
    "Table": (TSV, CSV),
    "JsonLines": (TEXTS, TOKENS),
    "ChoiceLines": (CHOICES,),
    "Squad": (QUESTIONS,),
}
"""What looks as it should, by the class of the format."""


def read_file(
    form: Format, path: Path, language: str, problems: Problems, label_map: Mapping[str, str] = SAME_NAMES
) -> list[Example]:
    """The good examples of a file, as the format reads them.

    Args:
        form: The format.
        path: The file.
        language: Its language.
        problems: Takes what is wrong; a single error, if nothing could be read and the file looks like another format.
        label_map: Labels to rename.
    """
    own = Problems()
    examples: list[Example] = list(form.read(path, language, own, label_map))
    errors = own.errors
    looks = looks_like(path) if errors and not examples else None
    if looks is not None and looks not in _own(form):
        errors = [_instead(errors[0], looks)]
    unended = _unended(path) if any(error.message.startswith(OF_LINES) for error in errors) else None
    for error in errors:
        cut = error.line == unended is not None and error.message.startswith(OF_LINES)
        hint = " (the file ends here, in the middle of a line: is it whole?)" if cut else ""
        problems.error(error.path, error.line, error.message + hint, key=error.key)
    problems.add_summary(own.summary())
    return examples


def complaint_of(form: Format, path: Path, complaint: str) -> str:
    """A complaint of an example; if its file looks like another format, that stands in place of advice."""
    looks = looks_like(path)
    if looks is None or looks in _own(form):
        return complaint
    return f"{complaint.partition(';')[0]}; {looks}"


def looks_like(path: Path) -> Looks | None:
    """What a text file looks like; None where that is not clear, or it cannot be read."""
    every = read_lines(path, Problems())
    lines = [line for line in every if line.strip()][:LOOKED_AT]
    if not lines:
        return None
    if lines[0].lstrip().startswith("{"):
        return _json(lines[0], every)
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    if rows and all(len(row) == CONLLU_COLUMNS and (row[0].isdigit() or NOT_A_WORD.match(row[0])) for row in rows):
        return CONLLU
    for looks, separator in ((TSV, "\t"), (CSV, ",")):
        header = [name.strip(' "') for name in lines[0].split(separator)]
        if len(header) > 1 and set(header) & set(ALIASES["text"]):
            return looks
    columns = [line.split("\t") if "\t" in line else line.split(" ") for line in lines if not line.startswith("# ")]
    widths = {len(row) for row in columns}
    if len(widths) == 1 and widths != {1} and all(" " not in row[0] and _is_tag(row[-1]) for row in columns):
        return CONLL
    return None


def _own(form: Format) -> tuple[Looks, ...]:
    return _OWN.get(type(form).__name__, ())


def _instead(first: Problem, looks: Looks) -> Problem:
    """The first error with what the file looks like; other advice in it is left out."""
    if f"format: {looks.format}" in first.message:
        return replace(first, key="format")
    said = f"{looks}" if "format: " in first.message else f"{first.message.partition(';')[0]}; {looks}"
    return replace(first, message=said, key="format")


def _unended(path: Path) -> int | None:
    """The last line of a file of several, if no line feed ends it; None otherwise, or where it cannot be read."""
    try:
        content = unpacked(path, path.read_bytes())
    except (OSError, IsoglossError):
        return None
    line = content.count(b"\n") + 1
    return line if line > 1 and not content.endswith(b"\n") else None


def _is_tag(text: str) -> bool:
    """Whether a word looks like a tag: ``O``, ``B-PER`` or ``NOUN``."""
    return CHUNK.fullmatch(text) is not None or (text.isascii() and text.isupper()) or text == "_"


def _json(line: str, every: Sequence[str]) -> Looks | None:
    first = _loaded(line) or _loaded("\n".join(every))
    if not isinstance(first, dict):
        return None
    if isinstance(first.get("data"), list):
        return QUESTIONS
    if first.keys() & {"choice1", "answerA", "alternatives"}:
        return CHOICES
    if first.keys() & {"tokens", "words"}:
        return TOKENS
    return TEXTS if first.keys() & set(ALIASES["text"]) else None


def _loaded(text: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(text)
    except ValueError:
        return None
