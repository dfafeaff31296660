"""Lines of packed files and of their parts; SQL, names of files and pairs of the same entity."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isogloss.common.errors import IsoglossError
from isogloss.dumps.readers.compressed import Chunk, cut, lines
from isogloss.dumps.readers.sql import read_table
from isogloss.dumps.same import same_entities
from isogloss.dumps.sources import recognised
from isogloss.dumps.tables import whole_folder
from isogloss.dumps.text.linked import Link, Linked
from tests.support.dumps import sql_of

LINE = st.binary(max_size=12).map(lambda line: line.replace(b"\n", b" "))


@given(
    st.lists(LINE, max_size=30), st.booleans(), st.integers(1, 9), st.sampled_from(["", ".bz2"]), st.integers(1, 200)
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_every_line_belongs_to_one_chunk(
    tmp_path_factory: pytest.TempPathFactory, content: list[bytes], ends: bool, per_stream: int, ending: str, size: int
):
    """Streams end anywhere, as a parallel packer ends them: in the middle of lines too."""
    whole = b"\n".join(content) + b"\n" * ends
    path = tmp_path_factory.mktemp("chunks") / f"x{ending}"
    if ending:
        parts = [whole[at : at + 7 * per_stream] for at in range(0, len(whole), 7 * per_stream)] or [b""]
        path.write_bytes(b"".join(bz2.compress(part) for part in parts))
    else:
        path.write_bytes(whole)
    found = [line for chunk in cut(path, size) for line, inside in lines(chunk) if inside]
    assert found == whole.splitlines(keepends=True) if b"\r" not in whole else b"".join(found) == whole


def test_a_gzip_file_of_several_members(tmp_path: Path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"a\nb") + gzip.compress(b"c\n"))
    assert [line for line, _ in lines(Chunk(path))] == [b"a\n", b"bc\n"]
    assert cut(path, 1) == [Chunk(path)]


def test_sql(tmp_path: Path):
    rows = [(1, "a'b", "c\\d", None), (-2, "e),(f", "g;\nh", 0.5), (3, "", "ü", 1)]
    path = tmp_path / "x.sql"
    path.write_text(sql_of("t", "ukwiki", ("i", "s", "v", "n"), rows), encoding="utf-8")
    assert list(read_table(path, "t", ("s", "i", "n", "v"), "ukwiki")) == [
        ("a'b", "1", None, "c\\d"), ("e),(f", "-2", "0.5", "g;\nh"), ("", "3", "1", "ü")
    ]  # fmt: skip


def test_same_entities(tmp_path: Path):
    one, other, ids = (tmp_path / name for name in ("titles.bn-en.tsv", "titles.uk-en.tsv", "titles.uk-wikidata.tsv"))
    one.write_text("ক\tA_b\nখ\tC\n", encoding="utf-8")
    other.write_text("А\tA b\nБ\tD\n", encoding="utf-8")
    ids.write_text("Б\tQ5\n", encoding="utf-8")
    assert same_entities([one, other, ids]) == {
        "bn:ক": "en:A b", "bn:খ": "en:C", "uk:А": "en:A b", "uk:Б": "Q5", "en:D": "Q5"
    }  # fmt: skip
    one.write_text("ক\n", encoding="utf-8")
    with pytest.raises(IsoglossError, match="expected two titles with a tab between them"):
        same_entities([one])
    with pytest.raises(IsoglossError, match="the name must say its two languages"):
        same_entities([tmp_path / "titles.tsv"])


@pytest.mark.parametrize(
    ("name", "kind", "language"),
    [
        ("ukwiki-202305-pages-articles-shortened.xml.bz2", "pages", "uk"),
        ("enwiki-latest-pages-articles-multistream1.xml-p1p41242.bz2", "pages", "en"),
        ("simplewiki-20240101-pages-articles.xml", "pages", "simple"),
        ("enwiki-20240101-page.sql.gz", "page", "en"),
        ("enwiki-20240101-redirect.sql.gz", "redirect", "en"),
        ("be_x_oldwiki-20240101-page_props.sql.gz", "page_props", "be-x-old"),
        ("enwiki-NS0-20240101-ENTERPRISE-HTML.json.tar.gz", "html", "en"),
        ("latest-truthy.nt.bz2", "triples", ""),
        ("wikidata-20240101-all.json.bz2", "items", ""),
        ("own.jsonl", "lines", ""),
        ("facts.tsv", "facts", ""),
        ("relations.zh.tsv", "relations", "zh"),
        ("plain.uk.txt", "text", "uk"),
    ],
)
def test_names(tmp_path: Path, name: str, kind: str, language: str):
    path = tmp_path / name
    path.touch()
    (source,) = recognised([path])
    assert (source.kind, source.language) == (kind, language)


def test_a_link_keeps_its_letters():
    import re

    text = Linked("ab cd ef", (Link(0, 2, "x"), Link(3, 5, "y"), Link(6, 8, "z")))
    found = text.replace(re.compile("b |d"), "--")
    assert found.text == "a--c-- ef"
    assert [(found.text[link.start : link.end], link.target) for link in found.links] == [
        ("a", "x"),
        ("c--", "y"),
        ("ef", "z"),
    ]
    assert text.replace(re.compile("cd"), "").links == (Link(0, 2, "x"), Link(4, 6, "z"))


def test_a_folder_is_whole_or_not_there(tmp_path: Path):
    with pytest.raises(ValueError, match="stop"), whole_folder(tmp_path / "a") as folder:
        (folder / "x").touch()
        raise ValueError("stop")
    assert not (tmp_path / "a").exists()
    with whole_folder(tmp_path / "a") as folder:
        (folder / "y").touch()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["y"]
