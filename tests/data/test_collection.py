from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data import Collection, ConllU, Problems, Table, TokenTag


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A data set in three languages, of which one has no train file."""
    for name in ("en/train", "en/dev", "de/dev", "zh-CN/train", "zh-CN/valid", "old.backup/train", "en/notes"):
        path = tmp_path / "set" / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text\tlabel\nA text.\tx\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(**settings: Any):
    collection = Collection("mine", Table(), settings.pop("template", "set/{language}/{split}.tsv"), **settings)
    return {key: str(path) for key, path in collection.files().items()}


def test_languages_and_splits_are_found_on_disk(folder: Path):
    assert found() == {
        ("de", "dev"): "set/de/dev.tsv",
        ("en", "train"): "set/en/train.tsv",
        ("en", "dev"): "set/en/dev.tsv",
        ("zh-CN", "train"): "set/zh-CN/train.tsv",
    }


def test_an_absolute_template_finds_the_same(folder: Path):
    assert list(found(template=f"{folder}/set/{{language}}/{{split}}.tsv")) == list(found())


def test_splits_may_have_other_words(folder: Path):
    assert found(splits={"dev": "valid"}) == {("zh-CN", "dev"): "set/zh-CN/valid.tsv"}


def test_a_template_may_name_the_language_twice_and_no_split(folder: Path):
    for name in ("xquad/xquad.en.en.tsv", "xquad/xquad.en.de.tsv"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    files = found(template="xquad/xquad.{language}.{language}.tsv", splits={"test": "test"})
    assert files == {("en", "test"): "xquad/xquad.en.en.tsv"}


def test_declared_languages_keep_their_order(folder: Path):
    assert [language for language, _ in found(languages=("en", "de"))] == ["en", "en", "de"]


def test_one_file_needs_no_placeholder(folder: Path):
    files = found(template="set/en/dev.tsv", languages=("en",), splits={"test": "test"})
    assert files == {("en", "test"): "set/en/dev.tsv"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"template": "set/{lang}/{split}.tsv"}, r"unknown field \{lang\}; did you mean 'language'"),
        ({"template": "set/{language/x"}, "expected '}' before end of string"),
        ({"template": "set/{language}/dev.tsv"}, r"add e\.g\. `splits: \[test\]`"),
        ({"template": "set/en/{split}.tsv"}, r"add e\.g\. `languages: \[en\]`"),
        ({"template": "set/en/{split}.tsv", "languages": ("en", "de")}, "exactly one language"),
        ({"languages": ("en", "../../etc")}, r"'../../etc' is no language code such as sw"),
        ({"scripts": {"en": ("Latin",)}}, r"scripts: no script 'Latin' in ISO 15924; did you mean 'Latn'"),
        ({"scripts": {"eng": ("Latn",)}}, r"scripts: no language 'eng'; did you mean 'en'"),
        ({"splits": {"valid": "valid"}}, r"unknown split 'valid' \(valid: dev, test, train\)"),
        ({"languages": ("en", "fr")}, "no file for language 'fr' .looked for set/fr/train.tsv or set/fr/dev.tsv or"),
        ({"splits": {"dev": "dev", "test": "test"}}, "no file for split 'test' .looked for set/de/test.tsv"),
        ({"template": "sett/{language}/{split}.tsv"}, "the current directory holds no 'sett'; did you mean 'set'"),
        ({"template": "set/{language}/{split}.txt"}, "'set/de' holds no '{split}.txt'.*valid: dev.tsv"),
        ({"template": "set/{language}.tsv", "splits": {"dev": ""}}, "'set' holds no '{language}.tsv'"),
        (
            {"template": "set/{language}.tsv", "splits": {"dev": ""}, "languages": ("en",)},
            "'set' holds no 'en.tsv'; did",
        ),
    ],
)
def test_a_template_that_does_not_fit_is_an_error(folder: Path, settings: dict[str, Any], message: str):
    with pytest.raises(IsoglossError, match=message) as caught:
        found(**settings)
    assert str(caught.value).startswith("data set 'mine', template 'set")


def test_labels_are_renamed(folder: Path):
    collection = Collection("mine", Table(), "set/{language}/{split}.tsv", label_map={"x": "y", "never": "z"})
    (example,) = collection.read("en", "dev", Problems())
    assert example.label == "y"


@pytest.mark.parametrize(
    ("label_map", "tags"),
    [
        ({"DATE": "O", "PERSON": "PER"}, ("B-PER", "I-PER", "O", "B-LOC")),
        ({"B-DATE": "O", "B-LOC": "B-GPE"}, ("B-PERSON", "I-PERSON", "O", "B-GPE")),
        ({}, ("B-PERSON", "I-PERSON", "B-DATE", "B-LOC")),
    ],
)
def test_chunk_tags_are_renamed_by_type_or_whole(folder: Path, label_map: dict[str, str], tags: tuple[str, ...]):
    (folder / "ner.tsv").write_text("a\tB-PERSON\nb\tI-PERSON\nc\tB-DATE\nd\tB-LOC\n")
    collection = Collection("mine", TokenTag(), "ner.tsv", ("en",), {"test": "test"}, label_map)
    (example,) = collection.read("en", "test", Problems())
    assert example.tags == tags


def test_reading_a_file_that_is_not_there_is_a_problem_not_a_traceback(folder: Path):
    problems = Problems()
    assert Collection("mine", ConllU(), "set/{language}/{split}.conllu").read("en", "dev", problems) == []
    assert [str(problem) for problem in problems.errors] == ["set/en/dev.conllu: error: no such file"]


TREEBANKS = "UD_*/{language}_*-ud-{split}.conllu"


@pytest.fixture
def treebanks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Treebanks as UD releases them."""
    for name in ("UD_German-GSD/de_gsd-ud-train", "UD_German-GSD/de_gsd-ud-dev", "UD_Naija-NSC/pcm_nsc-ud-train"):
        path = tmp_path / f"{name}.conllu"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"1\t{name}\t_\tX{6 * f'{chr(9)}_'}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("above", ["", "./", "{tmp_path}/"])
def test_a_star_finds_the_layout_of_ud(treebanks: Path, above: str):
    above = above.format(tmp_path=treebanks)
    collection = Collection("ud", ConllU(), above + TREEBANKS)
    files = collection.files()
    assert {key: path.name for key, path in files.items()} == {
        ("de", "train"): "de_gsd-ud-train.conllu",
        ("de", "dev"): "de_gsd-ud-dev.conllu",
        ("pcm", "train"): "pcm_nsc-ud-train.conllu",
    }
    (example,) = collection.read("pcm", "train", Problems())
    assert example.tokens == ("UD_Naija-NSC/pcm_nsc-ud-train",)
    assert example.path == str(files["pcm", "train"])


def test_a_star_that_stands_for_several_files_is_an_error_that_lists_them(treebanks: Path):
    (treebanks / "UD_German-HDT").mkdir()
    (treebanks / "UD_German-HDT/de_hdt-ud-train.conllu").touch()
    with pytest.raises(IsoglossError) as caught:
        found(template=TREEBANKS)
    assert "matches 2 files, and train of de is one file: UD_German-GSD/de_gsd-ud-train.conllu, " in str(caught.value)
    assert "UD_German-HDT/de_hdt-ud-train.conllu; write out more of the name" in str(caught.value)
    assert list(found(template=TREEBANKS, languages=("pcm",))) == [("pcm", "train")]
    assert list(found(template="UD_*-GSD/{language}_*-ud-{split}.conllu")) == [("de", "train"), ("de", "dev")]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("**/{language}_gsd-ud-{split}.conllu", r"\* stands for part of one name"),
        ("UD_*/{language}*-ud-{split}.conllu", r"never right beside {language}"),
        ("UD_*/*{language}_gsd-ud-{split}.conllu", r"never right beside {language}"),
        ("UD_*/{language}_*-ud-{split}.conll", r"'UD_German-GSD' holds no '{language}_\*-ud-{split}.conll'; did you"),
        ("ud_*/{language}_*-ud-{split}.conllu", r"the current directory holds no 'ud_\*' .valid: UD_German-GSD"),
    ],
)
def test_a_star_that_finds_nothing_says_how_far_it_got(treebanks: Path, template: str, message: str):
    with pytest.raises(IsoglossError, match=message):
        found(template=template)


def test_a_star_is_all_that_stands_for_other_characters(folder: Path):
    for name in ("en-[a]?.tsv", "de-aa.tsv", "zh-TW-[b]?.tsv"):
        (folder / name).touch()
    assert found(template="{language}-[*]?.tsv", splits={"test": ""}) == {
        ("en", "test"): "en-[a]?.tsv",
        ("zh-TW", "test"): "zh-TW-[b]?.tsv",
    }


@pytest.mark.parametrize("name", ["portuguese", "english", "Haitian_Creole"])
@pytest.mark.parametrize("asked", [False, True])
def test_a_language_is_called_by_its_code(name: str, asked: bool, tmp_path: Path):
    for language in ("sv", name, "old.backup"):
        (tmp_path / language).mkdir()
        (tmp_path / language / "train.tsv").write_text("")
    template, languages = f"{tmp_path}/{{language}}/{{split}}.tsv", (name,) if asked else None
    code = {"portuguese": "pt", "english": "en", "Haitian_Creole": "ht"}[name]
    with pytest.raises(IsoglossError, match=rf"'{name}' is no language code: .* is {code}; rename what is called"):
        Collection("x", Table(), template, languages).files()


def test_names_that_are_codes_too_are_codes(tmp_path: Path):
    for language in ("fon", "luo", "wo"):
        (tmp_path / f"{language}.tsv").write_text("")
    found = Collection("x", Table(), f"{tmp_path}/{{language}}.tsv", splits={"train": "train"}).files()
    assert [language for language, _ in found] == ["fon", "luo", "wo"]


def test_all_names_in_place_of_codes_are_said_at_once(tmp_path: Path):
    for language in ("sv", "portuguese", "german"):
        (tmp_path / language).mkdir()
        (tmp_path / language / "train.tsv").write_text("")
    with pytest.raises(IsoglossError) as caught:
        Collection("x", Table(), f"{tmp_path}/{{language}}/{{split}}.tsv").files()
    assert str(caught.value).endswith(
        "'german' is no language code: German is de, 'portuguese' is no language code: Portuguese is pt; rename what "
        "is called 'german', 'portuguese', or list the others: languages: [sv]"
    )
