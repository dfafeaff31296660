"""A data entry that fits none of its files is one error that names the key, not errors of every file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data import Collection, Problems, validate_collections
from isogloss.data.texts import TextSet, read_texts
from isogloss.recipe.names import FORMATS, TASKS


def parquet(columns: dict[str, Any]) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content)
    return content.getvalue()


TABLE = b"Text\tHyp\tLabel\nabout {}\tmore of {}\tx\n"
TEXTS = {"text": "Tex", "pair": "Hypo", "label": "Label"}
NO_TEXTS = (
    "columns: no column 'Tex' (the text), 'Hypo' (the pair); did you mean text: Text, pair: Hyp? "
    "(valid: Hyp, Label, Text)"
)
SENTENCE = b"form\tner\nAnna\tB-PER\n{}\tO\n"
TAGS = {"tokens": "from", "tags": "nre"}
NO_TAGS = "columns: no column 'from' (the tokens), 'nre' (the tags)"

CASES: dict[str, tuple[str, dict[str, Any] | None, bytes, str]] = {
    "tsv": ("tsv", TEXTS, TABLE, NO_TEXTS),
    "csv": ("csv", TEXTS, TABLE.replace(b"\t", b","), NO_TEXTS),
    "jsonl": ("jsonl", TEXTS, b'{"Text": "a {}", "Hyp": "b", "Label": "x"}\n', NO_TEXTS),
    "parquet": ("parquet", TEXTS, parquet({"Text": ["a"], "Hyp": ["b"], "Label": ["x"]}), NO_TEXTS),
    "positions": (
        *("tsv", {"text": 0, "pair": 3, "label": 4}, b"about {}\tx\n"),
        "columns: no column 3 (the pair), 4 (the label) in a row of 2; positions count from 0",
    ),
    "usual names": ("tsv", None, b"Txt\tLabel\nabout {}\tx\n", "no column for the text (looked for text, sentence, "),
    "conll": ("conll", TAGS, SENTENCE, f"{NO_TAGS} in the first line; did you mean tokens: form, tags: ner? (valid: "),
    "conll positions": (
        *("conll", {"tokens": 2, "tags": 3}, SENTENCE),
        "columns: no column 2 (the tokens), 3 (the tags) in a line of 2; positions count from 0",
    ),
    "jsonl of tokens": ("jsonl", TAGS, b'{"form": ["{}"], "ner": ["O"]}\n', f"{NO_TAGS}; did you mean tokens: form"),
    "parquet of tokens": ("parquet", TAGS, parquet({"form": [["a"]], "ner": [["O"]]}), f"{NO_TAGS}; did you mean tok"),
    "one text for a task of two": (
        *("tsv", {"text": "Text", "label": "Label"}, TABLE),
        "this task needs two texts; columns: {text: ..., pair: ..., label: ...} names them",
    ),
    "another separator": ("tsv", None, b"text;label\nabout {};x\n", "one column only, but ';' as separator gives 2"),
    "another format": ("squad", None, b'{"text": "about {}", "label": "x"}\n', "; the file looks like JSON lines"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_mapping_is_one_error_for_all_files(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    form, columns, content, said = CASES[case]
    monkeypatch.chdir(tmp_path)
    for language in ("de", "en"):
        for split in ("train", "dev", "test"):
            path = Path(language) / f"{split}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content.replace(b"{}", f"{language} {split}".encode()))
    collection = Collection("mine", FORMATS[form].build(columns), "{language}/{split}.txt")
    found, _ = validate_collections([collection], TASKS["nli"].complaint)
    errors = [str(error) for error in found.errors if "equal to" not in error.message]  # Parquet: the files are equal
    assert len(errors) == 1, errors
    assert errors[0].startswith("de/train.txt:")
    assert said in errors[0]
    assert errors[0].endswith("; so in de/dev.txt, de/test.txt, en/train.txt and 2 more")
    with pytest.raises(IsoglossError) as caught:
        found.raise_errors()
    assert str(caught.value).count("\n") == len(found.errors) - 1
    assert all(found.spoils(f"{language}/{split}.txt") for language in ("de", "en") for split in ("train", "test"))


def test_text_to_pretrain_on_too(tmp_path: Path):
    for language in ("de", "en"):
        (tmp_path / f"{language}.tsv").write_text("Id\tText\n1\ta\n", encoding="utf-8")
    form = FORMATS["tsv"].build({"text": "Txt", "id": "ID"})
    collection = Collection("mine", form, str(tmp_path / "{language}.tsv"), splits={"train": "train"})
    with pytest.raises(IsoglossError) as caught:
        read_texts(
            [TextSet(collection)], languages=None, excluded=frozenset(), held_out=0, limit=None, problems=Problems()
        )
    (line,) = str(caught.value).splitlines()
    assert "columns: no column 'Txt' (the text), 'ID' (the id); did you mean text: Text, id: Id?" in line


def test_files_with_other_columns_have_an_error_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for language, header in (("de", "Text\tlabel"), ("en", "Text\tlabel"), ("fr", "Texte\tlabel")):
        Path(f"{language}.tsv").write_text(f"{header}\nabout {language}\tx\n", encoding="utf-8")
    form = FORMATS["tsv"].build({"text": "text", "label": "label"})
    found, _ = validate_collections([Collection("mine", form, "{language}.tsv", splits={"train": "train"})])
    assert [str(error) for error in found.errors] == [
        "de.tsv:1: error: columns: no column 'text' (the text); did you mean text: Text? (valid: Text, label); "
        "so in en.tsv",
        "fr.tsv:1: error: columns: no column 'text' (the text); did you mean text: Texte? (valid: Texte, label)",
    ]
