"""`isogloss.translate`: from labelled files to files of translations, and from there to training."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.common.writing import read_json
from isogloss.data import ChoiceLines, ConllU, Squad
from isogloss.data.conll import TokenTag
from isogloss.data.problems import Problems
from isogloss.examples import Question
from isogloss.models.shipped import shipped_models
from isogloss.translation.codes import Direction
from isogloss.translation.translator import Translator
from tests.support.runs import short
from tests.support.translators import write_translator
from tests.support.world import SIZES, entry

SHIPPED = read_json(shipped_models()["isogloss-small"] / "config.json")["model_type"]
GERMAN = str.maketrans("aeiou", "eioua")
ENGLISH = str.maketrans("eioua", "aeiou")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_translator(tmp_path_factory.mktemp("translator") / "model")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the model is asked for, which it answers by other vowels and not by random weights."""
    asked: list[str] = []

    def speak(self: Translator, texts: Sequence[str], direction: Direction) -> list[str]:
        asked.extend(texts)
        table = ENGLISH if direction.target == "eng_Latn" else GERMAN
        return ["" if "nothing" in text else text.translate(table) for text in texts]

    monkeypatch.setattr(Translator, "__call__", speak)
    return asked


def recipe(task: str, world: Path) -> dict[str, Any]:
    return short(task, world, steps=2, evaluation_steps=2, train_languages=["en"])


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def originals(task: str, world: Path, split: str = "train") -> list[Any]:
    readers = {"pos": ConllU(), "ner": TokenTag(), "choice": ChoiceLines(), "qa": Squad()}
    template = entry(task, world / task)["path"]
    return list(readers[task].read(Path(template.format(language="en", split=split)), "en", Problems()))


def test_texts_stand_beside_their_originals(model: Path, said: list[str], world: Path, tmp_path: Path):
    found = isogloss.translate(recipe("nli", world), to="de,sw", model=model, output=tmp_path)
    assert found == {
        "nli": {
            "train": {
                "path": f"{tmp_path}/nli/train.en-{{language}}.csv",
                "format": "csv",
                "columns": {"text": "translation", "pair": "translation_pair", "label": "label"},
                "source_columns": {"text": "original", "pair": "original_pair"},
            }
        }
    }
    for language in ("de", "sw"):
        rows = table(tmp_path / f"nli/train.en-{language}.csv")
        assert len(rows) == SIZES["train"]["en"]
        assert all(row["translation"] == row["original"].translate(GERMAN) != row["original"] for row in rows)
        assert all(row["translation_pair"] == row["original_pair"].translate(GERMAN) for row in rows)
    assert len(said) == 2 * len(set(said))  # each text once into each language


def test_the_same_command_goes_on_where_it_was(model: Path, said: list[str], world: Path, tmp_path: Path):
    isogloss.translate(recipe("nli", world), to="de", model=model, output=tmp_path)
    first, written = len(said), (tmp_path / "nli/train.en-de.csv").read_bytes()
    (tmp_path / "nli/train.en-de.csv").rename(tmp_path / "nli/.train.en-de.csv.0a1b2c3d.partial")
    (tmp_path / "nli/.train.en-sw.csv.0a1b2c3d.partial").touch()  # of a file that is not written now
    memory = next((tmp_path / "memory").iterdir())
    lines = memory.read_bytes().splitlines(keepends=True)
    memory.write_bytes(b"".join(lines[:5]) + lines[5][:9])  # killed while it wrote its sixth
    isogloss.translate(recipe("nli", world), to="de", model=model, output=tmp_path)
    assert len(said) - first == first - 5
    assert (tmp_path / "nli/train.en-de.csv").read_bytes() == written
    assert {path.name for path in (tmp_path / "nli").iterdir()} == {
        *("train.en-de.csv", ".train.en-sw.csv.0a1b2c3d.partial"),
    }


def test_a_file_that_was_corrected_is_kept(model: Path, said: list[str], world: Path, tmp_path: Path):
    options: dict[str, Any] = {"to": "de,sw", "model": model, "output": tmp_path}
    isogloss.translate(recipe("nli", world), **options)
    path = tmp_path / "nli/train.en-de.csv"
    written, other = path.read_bytes(), (tmp_path / "nli/train.en-sw.csv").read_bytes()
    isogloss.translate(recipe("nli", world), **options)  # nothing was changed
    path.write_bytes(written + b"mine")
    with pytest.raises(IsoglossError, match=r"train\.en-de\.csv holds something else .*--overwrite replaces it"):
        isogloss.translate(recipe("nli", world), **options)
    assert path.read_bytes() == written + b"mine"
    isogloss.translate(recipe("nli", world), **options, overwrite=True)
    assert (path.read_bytes(), (tmp_path / "nli/train.en-sw.csv").read_bytes()) == (written, other)


def test_there_and_back(model: Path, said: list[str], world: Path, tmp_path: Path):
    found = isogloss.translate(recipe("pos", world), to="de", model=model, output=tmp_path, back=True)
    assert found == {"pos": {"back": {"path": f"{tmp_path}/pos/train.en-{{language}}-en.conllu", "format": "conllu"}}}
    read = ConllU().read(tmp_path / "pos/train.en-de-en.conllu", "en", Problems())
    assert [one.id for one in read] == [one.id for one in originals("pos", world)]
    assert [" ".join(one.tokens) for one in read] == [" ".join(one.tokens) for one in originals("pos", world)]
    assert all(one.tags is None for one in read)  # a text of other words has no tags


@pytest.mark.parametrize("task", ["pos", "ner", "choice"])
def test_what_readers_take(task: str, model: Path, said: list[str], world: Path, tmp_path: Path):
    found = isogloss.translate(recipe(task, world), to="de", model=model, output=tmp_path)
    keys = found[task]["train"]
    readers = {"conllu": ConllU(), "conll": TokenTag(), "choice_jsonl": ChoiceLines()}
    read = list(readers[keys["format"]].read(Path(keys["path"].format(language="de")), "de", Problems()))
    before = originals(task, world)
    assert [one.id for one in read] == [one.id for one in before]
    for one, other in zip(read, before, strict=True):
        assert " ".join(one.content).split() == " ".join(other.content).translate(GERMAN).split()
    assert {one.labels for one in read} == ({None} if task != "choice" else {one.labels for one in before})
    path = Path(keys["path"].format(language="de"))
    assert "original" in path.read_text(encoding="utf-8")


def test_answers_are_found_again_and_counted(
    model: Path, said: list[str], world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    found = isogloss.translate(recipe("qa", world), to="de", model=model, output=tmp_path)
    path = Path(found["qa"]["train"]["path"].format(language="de"))
    read = list(Squad().read(path, "de", Problems()))
    for one, other in zip(read, originals("qa", world), strict=True):
        assert isinstance(one, Question)
        (answer, start) = (one.answers or ())[0]
        assert start is not None
        assert one.context[start : start + len(answer)] == answer == other.answers[0][0].translate(GERMAN)
    assert f"{SIZES['train']['en']:,} answers found between marks, 0 by searching" in capsys.readouterr().err
    paragraph = json.loads(path.read_text())["data"][0]["paragraphs"][0]
    assert paragraph["original_context"].translate(GERMAN) == paragraph["context"]


@pytest.mark.slow
def test_translations_train(model: Path, said: list[str], world: Path, tmp_path: Path):
    """What is printed is what a recipe takes, as it stands."""
    for task in ("nli", "choice", "qa"):
        found = isogloss.translate(recipe(task, world), to="de", model=model, output=tmp_path)
        whole = recipe(task, world)
        whole["data"] = {**whole["data"], "translations": found[task]}
        rows = isogloss.train({**whole, "translate_train": True}, output=tmp_path / "runs" / task)
        assert {row["translated"] for row in rows} == {"train"}


@pytest.mark.slow
def test_a_teacher_tags_translations_that_are_trained_on(
    model: Path, said: list[str], world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Without tags nothing can be learned from translations; a run that has learned from the originals gives them."""
    whole = recipe("pos", world)
    found = isogloss.translate(whole, to="de", model=model, output=tmp_path)
    whole["data"] = {**whole["data"], "translations": found["pos"]}
    with pytest.raises(IsoglossError, match=r"24 of 24 training examples .* without labels \(24\).*--probabilities"):
        isogloss.train({**whole, "translate_train": True}, output=tmp_path / "run")
    isogloss.train(whole, output=tmp_path / "teacher")
    soft = isogloss.predict(
        tmp_path / "teacher", tmp_path / "pos/train.en-de.conllu", language="de", probabilities=True
    )
    translations = {"train": {"path": str(soft).replace("en-de", "en-{language}"), "soft_tags": True}}
    whole["data"] = {**whole["data"], "translations": translations}
    capsys.readouterr()
    rows = isogloss.train({**whole, "translate_train": True}, output=tmp_path / "run")
    assert "training examples: en 24, de 24" in capsys.readouterr().err
    assert {row["translated"] for row in rows} == {"train"}
    lines = soft.read_text(encoding="utf-8").splitlines(keepends=True)
    for first in (lines, lines[2:]):  # as we write them, and as the released code of X-Mixup has them
        whole["data"]["translations"] = {"train": {"path": str(tmp_path / "pos/{language}.tsv"), "format": "conll"}}
        (tmp_path / "pos/de.tsv").write_text("".join(first), encoding="utf-8")
        with pytest.raises(
            IsoglossError, match=r"de\.tsv:1: soft tags .* translations.train.soft_tags: true reads them"
        ):
            isogloss.train({**whole, "translate_train": True}, output=tmp_path / "forgotten")
    whole["data"]["translations"] = translations
    labels = lines[0].removeprefix("# labels = ").strip().split(";")
    soft.write_text("".join([f"# labels = {';'.join(labels[::-1])}\n", *lines[1:]]), encoding="utf-8")
    with pytest.raises(IsoglossError, match=r"train\.en-de\.probabilities\.tsv:1: soft tags are over .* in this order"):
        isogloss.train({**whole, "translate_train": True}, output=tmp_path / "other")


def test_soft_tags_are_of_tokens(world: Path, tmp_path: Path):
    whole = recipe("nli", world)
    whole["data"] = {**whole["data"], "translations": {"train": {"path": "{language}.tsv", "soft_tags": True}}}
    with pytest.raises(IsoglossError, match="soft_tags: task 'nli' has no tags of tokens"):
        isogloss.train({**whole, "translate_train": True}, output=tmp_path / "run")


def test_lost_training_texts_are_left_out_and_lost_test_texts_stay_as_they_were(
    model: Path, said: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for split in ("train", "test"):
        (tmp_path / f"{split}.tsv").write_text("id\ttext\tlabel\n1\tka lo\ta\n2\tnothing\tb\n", encoding="utf-8")
    options: dict[str, Any] = {"task": "topic", "format": "tsv", "model": model, "output": tmp_path / "out"}
    train = isogloss.translate(tmp_path / "train.tsv", to="de", source="en", **options)
    assert train[tmp_path.name]["train"]["skip_missing"] is True
    assert "1 times: an empty translation (first in id '2')" in capsys.readouterr().err
    isogloss.translate(tmp_path / "test.tsv", to="en", source="de", split="test", **options)
    said_of = "1 times: an empty translation, in whose place the original stands (first in id '2')"
    assert said_of in capsys.readouterr().err
    rows = table(tmp_path / "out" / tmp_path.name / "test.de-en.csv")
    assert [row["translation"] for row in rows][1] == "nothing"


def test_test_data_of_all_languages_go_into_one(model: Path, said: list[str], world: Path, tmp_path: Path):
    found = isogloss.translate(
        recipe("nli", world), to="en", model=model, split="test", source="de,fr", output=tmp_path
    )
    assert found["nli"]["test"]["path"] == f"{tmp_path}/nli/{{split}}.{{language}}-en.csv"
    assert sorted(path.name for path in (tmp_path / "nli").iterdir()) == ["test.de-en.csv", "test.fr-en.csv"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"to": "en"}, "to: 'en' is the language of the texts"),
        ({"to": ""}, "to: names no language"),
        ({"to": "ja"}, "no code of 'ja'"),
        ({"codes": {"dee": "deu_Latn"}}, "codes: 'dee' is no language of this translation; did you mean 'de'?"),
        ({"model": "isogloss-small"}, f"model 'isogloss-small' ({SHIPPED}) does not translate"),
        ({"source": "xx"}, "from: no train file of language 'xx'"),
        ({"split": "trian"}, "split: 'trian' is unknown; did you mean 'train'?"),
        ({"batch_size": 0}, "batch_size: at least 1, found 0"),
        ({"model": "{lang}"}, "may hold {source} and {target} only, found 'lang'"),
        ({"task": "nli"}, "translate PATH needs both --task and --format"),
    ],
)
def test_refused_before_anything_is_translated(
    changes: dict[str, Any], message: str, model: Path, said: list[str], world: Path, tmp_path: Path
):
    with pytest.raises(IsoglossError) as caught:
        isogloss.translate(recipe("nli", world), **{"to": "de", "model": model, "output": tmp_path / "out", **changes})
    assert message in str(caught.value)
    assert said == []
