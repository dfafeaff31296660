from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from isogloss.data import Collection, ConllU, Table, unseen_labels, validate_collections
from isogloss.examples import LabelledText

TEXTS = {
    "en": "One afternoon the old captain walked slowly along the harbour wall",
    "ru": "Однажды днём старый капитан медленно шёл вдоль стены гавани к морю",
    "hi": "एक दोपहर बूढ़ा कप्तान बंदरगाह की दीवार के साथ धीरे धीरे चल रहा था "
    "और दूर समुद्र में डूबती हुई नाव को देखकर चुपचाप अपने पुराने दिन याद कर रहा था",
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
        "en/train.tsv: error: 0% of the letters are LATIN, as expected of English (en), most others are CYRILLIC: "
        "is this the file of another language? If not, `scripts: {en: Cyrl}` in its data entry says that it is right",
        "ru/train.tsv: warning: 0% of the letters are CYRILLIC, as expected of Russian (ru), most others are LATIN: "
        "is it romanised, or the file of another language? `scripts: {ru: Latn}` in its data entry says that it is "
        "right",
    ]


def test_files_of_two_languages_without_latin_letters_swapped_are_errors_both(folder: Path):
    write(folder / "ru" / "train.tsv", (TEXTS["hi"], "x"))
    write(folder / "hi" / "train.tsv", (TEXTS["ru"], "x"))
    assert [problem.split(" of the letters")[0] for problem in problems_of()] == [
        "hi/train.tsv: error: 0%",
        "ru/train.tsv: error: 0%",
    ]


@pytest.mark.parametrize("code", ["ru-Latn", "rus_latn", "kk-Latn", "zh-min-nan", "simple", "roa-tara", "xx-Latn"])
def test_latin_text_is_right_where_the_code_says_so(folder: Path, code: str):
    write(folder / code / "train.tsv", (TEXTS["en"], "x"))
    assert problems_of() == []


@pytest.mark.parametrize("code", ["en-Cyrl", "sr-Cyrl-RS", "xx_Cyrl"])
def test_cyrillic_text_is_right_where_the_code_says_so(folder: Path, code: str):
    write(folder / code / "train.tsv", (TEXTS["ru"], "x"))
    assert problems_of() == []


@pytest.mark.parametrize(("code", "text"), [("ru-Cyrl", "en"), ("hi-Latn", "hi"), ("xx-Cyrl", "en"), ("simple", "ru")])
def test_text_in_another_script_than_the_code_says_is_an_error(folder: Path, code: str, text: str):
    write(folder / code / "train.tsv", (TEXTS[text], "x"))
    (problem,) = problems_of()
    assert problem.startswith(f"{code}/train.tsv: error: 0% of the letters are ")
    assert "is this the file of another language?" in problem


def test_mixed_text_is_a_warning_that_names_the_key(folder: Path):
    write(folder / "hi" / "train.tsv", (f"{TEXTS['hi']} {TEXTS['en']} {TEXTS['en']}", "x"))
    assert problems_of() == [
        "hi/train.tsv: warning: 39% of the letters are DEVANAGARI, as expected of Hindi (hi), most others are LATIN: "
        "is it mixed? `scripts: {hi: [Deva, Latn]}` in its data entry says that it is right"
    ]
    assert problems_of(scripts={"hi": ("Deva", "Latn")}) == []


def test_what_a_data_entry_says_of_the_script_counts(folder: Path):
    write(folder / "ru" / "train.tsv", (TEXTS["en"], "x"))
    write(folder / "hi" / "train.tsv", (TEXTS["hi"], "x"))
    assert problems_of(scripts={"ru": ("Latn",)}) == []
    (problem,) = problems_of(scripts={"ru": ("Latn",), "hi": ("Latn",)})
    assert problem.startswith(
        "hi/train.tsv: error: 0% of the letters are LATIN, as expected of Hindi (hi), most others"
    )


def test_a_script_that_does_not_exist_is_an_error_unless_the_entry_knows_better(folder: Path):
    write(folder / "ru_Latm" / "train.tsv", (TEXTS["en"], "x"))
    (problem,) = problems_of()
    assert problem.startswith(
        "ru_Latm/train.tsv: error: language code 'ru_Latm': no script 'Latm' in ISO 15924; did you mean 'Latn'"
    )
    assert problem.endswith("; if it names something else, `scripts: {ru_Latm: ...}` says what the file is in")
    assert problems_of(scripts={"ru_Latm": ("Latn",)}) == []


def test_a_file_for_two_languages_is_found(folder: Path):
    for language in ("de", "en"):
        write(folder / language / "train.tsv", (TEXTS["en"], "x"))
    assert problems_of() == [
        "en/train.tsv: error: de and en share one file (equal to de/train.tsv): check the template"
    ]


def test_labels_without_train_examples_are_found_unless_renamed(folder: Path):
    write(folder / "en" / "train.tsv", (TEXTS["en"], "x"))
    write(folder / "ru" / "dev.tsv", (TEXTS["ru"], "x"), (TEXTS["ru"] + "!", "y"), (TEXTS["ru"] + "?", "y"))
    message = "ru/dev.tsv:3: error: label 'y' (2 times, first here) is in no train file (they have x); label_map "
    (problem,) = problems_of()
    assert problem.startswith(message)
    assert problems_of(label_map={"y": "x"}) == []


def test_training_data_without_a_gold_label_are_one_error(folder: Path):
    write(folder / "en" / "train.tsv", (TEXTS["en"], "-"))
    write(folder / "en" / "dev.tsv", (TEXTS["en"] + "!", "x"))
    assert problems_of() == ["en/train.tsv:2: error: none of the 1 examples has a gold label to train on"]


def test_only_the_train_languages_count(folder: Path):
    write(folder / "en" / "train.tsv", (TEXTS["en"], "x"))
    write(folder / "ru" / "train.tsv", (TEXTS["ru"], "y"))
    write(folder / "ru" / "dev.tsv", (TEXTS["ru"], "y"))
    assert len(problems_of(train_languages=["en"])) == 1
    first, *others = problems_of()
    assert first == "ru/dev.tsv:2: warning: occurs in the train data of the same language too"
    assert all("which teaches" in other for other in others)


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
    write(folder / "ru" / "train.tsv", (TEXTS["hi"], "x"))
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
    assert [(problem.path, problem.severity) for problem in (*found.errors, *found.warnings)] == [
        ("en.conllu", "error"),
        ("ru.conllu", "warning"),
    ]
    assert all("the file of another language?" in str(problem) for problem in (*found.errors, *found.warnings))


def test_labels_that_some_training_files_lack(folder: Path):
    def texts(language: str, *labels: str):
        own = [(f"{TEXTS[language]} {number}", label) for number, label in enumerate(labels)]
        write(Path(f"{language}/train.tsv"), *own)

    texts("en", "a", "b", "c", "c", "d")
    texts("ru", "a", "b", "a")
    texts("hi", "a", "b", "d")
    assert [line for line in problems_of() if "teaches" in line] == [
        "en/train.tsv:4: warning: label c (2 times) in the training data of en and not in that of hi, ru, which "
        "teaches that there is no c; label_map renames it, or {c: c} says that it is right",
        "en/train.tsv:6: warning: label d (2 times) in the training data of en, hi and not in that of ru, which "
        "teaches that there is no d; label_map renames it, or {d: d} says that it is right",
    ]
    assert not [line for line in problems_of(label_map={"c": "c", "d": "a"}) if "teaches" in line]
    assert not [line for line in problems_of(train_languages=["ru"]) if "teaches" in line]
    write(Path("ru/train.tsv"), *[(f"{TEXTS['ru']} {number}", label) for number, label in enumerate("ab")])
    write(Path("en/train.tsv"), *[(f"{TEXTS['en']} {number}", label) for number, label in enumerate("abdefe")])
    assert [line for line in problems_of() if "teaches" in line][1].startswith(
        "en/train.tsv:5: warning: labels e (2 times), f (1 time) in the training data of en and not in that of hi, ru"
    )


def test_two_files_of_a_language_are_told_apart(folder: Path):
    for name, labels in (("one", "ab"), ("two", "abc")):
        write(Path(f"{name}/en/train.tsv"), *[(f"{TEXTS['en']} {name} {label}", label) for label in labels])
    collections = [Collection(name, Table(), f"{name}/{{language}}/{{split}}.tsv") for name in ("one", "two")]
    found, _ = validate_collections(collections)
    assert "two/en/train.tsv and not in that of one/en/train.tsv, which" in str(found.warnings[-1])
