"""A run is the same whether its data come from files or from the cache."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.data import validate
from isogloss.data.conllu import ConllU
from isogloss.tasks.tagging import Tagging
from tests.support.methods import BASE, recipe
from tests.support.stopping import stopped_after
from tests.support.world import outcome

pytestmark = pytest.mark.slow


@pytest.fixture
def world(own_world: Path) -> Path:
    """A copy: many tests here change its files."""
    return own_world


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ISOGLOSS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is read and encoded from now on."""
    done: list[str] = []
    read, encode = ConllU.read, Tagging.encode

    def read_and_note(self: Any, path: Path, *arguments: Any) -> Any:
        done.append(path.name)
        return read(self, path, *arguments)

    def encode_and_note(self: Any, *arguments: Any) -> Any:
        done.append("encoded")
        return encode(self, *arguments)

    monkeypatch.setattr(ConllU, "read", read_and_note)
    monkeypatch.setattr(Tagging, "encode", encode_and_note)
    return done


def run(world: Path, output: Path, name: str = "multitask", **changes: Any) -> dict[str, Any]:
    isogloss.train(recipe(name, world, **changes), output=output)
    return outcome(output)


@pytest.mark.parametrize("name", ["multitask", "sequential_reptile", "few_shot", "pieces", "parted_by_likeness"])
def test_off_cold_and_warm_are_one_run(
    name: str, world: Path, cache: Path, tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
):
    changes = {
        "few_shot": {"few_shot": 2, "train_languages": ["en"], "evaluate_languages": ["en", "fr"]},
        "pieces": {"max_length": 8},
    }
    method = name if name not in changes else "multitask"
    cold = run(world, tmp_path / "cold", method, **changes.get(name, {}))
    assert reads
    reads.clear()
    warm = run(world, tmp_path / "warm", method, **changes.get(name, {}))
    few = ["encoded"] if name == "few_shot" else []  # a few drawn sentences are not worth an entry
    assert reads == few
    monkeypatch.setenv("ISOGLOSS_CACHE", "off")
    off = run(world, tmp_path / "off", method, **changes.get(name, {}))
    assert cold == warm == off


def test_a_changed_file_or_model_is_read_anew(world: Path, cache: Path, tmp_path: Path, reads: list[str]):
    first = run(world, tmp_path / "a", "multitask", model="{world}/encoder")
    path = world / "pos" / "en" / "train.conllu"
    path.write_text(path.read_text(encoding="utf-8").replace("ta", "lo"), encoding="utf-8")
    reads.clear()
    second = run(world, tmp_path / "b", "multitask", model="{world}/encoder")
    assert [name for name in reads if name != "encoded"] == [path.name]
    assert reads.count("encoded") == 1
    assert first["weights"] != second["weights"]
    tokenizer = world / "encoder" / "tokenizer.json"
    content = json.loads(tokenizer.read_text(encoding="utf-8"))
    content["normalizer"] = {"type": "Lowercase"}
    tokenizer.write_text(json.dumps(content), encoding="utf-8")
    reads.clear()
    run(world, tmp_path / "c", "multitask", model="{world}/encoder")
    assert set(reads) == {"encoded"}


def test_a_run_stopped_cold_goes_on_warm(world: Path, cache: Path, tmp_path: Path):
    whole = recipe("multitask", world)
    with stopped_after(7):
        isogloss.train(whole, output=tmp_path / "run")
    isogloss.train(whole, output=tmp_path / "run", resume=True)
    shutil.rmtree(cache)
    assert outcome(tmp_path / "run") == run(world, tmp_path / "straight")


def test_warnings_are_said_again(world: Path, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = world / "pos" / "en" / "train.conllu"
    sentences = path.read_text(encoding="utf-8").strip().split("\n\n")
    own = [re.sub("# sent_id.*\n", "", sentence) for sentence in sentences]
    path.write_text("".join(f"# sent_id = 1\n{sentence}\n\n" for sentence in own), encoding="utf-8")
    said = []
    for name in ("cold", "warm"):
        run(world, tmp_path / name, "multitask", max_length=8)
        # Lines with the time have speeds in them.
        said.append(re.sub(r"^\d{4}-.*\n", "", capsys.readouterr().err.replace(name, ""), flags=re.MULTILINE))
    assert said[0] == said[1]
    assert "duplicate id" in said[0]
    assert "cut into pieces (" in said[0]


def test_what_the_recipe_says_of_scripts_is_checked_warm_too(world: Path, cache: Path, tmp_path: Path):
    run(world, tmp_path / "run")
    said = recipe("multitask", world)
    (entry,) = said["data"] if isinstance(said["data"], list) else [said["data"]]
    said["data"] = {**entry, "scripts": {"en": "Cyrl"}}
    with pytest.raises(IsoglossError, match="0% of the letters are CYRILLIC, as expected of English"):
        isogloss.train(said, output=tmp_path / "other")


def test_one_file_for_two_languages_is_found_warm_too(world: Path, cache: Path, tmp_path: Path):
    run(world, tmp_path / "run")
    english, french = (world / "pos" / language / "train.conllu" for language in ("en", "fr"))
    french.write_bytes(english.read_bytes())
    for _ in range(2):
        with pytest.raises(IsoglossError, match="share one file"):
            run(world, tmp_path / "again")


def test_errors_are_not_stored(world: Path, cache: Path, tmp_path: Path):
    path = world / "pos" / "en" / "train.conllu"
    path.write_text("1\tonly\tthree\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(IsoglossError, match=f"{path.name}:1"):
            run(world, tmp_path / "run")


def test_a_file_that_changes_while_it_is_read(
    world: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    check = validate.check_owner

    def check_and_change(examples: Any, path: Path, *rest: Any) -> None:
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        check(examples, path, *rest)

    monkeypatch.setattr(validate, "check_owner", check_and_change)
    with pytest.raises(IsoglossError, match="changed while it was read"):
        run(world, tmp_path / "run")


def test_other_tasks_too(world: Path, tmp_path: Path, cache: Path):
    for name in ("choice", "questions"):
        cold, warm = (run(world, tmp_path / f"{name}-{turn}", name) for turn in ("cold", "warm"))
        assert cold == warm


def test_unknown_sub_words_are_told_from_files_and_from_the_cache(
    world: Path, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def told() -> dict[str, str]:
        """The share of unknown sub-words by file, as it was told."""
        lines = [line for line in capsys.readouterr().err.splitlines() if "unknown to the tokenizer" in line]
        return {line.split(": warning: ")[0]: line.split(": warning: ")[1].split("%")[0] for line in lines}

    changes = {"train_languages": ["en"], "model": {**BASE["model"], "vocabulary_size": 60}, "steps": 2, "test": True}
    run(world, tmp_path / "cold", **changes)
    cold = told()
    # The tokenizer was trained on English.
    expected = {
        str(world / "pos" / code / f"{split}.conllu") for code in ("ru", "fr", "de") for split in ("dev", "test")
    }
    assert set(cold) == expected
    assert all(float(cold[path]) > 50 for path in expected if "/ru/" in path)
    run(world, tmp_path / "warm", **changes)
    assert told() == cold
    isogloss.evaluate(tmp_path / "warm", split="test", languages=["ru", "en"])
    assert told() == {path: share for path, share in cold.items() if path.endswith("/ru/test.conllu")}
    isogloss.predict(tmp_path / "warm", world / "pos" / "ru" / "test.conllu", language="ru")
    assert told() == {path: share for path, share in cold.items() if path.endswith("/ru/test.conllu")}
    monkeypatch.setenv("ISOGLOSS_CACHE", "off")
    run(world, tmp_path / "off", **changes)
    assert told() == cold
