"""Plain text to pre-train on: one text a line, or the running text of a treebank."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isogloss.common.errors import IsoglossError
from isogloss.common.languages import writes_spaces
from isogloss.data.conllu import COLUMNS, FORM, MISC, RANGE
from isogloss.data.formats import finish, predicted_labels
from isogloss.data.labels import SAME_NAMES
from isogloss.data.lines import read_lines, rewrite, to_bytes
from isogloss.data.problems import Problems
from isogloss.data.words import NOT_A_WORD, check_words_are_there
from isogloss.examples import LabelledText, Prediction

WORD = re.compile(r"[0-9]{1,9}\Z")


@dataclass(frozen=True, slots=True)
class Lines:
    """One text a line, without labels; the id is the number of the line, so that line n of two files can be joined.

    Blank lines hold no text but keep their number.
    """

    def read(
        self, path: Path, language: str, problems: Problems, label_map: Mapping[str, str] = SAME_NAMES
    ) -> list[LabelledText]:
        """The lines that hold a text."""
        found = [
            LabelledText(str(number), language, line.strip(), None, None, str(path), number)
            for number, line in enumerate(read_lines(path, problems), start=1)
            if line.strip()
        ]
        return finish(found, path, problems)

    def dump(self, examples: Sequence[LabelledText]) -> bytes:
        r"""The content of a file from which `read` gives these texts, each in the line of which its id is the number.

        Raises:
            IsoglossError: The ids are no growing numbers from 1, or a text holds a line feed.

        Example:
            >>> Lines().dump([LabelledText("1", "en", "Yes.", None, None), LabelledText("3", "en", "No.", None, None)])
            b'Yes.\n\nNo.\n'
        """
        lines: list[str] = []
        for example in examples:
            if not example.id.isdecimal() or int(example.id) <= len(lines):
                raise IsoglossError(f"id {example.id!r} is no number of a line after line {len(lines)}")
            lines += [""] * (int(example.id) - len(lines) - 1)
            lines.append(example.text)
        return to_bytes(lines)

    def write(
        self,
        source: Path,
        predictions: Sequence[Prediction],
        destination: Path,
        label_map: Mapping[str, str] = SAME_NAMES,
    ) -> None:
        """Write a predicted label in place of each text."""
        rewrite(
            source, destination, predicted_labels(self.read(source, "", Problems(), label_map), predictions, source)
        )


@dataclass(frozen=True, slots=True)
class RunningText:
    """The sentences of a CoNLL-U file as running text.

    The text is the comment ``# text`` where there is one. Otherwise it is put together from the forms: multiword tokens
    stand for their words, and a space follows every form but those marked ``SpaceAfter=No``; languages that are written
    without spaces (Chinese) have none. The id is ``# sent_id``, or else the running number.
    """

    def read(
        self, path: Path, language: str, problems: Problems, label_map: Mapping[str, str] = SAME_NAMES
    ) -> list[LabelledText]:
        """The sentences of the file."""
        found: list[LabelledText] = []
        block: list[str] = []
        for number, line in enumerate([*read_lines(path, problems), ""], start=1):
            if line.strip():
                block.append(line)
                continue
            first = number - len(block)
            text = _comment(block, "text") or _put_together(block, language, first, path, problems)
            if text:
                name = _comment(block, "sent_id") or str(len(found) + 1)
                found.append(LabelledText(name, language, text, None, None, str(path), first))
            block = []
        check_words_are_there(((one.line, one.text) for one in found), path, problems)
        return finish(found, path, problems)

    def write(
        self,
        source: Path,
        predictions: Sequence[Prediction],
        destination: Path,
        label_map: Mapping[str, str] = SAME_NAMES,
    ) -> None:
        """Not possible.

        Raises:
            IsoglossError: Always: the running text of a treebank has no place for labels.
        """
        raise IsoglossError(f"{source}: the running text of a treebank has no place for labels; format conllu has")


def _comment(block: Iterable[str], name: str) -> str:
    """The value of the comment ``# name = value``, or nothing."""
    values = (line.lstrip("# ").partition("=") for line in block if line.startswith("#"))
    return next((value.strip() for key, equals, value in values if equals and key.strip() == name), "")


def _put_together(block: Sequence[str], language: str, first: int, path: Path, problems: Problems) -> str:
    """The text of a sentence from its forms; nothing, and an error, where a line of it, from ``first``, is none."""
    spaced, parts, last_of_range = writes_spaces(language), list[str](), 0
    for line, columns in ((line, text.split("\t")) for line, text in enumerate(block, first) if text[0] != "#"):
        number = columns[0]
        if len(columns) != COLUMNS:
            problems.error(path, line, f"expected {COLUMNS} columns separated by tabs, found {len(columns)}")
            return ""
        within = RANGE.match(number)
        if within is not None:
            last_of_range = int(within[2])
        elif NOT_A_WORD.match(number):
            continue
        elif WORD.match(number) is None:
            problems.error(path, line, f"expected an ID such as 1, 1-2 or 1.1, found {number!r}")
            return ""
        elif int(number) <= last_of_range:
            continue
        parts.append(columns[FORM])
        if spaced and "SpaceAfter=No" not in columns[MISC]:
            parts.append(" ")
    return "".join(parts).strip()
