from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data.choice_lines import ChoiceLines
from isogloss.data.conll import TokenTag
from isogloss.data.conllu import ConllU
from isogloss.data.pairing import partners
from isogloss.data.problems import Problems
from isogloss.data.soft_tags import SoftTagLines
from isogloss.data.tables import Table
from isogloss.data.translations import TranslationFile, translate, translate_some
from isogloss.examples import Choice, LabelledText, TaggedSentence

FIVE = (
    Table(columns={"text": 2, "pair": 3, "label": 4}),
    Table(columns={"text": 0, "pair": 1, "label": 4}),
)
"""XTREME's five columns: both texts, both translated, the label."""


def pair(name: str, text: str, second: str, label: str, line: int) -> LabelledText:
    return LabelledText(name, "en", text, second, label, "train.tsv", line)


ORIGINALS = [
    pair("a", "A man sleeps.", "He rests.", "entailment", 2),
    pair("b", "A dog runs.", "It sleeps.", "contradiction", 3),
    pair("c", "A dog runs.", "It sleeps.", "neutral", 4),  # the same texts once more, labelled otherwise
]
ROWS = [
    ("A dog  runs.", "It sleeps.", "Ein Hund rennt.", "Er schläft.", "contradiction"),
    ("A cat sits.", "It stands.", "Eine Katze sitzt.", "Sie steht.", "contradiction"),
    ("A man sleeps.", "He rests.", "Ein Mann schläft.", "Er ruht.", "entailment"),
    ("A dog runs.", "It sleeps.", "Ein Hund läuft.", "Er pennt.", "neutral"),
]


def five_columns(folder: Path, rows: Sequence[Sequence[str]]) -> TranslationFile:
    path = folder / "en-de.tsv"
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    return TranslationFile(path, *FIVE)


def by_id(folder: Path, *rows: str) -> TranslationFile:
    path = folder / "de.tsv"
    path.write_text("\n".join(["id\ttext\tpair\tlabel", *rows]) + "\n", encoding="utf-8")
    return TranslationFile(path, Table(columns={name: name for name in ("id", "text", "pair", "label")}))


def test_joined_by_source_text_whatever_the_order(tmp_path: Path):
    problems = Problems()
    found = translate(ORIGINALS, five_columns(tmp_path, ROWS), "de", problems)
    assert [(example.id, example.language, example.text, example.label) for example in found] == [
        ("a", "de", "Ein Mann schläft.", "entailment"),
        ("b", "de", "Ein Hund rennt.", "contradiction"),
        ("c", "de", "Ein Hund läuft.", "neutral"),
    ]
    assert [(example.path, example.line) for example in found] == [("train.tsv", line) for line in (2, 3, 4)]
    assert problems.warnings == []


def test_joined_by_id(tmp_path: Path):
    rows = ["c\tdrei\tIII\tneutral", "x\tx\tx\tneutral", "a\teins\tI\tentailment", "b\tzwei\tII\tcontradiction"]
    found = translate(ORIGINALS, by_id(tmp_path, *rows), "de", Problems())
    assert [(example.text, example.pair) for example in found] == [("eins", "I"), ("zwei", "II"), ("drei", "III")]


def test_labels_are_renamed_as_those_of_the_originals(tmp_path: Path):
    file = by_id(tmp_path, "a\teins\tI\tE")
    renamed = TranslationFile(file.path, file.translated, label_map={"E": "entailment"})
    assert translate(ORIGINALS[:1], renamed, "de", Problems())[0].text == "eins"
    with pytest.raises(IsoglossError, match="label 'E', but 'entailment'"):
        translate(ORIGINALS[:1], file, "de", Problems())


def test_a_row_that_belongs_elsewhere_is_shown_with_both_texts(tmp_path: Path):
    rows = [ROWS[0], (*ROWS[2][:4], "neutral"), ROWS[3]]
    message = (
        r"en-de.tsv:2: label 'neutral', but 'entailment' in train.tsv:2: 'Ein Mann schläft.' / 'Er ruht.' is no "
        r"translation of 'A man sleeps.' / 'He rests.'"
    )
    with pytest.raises(IsoglossError, match=message):
        translate(ORIGINALS, five_columns(tmp_path, rows), "de", Problems())


def test_a_missing_translation_is_named(tmp_path: Path):
    message = r"no translation for 2 of 3 examples, by text; the first is train.tsv:2, id 'a', 'A man sleeps.' / 'He"
    with pytest.raises(IsoglossError, match=message):
        translate(ORIGINALS, five_columns(tmp_path, ROWS[:2]), "de", Problems())
    with pytest.raises(IsoglossError, match="no translation for 2 of 3 examples, by id"):
        translate(ORIGINALS, by_id(tmp_path, "b\tx\ty\tcontradiction"), "de", Problems())


def test_of_several_rows_with_one_id_the_first_counts(tmp_path: Path):
    problems, file = Problems(), by_id(tmp_path, "a\tx\ty\tentailment", "a\tz\ty\tentailment")
    assert translate(ORIGINALS[:1], file, "de", problems)[0].text == "x"
    assert "duplicate id" in str(problems.warnings[0])


def test_one_text_is_no_translation_of_two(tmp_path: Path):
    path = tmp_path / "de.tsv"
    path.write_text("id\ttext\na\teins\n", encoding="utf-8")
    message = r"'eins' has one text, 'A man sleeps.' / 'He rests.' in train.tsv:2 has not"
    with pytest.raises(IsoglossError, match=message):
        translate(ORIGINALS[:1], TranslationFile(path, Table(columns={"id": "id", "text": "text"})), "de", Problems())


def test_untranslated_text_is_noticed(tmp_path: Path):
    problems = Problems()
    translate(ORIGINALS[:1], by_id(tmp_path, "a\tA man sleeps.\tHe rests.\tentailment"), "de", problems)
    assert "1 of 1 translations equal the original text" in str(problems.warnings[0])


def test_a_broken_file_stops_with_its_line(tmp_path: Path):
    with pytest.raises(IsoglossError, match=r"en-de.tsv:2: error: expected 5 columns"):
        translate(ORIGINALS, five_columns(tmp_path, [ROWS[0], ROWS[1][:3]]), "de", Problems())


def conllu(folder: Path, *names: str) -> TranslationFile:
    path = folder / "de.conllu"
    lines = (f"# sent_id = {name}\n1\tJa{name}\t_\tINTJ" + "\t_" * 6 + "\n\n" for name in names)
    path.write_text("".join(lines), encoding="utf-8")
    return TranslationFile(path, ConllU(), id_ending="_de")


def test_tagged_sentences_are_joined_by_id_and_have_the_tags_of_the_file(tmp_path: Path):
    originals = [TaggedSentence(name, "en", ("Yes",), ("X",), "train.conllu", 2) for name in ("a1", "b2")]
    found = translate(originals, conllu(tmp_path, "b2_de", "a1"), "de", Problems())
    assert [(one.id, one.language, one.content, one.labels) for one in found] == [
        ("a1", "de", ("Jaa1",), ("INTJ",)),
        ("b2", "de", ("Jab2_de",), ("INTJ",)),
    ]
    with pytest.raises(IsoglossError, match=r"no translation for 1 of 2 examples, by id; .*train\.conllu:2, id 'b2'"):
        translate(originals, conllu(tmp_path, "a1"), "de", Problems())


@pytest.mark.parametrize(
    ("label", "number", "message"),
    [
        ("", 2, None),
        (', "label": 1', 2, None),
        (', "label": 0', 2, r"de\.jsonl:1: label '0', but '1' in train\.jsonl:3"),
        ("", 3, r"de\.jsonl:1: 2 alternatives, but 3 in train\.jsonl:3"),
    ],
)
def test_a_choice_has_the_label_of_its_original(label: str, number: int, message: str | None, tmp_path: Path):
    alternatives = ("It broke.", "It flew.", "It lay.")[:number]
    original = Choice("a", "en", "It fell.", "", alternatives, "1", "train.jsonl", 3)
    path = tmp_path / "de.jsonl"
    texts = '"premise": "Es fiel.", "question": "", "choice1": "Es brach.", "choice2": "Es flog."'
    path.write_text(f'{{"id": "a", {texts}{label}}}\n', encoding="utf-8")
    file = TranslationFile(path, ChoiceLines())
    if message is None:
        (found,) = translate([original], file, "de", Problems())
        assert (found.content, found.labels) == (("Es fiel.", "", "Es brach.", "Es flog."), ("1",))
    else:
        with pytest.raises(IsoglossError, match=message):
            translate([original], file, "de", Problems())


def test_a_translation_is_of_the_kind_of_its_original(tmp_path: Path):
    sentence = TaggedSentence("a", "en", ("A", "man"), ("X", "Y"), "train.conllu", 1)
    with pytest.raises(IsoglossError, match=r"de\.tsv:2: not of the kind of train\.conllu:1, so no translation of it"):
        translate([sentence], by_id(tmp_path, "a\teins\tI\tentailment"), "de", Problems())


def test_some_may_have_none(tmp_path: Path):
    found = translate_some(ORIGINALS, by_id(tmp_path, "b\tx\ty\tcontradiction"), "de", Problems())
    assert [one and one.content for one in found] == [None, ("x", "y"), None]


def test_rows_are_never_joined_by_their_number(tmp_path: Path):
    numbered = [LabelledText(str(n), "en", text, None, "x", "train.tsv", n + 1) for n, text in ((1, "one"), (2, "two"))]
    path = tmp_path / "de.tsv"
    path.write_text("id\ttext\n0\tNULL\n1\tEINS\n2\tZWEI\n", encoding="utf-8")
    with pytest.raises(IsoglossError, match=r"the ids of train.tsv are the numbers of its rows"):
        translate(numbered, TranslationFile(path, Table(columns={"id": "id", "text": "text"})), "de", Problems())


SENTENCES = [
    TaggedSentence("1", "en", ("Eva", "reads", "."), ("B-PER", "O", "O"), "train.tsv", 1, numbered=True),
    TaggedSentence("2", "en", ("Yes", "."), ("O", "O"), "train.tsv", 5, numbered=True),
]


@pytest.mark.parametrize("reader", [TokenTag(), ConllU(), SoftTagLines()])
def test_sentences_without_ids_are_joined_where_their_originals_stand_beside_them(reader: Any, tmp_path: Path):
    file = sentences_file(tmp_path, reader, ["Eva reads.", "Yes ."])
    found = translate(SENTENCES, file, "de", Problems())
    assert [(one.id, one.content, one.original) for one in found if isinstance(one, TaggedSentence)] == [
        ("1", ("Ja",), "Eva reads."),
        ("2", ("Ja",), "Yes ."),
    ]
    assert partners(found, SENTENCES, {"train.tsv": "x", str(file.path): "x"}, {str(file.path)}).tolist() == [0, 1]


@pytest.mark.parametrize("reader", [TokenTag(), ConllU(), SoftTagLines()])
def test_a_sentence_that_is_no_longer_the_original_is_said_with_both_lines(reader: Any, tmp_path: Path):
    file = sentences_file(tmp_path, reader, ["Eva reads.", "No."])
    with pytest.raises(IsoglossError, match=r"de.tsv:\d+: a translation of 'No.', but train.tsv:5, .* is 'Yes .'"):
        translate(SENTENCES, file, "de", Problems())


@pytest.mark.parametrize("reader", [TokenTag(), ConllU(), SoftTagLines()])
def test_sentences_are_never_joined_by_their_number(reader: Any, tmp_path: Path):
    with pytest.raises(IsoglossError, match=r"the ids of train.tsv are the numbers of its rows"):
        translate(SENTENCES, sentences_file(tmp_path, reader, [None, None]), "de", Problems())


def sentences_file(folder: Path, reader: Any, originals: Sequence[str | None]) -> TranslationFile:
    token = "\t".join(("1", "Ja", "_", "X", *6 * "_")) if isinstance(reader, ConllU) else "Ja\tX"
    blocks = [f"# original = {text}\n{token}\n\n" if text else f"{token}\n\n" for text in originals]
    path = folder / "de.tsv"
    head = "# labels = X;Y\n" if isinstance(reader, SoftTagLines) else ""
    path.write_text(head + "".join(blocks), encoding="utf-8")
    return TranslationFile(path, reader)
