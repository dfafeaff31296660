from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from isogloss.examples import Choice, Example, LabelledText, Question, TaggedSentence
from isogloss.store.cache import Cache
from isogloss.store.examples import CHUNK, StoredExamples, joined, read_examples, witnesses, write_examples

KINDS: dict[str, list[Example]] = {
    "tagged": [
        TaggedSentence("1", "zh", ("他", "喜 欢"), ("A", "B"), "zh.conllu", 1, (False, True)),
        TaggedSentence("", "zh", ("\u2028",), ("C",), "zh.conllu", 9, numbered=True),
    ],
    "text": [
        LabelledText("1", "en", "", "\0 pair", "x", "en.tsv", 1),
        LabelledText("2", "en", "a\nb", None, "", "en.tsv", 2, "fiction"),
    ],
    "choice": [Choice("7", "en", "It rained.", "Why?", ("wet", "", "dry"), "1", "en.jsonl", 3)],
    "question": [
        Question("q", "de", "en", "who?", "der Hund", (("Hund", 4), ("Katze", None)), "de.json", 5),
        Question("r", "de", "de", "wer?", "der Hund", (), "de.json", 6),
    ],
}


def stored(folder: Path, examples: Sequence[Example]) -> StoredExamples:
    folder.mkdir()
    write_examples(folder, examples, {"warnings": []})
    return StoredExamples(Cache(folder), [read_examples(folder)])


@pytest.mark.parametrize("kind", KINDS)
def test_examples_come_back_as_they_were(tmp_path: Path, kind: str):
    examples = KINDS[kind]
    found = stored(tmp_path / "a", examples)
    assert list(found) == examples
    assert found[-1] == examples[-1]
    assert found[0:2] == examples[0:2]
    assert found.language == examples[0].language
    with pytest.raises(IndexError):
        found[len(examples)]


def texts(number: int, label: str = "x") -> list[Example]:
    return [LabelledText(str(n), "en", f"text {n}", None, f"{label}{n % 7}", "en.tsv", n) for n in range(number)]


@pytest.mark.parametrize("number", [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_several_chunks_and_files_are_one_sequence(tmp_path: Path, number: int):
    first, second = texts(number), texts(5, "y")
    whole = joined([stored(tmp_path / "a", first), stored(tmp_path / "b", second)])
    assert isinstance(whole, StoredExamples)
    assert len(whole) == number + 5
    assert list(whole) == first + second
    for index in np.random.default_rng(0).integers(0, len(whole), 50).tolist():
        assert whole[index] == (first + second)[index]


def test_a_file_that_is_not_stored_makes_a_list(tmp_path: Path):
    assert joined([stored(tmp_path / "a", texts(2)), texts(1)]) == texts(2) + texts(1)
    assert joined([]) == []


@pytest.mark.parametrize("limit", [1, 3, 2500])
def test_spread_is_that_of_a_list_and_changes_the_key(tmp_path: Path, limit: int):
    examples = texts(2500)
    found = stored(tmp_path / "a", examples)
    assert list(found.spread(limit)) == [examples[index * 2500 // limit] for index in range(limit)]
    assert list(found.spread(limit).spread(1)) == examples[:1]
    assert found.spread(limit).key != found.key


def test_a_few_witnesses_have_all_labels(tmp_path: Path):
    found = stored(tmp_path / "a", texts(2500))
    assert {example.labels for example in witnesses(found)} == {example.labels for example in found}
    assert len(witnesses(found)) == 7
    assert witnesses(texts(3)) == texts(3)


def test_text_that_is_no_unicode_is_refused(tmp_path: Path):
    with pytest.raises((pa.ArrowException, UnicodeEncodeError)):
        stored(tmp_path / "a", [LabelledText("1", "en", "\ud800", None, "x", "en.tsv", 1)])
