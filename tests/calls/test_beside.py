"""Files of translations beside a file that is to be labelled."""

from __future__ import annotations

from pathlib import Path

from isogloss.calls.beside import read_beside
from isogloss.data.problems import Problems
from isogloss.examples import LabelledText
from isogloss.recipe.spec.data import DataEntry

ENTRY = DataEntry(
    task="topic",
    format="tsv",
    path="{language}/{split}.tsv",
    columns={"id": "uid", "text": "said", "label": "gold"},  # type: ignore[arg-type]
)


def beside(path: Path, content: str) -> list[object]:
    path.write_text(content, encoding="utf-8")
    original = LabelledText("a", "de", "Ja.", None, None, "de.tsv", 2)
    return [one.content for one in read_beside(path, ENTRY, Path("de.tsv"), [original], "de", Problems())]


def test_what_isogloss_translate_has_written(tmp_path: Path):
    assert beside(tmp_path / "test.de-en.csv", "id,original,translation,label\na,Ja.,Yes.,x\n") == [("Yes.",)]


def test_a_file_with_the_columns_of_the_data(tmp_path: Path):
    assert beside(tmp_path / "en.tsv", "uid\tsaid\tgold\nb\tNo.\ty\na\tYes.\tx\n") == [("Yes.",)]
