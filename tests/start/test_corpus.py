"""What a run reads: examples without gold label left out, rare classes said, labels that no training file has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data import Collection, ConllU, Format, Squad, Table, TokenTag, validate_collections
from isogloss.data.corpus import Cell, Corpus
from isogloss.examples import Example
from isogloss.start.corpus import FewShot, load_corpus
from isogloss.store.cache import Cache

LETTERS = "One afternoon the old captain walked slowly along the harbour wall"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(path: str, labels: Sequence[str]) -> None:
    rows = "".join(f"{LETTERS} {path} {number}\t{label}\n" for number, label in enumerate(labels))
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text("text\tlabel\n" + rows)


def sentences(path: str, *tags: str) -> None:
    blocks = ("".join(f"w{path}{place}\t{tag}\n" for place, tag in enumerate(one.split())) for one in tags)
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text("\n".join(blocks))


def label_set(examples: Sequence[Example]) -> tuple[str, ...]:
    return tuple(sorted({label for example in examples for label in example.classes}))


def load(form: Format = Table(), cache: Cache | None = None, label_map: Any = {}, **settings: Any) -> Corpus:  # noqa: B006, B008 - never changed
    return load_corpus(
        [Collection("x", form, "{language}/{split}.txt", label_map=label_map)], label_set, cache=cache, **settings
    )


def said(corpus: Corpus) -> list[str]:
    return list(map(str, corpus.problems.warnings))


def test_examples_without_gold_label_are_left_out_from_files_and_cache_alike(folder: Path):
    table("en/train.txt", ["a", "-", "b", "-1", "a"] * 30)
    table("en/dev.txt", ["-", "a", "b"])
    table("de/train.txt", ["b", "a", "-"])
    settings: list[dict[str, Any]] = [
        {},
        {"limit": 4},
        {"train_languages": ["en"], "evaluate_languages": ["en"]},
        {"train_languages": ["en"], "evaluate_languages": ["en", "de"], "few_shot": FewShot(2, 7)},
    ]
    table("de/test.txt", ["a", "b"])
    for setting in settings:
        plain, cold, warm = (load(cache=cache, **setting) for cache in (None, Cache(folder / "c"), Cache(folder / "c")))
        for corpus in (cold, warm):
            assert {key: list(found) for key, found in corpus.train.items()} == {
                key: list(found) for key, found in plain.train.items()
            }
            assert {cell: list(found) for cell, found in corpus.evaluation.items()} == {
                cell: list(found) for cell, found in plain.evaluation.items()
            }
            assert said(corpus) == said(plain)
        assert plain.labels == ("a", "b")
        assert len(plain.train["en"]) == (4 if "limit" in setting else 90)
        assert [getattr(example, "label", None) for example in plain.evaluation[Cell("x", "en", "dev")]] == ["a", "b"]
        found = "60 of 150 examples (first here), left out of training and scores"
        assert said(plain).count(f"en/train.txt:3: warning: no gold label: {found}") == 1


@pytest.mark.parametrize("cached", [False, True])
def test_a_file_without_any_gold_label_is_an_error(folder: Path, cached: bool):
    cache = Cache(folder / "c") if cached else None
    table("en/train.txt", ["a", "b"])
    table("en/test.txt", ["-", "", "-1"])
    message = r"en/test.txt:2: error: none of the 3 examples has a gold label to score; `isogloss predict` labels such"
    for _ in range(2):
        with pytest.raises(IsoglossError, match=message):
            load(cache=cache)
    assert load(cache=cache, unread=["test"]).evaluated == ("en",)
    assert load(cache=cache, unread=["test"]).evaluation == {}
    table("en/train.txt", ["-", "-"])
    with pytest.raises(IsoglossError, match=r"en/train.txt:2: error: none of the 2 examples has a gold label to"):
        load(cache=cache, unread=["test"])


def test_sentences_and_questions_without_gold_are_left_out_too(folder: Path):
    (folder / "en").mkdir()
    rows = ["1\ta\t_\tX\t_\t_\t_\t_\t_\t_\n", "1\tb\t_\t_\t_\t_\t_\t_\t_\t_\n"]
    (folder / "en/train.txt").write_text("\n".join(rows))
    assert [example.id for example in load(ConllU()).train["en"]] == ["1"]
    answers = ['[{"text": "a", "answer_start": 0}]', "[]"]
    asked = ", ".join(f'{{"id": "q{n}", "question": "?", "answers": {one}}}' for n, one in enumerate(answers))
    (folder / "en/train.txt").write_text(f'{{"data": [{{"paragraphs": [{{"context": "a b", "qas": [{asked}]}}]}}]}}')
    corpus = load(Squad())
    assert [example.id for example in corpus.train["en"]] == ["q0"]
    assert "no gold label: 1 of 2 examples" in said(corpus)[0]


@pytest.mark.parametrize("language", ["en", "xx"])
def test_without_any_file_of_a_split_no_list_of_nothing_is_offered(folder: Path, language: str):
    table("en/train.txt", ["a"])
    with pytest.raises(IsoglossError) as caught:
        load(splits=("test",), train_languages=(), evaluate_languages=[language])
    assert str(caught.value) == f"evaluate_languages: no data entry has a test file, for '{language}' or any language"


def test_rare_classes_are_said_once_over_all_languages(folder: Path):
    table("en/train.txt", ["a", "b"] * 400 + ["entailmnet"] * 3)
    table("de/train.txt", ["a", "b"] * 100 + ["c"] * 9 + ["entailmnet"])
    table("fr/train.txt", ["c"])  # ten in all
    found = "rare class 'entailmnet': 4 of 1,014 training examples (first here); too few to learn it, or a misspelling"
    for cache in (None, Cache(folder / "c"), Cache(folder / "c")):
        rare = [line for line in said(load(cache=cache, limit=5)) if "rare class" in line]
        assert rare == [f"de/train.txt:211: warning: {found}"]
    problems, _ = validate_collections([Collection("x", Table(), "{language}/{split}.txt")])
    assert f"de/train.txt:211: warning: {found}" in map(str, problems.warnings)


def test_few_of_a_small_set_are_not_rare(folder: Path):
    table("en/train.txt", ["a"] * 99 + ["b"])
    assert said(load()) == []


def test_rare_chunks_are_counted_by_type(folder: Path):
    sentences("en/train.txt", *["B-PER I-PER O"] * 300, "B-LOC " + " ".join(["I-LOC"] * 40), *["B-ORG O"] * 10)
    assert said(load(TokenTag())) == [
        "en/train.txt:1201: warning: rare class 'LOC': 1 of 311 training chunks (first here); too few to learn it, or "
        "a misspelling"
    ]
    sentences("en/train.txt", *["NOUN VERB NOUN"] * 300, "NOUM O")
    assert [problem.split("warning: ")[1] for problem in said(load(TokenTag()))] == [
        f"rare class {tag!r}: 1 of 902 training tokens (first here); too few to learn it, or a misspelling"
        for tag in ("NOUM", "O")
    ]


@pytest.mark.parametrize("cached", [False, True])
def test_a_truth_value_has_one_spelling_over_all_training_files(folder: Path, cached: bool):
    cache = Cache(folder / "c") if cached else None
    table("en/train.txt", ["true", "false"])
    table("de/train.txt", ["1", "0"])
    message = "en/train.txt:2: error: label 'true', but '1' in de/train.txt:2: two spellings of one truth value"
    for _ in range(2):
        with pytest.raises(IsoglossError, match=message):
            load(cache=cache)
    problems, _ = validate_collections([Collection("x", Table(), "{language}/{split}.txt")])
    assert [str(problem).startswith(message) for problem in problems.errors] == [True]
    assert load(cache=cache, label_map={"true": "1", "false": "0"}).labels == ("0", "1")


@pytest.mark.parametrize("label_map", [{"DATE": "DATE"}, {"B-DATE": "B-DATE", "I-DATE": "I-DATE"}])
def test_a_type_that_no_training_file_has_is_kept(folder: Path, label_map: dict[str, str]):
    sentences("en/train.txt", "B-PER I-PER O", "B-LOC")
    sentences("en/dev.txt", "O B-PER B-DATE I-DATE")
    with pytest.raises(IsoglossError, match=r"'B-DATE' 1 times.*\{DATE: O\} takes it out, \{DATE: DATE\} keeps it"):
        load(TokenTag())
    corpus = load(TokenTag(), label_map=label_map)
    (example,) = corpus.evaluation[Cell("x", "en", "dev")]
    assert getattr(example, "tags", None) == ("O", "B-PER", "B-DATE", "I-DATE")
    assert said(corpus) == [
        f"en/dev.txt:1: warning: '{tag}-DATE' is in no training file and counts as wrong" for tag in "BI"
    ]
    collection = Collection("x", TokenTag(), "{language}/{split}.txt", label_map=label_map)
    assert validate_collections([collection])[0].errors == []


def test_labels_of_some_training_files_are_said_at_the_start(folder: Path):
    sentences("en/train.txt", "B-PER", "O")
    sentences("pt/train.txt", "B-PER", "O", "B-DATE", "I-DATE", "B-DATE")
    sentences("sv/train.txt", "B-PER", "O")
    sentences("en/dev.txt", "B-PER")
    cache = Cache(folder / "cache")
    for corpus in (load(TokenTag()), load(TokenTag(), cache), load(TokenTag(), cache)):
        assert said(corpus)[-1] == (
            "pt/train.txt:5: warning: label DATE (3 times) in the training data of pt and not in that of en, sv, which "
            "teaches that there is no DATE; label_map: {DATE: O} takes it out, {DATE: DATE} says that it is right"
        )
    assert not [line for line in said(load(TokenTag(), train_languages=["pt"])) if "teaches" in line]
    for label_map in ({"DATE": "O"}, {"DATE": "DATE"}):
        assert not [line for line in said(load(TokenTag(), label_map=label_map)) if "teaches" in line]


def test_a_language_without_a_training_file_has_others(folder: Path):
    table("en/train.txt", ["a", "b"])
    for split in ("dev", "test"):
        table(f"hr/{split}.txt", ["a", "b"])
    message = "no training file for language 'hr', which has dev and test; looked for hr/train.txt"
    with pytest.raises(IsoglossError, match=f"train_languages: {message}"):
        load(train_languages=["en", "hr"])
    with pytest.raises(
        IsoglossError, match="no dev or test file for language 'en', which has train; looked for en/dev"
    ):
        load(evaluate_languages=["en"])
    with pytest.raises(IsoglossError, match=r"no file for language 'croatian'; .*: Croatian is hr \(valid: en\)"):
        load(train_languages=["croatian"])
