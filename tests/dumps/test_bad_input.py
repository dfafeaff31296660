"""Damaged dumps, dumps of something else, and own files with mistakes: one clear error each, and nothing is written."""

from __future__ import annotations

import bz2
import gzip
import json
import shutil
from pathlib import Path

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import read_json
from isogloss.dumps import reasons
from tests.support.dumps import Made, built, rows_of, sql_of, told, write_dump, write_props, write_sql, xml_of
from tests.support.wikis import FR, FR_ITEMS

NAME = "frwiki-20240101-pages-articles.xml.bz2"


def refused(paths: list[Path], folder: Path, **more: object) -> str:
    """The message of a build that fails, which leaves no table behind."""
    with pytest.raises(IsoglossError) as found:
        built(paths, folder, **more)
    assert not [path.name for path in folder.glob("*") if not path.name.startswith(".")]
    return str(found.value)


def test_a_bzip2_file_that_is_cut_off(tmp_path: Path):
    path = write_dump(tmp_path, "frwiki", FR)
    path.write_bytes(path.read_bytes()[:-20])
    assert refused([path], tmp_path / "c") == (
        f"{path}: cannot be read: the file ends in the middle of a bzip2 stream. Is the file whole?"
    )


def test_a_bzip2_file_that_is_damaged(tmp_path: Path):
    path = write_dump(tmp_path, "frwiki", FR)
    content = bytearray(path.read_bytes())
    content[200] ^= 255
    path.write_bytes(content)
    assert "cannot be read: Invalid data stream" in refused([path], tmp_path / "c")


def test_xml_that_ends_in_the_middle_of_a_page(tmp_path: Path):
    path = tmp_path / NAME
    text = xml_of("frwiki", FR)
    path.write_bytes(bz2.compress(text[: text.index("loin de l'[[ukraine")].encode()))
    assert refused([path], tmp_path / "c") == (
        f'{path}: the file ends in the middle of page "Côte d\'Ivoire"; it is cut off'
    )


def test_xml_that_ends_between_pages(tmp_path: Path):
    path = tmp_path / NAME
    path.write_bytes(bz2.compress(xml_of("frwiki", FR).removesuffix("</mediawiki>\n").encode()))
    assert refused([path], tmp_path / "c") == f"{path}: the file ends before </mediawiki>; it is cut off"


def test_a_page_that_is_no_xml(tmp_path: Path):
    path = tmp_path / NAME
    path.write_bytes(bz2.compress(xml_of("frwiki", FR).replace("<revision>", "<revision", 1).encode()))
    assert "page 'Kiev' is damaged: " in refused([path], tmp_path / "c")


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le"])
def test_utf_16(tmp_path: Path, codec: str):
    path = tmp_path / NAME
    path.write_bytes(bz2.compress(xml_of("frwiki", FR).encode(codec)))
    assert refused([path], tmp_path / "c") == f"{path}: the file is UTF-16; dumps are UTF-8, and so must this be"


def test_a_page_that_is_not_utf_8(tmp_path: Path):
    path = tmp_path / NAME
    path.write_bytes(bz2.compress(xml_of("frwiki", FR).encode().replace("ô".encode(), b"\xf4")))
    assert "is damaged: not well-formed (invalid token)" in refused([path], tmp_path / "c")


def test_a_dump_of_another_language_than_its_name_says(tmp_path: Path):
    path = write_dump(tmp_path, "frwiki", FR).rename(tmp_path / "dewiki-20240101-pages-articles.xml.bz2")
    assert refused([path], tmp_path / "c") == (
        f"{path}: the name says 'de', but the dump is of 'frwiki'; rename the file to frwiki-..."
    )


def test_no_dump_at_all(tmp_path: Path):
    path = tmp_path / NAME
    path.write_bytes(bz2.compress(b"{}\n"))
    assert "no MediaWiki dump: it begins with '{}'" in refused([path], tmp_path / "c")


def test_a_table_of_another_wiki(tmp_path: Path):
    dump = write_dump(tmp_path, "frwiki", FR)
    table = write_props(tmp_path, "dewiki", FR_ITEMS).rename(tmp_path / "frwiki-20240101-page_props.sql.gz")
    assert refused([dump, table], tmp_path / "c") == f"{table}: the table is of dewiki, not of frwiki as the name says"


def test_a_table_without_a_dump(tmp_path: Path):
    dump, table = write_dump(tmp_path, "frwiki", FR), write_props(tmp_path, "dewiki", FR_ITEMS)
    assert refused([dump, table], tmp_path / "c") == (
        f"{table}: a table of 'de', but no dump of that wiki is given (given: fr)"
    )


def test_another_table_than_its_name_says(tmp_path: Path):
    dump = write_dump(tmp_path, "frwiki", FR)
    table = write_sql(tmp_path, "redirect", "frwiki", ("rd_from",), [(1,)])
    table = table.rename(tmp_path / "frwiki-20240101-page_props.sql.gz")
    assert "holds the table 'redirect', not 'page_props' as the name says" in refused([dump, table], tmp_path / "c")


def test_a_table_that_is_cut_off(tmp_path: Path):
    dump = write_dump(tmp_path, "frwiki", FR)
    columns = ("pp_page", "pp_propname", "pp_value", "pp_sortkey")
    text = sql_of("page_props", "frwiki", columns, [(n, "wikibase_item", f"Q{n}", None) for n in range(9)])
    table = tmp_path / "frwiki-20240101-page_props.sql.gz"
    table.write_bytes(gzip.compress(text[: text.index("Q7")].encode()))
    assert refused([dump, table], tmp_path / "c") == f"{table}: ends in the middle of a statement; it is cut off"
    table.write_bytes(gzip.compress(text.encode())[:-30])
    assert "the file ends in the middle of a gzip stream" in refused([dump, table], tmp_path / "c2")


def test_a_table_of_other_columns(tmp_path: Path):
    dump = write_dump(tmp_path, "frwiki", FR)
    table = write_sql(tmp_path, "page_props", "frwiki", ("pp_page", "pp_name"), [(1, "x")])
    assert "the table has no column 'pp_propname' (columns: pp_page, pp_name)" in refused([dump, table], tmp_path / "c")


def test_names_that_say_nothing(tmp_path: Path):
    path = tmp_path / "dump.zip"
    assert refused([path], tmp_path / "c") == f"{path}: no such file"
    path.touch()
    assert "the name does not say what the file is (valid: ukwiki-DATE-pages-articles" in refused(
        [path], tmp_path / "c"
    )
    dump = write_dump(tmp_path, "frwiki", FR)
    assert refused([dump, dump], tmp_path / "c") == f"{dump}: given twice"
    facts = tmp_path / "facts.tsv"
    facts.touch()
    assert "nothing given has text" in refused([facts], tmp_path / "c")


MENTION = {"start": 0, "end": 4, "entity": "Q1"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"mentions": [{**MENTION, "end": 41}]}, "a mention from 0 to 41, where the text has 40 characters"),
        ({"mentions": [{**MENTION, "start": -1}]}, "a mention from -1 to 4, where"),
        ({"mentions": [{**MENTION, "start": 4}]}, "a mention from 4 to 4, where"),
        ({"mentions": [{**MENTION, "end": 4.0}]}, "a mention from 0 to 4.0, where"),
        ({"mentions": [MENTION, {**MENTION, "start": 3, "end": 6}]}, "mentions 0–4 and 3–6 overlap"),
        ({"mentions": [{"start": 0, "end": 4}]}, "'entity' must be a text, found None"),
        ({"mentions": {"start": 0}}, "'mentions' is a dict, not a list"),
        ({"language": None}, "'language' must be a text, found None"),
        ({"text": "Kiev e\u0301tait une ville de beaucoup de gens."}, "the text is not in NFC"),
        ({"page": 3}, "'page' is a int, not a string"),
    ],
)
def test_own_lines(tmp_path: Path, line: dict[str, object], message: str):
    path = tmp_path / "own.jsonl"
    good = {"text": "Kyiv is a town in which many people live", "language": "en", "mentions": [MENTION]}
    path.write_text(json.dumps(good) + "\n" + json.dumps({**good, **line}) + "\n", encoding="utf-8")
    assert refused([path], tmp_path / "c").startswith(f"{path}:2: {message}")


def test_own_lines_that_are_no_json(tmp_path: Path):
    path = tmp_path / "own.jsonl"
    path.write_text("{]\n", encoding="utf-8")
    assert refused([path], tmp_path / "c").startswith(f"{path}:1: not JSON")
    path.write_bytes(b"\xff\n")
    assert refused([path], tmp_path / "c2").startswith(f"{path}:1: not UTF-8")


def test_a_fact_whose_object_has_no_description(tmp_path: Path):
    dump, props = write_dump(tmp_path, "frwiki", FR), write_props(tmp_path, "frwiki", FR_ITEMS)
    facts = tmp_path / "facts.tsv"
    facts.write_text("Q212\tP36\tQ1899\nQ212\tP30\tQ46\nQ46\tP527\tQ212\n", encoding="utf-8")
    built([dump, props, facts], tmp_path / "c")
    assert rows_of(tmp_path / "c", "facts") == [{"subject": "Q212", "relation": "P36", "object": "Q1899"}]
    found = read_json(tmp_path / "c" / "corpus.json")
    assert found["drops"]["knowledge"] == {reasons.NO_OBJECT: 1, reasons.NO_SUBJECT: 1}
    assert found["counts"]["facts"] == 1
    facts.write_text("Q212 P36 Q1899\n", encoding="utf-8")
    assert "expected subject, relation and object with tabs between" in refused([dump, props, facts], tmp_path / "c2")


@pytest.mark.parametrize(
    ("name", "option"), [("names.de.tsv", "--link-names"), ("titles.bn-en.tsv", "--same-entities")]
)
def test_files_of_options_are_no_dumps(tmp_path: Path, name: str, option: str):
    """`--link-names names.*.tsv` gives the option the first file, and all others as dumps."""
    path = tmp_path / name
    path.write_text("Q4\tTod\n", encoding="utf-8")
    assert refused([path], tmp_path / "c") == f"{path}: no dump; give {option} before each such file: {option} {path}"


def test_another_build_in_the_folder(tmp_path: Path):
    dump = write_dump(tmp_path, "frwiki", FR)
    built([dump], tmp_path / "c")
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "c").iterdir()}
    built([dump], tmp_path / "c")  # whole already
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "c").iterdir()} == before
    write_dump(tmp_path, "frwiki", [*FR, Made(9, "Lyon", "'''Lyon''' n'est pas [[Kiev]], on le sait.")])
    with pytest.raises(IsoglossError, match="holds a build of other sources"):
        built([dump], tmp_path / "c")
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.txt").touch()
    with pytest.raises(IsoglossError, match="exists and holds something else"):
        built([dump], other)


def test_a_build_begins_again_once_the_file_is_mended(tmp_path: Path):
    path = write_dump(tmp_path, "frwiki", FR)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    refused([path], tmp_path / "c")
    path.write_bytes(whole)
    with pytest.raises(IsoglossError, match=r"or delete .*/c/\.work to begin again$"):
        built([path], tmp_path / "c")
    shutil.rmtree(tmp_path / "c" / ".work")
    built([path], tmp_path / "c")
    assert told(rows_of(tmp_path / "c", "sentences")[0]) == "Kiev est la capitale de l'[Ukraine|fr:Ukraine]."
