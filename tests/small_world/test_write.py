"""The folder: the same bytes in every process, read back by our own readers."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data import ConllU, Problems, Table, TokenTag
from isogloss.recipe.names import FORMATS, TASKS
from isogloss.world import generate, the_world, write_world
from isogloss.world.lookup import lookup_baselines

SIZES = {"train": 30, "dev": 15, "test": 20}
LANGUAGES = the_world().languages


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "deep" / "world"
    write_world(folder, seed=2, sentences=SIZES, text=25)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.slow
def test_another_process_writes_the_same_bytes(folder: Path, tmp_path: Path):
    code = "import sys, pathlib; from isogloss.world import write_world as w; "
    code += f"w(pathlib.Path(sys.argv[1]), seed=2, sentences={SIZES}, text=25)"
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "again")], check=True, env=environment)
    assert contents(tmp_path / "again") == contents(folder)


def test_each_language_has_what_the_table_says(folder: Path):
    expected = {f"text/{code}.txt.gz" for code in LANGUAGES}
    expected |= {f"parallel/{code}.tsv.gz" for code, told in LANGUAGES.items() if told.parallel}
    for code, told in LANGUAGES.items():
        for split in told.labels:
            expected |= {f"pos/{code}/{split}.conllu", f"ner/{code}/{split}.tsv", f"topics/{code}/{split}.tsv"}
            expected |= {
                f"nli/{code}/{split}.tsv",
                f"nli_single/{code}/{split}.tsv",
                f"paraphrase/{code}/{split}.tsv",
                f"ner_parallel/{code}/{split}.tsv",
                f"pos_parallel/{code}/{split}.conllu",
            }
            expected |= {f"choice/{code}/{split}.jsonl", f"qa/{code}/{split}.json"}
    expected |= {f"knowledge/{part}-0.jsonl" for part in ("sentences", "descriptions", "facts", "relations")}
    assert set(contents(folder)) == expected
    assert [path.name for path in folder.parent.iterdir()] == ["world"]


def test_our_readers_read_the_files(folder: Path):
    problems = Problems()
    for code, told in LANGUAGES.items():
        for split in told.labels:
            words = ConllU().read(folder / "pos" / code / f"{split}.conllu", code, problems)
            entities = TokenTag().read(folder / "ner" / code / f"{split}.tsv", code, problems)
            texts = Table().read(folder / "topics" / code / f"{split}.tsv", code, problems)
            sentences = generate(2, code, split, SIZES[split])
            assert [sentence.tokens for sentence in words] == [sentence.tokens for sentence in sentences]
            assert [sentence.tags for sentence in words] == [sentence.tags for sentence in sentences]
            assert [sentence.tokens for sentence in entities] == [sentence.tokens for sentence in sentences]
            assert [sentence.tags for sentence in entities] == [sentence.entities for sentence in sentences]
            assert [text.label for text in texts] == [sentence.meaning.topic for sentence in sentences]
            assert words[0].id == texts[0].id == f"{code}-{split}-1"
    assert problems.errors == []
    assert problems.warnings == []


def test_our_reader_reads_inference(folder: Path):
    problems = Problems()
    read = {
        (code, split): Table().read(folder / "nli" / code / f"{split}.tsv", code, problems)
        for code, told in LANGUAGES.items()
        for split in told.labels
    }
    assert problems.errors == []
    assert problems.warnings == []
    for (_, split), pairs in read.items():
        assert [(pair.id, pair.label) for pair in pairs] == [(pair.id, pair.label) for pair in read["en", split]]
        assert len(pairs) == SIZES[split]
        assert all(pair.pair for pair in pairs)
        counts = Counter(pair.label for pair in pairs)
        assert max(counts.values()) - min(counts[label] for label in ("entailment", "neutral", "contradiction")) <= 1


def test_answers_are_in_their_contexts(folder: Path):
    ids: dict[str, dict[str, list[str]]] = {}
    for path in folder.glob("qa/*/*.json"):
        data = json.loads(path.read_text(encoding="utf-8"))
        assert data["version"] == "1.1"
        paragraphs = [paragraph for article in data["data"] for paragraph in article["paragraphs"]]
        questions = [(paragraph["context"], question) for paragraph in paragraphs for question in paragraph["qas"]]
        assert len(questions) == SIZES[path.stem]
        for context, question in questions:
            (answer,) = question["answers"]
            assert context[answer["answer_start"] :].startswith(answer["text"])
            assert answer["text"] == answer["text"].strip() != ""
        ids.setdefault(path.stem, {})[path.parent.name] = [question["id"] for _, question in questions]
    for found in ids.values():
        assert len({tuple(each) for each in found.values()}) == 1
        assert len(set(found["en"])) == len(found["en"])


def test_names_are_of_the_same_sentences_in_every_language(folder: Path):
    for split, number in SIZES.items():
        read = {
            path.parent.name: TokenTag().read(path, path.parent.name, Problems())
            for path in folder.glob(f"ner_parallel/*/{split}.tsv")
        }
        assert read
        for sentences in read.values():
            assert [one.id for one in sentences] == [f"{split}-{place}" for place in range(1, number + 1)]
            kinds = [sorted(tag for tag in one.tags or () if tag.startswith("B-")) for one in sentences]
            assert kinds == [sorted(tag for tag in one.tags or () if tag.startswith("B-")) for one in read["en"]]


def test_parts_of_speech_are_of_the_same_sentences_as_names(folder: Path):
    problems = Problems()
    for path in folder.glob("pos_parallel/*/*.conllu"):
        code, split = path.parent.name, path.stem
        tagged = ConllU().read(path, code, problems)
        named = TokenTag().read(folder / "ner_parallel" / code / f"{split}.tsv", code, problems)
        assert [(one.id, one.tokens) for one in tagged] == [(one.id, one.tokens) for one in named]
        assert {tag for one in tagged for tag in one.tags or ()} >= {"NOUN", "VERB", "PROPN"}
    assert {path.parent.name for path in folder.glob("pos_parallel/*/train.conllu")} == {"de", "en", "ru"}
    assert problems.errors == problems.warnings == []


def test_choices_have_the_keys_of_copa(folder: Path):
    rows = {
        path.parent.name: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in folder.glob("choice/*/test.jsonl")
    }
    for found in rows.values():
        assert [set(row) for row in found] == [{"premise", "choice1", "choice2", "question", "label", "idx"}] * 20
        assert [row["idx"] for row in found] == list(range(20))
        assert [(row["question"], row["label"]) for row in found] == [
            (row["question"], row["label"]) for row in rows["en"]
        ]
        assert sum(row["label"] for row in found) == 10


def test_paraphrases_have_the_columns_of_paws_x(folder: Path):
    for path in folder.glob("paraphrase/*/*.tsv"):
        header, *rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
        assert header == ["id", "sentence1", "sentence2", "label"]
        assert len(rows) == SIZES[path.stem]
        assert {len(row) for row in rows} == {4}
        assert abs(sum(int(row[3]) for row in rows) - len(rows) / 2) <= 1


def test_words_and_spaces_give_the_text(folder: Path):
    for path in folder.glob("pos/*/*.conllu"):
        for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
            lines = block.split("\n")
            rows = [line.split("\t") for line in lines[2:]]
            no_spaces = path.parent.name == "zh"
            text = "".join(row[1] + ("" if row[9] == "SpaceAfter=No" or no_spaces else " ") for row in rows).strip()
            assert lines[1] == f"# text = {text}"


def test_parallel_ids_join(folder: Path):
    rows = {
        path.name.split(".")[0]: [
            line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().strip().split("\n")
        ]
        for path in folder.glob("parallel/*.gz")
    }
    ids = [row[0] for row in rows["en"]]
    assert len(set(ids)) == 25
    assert all([row[0] for row in found] == ids for found in rows.values())
    assert rows["en"] != rows["de"]


def test_a_folder_that_is_not_empty_is_refused(folder: Path, tmp_path: Path):
    before = contents(folder)
    with pytest.raises(IsoglossError, match="is not an empty folder"):
        write_world(folder, sentences=SIZES, text=1)
    assert contents(folder) == before
    (tmp_path / "file").write_text("mine")
    with pytest.raises(IsoglossError, match="is not an empty folder"):
        write_world(tmp_path / "file", sentences=SIZES, text=1)


def test_an_empty_folder_is_filled_and_text_may_be_left_out(tmp_path: Path):
    write_world(tmp_path, sentences={"dev": 3}, text=0)
    assert {path.split("/")[0] for path in contents(tmp_path)} == {
        *("pos", "ner", "ner_parallel", "pos_parallel", "topics", "nli", "nli_single", "paraphrase", "choice", "qa"),
    }


@pytest.mark.parametrize(
    ("sentences", "text", "message"),
    [
        ({"tset": 3}, 1, "unknown split 'tset'; did you mean 'test'"),
        ({"text": 3}, 1, "unknown split 'text'"),
        ({"dev": 0}, 1, "at least 1 per split, found 0 for dev"),
        ({}, 0, "nothing to write"),
        ({"dev": 1}, -1, "at least 0 sentences, found -1"),
    ],
)
def test_bad_numbers(tmp_path: Path, sentences: dict[str, int], text: int, message: str):
    with pytest.raises(IsoglossError, match=message):
        write_world(tmp_path / "world", sentences=sentences, text=text)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("isogloss.world.write._write_texts", fail)
    with pytest.raises(IsoglossError, match="No space left on device"):
        write_world(tmp_path / "world", sentences={"dev": 2}, text=1)
    assert list(tmp_path.iterdir()) == []


def test_a_table_of_words_does_not_solve_it():
    for row in lookup_baselines(0, {"train": 300, "test": 80}):
        assert row.lookup < (0.55 if row.zero_shot else 0.97)
        assert row.zero_shot or row.lookup > row.majority


@pytest.mark.parametrize(
    ("task", "form", "pattern"),
    [
        ("pos", "conllu", "pos/*/*.conllu"),
        ("ner", "conll", "ner/*/*.tsv"),
        ("ner", "conll", "ner_parallel/*/*.tsv"),
        ("topic", "tsv", "topics/*/*.tsv"),
        ("nli", "tsv", "nli/*/*.tsv"),
        ("nli", "tsv", "nli_single/*/*.tsv"),
        ("paraphrase", "tsv", "paraphrase/*/*.tsv"),
        ("choice", "choice_jsonl", "choice/*/*.jsonl"),
        ("qa", "squad", "qa/*/*.json"),
    ],
)
def test_every_file_is_read_without_a_complaint(folder: Path, task: str, form: str, pattern: str):
    paths = sorted(folder.glob(pattern))
    assert len({path.parent.name for path in paths}) == 8
    for path in paths:
        problems = Problems()
        examples = FORMATS[form].build(None).read(path, path.parent.name, problems)
        assert len(examples) >= SIZES[path.stem]
        assert [TASKS[task].complaint(example) for example in examples] == [None] * len(examples)
        assert [str(problem) for problem in [*problems.errors, *problems.warnings]] == []
