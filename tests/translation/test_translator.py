"""A tiny model in a folder: batches, lengths, and what has been translated already."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.translation.codes import Direction, Telling
from isogloss.translation.memory import Memory
from isogloss.translation.translator import Translator, open_translator, translate_all
from tests.support.translators import write_prefixed_translator, write_translator

TEXTS = ["ka lo", "mi", "a much longer text than the others", "tu re so", ""]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_translator(tmp_path_factory.mktemp("translator") / "model")


@pytest.fixture(scope="module")
def translator(folder: Path) -> Translator:
    return open_translator(folder, num_beams=2, max_length=9)


@pytest.fixture(scope="module")
def swahili(translator: Translator) -> Direction:
    return Telling().direction(translator.tokenizer, "en", "sw")


def test_a_translation_does_not_hang_on_its_batch(translator: Translator, swahili: Direction):
    together = translator(TEXTS[:4], swahili)
    assert together == [translator([text], swahili)[0] for text in TEXTS[:4]]
    assert len(set(together)) > 1


def test_the_target_language_makes_a_difference(translator: Translator, swahili: Direction):
    german = Telling().direction(translator.tokenizer, "en", "de")
    assert (german.target, swahili.target) == ("deu_Latn", "swh_Latn")
    assert translator(TEXTS[:4], german) != translator(TEXTS[:4], swahili)
    assert translator.key(german) != translator.key(swahili)


def test_a_model_that_is_told_in_words(tmp_path: Path):
    model = open_translator(write_prefixed_translator(tmp_path / "t5"), num_beams=1, max_length=40)
    told = Telling(prefix="{source} to {target}: ")
    languages = [told.direction(model.tokenizer, "en", target) for target in ("de", "sw")]
    german, swahili = (model(["mi"], direction) for direction in languages)
    assert german != swahili
    assert model.lengths(["mi"], languages[0]) > model.lengths(["mi"], Direction())


def test_what_is_known_is_not_translated_again(tmp_path: Path, translator: Translator, swahili: Direction):
    memory = Memory(tmp_path / "memory.jsonl")
    new, cut = translate_all(TEXTS + TEXTS, translator, swahili, memory, batch_size=2, title="")
    assert (new, cut) == (4, 1)  # the blank one is none; the longest one is cut
    again = Memory(tmp_path / "memory.jsonl")
    assert again.known == memory.known == dict(zip(TEXTS, translator(TEXTS[:4], swahili), strict=False))
    # What was cut before is told again: the last run's words are those that stay on the screen.
    assert translate_all(TEXTS, translator, swahili, again, batch_size=2, title="") == (0, 1)


def test_each_batch_is_kept_before_the_next_and_half_a_line_is_taken_off(
    tmp_path: Path, translator: Translator, swahili: Direction, monkeypatch: pytest.MonkeyPatch
):
    class Killed(Exception):
        pass

    def killed(self: Translator, texts: list[str], direction: Direction) -> list[str]:
        if texts == ["mi"]:
            raise Killed
        return list(texts)

    path = tmp_path / "memory.jsonl"
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Translator, "__call__", killed)
        translate_all(TEXTS, translator, swahili, Memory(path), batch_size=1, title="")
    assert [json.loads(line)["text"] for line in path.read_text().splitlines()] == [TEXTS[2], TEXTS[3], TEXTS[0]]
    with path.open("a") as file:
        file.write('{"text": "mi", "transl')  # what a kill in the middle of a write leaves
    memory = Memory(path)
    assert set(memory.known) == {TEXTS[0], TEXTS[2], TEXTS[3]}
    assert translate_all(TEXTS, translator, swahili, memory, batch_size=1, title="")[0] == 1
    assert set(Memory(path).known) == set(TEXTS[:4])


def test_other_weights_or_settings_are_another_memory(tmp_path: Path, folder: Path, swahili: Direction):
    keys = {open_translator(folder, num_beams=beams, max_length=9).key(swahili) for beams in (1, 1, 2)}
    assert len(keys) == 2
    other = write_translator(tmp_path / "other", scale=0.4)
    keys |= {open_translator(other, num_beams=1, max_length=9).key(swahili)}
    assert len(keys) == 3


def test_what_is_no_translator_is_refused(tmp_path: Path, folder: Path, world: Path):
    for arguments, message in (
        ({"source": world / "encoder"}, "does not translate: a sequence-to-sequence model is needed"),
        ({"source": tmp_path}, "has no config.json"),
        ({"source": folder, "num_beams": 0}, "num_beams: at least 1, found 0"),
    ):
        with pytest.raises(IsoglossError, match=message):
            open_translator(**{"num_beams": 1, "max_length": 9, **arguments})
