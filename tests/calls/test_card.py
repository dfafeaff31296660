"""The card of a final model: in the hub's format, and its code gives what `isogloss.load` gives."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard
from transformers import pipeline

import isogloss
from isogloss.data.spacing import spaces_of_script
from isogloss.examples import TaggedSentence
from tests.support.runs import short
from tests.support.world import tagged, texts

SENTENCES = 500


def code_of(run: Path) -> dict[str, Any]:
    """What the code of a card defines."""
    (code,) = re.findall(r"```python\n(.*?)```", (run / "model" / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    before = Path.cwd()
    os.chdir(run / "model")  # where the card lies
    try:
        exec(code, names)
    finally:
        os.chdir(before)
    return names


def sentences(tokenizer: Any) -> list[tuple[list[str], str]]:
    """Words, and the text in which they stand, of several languages, none longer than the model reads at once."""
    found = []
    for language in ("en", "fr", "de", "ru"):
        for sentence in tagged(language, 2 * SENTENCES, "card"):
            words = [word for word, _ in sentence]
            text = TaggedSentence("", language, tuple(words), None).text(spaces_of_script(words))
            # Spaces that go between words which share a sub-word make it a little longer.
            if len(tokenizer(" ".join(words)).input_ids) <= 60 and len(tokenizer(text).input_ids) <= 60:
                found.append((words, text))
    return found[:: len(found) // SENTENCES][:SENTENCES]


@pytest.mark.slow
@pytest.mark.parametrize("spacing", ["words", "text"])
@pytest.mark.parametrize("aggregation", ["first", "average", "sum"])
def test_its_code_tags_as_we_do(spacing: str, aggregation: str, world: Path, tmp_path: Path):
    run = tmp_path / "run"
    isogloss.train(short("pos", world, spacing=spacing, aggregation=aggregation, test=False), output=run)
    tag, loaded = code_of(run)["tag"], isogloss.load(run)
    given = sentences(loaded.loaded.tokenizer)
    expected = [row["tags"] for row in loaded.predict([words for words, _ in given])]
    assert [tag(words, text if spacing == "text" else None) for words, text in given] == expected
    assert len(expected) == SENTENCES and len({tag for tags in expected for tag in tags}) > 1
    # Where a sentence is too long for the model, the code says so.
    assert tag(["ta"] * 99)[-1] is None


@pytest.mark.parametrize("task", ["topic", "nli"])
def test_a_pipeline_classifies_as_we_do(task: str, trained: Callable[[str], Path]):
    run = trained(task)
    assert code_of(run)["classify"].task == "text-classification"
    given = [(text, pair) for text, pair, _ in texts("fr", SENTENCES, "card", ["a"])]
    classify = pipeline("text-classification", model=str(run / "model"), truncation=True, max_length=64)
    if task == "nli":
        expected = isogloss.load(run).predict(given)
        found = [classify({"text": text, "text_pair": pair}) for text, pair in given]
    else:
        expected = isogloss.load(run).predict([text for text, _ in given])
        found = classify([text for text, _ in given], batch_size=16)
    assert [one["label"] for one in found] == [row["label"] for row in expected]
    assert [one["score"] for one in found] == pytest.approx([row["probability"] for row in expected], abs=1e-4)


def test_the_hub_reads_it(run: Path):
    card = ModelCard.load(run / "model" / "README.md")
    assert card.data.pipeline_tag == "token-classification"
    assert card.data.language == ["en", "fr", "ru"]
    scores = {row["language"]: row["value"] for row in isogloss.evaluate(run) if row["metric"] == "accuracy"}
    told = {one.dataset_name: one.metric_value for one in card.data.eval_results if one.dataset_split == "dev"}
    assert told == {f"pos, {language}": pytest.approx(value, abs=1e-4) for language, value in scores.items()}
    assert "- labels: DET, NOUN, PUNCT, VERB" in card.text
    assert "sub-words" in card.text and str(run) not in card.content


def test_of_a_model_with_modules_no_code_is_shown(world: Path, tmp_path: Path):
    isogloss.train(short("topic", world, adapters={"task": {}}, test=False, steps=1), output=tmp_path / "run")
    text = (tmp_path / "run/model/README.md").read_text(encoding="utf-8")
    assert "```python" not in text
    assert "modules of its own (adapters)" in text


@pytest.mark.parametrize("task", ["choice", "qa"])
def test_every_task_has_one(task: str, trained: Callable[[str], Path]):
    text = (trained(task) / "model" / "README.md").read_text(encoding="utf-8")
    assert "isogloss.load(RUN)" in text
