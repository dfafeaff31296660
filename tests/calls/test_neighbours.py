"""A path that is not in the working directory, and would be found beside the recipe, is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

import isogloss
from isogloss import IsoglossError
from isogloss.calls.neighbours import neighbours
from isogloss.recipe.resolve import resolve, resolve_pretraining
from tests.support.methods import BASE
from tests.support.world import entry


@pytest.fixture
def recipe(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe in a folder of its own, with its data, seen from above."""
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "pos").symlink_to(world / "pos")
    own = {**BASE, "data": entry("pos", Path("pos"))}
    (tmp_path / "study" / "own.yaml").write_text(yaml.safe_dump(own), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return Path("study/own.yaml")


def test_training_says_where_the_file_is(recipe: Path, tmp_path: Path):
    with pytest.raises(IsoglossError) as caught:
        isogloss.train(recipe, output="run")
    first, second = str(caught.value).splitlines()
    assert "no such file" in first
    assert second.startswith(
        f"'pos/{{language}}/{{split}}.conllu' is relative to the working directory ({tmp_path}), where there is none; "
        "beside the recipe there is study/pos/de/dev.conllu: run"
    )
    assert second.endswith(f"in {tmp_path / 'study'}, or write study/pos/{{language}}/{{split}}.conllu")
    assert not Path("run").exists()


def test_so_does_validation(recipe: Path):
    found = isogloss.validate(recipe).problems
    assert [str(problem) for problem in found.warnings if "beside the recipe there is" in str(problem)]


def test_other_faults_and_paths_that_are_there_are_left_alone(recipe: Path, tmp_path: Path):
    os.chdir("study")
    assert neighbours("own.yaml", resolve("own.yaml")) == []
    os.chdir(tmp_path)
    Path("pos").symlink_to(Path("study/pos").resolve())
    assert neighbours(recipe, resolve(recipe)) == []
    with pytest.raises(IsoglossError) as caught:
        isogloss.train(recipe, overrides=["train_languages=[xx]"], output="run")
    assert "beside" not in str(caught.value)
    assert neighbours("ud-pos", resolve("ud-pos")) == []
    assert neighbours({"base": "ud-pos"}, resolve("ud-pos")) == []


def test_whatever_a_recipe_reads_is_looked_for(recipe: Path, tmp_path: Path):
    (tmp_path / "study" / "text").mkdir()
    (tmp_path / "study" / "text" / "en.txt").write_text("a\n")
    (tmp_path / "study" / "encoders").mkdir()
    own = {
        "model": "study/none",
        "text": {"format": "lines", "path": "text/{language}.txt"},
        "sources": [{"kind": "mlm", "share": 1.0}],
        "steps": 1,
    }
    Path("study/text.yaml").write_text(yaml.safe_dump({**own, "model": "./encoders"}), encoding="utf-8")
    said = neighbours("study/text.yaml", resolve_pretraining("study/text.yaml"))
    assert [line.split(" is ")[0] for line in said] == ["'text/{language}.txt'", "'./encoders'"]
    with pytest.raises(IsoglossError, match=r"'text/\{language\}\.txt' is relative to the working directory"):
        isogloss.pretrain("study/text.yaml", output="run")
