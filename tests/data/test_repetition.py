from __future__ import annotations

from pathlib import Path

from isogloss.data.problems import Problems
from isogloss.data.repetition import ReadFile, check_leaks, check_repetition
from isogloss.examples import LabelledText


def file(language: str, split: str, *rows: tuple[str, str], data: str = "d") -> ReadFile:
    path = Path(language) / f"{split}.tsv"
    examples = [LabelledText(name, language, text, None, "x", str(path), n) for n, (name, text) in enumerate(rows, 2)]
    return ReadFile(data, language, split, path, list(examples))


def leaks(*files: ReadFile) -> list[str]:
    problems = Problems()
    check_leaks(files, problems)
    return [str(problem) for problem in problems.warnings]


def test_the_same_text_in_train_of_another_language():
    found = leaks(file("en", "train", ("1", "Windows 98"), ("2", "a cat")), file("de", "test", ("9", "Windows 98")))
    assert found == ["de/test.tsv:2: warning: occurs in the train data of another language too (en)"]


def test_translations_of_train_examples_are_known_by_their_id():
    files = [
        file("en", "train", ("s1", "one"), ("s2", "two")),
        file("en", "dev", ("s3", "three")),
        file("de", "test", ("s1", "eins"), ("s2", "zwei"), ("s3", "drei")),
    ]
    assert leaks(*files) == [
        "de/test.tsv:2: warning: has the id of a train example of en: its translation, in a parallel data set "
        "(2 times, first here)"
    ]


def test_ids_that_begin_anew_in_each_file_prove_nothing():
    files = [file("en", "train", ("7", "one")), file("en", "dev", ("7", "two")), file("de", "test", ("7", "eins"))]
    assert leaks(*files) == []
    assert leaks(files[0], files[2]) == []  # no language has both
    numbered = [file("en", "train", ("1", "one")), file("en", "dev", ("1", "one")), file("de", "test", ("1", "eins"))]
    assert leaks(*numbered) == []


def test_ids_of_another_data_set_are_others():
    files = [file("en", "train", ("s1", "one")), file("en", "dev", ("s2", "two"))]
    assert leaks(*files, file("de", "test", ("s1", "eins"), data="other")) == []


def test_repetition_within_a_language():
    problems = Problems()
    files = [file("en", "train", ("1", "one"), ("2", "one")), file("en", "dev", ("1", "one"))]
    check_repetition(files, problems)
    assert [str(problem) for problem in problems.warnings] == [
        "en/train.tsv:3: warning: train example that occurs before in this file",
        "en/dev.tsv:2: warning: occurs in the train data of the same language too",
    ]
