"""CoNLL-U, the format of Universal Dependencies, read and written for part-of-speech tags."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from isogloss.data.formats import finish, predicted_tags
from isogloss.data.lines import is_blank, read_lines, rewrite
from isogloss.data.problems import Problems
from isogloss.data.words import NOT_A_WORD, check_words_are_there
from isogloss.types import Prediction, TaggedSentence

FORM, UPOS, COLUMNS = 1, 3, 10
SENTENCE_ID = re.compile(r"#\s*sent_id\s*=\s*(.*\S)")


class _Malformed(Exception):
    """A line that breaks a rule; the sentence is left out."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class ConllU:
    """CoNLL-U files: the tokens are the words of column FORM, the tags those of UPOS.

    A sentence whose tags are all ``_`` has no gold tags. The id is the comment ``# sent_id``, or else the running
    number of the sentence.
    """

    def read(self, path: Path, language: str, problems: Problems) -> list[TaggedSentence]:
        """The good sentences of the file."""
        sentences = []
        for number, block in enumerate(_blocks(read_lines(path, problems)), start=1):
            try:
                sentences.append(_sentence(block, str(number), language, path))
            except _Malformed as error:
                problems.error(path, error.line, str(error))
        check_words_are_there(((one.line, " ".join(one.tokens)) for one in sentences), path, problems)
        return finish(sentences, path, problems)

    def write(self, source: Path, predictions: Sequence[Prediction], destination: Path) -> None:
        """Write ``source`` with the predicted tags in column UPOS; every other byte stays."""
        lines = read_lines(source, Problems())
        replacements = {}
        for sentence, tags in predicted_tags(self.read(source, "", Problems()), predictions, source):
            words = (number for number in itertools.count(sentence.line) if _is_word(lines[number - 1]))
            # The tags come first in the zip: it must not look for a word after the last one.
            for tag, number in zip(tags, words, strict=False):
                columns = lines[number - 1].split("\t")
                columns[UPOS] = tag
                replacements[number] = "\t".join(columns)
        rewrite(source, destination, replacements)


def _blocks(lines: Sequence[str]) -> Iterator[list[tuple[int, str]]]:
    """The numbered lines of each sentence that has any word."""
    numbered = enumerate(lines, start=1)
    for blank, group in itertools.groupby(numbered, key=lambda line: not line[1].strip()):
        block = list(group)
        if not blank and not all(text.startswith("#") for _, text in block):
            yield block


def _is_word(line: str) -> bool:
    return not line.startswith("#") and not NOT_A_WORD.match(line.split("\t", 1)[0])


def _sentence(block: list[tuple[int, str]], name: str, language: str, path: Path) -> TaggedSentence:
    """The sentence that stands in the lines of ``block``."""
    words: list[tuple[int, str, str]] = []
    for line, text in block:
        if text.startswith("#"):
            match = SENTENCE_ID.match(text)
            name = match[1] if match else name
            continue
        columns = text.split("\t")
        if len(columns) != COLUMNS:
            raise _Malformed(line, f"expected {COLUMNS} columns separated by tabs, found {len(columns)}")
        if NOT_A_WORD.match(columns[0]):
            continue
        if columns[0] != str(len(words) + 1):
            hint = "; is the blank line between two sentences missing?" if columns[0] == "1" else ""
            raise _Malformed(line, f"expected ID {len(words) + 1}, found {columns[0]!r}{hint}")
        # A form may be a no-break or an ideographic space.
        for empty, title in ((is_blank(columns[FORM]), "FORM"), (not columns[UPOS].strip(), "UPOS")):
            if empty:
                raise _Malformed(line, f"column {title} is empty")
        words.append((line, columns[FORM], columns[UPOS]))
    if not words:
        raise _Malformed(block[0][0], "sentence without words")
    lines, tokens, tags = zip(*words, strict=True)
    untagged = [line for line, tag in zip(lines, tags, strict=True) if tag == "_"]
    if untagged and len(untagged) < len(words):
        raise _Malformed(untagged[0], "UPOS is '_', where other words of the sentence have a tag")
    return TaggedSentence(name, language, tokens, None if untagged else tags, str(path), lines[0])
