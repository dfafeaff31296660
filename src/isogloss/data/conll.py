"""One token a line, a blank line between sentences: the format of CoNLL-2003, WikiANN and MasakhaNER."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isogloss.common.errors import IsoglossError, nearest
from isogloss.data.chunks import renamed_in_iob2
from isogloss.data.column_lines import ColumnLines, Line, column_lines
from isogloss.data.columns import absent, beyond, check_positions, in_columns
from isogloss.data.delimiters import TAB, Unquoted
from isogloss.data.formats import finish, predicted_tags
from isogloss.data.labels import NO_TAG, SAME_NAMES, gold_tags, untagged
from isogloss.data.lines import is_blank, read_lines, rewrite, to_bytes
from isogloss.data.problems import Problems
from isogloss.data.words import NOT_A_WORD, are_running_numbers, check_words_are_there, without_prefix
from isogloss.examples import Prediction, TaggedSentence

COLUMNS = ("tokens", "tags")
SPACE = Unquoted(" ")


@dataclass(frozen=True, slots=True)
class TokenTag:
    """Files of ``token<TAB>tag`` lines; a file without any tab is split at its spaces instead.

    The ``-DOCSTART-`` lines of CoNLL-2003 and comments before a sentence (see `isogloss.data.column_lines`) are passed
    over. The id of a sentence is the comment ``# sent_id``, as in CoNLL-U, or else its running number; one with the tag
    ``_`` at every token has no tags. The prefix
    ``fr:`` of WikiANN's own files is taken off where all tokens of a file bear it, with a warning; running numbers in
    place of tokens are an error.

    Chunk tags come out in IOB2 whatever scheme the file uses (IOB1, BIOES, BILOU and BMES are recognised by their
    letters), and an ``I-`` that begins a chunk becomes ``B-``; both are said in a warning. Other tags stay as they are.
    A sentence whose tags are all ``_`` has no gold tags.

    Args:
        columns: The file's column of our ``tokens`` and, where it has them, ``tags``: both names, if the first line is
            a header, or both positions from 0. None: the first column is the token and the last one the tag, so
            CoNLL-2003 can be read as it is; a file of one column has no tags.

    Raises:
        IsoglossError: ``columns`` has an unknown name, no ``tokens``, one column for both, or names beside positions.
    """

    columns: Mapping[str, str | int] | None = None

    def __post_init__(self) -> None:
        """Check the columns."""
        if self.columns is None:
            return
        for name in self.columns:
            if name not in COLUMNS:
                raise IsoglossError(f"columns: unknown column {name!r} of a file of tokens{nearest(name, COLUMNS)}")
        if "tokens" not in self.columns:
            raise IsoglossError("columns: 'tokens' is missing; say which column holds the tokens")
        check_positions(self.columns)
        if len(set(self.columns.values())) < len(self.columns):
            raise IsoglossError(f"columns: tokens and tags are the same column; found {dict(self.columns)}")

    def read(
        self, path: Path, language: str, problems: Problems, label_map: Mapping[str, str] = SAME_NAMES
    ) -> list[TaggedSentence]:
        """The good sentences of the file."""
        found = column_lines(read_lines(path, problems), path, problems)
        located, blocks = self._located(found, path, problems)
        sentences = []
        for number, block in enumerate(blocks, start=1):
            rows = [(line, found.columns(text)) for line, text in block]
            wrong = [(line, complaint) for line, row in rows if (complaint := _complaint(row, found, located))]
            if not wrong and located["tokens"] > 0:
                wrong = _ranges(rows)
            tags = [row[located["tags"]].strip() for _, row in rows] if "tags" in located and not wrong else []
            if (place := untagged(tags, label_map)) is not None:
                wrong = [(rows[place][0], "the tag is '_', where other tokens of the sentence have a tag")]
            for line, complaint in wrong[:1]:
                problems.error(path, line, complaint)
            if not wrong:
                tokens = tuple(row[located["tokens"]] for _, row in rows)
                gold = gold_tags(tags, label_map) if tags else None
                line = rows[0][0]
                name, before = found.ids.get(line), found.originals.get(line)
                own = (name or str(number), language, tokens, gold, str(path), line)
                sentences.append(TaggedSentence(*own, original=before, numbered=name is None))
        if are_running_numbers(sentence.tokens for sentence in sentences):
            line, text = blocks[0][0]
            shown = ", ".join(f"{at}: {value!r}" for at, value in enumerate(found.columns(text)))
            problems.error(
                path,
                line,
                "the tokens are running numbers; columns: {tokens: ..., tags: ...} says which columns hold tokens and "
                f"tags (this line has {shown})" + ("; CoNLL-U is format: conllu" if found.width == 10 else ""),
            )
            return []
        sentences = without_prefix(sentences, path, problems)
        check_words_are_there(((one.line, " ".join(one.tokens)) for one in sentences), path, problems)
        return finish(renamed_in_iob2(sentences, label_map, path, problems), path, problems)

    def dump(self, examples: Sequence[TaggedSentence]) -> bytes:
        r"""The content of a file from which `read` gives these sentences, with a blank line after each.

        It has the columns of `columns`; without these, token and tag, ``_`` where there are no tags. What has no
        column is not written, nor are ids and spaces.

        Raises:
            IsoglossError: A token or tag holds a tab or a line feed, or, in a file of tokens alone, a space.

        Example:
            >>> TokenTag().dump([TaggedSentence("1", "en", ("Eva", "reads"), ("B-PER", "O"))])
            b'Eva\tB-PER\nreads\tO\n\n'
        """
        columns = {ours: place for place, ours in enumerate(COLUMNS)} if self.columns is None else self.columns
        lines = [TAB.join(list(map(str, columns.values())))] if self._has_header else []
        for sentence in examples:
            tags = sentence.tags or (NO_TAG,) * len(sentence.tokens)
            for token, tag in zip(sentence.tokens, tags, strict=True):
                line = TAB.join(in_columns({"tokens": token, "tags": tag}, columns))
                lines.append(line if "\t" in line else SPACE.join([line]))  # without any tab, spaces separate
            lines.append("")
        return to_bytes(lines)

    def write(
        self,
        source: Path,
        predictions: Sequence[Prediction],
        destination: Path,
        label_map: Mapping[str, str] = SAME_NAMES,
    ) -> None:
        """Write ``source`` with the predicted tags in their column, added as the last one where there is none."""
        lines = read_lines(source, Problems())
        found = column_lines(lines, source, Problems())
        position = self._located(found, source, Problems())[0].get("tags")
        replacements = {}
        if position is None and self._has_header and found.blocks:
            header = found.blocks[0][0][0]
            replacements[header] = found.replace(lines[header - 1], None, "tags")
        for sentence, tags in predicted_tags(self.read(source, "", Problems(), label_map), predictions, source):
            for number, tag in enumerate(tags, start=sentence.line):
                replacements[number] = found.replace(lines[number - 1], position, tag)
        rewrite(source, destination, replacements)

    @property
    def _has_header(self) -> bool:
        return self.columns is not None and isinstance(self.columns["tokens"], str)

    def _located(self, found: ColumnLines, path: Path, problems: Problems) -> tuple[dict[str, int], list[list[Line]]]:
        """The position of each of our columns, and the sentences without a header; none if a column is missing."""
        if not found.blocks:
            return {}, []
        if self.columns is None:
            return {"tokens": 0, **({"tags": found.width - 1} if found.width > 1 else {})}, found.blocks
        line, first = found.blocks[0][0][0], found.columns(found.blocks[0][0][1])
        positions, wrong, blocks = dict[str, int](), list[str](), found.blocks
        if self._has_header:
            if len(first) != found.width:
                wrong.append(f"the header has {len(first)} columns, most lines {found.width}")
            rest = found.blocks[0][1:]
            blocks = [*([rest] if rest else []), *found.blocks[1:]]
            misfit = absent(self.columns, first, " in the first line")
        else:
            misfit = beyond(self.columns, found.width, "line")
        for ours, column in self.columns.items():
            if isinstance(column, int):
                positions[ours] = column
            elif first.count(column) == 1:
                positions[ours] = first.index(column)
            elif column in first:
                wrong.append(f"column {column!r} (the {ours}) occurs {first.count(column)} times")
        for complaint in wrong:
            problems.error(path, line, complaint)
        if misfit is not None:
            problems.error(path, line, misfit, key="columns")
        return positions, [] if wrong or misfit is not None else blocks


def _complaint(row: Sequence[str], found: ColumnLines, located: Mapping[str, int]) -> str | None:
    """What is wrong with a line of these columns, if anything is."""
    if len(row) != found.width:
        hint = "; is this raw text, one sentence a line? The format has one token a line"
        hint = hint if found.separator == " " else ""
        return f"expected {found.width} columns, as most lines have, found {len(row)}{hint}"
    if is_blank(row[located["tokens"]]):
        return "empty token"
    return "empty tag" if "tags" in located and not row[located["tags"]].strip() else None


def _ranges(rows: Sequence[tuple[int, list[str]]]) -> list[tuple[int, str]]:
    """The lines of a sentence that stand for several words or for none, if its first column is that of CoNLL-U."""
    found = [
        (line, f"{row[0]!r} is a multiword token or an empty node, which format: conllu passes over; here it must go")
        for line, row in rows
        if NOT_A_WORD.match(row[0])
    ]
    return found if found and are_running_numbers([[row[0] for _, row in rows]]) else []
