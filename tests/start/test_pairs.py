"""What stands beside training texts, and the views of X-Mixup, from files to rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.common.writing import read_lines
from isogloss.data.problems import Problems
from isogloss.examples import Example
from isogloss.protocols import Feature
from isogloss.recipe.build.data import build_collection
from isogloss.recipe.spec.data import DataEntry
from isogloss.start.corpus import load_corpus
from isogloss.start.pairs import Pairs, pair
from tests.support.methods import BASE
from tests.support.world import merged

LABELS = ("entailment", "neutral", "contradiction")
COLUMNS = {"id": "id", "text": "premise", "pair": "hypothesis", "label": "label"}


def rows(language: str, numbers: Sequence[int], *, suffix: str = "") -> str:
    """Pairs of texts, the same ids and labels in every language."""
    lines = [f"i{n}\t{language}{suffix} premise {n}\t{language} hypothesis {n}\t{LABELS[n % 3]}" for n in numbers]
    return "\n".join(["\t".join(COLUMNS.values()), *lines]) + "\n"


@pytest.fixture
def parallel(tmp_path: Path) -> Path:
    """English and German; German lacks two of the training texts and has one of its own; back-translations of all."""
    files = {
        "nli/en/train.tsv": rows("en", range(12)),
        "nli/de/train.tsv": rows("de", [*range(11, 1, -1), 90]),
        "back/de.tsv": rows("back", range(12)),
        **{f"nli/{code}/{split}.tsv": rows(code, range(20, 26)) for code in ("en", "de") for split in ("dev", "test")},
        "translate-test/de.dev.tsv": rows("en", range(20, 26), suffix=" by machine"),
    }
    write_files(tmp_path, files)
    return tmp_path


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def entry(folder: Path, **changes: Any) -> dict[str, Any]:
    translations = {
        "back": {"path": f"{folder}/back/{{language}}.tsv"},
        "test": {"path": f"{folder}/translate-test/{{language}}.{{split}}.tsv"},
    }
    shape = {"task": "nli", "format": "tsv", "name": "nli", "path": f"{folder}/nli/{{language}}/{{split}}.tsv"}
    return merged({**shape, "translations": translations}, changes)


class Words:
    """One feature an example, or two of the examples that are said to be long; its text stands for its sub-words."""

    def __init__(self, *long: str) -> None:
        self.long, self.texts = long, list[str]()

    def encode(self, examples: Sequence[Example], problems: Problems) -> list[Feature]:
        found = []
        for index, example in enumerate(examples):
            for piece in range(2 if example.id in self.long else 1):
                self.texts.append(f"{example.content[0]}{'+' * piece}")
                found.append(Feature({"input_ids": [len(self.texts) - 1]}, None, example.language, index))
        return found

    def read(self, features: Sequence[Feature]) -> list[str]:
        return [self.texts[feature.inputs["input_ids"][0]] for feature in features]


def paired(
    value: Mapping[str, Any], words: Words, *long: str, first_window: bool = False, source: str = "en"
) -> tuple[Pairs, dict[str, list[str]]]:
    """The pairs of a data entry, and the texts of its features by language."""
    own = DataEntry.model_validate(value)
    collections = [build_collection(own, "data")]
    other = "de" if source == "en" else "en"
    corpus = load_corpus(collections, lambda _: LABELS, train_languages=[source, other], splits=("train",))
    features = {language: words.encode(examples, corpus.problems) for language, examples in corpus.train.items()}
    found = pair(corpus, features, [own], collections, words, first_window=first_window)  # type: ignore[arg-type]
    return found, {language: words.read(own) for language, own in features.items()}


def test_what_stands_beside(parallel: Path):
    words = Words()
    found, texts = paired(entry(parallel), words)
    beside = {language: words.read(own) for language, own in found.beside.items()}
    assert beside["en"] == texts["en"]  # English is its own
    assert beside["de"][:10] == [text.replace("de", "en") for text in texts["de"][:10]]
    assert beside["de"][10] == texts["de"][10] == "de premise 90"
    assert found.instead is not None
    instead = {language: words.read(own) for language, own in found.instead.items()}
    assert instead["en"] == texts["en"]  # there is no back-translation by way of English
    assert instead["de"] == [*(text.replace("de", "back") for text in texts["de"][:10]), "de premise 90"]
    assert found.source == "en"
    assert [Path(name).name for name in found.files] == ["de.tsv"]
    assert found.notes == (
        "the source of pairs is en, the first training language",
        "de: 1 of 11 training texts have no partner in en and are paired with themselves",
        "back-translations into en by way of de",
    )


def test_the_first_training_language_is_the_source(parallel: Path):
    words = Words()
    found, texts = paired(entry(parallel, translations={"back": None}), words, source="de")
    assert found.source == "de" and found.instead is None
    assert words.read(found.beside["de"]) == texts["de"]
    assert found.notes[0] == "the source of pairs is de, the first training language"
    assert "en: 2 of 12 training texts have no partner in de" in found.notes[1]


def test_pieces_of_long_texts(parallel: Path):
    for first_window, second in ((False, "en premise 5+"), (True, "en premise 5")):
        words = Words("i5")
        found, texts = paired(entry(parallel, translations={"back": None}), words, first_window=first_window)
        place = texts["de"].index("de premise 5+")
        assert words.read(found.beside["de"])[place] == second


def test_a_language_without_back_translations_is_said(parallel: Path):
    (parallel / "back" / "de.tsv").rename(parallel / "back" / "en.tsv")
    words = Words()
    found, texts = paired(entry(parallel), words)
    assert found.notes[-1] == "no back-translations by way of de, which always see the original"
    assert found.instead is not None
    assert words.read(found.instead["de"]) == words.read(found.beside["de"])
    assert words.read(found.instead["en"]) == [text.replace("en", "back") for text in texts["en"]]
    (parallel / "back" / "en.tsv").unlink()
    with pytest.raises(IsoglossError, match=r"translations\.back: .*has no file for any training language \(en, de\)"):
        paired(entry(parallel), Words())


def test_one_file_of_back_translations_is_not_read_for_several_languages(parallel: Path):
    one = entry(parallel, translations={"back": {"path": str(parallel / "back" / "de.tsv")}})
    with pytest.raises(IsoglossError, match=r"translations\.back\.path: .*without \{language\}.* for each of en, de"):
        paired(one, Words())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (rows("back", range(1, 12)), r"de\.tsv: no translation for 1 of 12 examples, by id.*en/train\.tsv:2"),
        (
            rows("back", range(12)).replace("i3\t", "i4_\t").replace("i4\t", "i3\t"),
            r"de\.tsv:6: label 'neutral', but 'entailment' in .*en/train\.tsv:5",
        ),
        (rows("back", range(12)).replace("back premise 4", ""), r"de\.tsv:6: .*empty"),
    ],
)
def test_files_that_do_not_fit_are_refused_with_file_and_line(content: str, message: str, parallel: Path):
    (parallel / "back" / "de.tsv").write_text(content, encoding="utf-8")
    with pytest.raises(IsoglossError, match=message):
        paired(entry(parallel), Words())


def test_labels_that_differ_stop_the_run(parallel: Path):
    path = parallel / "nli" / "de" / "train.tsv"
    path.write_text(path.read_text(encoding="utf-8").replace("i6\t", "i7_\t").replace("i7\t", "i6\t"), encoding="utf-8")
    with pytest.raises(
        IsoglossError, match=r"de/train\.tsv:\d+: label 'neutral', but 'entailment' in .*en/train\.tsv:8"
    ):
        paired(entry(parallel), Words())


def test_no_partner_at_all(parallel: Path):
    path = parallel / "nli" / "de" / "train.tsv"
    path.write_text(rows("de", range(50, 60)), encoding="utf-8")
    with pytest.raises(IsoglossError, match=r"no training text of another language \(de\) has a partner there"):
        paired(entry(parallel), Words())


def recipe(folder: Path, **changes: Any) -> dict[str, Any]:
    quick = {"report_to": "none", "steps": 2, "evaluation_steps": 2, "batch_size": 4, "train_languages": ["en", "de"]}
    return merged({**BASE, "data": entry(folder), "objective": {"kind": "x_mixup"}, **quick, "max_length": 64}, changes)


def test_views_are_kept_apart_in_rows_files_and_tables(
    parallel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    run = tmp_path / "run"
    assert {row["view"] for row in isogloss.train(recipe(parallel), output=run)} == {"original"}
    assert "de: 1 of 11 training texts have no partner" in capsys.readouterr().err
    views = ("original", "translate-test", "with-translate-test", "with-gold-source")
    found = {view: isogloss.evaluate(run, view=view) for view in views}
    shown = capsys.readouterr().out
    for view in views[1:]:
        assert {row["view"] for row in found[view]} == {view}
        assert f"view {view}" in shown
        assert (run / "predictions" / f"source-dev.{view}" / "nli.de.dev.jsonl").exists()
        assert "de" in isogloss.compare([run], baseline="multitask", split="dev", view=view)
    assert {row["translated"] for row in found["with-translate-test"]} == {"test"}
    assert {row["translated"] for row in found["with-gold-source"]} == {None}
    # English beside itself is English beside itself, whoever is said to have written it.
    english = [
        [row for row in read_lines(run / "predictions" / f"source-dev.{view}" / "nli.en.dev.jsonl")]
        for view in ("with-translate-test", "with-gold-source")
    ]
    assert english[0] == english[1]


def test_the_gold_source_is_read_even_where_it_is_not_scored(parallel: Path, tmp_path: Path):
    isogloss.train(recipe(parallel), output=tmp_path / "run")
    scored = isogloss.evaluate(tmp_path / "run", languages=["de"], view="with-gold-source")
    assert {row["language"] for row in scored} == {"de"}


def test_a_text_without_gold_source_is_refused(parallel: Path, tmp_path: Path):
    isogloss.train(recipe(parallel), output=tmp_path / "run")
    path = parallel / "nli" / "de" / "dev.tsv"
    path.write_text(path.read_text(encoding="utf-8").replace("i22", "i99"), encoding="utf-8")
    with pytest.raises(IsoglossError, match=r"1 of 6 examples .*'de' have no partner.*de/dev\.tsv:4, id 'i99'"):
        isogloss.evaluate(tmp_path / "run", view="with-gold-source")


def test_questions_see_gold_english_only_when_asked(tmp_path: Path):
    """Released X-Mixup shows the human's English question and context at test time without saying so."""
    for language in ("en", "de"):
        for split in ("train", "dev"):
            paragraphs = [
                {
                    "context": f"{language} context {n} is here",
                    "qas": [
                        {
                            "id": f"{split}-{n}",
                            "question": f"what {n}",
                            "answers": [{"text": f"{n}", "answer_start": 11}],
                        }
                    ],
                }
                for n in range(1, 7)
            ]
            path = tmp_path / "qa" / language / f"{split}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            whole = {"version": "1.1", "data": [{"title": "t", "paragraphs": paragraphs}]}
            path.write_text(json.dumps(whole), encoding="utf-8")
    data = {"task": "qa", "format": "squad", "name": "qa", "path": f"{tmp_path}/qa/{{language}}/{{split}}.json"}
    shape = recipe(tmp_path, steps=1, evaluation_steps=1)
    found = isogloss.train({**shape, "data": {**data, "translations": {}}}, output=tmp_path / "run")
    assert {row["view"] for row in found} == {"original"}
    assert {row["view"] for row in isogloss.evaluate(tmp_path / "run")} == {"original"}
    with pytest.raises(IsoglossError, match=r"'qa' has no translations\.test"):
        isogloss.evaluate(tmp_path / "run", view="with-translate-test")
    asked = isogloss.evaluate(tmp_path / "run", view="with-gold-source")
    assert {row["view"] for row in asked} == {"with-gold-source"}


def test_a_layer_that_does_not_exist(parallel: Path, tmp_path: Path):
    with pytest.raises(IsoglossError, match=r"objective\.layer: must be from 1 to 1, the layers of the model, found 9"):
        isogloss.train(recipe(parallel, objective={"layer": 9}), output=tmp_path / "run")
    with pytest.raises(IsoglossError, match=r"objective\.layer: a whole number from 1, or a share below 1, found 1\.5"):
        isogloss.train(recipe(parallel, objective={"layer": 1.5}), output=tmp_path / "run")


def test_parts_of_one_language_are_no_pairs(parallel: Path, tmp_path: Path):
    changes = {"train_languages": ["en"], "partition": {"kind": "random", "parts": 2}}
    with pytest.raises(IsoglossError, match="x_mixup pairs texts of two languages, but partition makes parts of one"):
        isogloss.train(recipe(parallel, **changes), output=tmp_path / "run")


@pytest.mark.parametrize(("halving", "refused"), [(0.5, True), (3.0, False)])
def test_more_steps_only_where_the_share_stays(halving: float, refused: bool, parallel: Path, tmp_path: Path):
    whole = recipe(parallel, objective={"halving": halving}, schedule="constant")
    isogloss.train(whole, output=tmp_path / "run")
    if refused:
        with pytest.raises(IsoglossError, match="cannot resume, the recipe has changed: steps"):
            isogloss.train({**whole, "steps": 4}, output=tmp_path / "run", resume=True)
    else:
        assert isogloss.train({**whole, "steps": 4}, output=tmp_path / "run", resume=True)


def test_translate_train_of_sentences_pairs_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Translations keep the ids of their originals, whatever file they are in; back-translations have no tags."""

    def sentences(language: str, numbers: Sequence[int]) -> str:
        return "".join(
            f"# sent_id = s{n}x\n1\t{language}{n}\t_\tNOUN\t_\t_\t_\t_\t_\t_\n2\tb{n}\t_\tVERB\t_\t_\t_\t_\t_\t_\n\n"
            for n in numbers
        )

    files = {
        "pos/en/train.conllu": sentences("en", range(8)),
        "train/de.conllu": sentences("de", range(7, -1, -1)),
        "back/de.conllu": "".join(
            f"# sent_id = s{n}x\n" + "".join(f"{k}\tback{k}" + 8 * "\t_" + "\n" for k in range(1, 7)) + "\n"
            for n in range(8)
        ),
        "pos/en/dev.conllu": sentences("en", range(20, 24)),
        "pos/de/dev.conllu": sentences("de", range(20, 24)),
    }
    write_files(tmp_path, files)
    data = {
        "task": "pos",
        "format": "conllu",
        "name": "pos",
        "path": f"{tmp_path}/pos/{{language}}/{{split}}.conllu",
        "translations": {role: {"path": f"{tmp_path}/{role}/{{language}}.conllu"} for role in ("train", "back")},
    }
    shape = recipe(tmp_path, train_languages=["en"], translate_train=True, steps=6, objective={"halving": 0.01})
    assert isogloss.train({**shape, "data": data}, output=tmp_path / "run")
    assert "back-translations into en by way of de" in capsys.readouterr().err


def test_sentences_without_ids_are_paired_with_their_translations(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Public sets have no ids; translations have their originals beside them, and a teacher's soft tags."""

    def sentences(language: str, numbers: Sequence[int], *, of: str = "", tags: Sequence[str] = ("A", "B")) -> str:
        names = [f"# original = {of}{n} b{n}\n" if of else "" for n in numbers]
        own = [f"{language}{n}\t{tags[0]}\nb{n}\t{tags[1]}\n\n" for n in numbers]
        return "".join(f"{name}{one}" for name, one in zip(names, own, strict=True))

    files = {
        "pos/en/train.tsv": sentences("en", range(8)),
        "train/de.tsv": "# labels = A;B\n" + sentences("de", range(8), of="en", tags=("0.9;0.1", "0.2;0.8")),
        "back/de.tsv": sentences("back", range(8), of="en", tags="__"),
        "pos/en/dev.tsv": sentences("en", range(20, 24)),
        "pos/de/dev.tsv": sentences("de", range(20, 24)),
    }
    write_files(tmp_path, files)
    data = {
        "task": "pos",
        "format": "conll",
        "name": "pos",
        "path": f"{tmp_path}/pos/{{language}}/{{split}}.tsv",
        "translations": {
            "train": {"path": f"{tmp_path}/train/{{language}}.tsv", "soft_tags": True},
            "back": {"path": f"{tmp_path}/back/{{language}}.tsv"},
        },
    }
    shape = recipe(tmp_path, train_languages=["en"], translate_train=True)
    assert isogloss.train({**shape, "data": data}, output=tmp_path / "run")
    said = capsys.readouterr().err
    assert "back-translations into en by way of de" in said and "no partner" not in said


LEARNED = {"steps": 40, "evaluation_steps": 40, "learning_rate": 0.01, "selection": "last"}
"""Long enough for predictions to hang on what is seen."""


def test_predict_sees_what_evaluate_saw(parallel: Path, tmp_path: Path):
    """With a file, with columns of the file itself, by text in XTREME's columns; alone as before."""
    run = tmp_path / "run"
    isogloss.train(recipe(parallel, **LEARNED), output=run)
    for view in ("with-translate-test", "with-gold-source"):
        isogloss.evaluate(run, view=view)
    kept = run / "predictions"
    expected = {
        view: [row["predicted"] for row in read_lines(kept / f"last{view and '.'}{view}" / "nli.de.dev.jsonl")]
        for view in ("", "with-translate-test", "with-gold-source")
    }
    file, machine = parallel / "nli" / "de" / "dev.tsv", parallel / "translate-test" / "de.dev.tsv"
    lines = [path.read_text(encoding="utf-8").splitlines() for path in (file, machine)]
    both = [[*own.split("\t"), *other.split("\t")[1:3]] for own, other in zip(*lines, strict=True)]
    both[0] = [*COLUMNS.values(), "premise_en", "hypothesis_en"]
    wide = tmp_path / "wide.tsv"
    wide.write_text("".join("\t".join(row) + "\n" for row in both), encoding="utf-8")
    xtreme = tmp_path / "test-de.tsv"
    five = [[*row[1:3], *row[4:], row[3]] for row in reversed(both[1:])]
    xtreme.write_text("".join("\t".join(row) + "\n" for row in five), encoding="utf-8")

    def labels(source: Path, beside: Any = None) -> list[str]:
        written = isogloss.predict(
            run, source, language="de", output=tmp_path / "labelled.tsv", beside=beside, overwrite=True
        )
        return [line.split("\t")[3] for line in written.read_text(encoding="utf-8").splitlines()[1:]]

    assert len({*map(tuple, expected.values())}) > 1, "or nothing is shown below"
    assert labels(file) == expected[""]
    own = {"text": "premise_en", "pair": "hypothesis_en"}
    for beside, source in (
        (machine, file),
        (xtreme, file),
        ({"path": str(machine), "columns": COLUMNS}, file),
        ({"columns": own}, wide),
        ("{columns: {text: premise_en, pair: hypothesis_en}}", wide),
    ):
        assert labels(source, beside) == expected["with-translate-test"]
    assert labels(file, parallel / "nli" / "en" / "dev.tsv") == expected["with-gold-source"]


@pytest.mark.parametrize(
    ("beside", "message"),
    [
        ("{folder}/nowhere.tsv", r"nowhere\.tsv.*no such file"),
        ("{folder}/nli/en/test.tsv", r"test\.tsv:\d: label|no translation for 1 of 6"),
        ("{{columns: {{text: premise}}}}", r"dev\.tsv:2: the text has 2 part\(s\), what is beside it 1"),
        ("{{columns: {{text: premises}}}}", "premises"),
        ("{{columns: {{txt: premise}}}}", r"beside: columns.*txt"),
        ("{{file: x}}", "beside"),
        ("{{a: [}}", "not YAML"),
    ],
)
def test_what_cannot_stand_beside_is_said(beside: str, message: str, parallel: Path, tmp_path: Path):
    isogloss.train(recipe(parallel, steps=1, evaluation_steps=1), output=tmp_path / "run")
    path = parallel / "nli" / "en" / "test.tsv"
    path.write_text(rows("en", range(21, 26)), encoding="utf-8")
    with pytest.raises(IsoglossError, match=message):
        isogloss.predict(
            tmp_path / "run", parallel / "nli/de/dev.tsv", language="de", beside=beside.format(folder=parallel)
        )
