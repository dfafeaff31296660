"""Which columns of a table of translations hold what, found from its first row.

XTREME's README says that its translations of XNLI and PAWS-X have five columns without a header: both texts, both texts
translated, the label. Readers, XTREME's own among them, take the first three, and other releases hold the translations
and the label alone: nothing in such a file says which text a row translates.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from isogloss.common.errors import IsoglossError
from isogloss.data.columns import ALIASES
from isogloss.data.delimiters import Delimiter
from isogloss.data.lines import read_lines
from isogloss.data.problems import Problems

Columns = Mapping[str, str | int]

TRANSLATED: Columns = {"text": 2, "pair": 3, "label": 4}
UNTRANSLATED: Columns = {"text": 0, "pair": 1, "label": 4}
"""XTREME's five columns."""

OURS: Columns = {"text": "translation", "pair": "translation_pair"}
OURS_BEFORE: Columns = {"text": "original", "pair": "original_pair"}
"""Columns that `isogloss translate` writes; the second texts are there where examples are pairs."""

ADVICE = (
    "rows are joined by id or by the text that was translated, never by place alone: give columns with an id, or "
    "source_columns; a file that has neither can be an entry of data of its own"
)


def layout(path: Path, delimiter: Delimiter, usual: Columns | None = None) -> tuple[Columns | None, Columns | None]:
    r"""The columns of the translations and, where rows are joined by these, of the texts before translation.

    Args:
        path: The file.
        delimiter: How its rows are cut.
        usual: Columns of the data, an id among them, which the file may have too.

    Returns:
        Those that `isogloss translate` writes; or of the data's columns the id and texts; or None for the usual names
        of a header, which has an id among them; else XTREME's five columns.

    Raises:
        IsoglossError: The table has neither.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from isogloss.data.delimiters import TAB
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder) / "en-de.tsv"
        ...     _ = path.write_text("A man.\tHe.\tEin Mann.\tEr.\tneutral\n", encoding="utf-8")
        ...     layout(path, TAB)[0]
        {'text': 2, 'pair': 3, 'label': 4}
    """
    first = next(iter(delimiter.rows(read_lines(path, Problems()), path, Problems())), None)
    if first is None:
        raise IsoglossError(f"{path}: no rows, so no translations")
    names = {field.strip() for field in first.fields}
    if {"original", "translation"} <= names:
        return _there(OURS, names), _there(OURS_BEFORE, names)
    own = {key: name for key, name in (usual or {}).items() if key in ("id", "text", "pair", "language")}
    if "id" in own and names.issuperset(own.values()):
        return own, None
    has_header = not names.isdisjoint((*ALIASES["label"], *ALIASES["id"], *ALIASES["text"]))
    if has_header and not names.isdisjoint(ALIASES["id"]):
        return None, None
    if not has_header and len(first.fields) == len({*TRANSLATED.values(), *UNTRANSLATED.values()}):
        return TRANSLATED, UNTRANSLATED
    found = f"a header without an id ({', '.join(first.fields)})" if has_header else f"{len(first.fields)} columns"
    raise IsoglossError(
        f"{path}:{first.first}: {found}, where XTREME's README has five (both texts, both translated, the label) and "
        f"other files a header with an id; {ADVICE}"
    )


def _there(columns: Columns, names: Collection[object]) -> Columns:
    return {key: name for key, name in columns.items() if name in names}
