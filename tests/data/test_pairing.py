"""Partners by id."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data import ConllU, Problems, TokenTag
from isogloss.data.pairing import ALONE, partners
from isogloss.data.soft_tags import SoftTagLines
from isogloss.data.translations import TranslationFile, translate
from isogloss.examples import Choice, Example, LabelledText, Question, TaggedSentence


def text(name: str, language: str, label: str | None = "yes", path: str = "", line: int = 2) -> LabelledText:
    return LabelledText(name, language, f"{name} in {language}", None, label, path or f"{language}.tsv", line)


def found(examples: Sequence[Example], others: Sequence[Example], **sets: str) -> list[int]:
    names = {one.path: sets.get(one.path.split(".")[0], "one") for one in (*examples, *others)}
    return partners(examples, others, names).tolist()


def test_the_same_id_in_the_same_set():
    german, english = [text(name, "de") for name in "cax"], [text(name, "en") for name in "abc"]
    assert found(german, english) == [2, 0, ALONE]
    assert found(german, english, de="another") == [ALONE] * 3  # ids of another data set mean nothing here


def test_of_two_with_one_id_the_first_is_the_partner():
    assert found([text("a", "de")], [text("b", "en"), text("a", "en"), text("a", "en", line=9)]) == [1]


def test_labels_that_differ_are_said_with_file_and_line_of_both():
    with pytest.raises(
        IsoglossError, match=r"de\.tsv:7: label 'no', but 'yes' in en\.tsv:3, which has the same id 'a'"
    ):
        found([text("a", "de", "no", line=7)], [text("a", "en", "yes", line=3)])
    assert found([text("a", "de", None)], [text("a", "en", "yes")]) == [0]


def test_choices_and_questions_are_paired():
    one = Choice("1", "de", "c", "q", ("a", "b"), "0", "de.jsonl", 1)
    assert found([one], [dataclasses.replace(one, language="en", path="en.jsonl")]) == [0]
    with pytest.raises(IsoglossError, match=r"de\.jsonl:1: label '0', but '1' in en\.jsonl:4"):
        found([one], [dataclasses.replace(one, language="en", path="en.jsonl", line=4, label="1")])
    with pytest.raises(IsoglossError, match=r"de\.jsonl:1: 2 alternatives, but 3 in en\.jsonl:4"):
        found([one], [dataclasses.replace(one, path="en.jsonl", line=4, alternatives=("a", "b", "c"))])
    asked = Question("q", "de", "de", "Wo?", "Hier.", (("Hier", 0),), "de.json", 3)
    assert found([asked], [dataclasses.replace(asked, language="en", path="en.json", answers=None)]) == [0]


@pytest.mark.parametrize("reader", [ConllU(), TokenTag(), SoftTagLines()])
def test_numbers_that_files_give_as_ids_join_translations_that_are_named_as_such(reader: Any, tmp_path: Path):
    token = "\t".join(("1", "Ja", "_", "X", *6 * "_")) if isinstance(reader, ConllU) else "Ja\tX"
    head = "# labels = X;Y\n" if isinstance(reader, SoftTagLines) else ""
    read = {}
    for name, ids in (("de", (12, 3)), ("en", (3, 12))):
        path = tmp_path / name
        path.write_text(head + "".join(f"# sent_id = {number}\n{token}\n\n" for number in ids), encoding="utf-8")
        read[name] = reader.read(path, name, Problems())
    with pytest.raises(IsoglossError, match="the sentence has no id but a number"):
        found(read["de"], read["en"])  # that two files count their sentences does not make them translations
    translated = translate(read["de"], TranslationFile(tmp_path / "en", reader), "en", Problems())
    assert [(one.id, one.line) for one in translated] == [(one.id, one.line) for one in read["en"][::-1]]


def test_sentences_are_not_paired_by_their_number():
    one = TaggedSentence("3", "de", ("Ja",), ("X",), "de.conllu", 9, numbered=True)
    with pytest.raises(
        IsoglossError, match=r"de\.conllu:9: the sentence has no id but a number.*en\.conllu:9.*sent_id"
    ):
        found([one], [dataclasses.replace(one, language="en", path="en.conllu")])
    with pytest.raises(IsoglossError, match=r"conllu:9: the sentence has no id but a number"):
        found([dataclasses.replace(one, numbered=False, path="en.conllu")], [one])
    named = dataclasses.replace(one, numbered=False, id="n01001011")
    # Tags are of the words of a language, so they need not agree.
    assert found([named], [dataclasses.replace(named, path="en.conllu", tags=("Y",))]) == [0]
