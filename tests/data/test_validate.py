from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from isogloss.data import Collection, ConllU, Table, unseen_labels, validate_collections
from isogloss.types import LabelledText

TEXTS = {
    "en": "One afternoon the old captain walked slowly along the harbour wall",
    "ru": "Однажды днём старый капитан медленно шёл вдоль стены гавани к морю",
    "xx": "Mi li tu ka so en pe no ra vi du lo ma ki te sa ne po ri mu ba",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, *rows: tuple[str, str]):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in rows))


def problems_of(**settings: Any):
    train_languages = settings.pop("train_languages", None)
    found, _ = validate_collections(
        [Collection("mine", Table(), "{language}/{split}.tsv", **settings)], train_languages=train_languages
    )
    return [str(problem) for problem in (*found.errors, *found.warnings)]


def test_good_data_has_no_problems(folder: Path):
    for language in ("en", "ru"):
        write(folder / language / "train.tsv", (TEXTS[language], "x"))
        write(folder / language / "test.tsv", (TEXTS[language] + "!", "x"))
    assert problems_of() == []


def test_swapped_languages_are_found(folder: Path):
    write(folder / "en" / "train.tsv", (TEXTS["ru"], "x"))
    write(folder / "ru" / "train.tsv", (TEXTS["en"], "x"))
    assert problems_of() == [
        "en/train.tsv: error: 0% of the letters are LATIN, as expected of English (en), most are CYRILLIC: "
        "is this the file of another language?",
        "ru/train.tsv: error: 0% of the letters are CYRILLIC, as expected of Russian (ru), most are LATIN: "
        "is this the file of another language?",
    ]


def test_a_file_for_two_languages_is_found(folder: Path):
    for language in ("de", "en"):
        write(folder / language / "train.tsv", (TEXTS["en"], "x"))
    assert problems_of() == [
        "en/train.tsv: error: de and en share one file (equal to de/train.tsv): check the template"
    ]


def test_labels_without_train_examples_are_found_unless_renamed(folder: Path):
    write(folder / "en" / "train.tsv", (TEXTS["en"], "x"))
    write(folder / "ru" / "dev.tsv", (TEXTS["ru"], "x"), (TEXTS["ru"] + "!", "y"), (TEXTS["ru"] + "?", "y"))
    message = "ru/dev.tsv:3: error: label 'y' (2 times, first here) is in no train file (they have x); rename it with"
    (problem,) = problems_of()
    assert problem.startswith(message)
    assert problems_of(label_map={"y": "x"}) == []


def test_only_the_train_languages_count(folder: Path):
    write(folder / "en" / "train.tsv", (TEXTS["en"], "x"))
    write(folder / "ru" / "train.tsv", (TEXTS["ru"], "y"))
    write(folder / "ru" / "dev.tsv", (TEXTS["ru"], "y"))
    assert len(problems_of(train_languages=["en"])) == 1
    assert problems_of() == ["ru/dev.tsv:2: warning: occurs in the train data of the same language too"]


def test_repetition_is_a_warning(folder: Path):
    write(folder / "en" / "train.tsv", (TEXTS["en"], "x"), (TEXTS["en"], "x"), (TEXTS["en"], "x"))
    assert problems_of() == [
        "en/train.tsv:3: warning: train example that occurs before in this file (2 times, first here)"
    ]


def test_the_first_example_that_is_unfit_for_the_task_is_an_error(folder: Path):
    write(folder / "en" / "train.tsv", (TEXTS["en"], "x"), (TEXTS["en"] + "!", "y"), (TEXTS["en"] + "?", "y"))
    found, _ = validate_collections(
        [Collection("mine", Table(), "{language}/{split}.tsv")],
        lambda example: "unfit" if isinstance(example, LabelledText) and example.label == "y" else None,
    )
    assert [str(problem) for problem in found.errors] == ["en/train.tsv:3: error: unfit"]


def test_an_unknown_language_is_a_warning(folder: Path):
    write(folder / "xx" / "train.tsv", (TEXTS["xx"], "x"))
    assert problems_of() == ["xx/train.tsv: warning: unknown language code 'xx': its script was not checked"]


def test_all_problems_of_all_files_are_listed(folder: Path):
    write(folder / "en" / "train.tsv", ("", "x"), ("", "x"))
    write(folder / "en" / "dev.tsv")
    write(folder / "ru" / "train.tsv", (TEXTS["en"], "x"))
    missing = Collection("none", Table(), "nowhere/{language}/{split}.tsv")
    found, _ = validate_collections([missing, Collection("mine", Table(), "{language}/{split}.tsv")])
    assert [(problem.path, problem.line) for problem in found.errors] == [
        ("nowhere/{language}/{split}.tsv", None),
        ("en/train.tsv", 2),
        ("en/train.tsv", 3),
        ("en/dev.tsv", None),
        ("ru/train.tsv", None),
    ]


def test_unseen_labels_are_counted():
    def texts(*labels: str | None):
        return [LabelledText("1", "en", "a", None, label, "file", 1) for label in labels]

    assert unseen_labels(texts("x", "y"), texts("x", "z", "z", None)) == {"z": 2}


def test_real_files_swapped_by_a_template_are_found(shared_data: Path, folder: Path):
    for language, other in (("en", "ru"), ("ru", "en")):
        (folder / f"{language}.conllu").write_bytes((shared_data / "ud" / other / "dev.conllu").read_bytes())
    found, _ = validate_collections([Collection("ud", ConllU(), "{language}.conllu", splits={"dev": "dev"})])
    assert [problem.path for problem in found.errors] == ["en.conllu", "ru.conllu"]
    assert all("is this the file of another language?" in problem.message for problem in found.errors)
