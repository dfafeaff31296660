from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data.problems import Problems
from isogloss.data.soft_tags import SoftTagLines
from isogloss.examples import SoftTags, TaggedSentence

HEAD = "# labels = ADJ;NOUN;VERB\n"
GOOD = HEAD + "# sent_id = a\nder\t_\nHund\t0.2;0.8;0\n#1\tNOUN\n\nläuft\t.25;.25;.5\n"


def read(folder: Path, text: str, **label_map: str) -> tuple[list[TaggedSentence], Problems]:
    problems, path = Problems(), folder / "de.tsv"
    path.write_text(text, encoding="utf-8")
    return SoftTagLines().read(path, "de", problems, label_map), problems


def test_probabilities_certain_tags_and_nothing(tmp_path: Path):
    (first, second), problems = read(tmp_path, GOOD)
    assert (problems.errors, problems.warnings) == ([], [])
    assert (first.id, first.tokens, first.line, first.tags, first.labels) == ("a", ("der", "Hund", "#1"), 3, None, ())
    assert (second.id, second.tokens, second.line) == ("2", ("läuft",), 7)
    assert first.soft is not None
    assert first.soft.labels == ("ADJ", "NOUN", "VERB")
    assert np.allclose(first.soft.shares, [[0, 0, 0], [0.2, 0.8, 0], [0, 1, 0]])
    assert first.without_labels().soft is None


def test_there_and_back(tmp_path: Path):
    (first, second), _ = read(tmp_path, GOOD)
    (again, _), _ = read(tmp_path, SoftTagLines().dump([first, second]).decode())
    assert (again.id, again.tokens) == (first.id, first.tokens)
    assert np.array_equal(again.soft.shares, first.soft.shares)
    named = dataclasses.replace(first, original="the dog")
    assert read(tmp_path, SoftTagLines().dump([named]).decode())[0][0].original == "the dog"


def test_tags_are_renamed_as_those_of_the_originals(tmp_path: Path):
    (first, _), _ = read(tmp_path, GOOD, NOUN="N")
    assert first.soft.labels == ("ADJ", "N", "VERB")
    assert first.soft.shares[2].tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("Hund\t0;1;0\n", 1, "expected the tags in their order, '# labels = ADJ;NOUN;VERB', found 'Hund"),
        ("# labels = A;A\nHund\t0;1\n", 1, "expected two different tags or more, none empty, found A, A"),
        (HEAD + "Hund\t_\n\nder\t_\n", 2, "every tag is '_', so nothing can be learned"),
        (HEAD + "Hund\t0;1\n", 2, "expected 3 probabilities, one for each tag in the first line, found 2: '0;1'"),
        (HEAD + "Hund\tNUON\n", 2, "found 1: 'NUON'; did you mean 'NOUN'"),
        (HEAD + "Hund\t0;0.5;0.4\n", 2, "the probabilities of 'Hund' sum to 0.9, expected 1"),
        (HEAD + "Hund\t0;2;-1\n", 2, "expected probabilities from 0 to 1, found '0;2;-1'"),
        (HEAD + "Hund\t0;nan;1\n", 2, "expected probabilities from 0 to 1, found '0;nan;1'"),
        (HEAD + "Hund\t0;x;1\n", 2, "expected numbers, found '0;x;1'"),
        (HEAD + "der\t0;0;1\nHund\n", 3, "expected a token, a tab and its probabilities, found 'Hund'"),
        (HEAD, None, "no example in this file"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int | None, message: str, tmp_path: Path):
    _, problems = read(tmp_path, text)
    (error,) = problems.errors
    assert error.line == line
    assert message in error.message


def test_a_label_that_would_be_cut_is_not_written():
    soft = SoftTags(("A;B", "C"), np.zeros((1, 2)))
    with pytest.raises(IsoglossError, match="tag 'A;B' cannot stand in a file of soft tags"):
        SoftTagLines().dump([TaggedSentence("1", "en", ("a",), None, soft=soft)])
