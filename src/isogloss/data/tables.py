"""Tables of labelled texts: TSV and CSV, with a header or without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isogloss.common.errors import nearest
from isogloss.data.columns import (
    ALIASES,
    added_name,
    beyond,
    check_columns,
    check_positions,
    in_columns,
    labelled_text,
    locate,
    usual_columns,
)
from isogloss.data.delimiters import TAB, Delimiter, Row, found_separator
from isogloss.data.formats import finish, predicted_labels
from isogloss.data.labels import SAME_NAMES
from isogloss.data.lines import read_lines, rewrite, to_bytes
from isogloss.data.problems import Problems
from isogloss.examples import LabelledText, Prediction

NOTHING = "NS"
"""What PAWS-X has in place of a sentence that could not be translated."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with one text, or pair of texts, a row.

    Args:
        delimiter: How rows are cut: `TAB` (TSV, no quoting), `COMMA` (CSV), or another `Unquoted` or `Quoted`.
        columns: The file's column of our ``text`` and, where it has them, ``pair``, ``label`` and ``id``. All names, if
            the file has a header, or all positions from 0, if it has none. None: the file has a header, and the first
            of these names in it is taken: for the text ``text``, ``sentence``, ``premise``, ``sentence1``; for the pair
            ``hypothesis``, ``sentence2``; for the label ``label``, ``category``, ``gold_label``; for the id ``id``,
            ``index_id``, ``idx``, ``pairID``; for the language ``language``. ``part``, what the training data may be
            parted by, has no usual name. Where there is a column of languages, as
            in XNLI's file of all of them, rows of other languages are passed over.
        skip_empty: Whether a row with an empty text, or with NS, which PAWS-X has in place of one that could not be
            translated, is passed over with a warning; else an empty text is an error.

    Raises:
        IsoglossError: ``columns`` has an unknown name, no ``text``, or mixes names and positions.
    """

    delimiter: Delimiter = TAB
    columns: Mapping[str, str | int] | None = None
    skip_empty: bool = False

    def __post_init__(self) -> None:
        """Check the columns."""
        if self.columns is not None:
            check_columns(self.columns, ("language", "part"))
            check_positions(self.columns)

    def read(
        self, path: Path, language: str, problems: Problems, label_map: Mapping[str, str] = SAME_NAMES
    ) -> list[LabelledText]:
        """The good rows of the file."""
        header, positions, rows = self._layout(read_lines(path, problems), path, problems)
        width, where = _width(header, rows)
        if header is not None and len(rows) > 1 and all(len(row.fields) != width for row in rows):
            common, _ = _width(None, rows)
            problems.error(path, header.first, f"the header has {width} columns, most rows have {common}")
            return []
        examples = []
        rows, languages = self._of_language(rows, positions.get("language"), language)
        if languages:
            problems.error(
                path,
                None,
                f"no row of language {language!r}{nearest(language, languages)}; `columns` without `language` takes "
                "the rows of all",
            )
        for number, row in enumerate(rows, start=1):
            if len(row.fields) != width:
                found = len(row.fields)
                problems.error(path, row.first, f"expected {width} columns, {where}, found {found}")
                continue
            fields = {ours: row.fields[at] for ours, at in positions.items() if ours != "language"}
            if self.skip_empty and any(fields.get(ours, "x").strip() in ("", NOTHING) for ours in ("text", "pair")):
                problems.warning(path, row.first, f"row without a text (empty or {NOTHING}) skipped")
                continue
            example = labelled_text(fields, number, language, path, row.first, problems, label_map)
            if example is not None:
                examples.append(example)
        return finish(examples, path, problems)

    def _of_language(self, rows: list[Row], position: int | None, language: str) -> tuple[list[Row], frozenset[str]]:
        """The rows of a language, with those too short to say theirs; if there is none, the languages found."""
        if position is None or not language:
            return rows, frozenset()
        own = [row for row in rows if len(row.fields) <= position or row.fields[position] == language]
        return own, frozenset() if own else frozenset(row.fields[position] for row in rows)

    def dump(self, examples: Sequence[LabelledText]) -> bytes:
        r"""The content of a file from which `read` gives these examples.

        It has the columns of `columns`, in their order or at their positions; without these, a header and by their
        first usual names id, text and, where an example has them, pair and label. What has no column is not written.

        Raises:
            IsoglossError: A value holds what the format cannot express, such as a tab in TSV.

        Example:
            >>> Table(columns={"label": "label", "text": "text"}).dump([LabelledText("1", "en", "Yes.", None, "a")])
            b'label\ttext\na\tYes.\n'
        """
        columns = usual_columns(examples) if self.columns is None else self.columns
        header = [list(map(str, columns.values()))] if isinstance(columns["text"], str) else []
        values = ({ours: getattr(example, ours) or "" for ours in columns} for example in examples)
        rows = map(self.delimiter.join, [*header, *(in_columns(row, columns) for row in values)])
        return to_bytes(line for row in rows for line in row.split("\n"))

    def write(
        self,
        source: Path,
        predictions: Sequence[Prediction],
        destination: Path,
        label_map: Mapping[str, str] = SAME_NAMES,
    ) -> None:
        """Write ``source`` with the predictions in the label column, added as the last one where there is none."""
        lines = read_lines(source, Problems())
        labels = predicted_labels(self.read(source, "", Problems(), label_map), predictions, source)
        header, positions, rows = self._layout(lines, source, Problems())
        position = positions.get("label")
        values = [(row, labels[row.first]) for row in rows if row.first in labels]
        if header and position is None:
            values.append((header, added_name("label", header.fields)))
        replacements: dict[int, str] = {}
        for row, value in values:
            text = self.delimiter.replace("\n".join(lines[row.first - 1 : row.last]), position, value)
            replacements.update(enumerate(text.split("\n"), start=row.first))
        rewrite(source, destination, replacements)

    def _layout(
        self, lines: Sequence[str], path: Path, problems: Problems
    ) -> tuple[Row | None, dict[str, int], list[Row]]:
        """The header, if there is one, the position of each of our columns, and the rows; no rows if one is missing."""
        if self._is_cut_wrongly(lines, path, problems):
            return None, {}, []
        rows = list(self.delimiter.rows(lines, path, problems))
        if not rows:
            return None, {}, []
        names = {ours: column for ours, column in (self.columns or {}).items() if isinstance(column, str)}
        if self.columns is not None and not names:
            positions = {ours: column for ours, column in self.columns.items() if isinstance(column, int)}
            complaint = beyond(positions, _width(None, rows)[0], "row")
            if complaint is not None:
                problems.error(path, rows[0].first, complaint, key="columns")
            return None, positions, rows if complaint is None else []
        header = rows[0]
        located = locate(names or None, header.fields, path, header.first, problems)
        if self.columns is None and "language" in header.fields:
            located["language"] = "language"
        complete = "text" in located and all(name in header.fields for name in located.values())
        positions = {ours: header.fields.index(name) for ours, name in located.items() if complete}
        return header, positions, rows[1:] if complete else []

    def _is_cut_wrongly(self, lines: Sequence[str], path: Path, problems: Problems) -> bool:
        """Whether the first row has one column, none that is wanted, and another separator gives several: an error."""
        first = next(self.delimiter.rows(lines, path, Problems()), None)
        wanted = ALIASES["text"] if self.columns is None else tuple(self.columns.values())
        if first is None or len(first.fields) > 1 or first.fields[0] in wanted or wanted == (0,):
            return False
        found = found_separator(lines)
        if found is None:
            return False
        separator, fields = found
        remedies = {"\t": "format: tsv", ",": "format: csv"}
        problems.error(
            path,
            first.first,
            f"one column only, but {separator!r} as separator gives {len(fields)} ({', '.join(fields)}): "
            + remedies.get(separator, f'format: csv with separator: "{separator}"'),
            key="format",
        )
        return True


def _width(header: Row | None, rows: Sequence[Row]) -> tuple[int, str]:
    """How many columns a row has to have, and what says so."""
    if header is not None:
        return len(header.fields), "as in the header"
    widths = Counter(len(row.fields) for row in rows)
    # One bad row, be it the first, does not make all others wrong.
    return (widths.most_common(1)[0][0] if widths else 0), "as most rows have"
