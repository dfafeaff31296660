"""The training data of one language as several sources."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from tests.support.methods import BASE
from tests.support.world import entry

GENRES = ("fiction", "letters", "travel")


@pytest.fixture(scope="module")
def genres(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``nli`` with a column of genres in the training data."""
    folder = Path(shutil.copytree(world / "nli", tmp_path_factory.mktemp("genres") / "nli"))
    path = folder / "en" / "train.tsv"
    head, *rows = path.read_text("utf-8").splitlines()
    lines = [f"{row}\t{GENRES[n % 3]}" for n, row in enumerate(rows)]
    path.write_text("\n".join([f"{head}\tgenre", *lines, ""]), encoding="utf-8")
    return folder


def nli(folder: Path, **changes: Any) -> dict[str, Any]:
    columns = {"text": "premise", "pair": "hypothesis", "label": "label", "part": "genre"}
    train = {**entry("nli", folder), "splits": ["train"], "columns": columns, "name": "train"}
    dev = {**entry("nli", folder), "splits": ["dev"], "name": "dev"}
    parts = {"method": "multitask_summed", "partition": {"kind": "column"}, "train_languages": ["en"]}
    return {**BASE, "steps": 2, "data": [{**train, "languages": ["en"]}, dev], **parts, **changes}


def test_a_part_for_each_value_of_a_column(genres: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    rows = isogloss.train(nli(genres), output=tmp_path / "run")
    said = capsys.readouterr().err
    assert "part en/fiction: 8 examples; contradiction " in said
    assert "training examples: en/fiction 8, en/letters 8, en/travel 8" in said
    stored = json.loads((tmp_path / "run" / "partition.json").read_text("utf-8"))
    assert stored == {"names": ["en/fiction", "en/letters", "en/travel"], "of": [n % 3 for n in range(24)]}
    # Evaluation knows of languages only.
    assert {row["language"] for row in rows} == {"en", "fr", "de", "ru"}
    assert {(*row["train_languages"], row["partition"]) for row in rows} == {("en", "column")}
    history = json.loads((tmp_path / "run" / "trainer_state.json").read_text("utf-8"))["log_history"]
    assert {key for row in history for key in row if key.startswith("sentences/")} == {
        "sentences/en/fiction",
        "sentences/en/letters",
        "sentences/en/travel",
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_languages": ["en", "fr"]}, "parts the training data of one language, found en, fr"),
        ({"few_shot": 2}, "parts the training data of one language, found en, fr, ru"),
        ({"partition": {"kind": "random", "parts": 25}}, r"parts: at most the 24 training examples, found 25"),
        ({"partition": {"kind": "column"}}, r"needs a value in every training example, none in .*columns\.part"),
        ({"partition": {"kind": "k-means"}}, r"no kind 'k-means'; did you mean 'kmeans'"),
        ({"partition": {"kind": "random", "parts": 1}}, r"partition\.parts: .*greater than or equal to 2, found 1"),
    ],
)
def test_what_cannot_be_parted(changes: dict[str, Any], message: str, world: Path, tmp_path: Path):
    base = {**BASE, "data": entry("pos", world / "pos"), "train_languages": ["en"], "partition": {"kind": "random"}}
    with pytest.raises(IsoglossError, match=message):
        isogloss.train({**base, **changes}, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_clusters_are_not_made_again(world: Path, tmp_path: Path):
    whole = {**BASE, "data": entry("pos", world / "pos"), "train_languages": ["en"], "schedule": "constant"}
    whole |= {"partition": {"kind": "kmeans", "parts": 2}, "sampling": {"kind": "round_robin"}, "steps": 2}
    isogloss.train(whole, output=tmp_path / "run")
    path = tmp_path / "run" / "partition.json"
    stored = json.loads(path.read_text("utf-8"))
    assert sorted(set(stored["of"])) == [0, 1]
    path.write_text(json.dumps({**stored, "of": stored["of"][:-1]}), encoding="utf-8")
    with pytest.raises(IsoglossError, match=r"partition\.json: 23 examples, but there are 24"):
        isogloss.train({**whole, "steps": 4}, output=tmp_path / "run", resume=True)
    path.unlink()
    with pytest.raises(IsoglossError, match=r"partition\.json: damaged"):
        isogloss.train({**whole, "steps": 4}, output=tmp_path / "run", resume=True)
