"""Columns of translations found from the first row."""

from __future__ import annotations

from pathlib import Path

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data.delimiters import TAB
from isogloss.data.translated_tables import TRANSLATED, UNTRANSLATED, layout


def written(folder: Path, *rows: str) -> Path:
    path = folder / "en-de.tsv"
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_five_columns_are_xtremes(tmp_path: Path):
    assert layout(written(tmp_path, "A\tB\tC\tD\tneutral"), TAB) == (TRANSLATED, UNTRANSLATED)


def test_a_header_with_an_id_has_the_usual_names(tmp_path: Path):
    assert layout(written(tmp_path, "id\tsentence1\tsentence2\tlabel", "1\tA\tB\t0"), TAB) == (None, None)


def test_what_isogloss_translate_writes_is_known(tmp_path: Path):
    one = layout(written(tmp_path, "id\toriginal\ttranslation\tlabel", "1\tA\tB\tx"), TAB)
    assert one == ({"text": "translation"}, {"text": "original"})
    two = "id\toriginal\ttranslation\toriginal_pair\ttranslation_pair\tlabel"
    assert layout(written(tmp_path, two, "1\tA\tB\tC\tD\tx"), TAB) == (
        {"text": "translation", "pair": "translation_pair"},
        {"text": "original", "pair": "original_pair"},
    )


def test_columns_of_the_data_are_those_of_its_translations(tmp_path: Path):
    path = written(tmp_path, "uid\ts1\tgold", "1\tA\tx")
    assert layout(path, TAB, {"id": "uid", "text": "s1", "label": "gold"}) == ({"id": "uid", "text": "s1"}, None)
    with pytest.raises(IsoglossError, match=r"never by place alone"):
        layout(path, TAB, {"text": "s1", "label": "gold"})


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("A\tB\tneutral", "3 columns, where XTREME's README has five"),
        ("premise\thypo\tlabel", r"a header without an id \(premise, hypo, label\)"),
        ("1\t2\t3\t4\t5\t6", "6 columns"),
    ],
)
def test_nothing_says_what_a_row_translates(row: str, found: str, tmp_path: Path):
    with pytest.raises(IsoglossError, match=rf"en-de\.tsv:1: {found}.*never by place alone"):
        layout(written(tmp_path, row), TAB)


def test_an_empty_file(tmp_path: Path):
    with pytest.raises(IsoglossError, match=r"en-de\.tsv: no rows"):
        layout(written(tmp_path), TAB)
