"""``isogloss translate`` and ``isogloss project``, one after the other, by a model as it comes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.support.command import Command, require_error
from tests.support.runs import short
from tests.support.translators import write_translator


@pytest.mark.slow
def test_what_one_prints_the_other_takes(command: Command, world: Path, tmp_path: Path):
    model, path = write_translator(tmp_path / "model"), tmp_path / "recipe.json"
    whole = short("pos", world, train_languages=["en"])
    path.write_text(json.dumps(whole), encoding="utf-8")
    options = ("--num-beams", 1, "--max-length", 6, "--output", tmp_path / "out")
    first = command("translate", path, "--to", "de,sw", "--model", model, *options)
    assert first.status == 0, first
    assert "en → sw: " in first.err
    (entry,) = yaml.safe_load(first.out)["data"]
    assert entry["name"] == "pos"
    again = command("translate", path, "--to", "de", "--to", "sw", "--model", model, *options)
    assert again.out == first.out
    assert "en → de: 0 of 24 texts translated now, the others before" in again.err
    whole["data"] = {**whole["data"], "translations": entry["translations"]}
    path.write_text(json.dumps(whole), encoding="utf-8")
    projected = command("project", path, "--to", "de", "--model", world / "encoder", "--layer", 1)
    assert projected.status == 0, projected
    assert "words have a tag" in projected.err
    (entry,) = yaml.safe_load(projected.out)["data"]
    assert entry["translations"]["train"]["soft_tags"] is True
    assert Path(entry["translations"]["train"]["path"].format(language="de")).exists()


def test_bad_arguments_are_one_line(command: Command, world: Path):
    given = ("translate", world / "pos/en/dev.conllu", "--to", "de", "--model", "x", "--from", "en")
    require_error(command(*given, "--codes", "zh"), "--codes zh: expected a mapping")
    require_error(command(*given, "--task", "pos"), "needs both --task and --format")
