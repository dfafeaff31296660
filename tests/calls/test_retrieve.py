"""Retrieval as a user calls it: from files to rows, and what is refused."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModel, AutoTokenizer

import isogloss
from isogloss.calls.retrieve import middle_layer
from isogloss.common.errors import IsoglossError
from isogloss.data import Table
from isogloss.examples import LabelledText
from isogloss.run.evaluation import COLUMNS
from tests.support.world import tagged


@pytest.fixture(scope="module")
def place(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder, and files whose translations are the sentences themselves (fr), or in reverse order (ru)."""
    folder = tmp_path_factory.mktemp("retrieval")
    (folder / "encoder").symlink_to(world / "encoder")
    for language in ("fr", "ru"):
        texts = [f"{number} " + " ".join(word for word, _ in s) for number, s in enumerate(tagged(language, 10, 1))]
        others = texts if language == "fr" else texts[::-1]
        (folder / f"{language}-en.tsv").write_bytes(translations(texts, others))
    return folder


def translations(texts: Sequence[str], others: Sequence[str]) -> bytes:
    pairs = enumerate(zip(texts, others, strict=True), start=1)
    return Table(columns={"text": 0, "pair": 1}).dump([LabelledText(str(n), "", *pair, None) for n, pair in pairs])


def call(place: Path, **changes: Any) -> list[dict[str, Any]]:
    return isogloss.retrieve(place / "encoder", **{"data": f"{place}/{{language}}-en.tsv", **changes})


def test_rows(place: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    rows = call(place, layers=[0, 1], output=tmp_path / "out" / "rows.jsonl")
    assert all(tuple(row) == COLUMNS for row in rows)
    assert [(row["language"], row["context_language"], row["metric"], row["value"], row["n"]) for row in rows] == [
        ("en", "fr", "accuracy_layer_0", 1.0, 10),
        ("en", "fr", "accuracy_layer_1", 1.0, 10),
        ("en", "ru", "accuracy_layer_0", 0.0, 10),
        ("en", "ru", "accuracy_layer_1", 0.0, 10),
    ]
    assert [json.loads(line) for line in (tmp_path / "out" / "rows.jsonl").read_text().splitlines()] == rows
    shown = capsys.readouterr().out
    assert [line.split() for line in shown.splitlines() if "→" in line or "mean" in line] == [
        ["en", "→", "fr", "10", "100.0", "100.0"],
        ["en", "→", "ru", "10", "0.0", "0.0"],
        ["mean", "50.0", "50.0"],
    ]


def test_the_middle_layer_and_the_other_switches(place: Path):
    (row,) = call(place, languages=["fr"])
    assert row["metric"] == "accuracy_layer_1"  # of one layer
    (row,) = call(place, languages=["fr"], special=False, centred=True, csls=3, direction="forward", translations="de")
    assert (row["language"], row["context_language"]) == ("fr", "de")
    assert (row["metric"], row["value"]) == ("accuracy_layer_1_without_special_centred_csls_3", 1.0)


@pytest.mark.parametrize(
    ("layers", "kept", "place", "expected"),
    [(12, 12, 7, 8), (24, 24, 13, 14)],  # NLAYER and LAYER of scripts/run_tatoeba.sh for mBERT and for XLM-R large
)
def test_the_default_layer_is_where_the_scripts_of_xtreme_point(layers: int, kept: int, place: int, expected: int):
    hidden_states = range(layers + 1)  # the embeddings first
    assert middle_layer(layers) == hidden_states[-kept:][place] == expected


@pytest.mark.parametrize("layers", range(1, 5))
def test_the_default_layer_of_a_shallow_model_is_its_last(layers: int):
    assert middle_layer(layers) == layers


def official(encoder: Path, sentences: list[str], english: list[str], layer: int) -> float:
    """Accuracy as XTREME's code computes it, sentence by sentence.

    Its index holds the sentences of the language, its queries are the English ones; vectors are means over all
    sub-words of a sentence, special ones too, scaled to length one; the nearest by Euclidean distance is predicted.
    """
    model, tokenizer = AutoModel.from_pretrained(encoder).eval(), AutoTokenizer.from_pretrained(encoder)

    def vector(text: str) -> torch.Tensor:
        with torch.no_grad():
            states = model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True).hidden_states
        mean = states[layer][0].double().sum(dim=0) / states[layer].shape[1]
        return mean / mean.square().sum().sqrt()

    index = [vector(sentence) for sentence in sentences]
    right = 0
    for number, sentence in enumerate(english):
        query = vector(sentence)
        distances = [float((query - entry).square().sum()) for entry in index]
        right += distances.index(min(distances)) == number
    return right / len(english)


def test_the_default_is_what_the_code_of_xtreme_computes(place: Path, tmp_path: Path):
    """Three sets whose translations share some words with the sentences, so that some are found and some are not."""
    expected, by_switch = [], {"forward": [], "no special": []}
    for seed in range(3):
        sentences = [" ".join(word for word, _ in sentence) for sentence in tagged("fr", 30, seed)]
        words = random.Random(seed)
        english = [" ".join(word for word in text.split() if words.random() < 0.5) or text for text in sentences]
        (tmp_path / "fr-en.tsv").write_bytes(translations(sentences, english))
        data = f"{tmp_path}/{{language}}-en.tsv"
        expected.append(official(place / "encoder", sentences, english, 1))
        assert call(place, data=data)[0]["value"] == pytest.approx(expected[-1])
        by_switch["forward"].append(call(place, data=data, direction="forward")[0]["value"])
        by_switch["no special"].append(call(place, data=data, special=False)[0]["value"])
    # The test tells the default from what it is not.
    assert all(values != expected for values in by_switch.values())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no example in this file"),
        ("a\tb\nc\n", r":2: error: expected 2 columns, as most rows have, found 1"),
        ("a\t\n", r":1: error: the pair is empty"),
        ("a\n", r"no column 1 \(the pair\) in a row of 1"),
    ],
)
def test_files_that_are_not_parallel(place: Path, tmp_path: Path, content: str, message: str):
    (tmp_path / "fr-en.tsv").write_text(content, encoding="utf-8")
    with pytest.raises(IsoglossError, match=message):
        call(place, data=f"{tmp_path}/{{language}}-en.tsv", output=tmp_path / "rows.jsonl")
    assert not (tmp_path / "rows.jsonl").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": [2]}, r"layers: the model has layers 0 \(the embeddings\) to 1, found 2"),
        ({"direction": "backwards"}, "direction: 'backwards' is unknown; did you mean 'backward'"),
        ({"csls": 0}, "csls: the number of neighbours must be at least 1, found 0"),
        ({"languages": ["sw"]}, "no such file"),
    ],
)
def test_arguments(place: Path, changes: dict[str, Any], message: str):
    with pytest.raises(IsoglossError, match=message):
        call(place, **changes)
