"""One token a line, a blank line between sentences: the format of CoNLL-2003, WikiANN and MasakhaNER."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isogloss.data.chunks import renamed_in_iob2
from isogloss.data.formats import finish, predicted_tags
from isogloss.data.labels import SAME_NAMES
from isogloss.data.lines import read_lines, rewrite
from isogloss.data.problems import Problems
from isogloss.types import Prediction, TaggedSentence


@dataclass(frozen=True, slots=True)
class TokenTag:
    """Files of ``token<TAB>tag`` lines; a file without any tab is split at its spaces instead.

    The first column is the token and the last one the tag, so CoNLL-2003 can be read as it is; its ``-DOCSTART-`` lines
    are skipped. A file of one column has no gold tags. The id of a sentence is its running number.

    Chunk tags come out in IOB2 whatever scheme the file uses (IOB1, BIOES, BILOU and BMES are recognised by their
    letters), and an ``I-`` that begins a chunk becomes ``B-``; both are said in a warning. Other tags stay as they are.
    """

    def read(
        self, path: Path, language: str, problems: Problems, label_map: Mapping[str, str] = SAME_NAMES
    ) -> list[TaggedSentence]:
        """The good sentences of the file."""
        lines = read_lines(path, problems)
        separator = _separator(lines)
        blocks = list(_blocks(lines))
        width = len(_split(blocks[0][0][1], separator)) if blocks else 0
        sentences = []
        for number, block in enumerate(blocks, start=1):
            rows = [(line, _split(text, separator)) for line, text in block]
            wrong = [(line, complaint) for line, row in rows if (complaint := _complaint(row, width, separator))]
            for line, complaint in wrong[:1]:
                problems.error(path, line, complaint)
            if not wrong:
                tokens = tuple(row[0] for _, row in rows)
                tags = tuple(row[-1].strip() for _, row in rows) if width > 1 else None
                sentences.append(TaggedSentence(str(number), language, tokens, tags, str(path), block[0][0]))
        return finish(renamed_in_iob2(sentences, label_map, path, problems), path, problems)

    def write(self, source: Path, predictions: Sequence[Prediction], destination: Path) -> None:
        """Write ``source`` with the predicted tags in the last column, added where there is none."""
        lines = read_lines(source, Problems())
        separator = _separator(lines)
        replacements = {}
        for sentence, tags in predicted_tags(self.read(source, "", Problems()), predictions, source):
            for number, tag in enumerate(tags, start=sentence.line):
                text = lines[number - 1].rstrip(" ")
                kept, between = (text, "\t") if sentence.tags is None else text.rpartition(separator)[:2]
                replacements[number] = f"{kept}{between}{tag}"
        rewrite(source, destination, replacements)


def _separator(lines: Sequence[str]) -> str:
    """What stands between the columns of a file; a token may hold a space only where this is a tab."""
    return "\t" if any("\t" in line for line in lines) else " "


def _split(text: str, separator: str) -> list[str]:
    # Several spaces are one separator; a token may be a no-break space, at which `split()` would cut.
    return text.split("\t") if separator == "\t" else [column for column in text.split(" ") if column]


def _blocks(lines: Sequence[str]) -> Iterator[list[tuple[int, str]]]:
    """The numbered lines of each sentence."""
    numbered = enumerate(lines, start=1)
    for boundary, group in itertools.groupby(numbered, key=lambda line: _is_boundary(line[1])):
        if not boundary:
            yield list(group)


def _is_boundary(text: str) -> bool:
    return not text.strip() or text.startswith("-DOCSTART-")


def _complaint(row: Sequence[str], width: int, separator: str) -> str | None:
    """What is wrong with a line of ``row`` columns in a file of ``width`` columns, if anything is."""
    if len(row) != width:
        hint = "; is this raw text, one sentence a line? The format has one token a line" if separator == " " else ""
        return f"expected {width} columns, as in the first sentence, found {len(row)}{hint}"
    if not row[0].strip():
        return "empty token"
    return None if row[-1].strip() else "empty tag"
