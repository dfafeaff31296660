"""Every entry of the catalogue is complete, and rows of its shape become files that our formats read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import isogloss
from isogloss.catalogue import SETS, PublicSet
from isogloss.catalogue.describe import described
from isogloss.catalogue.entry import CONVERTED
from isogloss.catalogue.get import copy
from isogloss.catalogue.rows import Questions, Tagged, Texts
from isogloss.common.arrow import label_names, read_parquet
from isogloss.data.collection import CODE, SPLITS
from isogloss.data.problems import Problems
from isogloss.recipe.names import FORMATS, TASKS
from tests.support.hub import Hub, parquet, point_at, serving
from tests.support.hub_layouts import LAYOUTS

ANSWERS = [{"text": ["two"], "answer_start": [4]}, {"text": ["one", "two"], "answer_start": [0, 4]}]


def rows_of(public: PublicSet) -> bytes:
    """Two rows as the catalogue expects them; of sets that are laid out as one of `LAYOUTS` is."""
    columns: dict[str, list[Any]] = {name: [f"{name} a", f"{name} b"] for name in public.rows.columns}
    names: dict[str, list[str]] = {}
    match public.rows:
        case Tagged(tags=tags):
            columns.update({"tokens": [["a", "b c"], ["d"]], tags: [[0, 1], [0]]})
            names = {tags: ["NOUN", "VERB"]}
        case Texts(label=label, labels=labels):
            columns[label] = [0, 1]
            names = {label: list(labels or ())}
        case Questions():
            columns.update({"context": ["one two"] * 2, "answers": ANSWERS})
    return parquet(columns, names)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_file_of_the_hub_becomes_a_copy_that_is_read(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    layout, hub = LAYOUTS[name], Hub()
    layout.put(hub)
    with serving(hub):
        point_at(hub.url, tmp_path / "cache", monkeypatch)
        entry = isogloss.get(name, languages=[layout.language], splits=[layout.split], output=tmp_path / "copy")
    assert hub.asked == [layout.file]
    path = Path(entry["path"].format(language=layout.language, split=layout.split))
    assert path.read_text("utf-8") == layout.copy
    if name != "tatoeba":  # which is for `isogloss retrieve`
        found = isogloss.validate(entry["path"], task=entry["task"], format=entry["format"]).problems
        assert (found.errors, found.warnings) == ([], [])


@pytest.mark.parametrize("name", [name for name in SETS if name not in LAYOUTS])
def test_rows_become_a_file_that_is_read_again(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    public, hub = SETS[name], Hub()
    language, split = public.cells()[0]
    config, theirs = public.config(language), public.splits[split]
    pattern = public.repository.files[0]
    hub.put(public.repository, {pattern.format(config=config, split=theirs).replace("*", "0000"): rows_of(public)})
    with serving(hub):
        point_at(hub.url, tmp_path / "cache", monkeypatch)
        entry = copy(name, public, tmp_path / "copy", languages=[language], splits=[split])
    path = Path(entry["path"].format(language=language, split=split))
    problems = Problems()
    examples = FORMATS[entry["format"]].build(None).read(path, language, problems)
    assert not problems.errors
    assert [TASKS[entry["task"]].complaint(example) for example in examples] == [None, None]
    match public.rows:
        case Tagged():
            assert [(example.tokens, example.tags) for example in examples] == [
                (("a", "b c"), ("NOUN", "VERB")),
                (("d",), ("NOUN",)),
            ]
        case Texts(labels=labels):
            assert [example.label for example in examples] == list(labels or ())[:2]
        case Questions():
            assert [example.answers for example in examples] == [(("two", 4),), (("one", 0), ("two", 4))]


@pytest.mark.parametrize("name", SETS)
def test_an_entry_is_complete(name: str):
    public = SETS[name]
    assert all(isinstance(value, str) and value for value in (public.title, public.metric, public.licence))
    assert set(public.splits) <= set(SPLITS)
    assert set(public.absent) | set(public.machine_translated) <= set(public.splits)
    assert {language for absent in public.absent.values() for language in absent} <= set(public.languages)
    for language in public.languages:
        assert re.fullmatch(CODE, language), language
        assert "{" not in public.config(language)
    assert (public.repository.revision == "refs/convert/parquet") == (public.repository.files == CONVERTED)
    # An entry that was never loaded must not look as if it had been.
    assert described(name)["status"].startswith("untested") is not public.loaded


def test_white_space_in_tokens_and_missing_tags():
    table = pa.table({"tokens": [["a\u00a0b", "\u00a0", "c"], ["d"], []], "tags": [["X", "Y", "X"], [None], []]})
    written = Tagged("tags").write(table, "", "file")
    assert written.content == b"a b\tX\n_\tY\nc\tX\n"
    assert dict(written.changed) == {
        "tokens with other white space than spaces repaired": 2,
        "sentences without a tag for each token left out": 2,
    }


def test_questions_of_one_language_are_picked_by_their_ids():
    table = pa.table({
        "id": ["arabic-1", "finnish-1", "arabic-2"], "context": ["c", "d", "c"], "question": ["q", "r", "s"],
        "answers": [ANSWERS[0]] * 3,
    })  # fmt: skip
    written = Questions(by_language=True).write(table, "arabic", "file")
    assert written.rows == 2
    assert [qa["question"] for qa in json.loads(written.content)["data"][0]["paragraphs"][0]["qas"]] == ["q", "s"]


@pytest.mark.parametrize(("name", "key"), [("xnli", "name"), ("copa", "data_dir")])
def test_datasets_loads_repositories_of_both_layouts(
    name: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()
    layout, folder = LAYOUTS[name], tmp_path / "repository"
    config, _, rest = layout.file.partition("/")
    split = re.split("[-/]", rest)[0]
    for place in (config, "other"):
        path = folder / place / rest
        path.parent.mkdir(parents=True)
        path.write_bytes(layout.content)
    if key == "name":
        files = (
            f"configs:\n- config_name: {config}\n  data_files:\n  - {{split: {split}, path: '{config}/{split}-*'}}\n"
        )
        (folder / "README.md").write_text(f"---\n{files}---\n")
    loaded = datasets.load_dataset(str(folder), **{key: config}, split=split)
    assert loaded.num_rows == len(layout.columns["label"])
    assert loaded.features["label"].names == layout.labels["label"]
    assert set(SETS[name].rows.columns) <= set(loaded.column_names)


def test_the_label_names_are_those_that_datasets_writes(tmp_path: Path):
    datasets = pytest.importorskip("datasets")
    features = datasets.Features({
        "tags": datasets.Sequence(datasets.ClassLabel(names=["O", "B-PER"])),
        "label": datasets.ClassLabel(names=["no", "yes"]), "text": datasets.Value("string"),
    })  # fmt: skip
    rows = {"tags": [[0, 1]], "label": [1], "text": ["a"]}
    datasets.disable_progress_bars()
    datasets.Dataset.from_dict(rows, features=features).to_parquet(str(tmp_path / "file"))
    schema = read_parquet(tmp_path / "file").schema
    found = [label_names(schema, name) for name in ("tags", "label", "text", "other")]
    assert found == [("O", "B-PER"), ("no", "yes"), None, None]
