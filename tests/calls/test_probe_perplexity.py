"""`isogloss probe --kind perplexity`: equal to its formula written out, whatever the batches."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

import isogloss
from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import generator
from isogloss.recipe.build.text import build_masking
from tests.support.pretraining import told


def asked(folder: Path, **changes: Any) -> list[dict[str, Any]]:
    return isogloss.probe(
        folder / "encoder", kind="perplexity", **{"text": f"{folder}/plain/{{language}}.txt", **changes}
    )


def surprise(model: Any, hidden: list[int], labels: list[int]) -> list[float]:
    """One row alone, and −log p of each hidden sub-word."""
    with torch.no_grad():
        found = model(torch.tensor([hidden])).logits[0].double().log_softmax(dim=-1)
    return [-float(found[place, piece]) for place, piece in enumerate(labels) if piece != -100]


@pytest.mark.parametrize("hide", ["some", "each"])
def test_it_is_the_formula_written_out(hide: str, text_world: Path):
    (row,) = asked(text_world, hide=hide)
    model = AutoModelForMaskedLM.from_pretrained(text_world / "encoder").eval()
    tokenizer = AutoTokenizer.from_pretrained(text_world / "encoder")
    masking, losses = build_masking(tokenizer, 0.15), []
    lines = (text_world / "plain" / "de.txt").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        ids = tokenizer(line)["input_ids"]
        if hide == "some":
            hidden, labels = masking(torch.tensor(ids).numpy(), generator(0, "perplexity", str(number)))
            losses += surprise(model, hidden.tolist(), labels.tolist())
        else:
            for place in range(1, len(ids) - 1):
                others = [tokenizer.mask_token_id if at == place else piece for at, piece in enumerate(ids)]
                losses += surprise(model, others, [piece if at == place else -100 for at, piece in enumerate(ids)])
    assert row["value"] == pytest.approx(math.exp(sum(losses) / len(losses)), rel=1e-5)
    assert row["metric"] == {"some": "perplexity", "each": "pseudo_perplexity"}[hide]
    assert (row["n"], row["language"], row["data"]) == (len(lines), "de", "plain")
    assert row["chance"] == pytest.approx(len(tokenizer))
    assert row["low"] < row["value"] < row["high"]


def test_batches_change_nothing_but_rounding(text_world: Path):
    (whole,), (alone,), (again,) = (asked(text_world, batch_size=size) for size in (32, 1, 32))
    assert whole == again
    assert alone["value"] == pytest.approx(whole["value"], rel=1e-6)


def test_sentences_of_a_corpus_are_text_too(text_world: Path, tmp_path: Path):
    rows = asked(text_world, text=None, corpus=str(text_world / "knowledge"), limit=7, items=tmp_path / "items")
    assert {row["language"]: row["n"] for row in rows} == {"en": 7, "fr": 7, "ru": 7}
    items = [json.loads(line) for line in (tmp_path / "items").read_text().splitlines()]
    languages = [sentence.language for sentence in told().sentences()]
    assert all(languages[int(item["id"])] == item["language"] for item in items)
    weighed = [(item["value"], item["weight"]) for item in items if item["language"] == "en"]
    mean = sum(value * weight for value, weight in weighed) / sum(weight for _, weight in weighed)
    assert {row["language"]: row["value"] for row in rows}["en"] == pytest.approx(math.exp(mean))


def test_other_formats_are_said_as_in_a_recipe(text_world: Path):
    entry = {"format": "tsv", "path": f"{text_world}/text/{{language}}.tsv.gz", "columns": {"id": 0, "text": 1}}
    assert {row["language"] for row in asked(text_world, text=entry, limit=5)} == {"en", "fr", "ru"}


def test_a_long_sentence_is_cut(text_world: Path, tmp_path: Path):
    path = tmp_path / "en.txt"
    path.write_text("king water house said gave bread old saw the river " * 9 + "\n", encoding="utf-8")
    (row,) = asked(text_world, text=f"{tmp_path}/{{language}}.txt", hide="each", length=12, items=tmp_path / "items")
    assert json.loads((tmp_path / "items").read_text())["weight"] == 10 and row["low"] is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hide": "all"}, r"hide: 'all' is unknown"),
        ({"length": 3}, r"length: at least 8, found 3"),
        ({"corpus": "small-world"}, r"text, corpus: one of them, found both"),
        ({"text": None}, r"corpus: needed, since .*encoder is no run"),
        ({"text": {"format": "lines", "pth": "x"}}, r"text: unknown key 'pth'; did you mean 'path'"),
        ({"text": "nowhere/{language}.txt"}, r"nowhere"),
        ({"languages": ["fi"]}, r"no .*'?fi'?"),
        ({"text": None, "corpus": "{folder}/knowledge", "languages": ["fi"]}, r"languages: no sentence in 'fi'"),
        ({"leave_out": "x"}, r"leave_out: the probe perplexity has no such setting"),
    ],
)
def test_what_cannot_be_is_one_clear_error(changes: dict[str, Any], message: str, text_world: Path):
    if "corpus" in changes:
        changes = {**changes, "corpus": changes["corpus"].format(folder=text_world)}
    with pytest.raises(IsoglossError, match=message):
        asked(text_world, **changes)


def test_a_model_without_a_masked_lm_head_is_refused(text_world: Path):
    with pytest.raises(IsoglossError, match="headless has no masked-LM head, or not all of one"):
        isogloss.probe(text_world / "headless", kind="perplexity", corpus=str(text_world / "knowledge"))
