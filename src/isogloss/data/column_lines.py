"""The lines of a file with one token a line: what separates their columns, which are a sentence's, which are comments.

A line is a comment if it begins with ``#``, stands before the first token of a sentence, and either reads
``# key = value`` as in CoNLL-U, or has another number of columns than the lines of tokens and goes on after the ``#``
with a space or as ``key=``. So ``#<TAB>O`` is a token with its tag, and a lone ``#MeToo`` is a line that lacks its tag.
Where columns are separated by spaces, ``# newdoc`` may be either: it is read as a token, with a warning if no other
line ends like it.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from isogloss.data.lines import is_blank
from isogloss.data.problems import Problems

CONLLU_COMMENT = re.compile(r"# ?(?:newdoc |newpar )?[A-Za-z_][\w.:-]* = ")
ANY_COMMENT = re.compile(r"#(?: |\w+ ?=)")
TOKEN_WITH_HASH = re.compile(r"#[^ \t]*\t")

SENTENCE_ID = re.compile(r"#\s*sent_id\s*=\s*(.*\S)")
ORIGINAL = re.compile(r"#\s*original\s*=\s*(.*\S)")
"""What a sentence is a translation of, as `isogloss translate` writes it."""

Line = tuple[int, str]


@dataclass(frozen=True, slots=True)
class ColumnLines:
    """The lines of a file.

    Attributes:
        separator: What stands between columns: a tab, or else spaces, several of which are one separator.
        width: Number of columns that most lines have.
        blocks: The lines of each sentence with their numbers. A line may have another number of columns.
        ids: What a comment ``# sent_id = ...`` before a sentence says, by the number of the sentence's first line.
        originals: What a comment ``# original = ...`` says there.
    """

    separator: str
    width: int
    blocks: list[list[Line]]
    ids: Mapping[int, str] = field(default_factory=dict)
    originals: Mapping[int, str] = field(default_factory=dict)

    def columns(self, text: str) -> list[str]:
        """The columns of a line."""
        return _split(text, self.separator)

    def replace(self, text: str, position: int | None, value: str) -> str:
        """The line ``text`` with ``value`` in the column at ``position``, or in a new last column (None)."""
        if position is None:
            # Spaces around the columns of a line are none of its own, and would be beside a tab.
            return f"{text.rstrip(' ')}{self.separator}{value}" if self.width > 1 else f"{text.strip(' ')}\t{value}"
        if self.separator == "\t":
            columns = text.split("\t")
            return "\t".join([*columns[:position], value, *columns[position + 1 :]])
        column = list(re.finditer("[^ ]+", text))[position]
        return text[: column.start()] + value + text[column.end() :]


def column_lines(lines: Sequence[str], path: Path, problems: Problems) -> ColumnLines:
    """Cut the lines of a file into columns.

    Args:
        lines: The lines.
        path: The file.
        problems: Takes a warning for each comment that is not of the form ``# key = value``, and for what may be one.
    """
    blocks = list(_blocks(lines))
    sure = [text for block in blocks for _, text in itertools.dropwhile(_has_hash, block)]
    sure = sure or [text for block in blocks for _, text in block if not CONLLU_COMMENT.match(text)]
    tabs = ("\t" in text for text in sure)
    separator = "\t" if any(tabs) or any(TOKEN_WITH_HASH.match(text) for block in blocks for _, text in block) else " "
    # One bad line, be it the first, does not make all others wrong.
    widths = Counter(len(_split(text, separator)) for text in sure)
    width = widths.most_common(1)[0][0] if widths else 0
    ends = {text.rstrip(" ").rpartition(" ")[2] for text in sure} if separator == " " else set()

    def is_comment(line: Line) -> bool:
        number, text = line
        if CONLLU_COMMENT.match(text):
            return True
        columns = _split(text, separator)
        found = ANY_COMMENT.match(text) is not None and len(columns) != width
        if found:
            problems.warning(path, number, f"passed over as a comment: begins with '#' and has not {width} columns")
        elif separator == " " and text.startswith("# ") and columns[-1] not in ends:
            problems.warning(
                path, number, f"begins with '#' and has {width} columns: read as a token, not as a comment"
            )
        return found

    sentences, ids, originals = list[list[Line]](), dict[int, str](), dict[int, str]()
    for block in blocks:
        sentence = list(itertools.dropwhile(is_comment, block))
        if sentence:
            sentences.append(sentence)
            for _, text in block[: len(block) - len(sentence)]:
                if match := SENTENCE_ID.match(text):
                    ids[sentence[0][0]] = match[1]
                if match := ORIGINAL.match(text):
                    originals[sentence[0][0]] = match[1]
    return ColumnLines(separator, width, sentences, ids, originals)


def _blocks(lines: Sequence[str]) -> Iterator[list[Line]]:
    """The numbered lines between blank lines and the ``-DOCSTART-`` lines of CoNLL-2003."""
    numbered = enumerate(lines, start=1)
    for boundary, group in itertools.groupby(
        numbered, key=lambda line: is_blank(line[1]) or line[1].startswith("-DOCSTART-")
    ):
        if not boundary:
            yield list(group)


def _has_hash(line: Line) -> bool:
    return line[1].startswith("#")


def _split(text: str, separator: str) -> list[str]:
    # Several spaces are one separator; a token may be a no-break space, at which `split()` would cut.
    return text.split("\t") if separator == "\t" else [column for column in text.split(" ") if column]
