"""Text to pre-train on: read from the files that users have, joined, and kept apart from what is measured on."""

from __future__ import annotations

import gzip
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from isogloss import IsoglossError
from isogloss.common.arrow import to_parquet
from isogloss.data import Collection, Problems, Table
from isogloss.data.delimiters import Unquoted
from isogloss.data.json_lines import JsonLines
from isogloss.data.overlap import digest, held_out
from isogloss.data.plain import Lines, RunningText
from isogloss.data.texts import Texts, TextSet, read_texts
from isogloss.examples import LabelledText

CONLLU = (
    "# sent_id = a1\n1-2\tzum\t_\t_\t_\t_\t_\t_\t_\t_\n1\tzu\t_\tADP\t_\t_\t_\t_\t_\t_\n"
    "2\tdem\t_\tDET\t_\t_\t_\t_\t_\t_\n"
    "3\tHaus\t_\tNOUN\t_\t_\t_\t_\t_\tSpaceAfter=No\n4\t!\t_\tPUNCT\t_\t_\t_\t_\t_\t_\n\n"
    "# text = wie es   da steht\n1\twie\t_\tADV\t_\t_\t_\t_\t_\t_\n5.1\tnichts\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
)


def collection(folder: Path, name: str, form: object, template: str) -> Collection:
    return Collection(name, form, f"{folder}/{template}", splits={"train": "train"})  # type: ignore[arg-type]


def read(sets: list[TextSet], *, excluded: frozenset[bytes] = frozenset(), apart: int = 0) -> Texts:
    problems = Problems()
    return read_texts(sets, languages=None, excluded=excluded, held_out=apart, limit=None, problems=problems)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def test_running_text_is_put_together_from_forms(tmp_path: Path):
    write(tmp_path / "x.conllu", CONLLU)
    texts = [sentence.text for sentence in RunningText().read(tmp_path / "x.conllu", "de", Problems())]
    assert texts == ["zum Haus!", "wie es   da steht"]
    assert [sentence.id for sentence in RunningText().read(tmp_path / "x.conllu", "de", Problems())] == ["a1", "2"]
    assert RunningText().read(tmp_path / "x.conllu", "zh", Problems())[0].text == "zumHaus!"


@pytest.mark.parametrize("text", ["# text = _ _\n", ""])
@pytest.mark.parametrize("language", ["de", "zh"])
def test_running_text_that_was_taken_out_is_an_error(tmp_path: Path, text: str, language: str):
    write(tmp_path / "x.conllu", text + "".join(f"{number}\t_{8 * f'{chr(9)}_'}\n" for number in "12"))
    problems = Problems()
    RunningText().read(tmp_path / "x.conllu", language, problems)
    assert "1 of 1 sentences have '_' for every word" in str(problems.errors[0])


def test_blank_lines_keep_their_numbers(tmp_path: Path):
    write(tmp_path / "x.txt", "one\n\n three \n")
    assert [(s.id, s.text, s.line) for s in Lines().read(tmp_path / "x.txt", "en", Problems())] == [
        ("1", "one", 1),
        ("3", "three", 3),
    ]


def test_texts_are_joined_by_id_under_one_spelling_and_by_line(tmp_path: Path):
    write(tmp_path / "a" / "en.tsv.gz", "Matt.1\tthe book\nMatt.2\tAbraham\nMatt.3\talone\n")
    write(tmp_path / "b" / "sw.tsv", "MAT.2\tAbrahamu\nMAT.1\tkitabu\n")
    write(tmp_path / "c" / "en.txt", "news\n\n")
    write(tmp_path / "c" / "sw.txt", "habari\nzaidi\n")
    table = Table(columns={"id": 0, "text": 1})
    texts = read(
        [
            TextSet(collection(tmp_path, "a", table, "a/{language}.tsv.gz"), "bible"),
            TextSet(collection(tmp_path, "b", table, "b/{language}.tsv"), "bible", {"MAT.": "Matt."}),
            TextSet(collection(tmp_path, "c", Lines(), "c/{language}.txt"), "news"),
        ]
    )
    assert texts.sentences["en"] == ["the book", "Abraham", "alone", "news"]
    pairs = [{language: texts.sentences[language][place] for language, place in unit.items()} for unit in texts.units]
    assert pairs == [
        {"en": "the book", "sw": "kitabu"},
        {"en": "Abraham", "sw": "Abrahamu"},
        {"en": "news", "sw": "habari"},
    ]


def test_translations_are_held_out_together(tmp_path: Path):
    for language in ("en", "fr"):
        write(tmp_path / f"{language}.tsv", "".join(f"v{n}\t{language} {n}\n" for n in range(400)))
    table = Table(columns={"id": 0, "text": 1})
    texts = read([TextSet(collection(tmp_path, "a", table, "{language}.tsv"), "p")], apart=8)
    numbers = {language: {text.split()[1] for text in own} for language, own in texts.held_out.items()}
    assert numbers["en"] == numbers["fr"]
    assert 0 < len(numbers["en"]) <= 8
    assert not numbers["en"] & {text.split()[1] for text in texts.sentences["en"]}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.conllu", CONLLU),
        ("x.tsv", "id\ttext\n1\tZum  HAUS!\n"),
        ("x.txt", "zum Haus!\n"),
        ("tokens.tsv", "zum\tO\nHaus\tO\n!\tO\n\nso\tO\n"),
        ("x.json", '{"data": [{"context": "Zum Haus!"}]}'),
        ("x.jsonl.gz", '{"premise": "zum Haus!"}\n'),
        ("x.csv", 'zum Haus!,1\n"nach Hause, sofort",2\n'),
        ("x.csv.gz", '1;"zum ""Haus""";zum Haus!\n2;"er, der\nschläft"\n'),
        ("tabs.csv", "id\ttext\n1\tzum Haus!\n"),
        ("bars.csv", "id|text\n1|zum Haus!\n"),
        ("bars.tsv", "id|text\n1|zum Haus!\n"),
        ("tokens.jsonl", '{"tokens": ["zum", "Haus", "!"], "tags": ["X", "X", "X"]}\n'),
        ("passage.json", '{"data": [{"context": "Wohin? Zum Haus! Dort ist es warm."}]}'),
    ],
)
def test_a_sentence_is_found_in_files_of_every_kind(name: str, content: str, tmp_path: Path):
    write(tmp_path / name, content)
    assert digest("zum Haus!") in held_out([str(tmp_path / "*")])
    assert digest("zum Hau!") not in held_out([str(tmp_path / "*")])


@pytest.mark.parametrize("texts", [["zum Haus!", "so"], [["zum", "Haus", "!"], ["so"]]])
def test_a_sentence_is_found_in_parquet(texts: list[Any], tmp_path: Path):
    (tmp_path / "x.parquet").write_bytes(to_parquet(pa.table({"id": [1, 2], "text": texts})))
    found = held_out([str(tmp_path / "*")])
    assert {digest("zum Haus!"), digest("so")} <= found and digest("zum Hau!") not in found


def test_what_is_no_parquet_is_named(tmp_path: Path):
    write(tmp_path / "x.parquet", "text\n")
    with pytest.raises(IsoglossError, match=r"x\.parquet: error: not a whole Parquet file"):
        held_out([str(tmp_path / "*")])


def test_a_file_that_is_known_is_read_as_that_and_not_by_its_name(tmp_path: Path):
    write(tmp_path / "test.data", "zum Haus!~X\nso, so~Y\n")
    table = Table(columns={"text": 0, "label": 1}, delimiter=Unquoted("~"))
    known = {tmp_path / "test.data": partial(table.read, tmp_path / "test.data", "de")}
    assert digest("zum Haus!") in held_out([str(tmp_path / "*")], known)
    assert digest("zum Haus!") not in held_out([str(tmp_path / "*")])
    write(tmp_path / "test.data", "zum Haus!\n")
    with pytest.raises(IsoglossError, match=r"test\.data:1: error: "):
        held_out([str(tmp_path / "*")], known)


def test_what_is_excluded_is_left_out_and_counted(tmp_path: Path):
    write(tmp_path / "en.txt", "one\ntwo\nthree\n")
    texts = read([TextSet(collection(tmp_path, "a", Lines(), "{language}.txt"))], excluded=frozenset({digest("TWO")}))
    assert texts.sentences == {"en": ["one", "three"]}
    assert texts.left_out == 1


def test_of_a_pair_of_texts_each_may_be_excluded(tmp_path: Path):
    write(tmp_path / "en.txt", "one\ttwo\nthree\tfour\nfour\tfive\n")
    texts = read([TextSet(collection(tmp_path, "a", Lines(), "{language}.txt"))], excluded=frozenset({digest("FOUR")}))
    assert texts.sentences == {"en": ["one\ttwo"]}


@pytest.mark.parametrize("form", [Table(), JsonLines()], ids=["tsv", "jsonl"])
def test_of_a_table_of_pairs_both_texts_are_read_or_it_is_said_that_one_is_not(form: Table | JsonLines, tmp_path: Path):
    rows = [("One.", "Two."), ("Three.", "Four.")]
    (tmp_path / "en").write_bytes(form.dump([LabelledText(row[0], "en", *row, "yes") for row in rows]))
    sets, problems = [TextSet(collection(tmp_path, "a", form, "{language}"))], Problems()
    given: dict[str, Any] = {"languages": None, "excluded": frozenset(), "held_out": 0, "limit": None}
    both = read_texts(sets, **given, problems=problems, pairs=True)
    assert both.sentences == {"en": ["One.", "Two.", "Three.", "Four."]} and not problems.told
    first = read_texts(sets, **given, problems=problems)
    assert first.sentences == {"en": ["One.", "Three."]}
    [warning] = map(str, problems.told)
    assert "the second (hypothesis, sentence2) is not read" in warning and "(2 times, first here)" in warning


def test_a_table_that_is_none_with_commas_nor_with_semicolons_is_named(tmp_path: Path):
    write(tmp_path / "x.csv", 'one,two\n"three\n')
    with pytest.raises(IsoglossError, match=r"x\.csv:2: error: malformed row: .*never closed"):
        held_out([str(tmp_path / "x.csv")])


def test_a_language_that_is_all_excluded_is_an_error(tmp_path: Path):
    write(tmp_path / "en.txt", "one\n")
    with pytest.raises(IsoglossError, match="leave nothing of the text for 'en'"):
        read([TextSet(collection(tmp_path, "a", Lines(), "{language}.txt"))], excluded=frozenset({digest("one")}))


def test_broken_json_to_exclude_is_named(tmp_path: Path):
    write(tmp_path / "x.jsonl", '{"a": 1}\n{"a":\n')
    with pytest.raises(IsoglossError, match=r"x\.jsonl:2: error: not JSON"):
        held_out([str(tmp_path / "x.jsonl")])


def test_a_parallel_text_of_one_language_is_said_to_be_that(tmp_path: Path):
    write(tmp_path / "de.txt", "eins\nzwei\n")
    with pytest.raises(IsoglossError, match=r"de\.txt: parallel: p, but de is the only language that has text of"):
        read([TextSet(collection(tmp_path, "p", Lines(), "{language}.txt"), parallel="p")])
