"""`isogloss probe` of entities and facts: from a run or a model to rows, equal to the definition written out."""

from __future__ import annotations

import inspect
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.nn.functional import batch_norm, normalize
from transformers import AutoModel, AutoTokenizer

import isogloss
from isogloss.calls.probe import KINDS
from isogloss.calls.probing.kinds import FUNCTIONS
from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import derive
from isogloss.data.apart import Apart
from isogloss.recipe.build.knowledge import build_knowledge
from isogloss.recipe.spec.knowledge import Knowledge
from isogloss.run.evaluation import COLUMNS
from tests.support.pretraining import recipe, told

SHARES = {"entities_apart": 0.3, "facts_apart": 0.2}


@pytest.fixture(scope="module")
def run(text_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that kept some entities and facts apart."""
    whole = recipe("knowledge", text_world)
    whole["knowledge"] |= SHARES
    folder = tmp_path_factory.mktemp("probed") / "run"
    isogloss.pretrain(whole, output=folder)
    return folder


def retrieved(model: Path | str, **changes: Any) -> list[dict[str, Any]]:
    return isogloss.probe(model, kind="entity-retrieval", **changes)


def scores(rows: list[dict[str, Any]]) -> dict[tuple[str, ...], float]:
    return {(row["view"], row["language"], row["context_language"], row["metric"]): row["value"] for row in rows}


@pytest.mark.parametrize("kind", KINDS)
def test_the_settings_of_a_kind_are_the_arguments_of_its_function(kind: str):
    assert KINDS.keys() == FUNCTIONS.keys()
    assert {*KINDS[kind]} == {*list(inspect.signature(FUNCTIONS[kind]).parameters)[1:]}
    with pytest.raises(IsoglossError, match=f"masksk: the probe {kind} has no such setting"):
        isogloss.probe("isogloss-small", kind=kind, masksk=3)


def test_rows_of_a_run_need_nothing_but_the_run(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    rows = retrieved(run, output=tmp_path / "rows.jsonl", limit=20)
    assert all(tuple(row) == (*COLUMNS, "chance", "low", "high") for row in rows)
    assert {row["view"] for row in rows} == {"seen", "unseen"}
    pairs = {(row["language"], row["context_language"]) for row in rows}
    assert pairs == {(own, other) for own in ("en", "fr", "ru") for other in ("en", "fr", "ru")}
    assert {row["metric"] for row in rows} == {"accuracy_at_1", "mrr"}
    described = {"en": 5, "fr": 5, "ru": 4}
    for row in rows:
        if row["metric"] == "accuracy_at_1":
            assert row["chance"] == pytest.approx(1 / described[row["context_language"]])
        assert 0 <= row["value"] <= 1 and row["n"] <= 20 and row["data"] == "knowledge"
        assert (row["task"], row["method"], row["split"]) == ("entity-retrieval", "pretraining", "test")
    assert [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()] == rows
    shown = capsys.readouterr().out
    assert "same language" in shown and "other language" in shown and "chance" in shown
    entities = {f"Q{word}" for word in range(5)}
    kept = {entity for entity in entities if Apart(entities=0.3).has_entity(derive(entity))}
    assert kept and kept < entities  # or the test could not fail


def test_a_run_is_probed_in_its_languages_and_on_another_corpus_in_all(text_world: Path, tmp_path: Path):
    whole = {**recipe("knowledge", text_world, steps=1), "languages": ["en", "fr"]}
    isogloss.pretrain(whole, output=tmp_path / "run")
    corpus = str(text_world / "knowledge")
    for kind in ("entity-retrieval", "perplexity"):
        few: dict[str, Any] = {"kind": kind, "limit": 5}
        assert {row["language"] for row in isogloss.probe(tmp_path / "run", **few)} == {"en", "fr"}
        assert {row["language"] for row in isogloss.probe(tmp_path / "run", corpus=corpus, **few)} == {"en", "fr", "ru"}


def vectors(run: Path, texts: list[tuple[list[int], int]], side: str) -> torch.Tensor:
    """One text after the other through the encoder, and all through the head, written out."""
    model = AutoModel.from_pretrained(run / "model").eval()
    stored = load_file(run / "model" / "extensions.safetensors")
    with torch.no_grad():
        found = torch.stack([model(torch.tensor([ids])).last_hidden_state[0, place] for ids, place in texts])
    head = {name: stored[f"knowledge_heads.{side}.{name}"] for name in ("0.weight", "1.weight", "1.bias", "3.weight")}
    inner = batch_norm(found @ head["0.weight"].T, None, None, head["1.weight"], head["1.bias"], True, 0.0, 1e-12)
    return batch_norm(inner.relu() @ head["3.weight"].T, None, None, None, None, True, 0.0, 1e-12)


def test_scores_are_those_of_the_definition_written_out(run: Path, tmp_path: Path):
    retrieved(run, items=tmp_path / "items.jsonl", languages=["en"])
    items = [json.loads(line) for line in (tmp_path / "items.jsonl").read_text().splitlines()]
    tokenizer = AutoTokenizer.from_pretrained(run / "model")
    first, last, mask = tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.mask_token_id
    questions, names, right = [], [], []
    for number, sentence in enumerate(told().sentences()):
        for mention in sentence.mentions if sentence.language == "en" else ():
            encoding = tokenizer.backend_tokenizer.encode(sentence.text, add_special_tokens=False)
            hidden = [
                place
                for place, (left, end) in enumerate(encoding.offsets)
                if left < mention.end and mention.start < end
            ]
            ids = [mask if place in hidden else piece for place, piece in enumerate(encoding.ids)]
            questions.append(([first, *ids, last], 1 + hidden[0]))
            names.append(f"{number}:{mention.start}-{mention.end}")
            right.append(mention.entity)
    described = {own.key: own.text for own in told().descriptions() if own.language == "en"}
    candidates = [(tokenizer(text)["input_ids"], 0) for text in described.values()]
    cosines = (
        normalize(vectors(run, questions, "texts"), dim=1)
        @ normalize(vectors(run, candidates, "descriptions"), dim=1).T
    )
    expected = {}
    for name, entity, row in zip(names, right, cosines, strict=True):
        order = [list(described)[place] for place in row.argsort(descending=True).tolist()]
        expected[name] = 1 / (1 + order.index(entity))
    found = {item["id"]: item["value"] for item in items if item["metric"] == "mrr"}
    assert found == expected and len(found) > 50 and len(set(found.values())) > 2
    first = {item["id"]: item["value"] for item in items if item["metric"] == "accuracy_at_1"}
    assert first == {name: float(value == 1) for name, value in expected.items()}


@pytest.mark.parametrize("kind", ["entity-retrieval", "object-entailment"])
def test_batches_change_nothing_and_a_second_time_gives_the_same(run: Path, kind: str):
    whole = isogloss.probe(run, kind=kind, limit=15)
    assert isogloss.probe(run, kind=kind, limit=15, batch_size=1) == whole
    assert isogloss.probe(run, kind=kind, limit=15, batch_size=7) == whole
    if kind == "entity-retrieval":
        assert isogloss.probe(run, kind=kind, limit=15, seed=1) != whole  # other mentions


def test_facts_are_of_three_views_and_true_objects_are_no_wrong_answers(run: Path):
    rows = isogloss.probe(run, kind="object-entailment")
    assert {row["view"] for row in rows} == {"seen", "unseen-fact", "unseen-entity"}
    chances = {(row["language"], row["context_language"]): row["chance"] for row in rows if row["view"] == "seen"}
    assert len(chances) > 4
    hits = [row for row in rows if row["metric"] == "accuracy_at_1" and row["context_language"] != "ru"]
    # Each subject has two objects, one of which is the answer: 4 of 5 descriptions are candidates.
    assert {round(row["chance"], 6) for row in hits} == {0.25}


def test_the_floor_is_what_the_most_frequent_object_of_the_relation_gives(run: Path, text_world: Path):
    """In the small world's facts some objects are frequent; a probe that knows them alone has learned no fact."""
    rows = isogloss.probe(text_world / "encoder", kind="object-entailment", corpus="small-world", languages=["en"])
    floors = {row["metric"].split("_")[0]: row["floor"] for row in rows}
    knowledge = build_knowledge(Knowledge(corpus="small-world"), None)
    described = {own.key for own in knowledge.descriptions() if own.language == "en"}
    facts = list(dict.fromkeys(fact for fact in knowledge.facts() if {fact.subject, fact.object} <= described))
    hits = []
    for fact in facts:
        true = {own.object for own in knowledge.facts() if own[:2] == fact[:2]} - {fact.object}
        counted = Counter(own.object for own in facts if own.relation == fact.relation and own.object not in true)
        hits.append(counted[fact.object] == max(counted.values()))
    assert 0.02 < floors["accuracy"] <= np.mean(hits) and floors["mrr"] > floors["accuracy"]
    # What was kept apart is not counted: an entity that no training has seen is nobody's guess.
    unseen = [row for row in isogloss.probe(run, kind="entity-retrieval") if row["view"] == "unseen"]
    assert {row["floor"] for row in unseen if row["metric"] == "accuracy_at_1"} == {0.0}


def test_a_list_takes_the_place_of_what_the_run_kept_apart(run: Path, tmp_path: Path):
    (tmp_path / "list").write_text("Q1\n", encoding="utf-8")
    items = tmp_path / "items.jsonl"
    retrieved(run, leave_out=str(tmp_path / "list"), items=items, languages=["en"])
    views = {(item["unit"], item["view"]) for item in map(json.loads, items.read_text().splitlines())}
    assert views == {("Q0", "seen"), ("Q1", "unseen"), *((f"Q{word}", "seen") for word in (2, 3, 4))}


def test_heads_centring_and_the_mention_are_in_the_name_of_the_metric(
    run: Path, text_world: Path, capsys: pytest.CaptureFixture[str]
):
    few: dict[str, Any] = {"limit": 15, "languages": ["en"]}
    plain = retrieved(run, heads=False, **few)
    assert {row["metric"] for row in plain} == {"accuracy_at_1_without_heads", "mrr_without_heads"}
    shown = retrieved(run, mention="shown", centred=True, **few)
    assert {row["metric"] for row in shown} == {"accuracy_at_1_mention_shown_centred", "mrr_mention_shown_centred"}
    capsys.readouterr()
    corpus = str(text_world / "knowledge")
    bare = retrieved(text_world / "encoder", corpus=corpus, **few)
    assert "has no projection heads: the encoder's own vectors are compared" in capsys.readouterr().err
    assert {(row["metric"], row["view"], row["method"]) for row in bare} == {
        ("accuracy_at_1_without_heads", "all", None),
        ("mrr_without_heads", "all", None),
    }
    # The folder of the run's model is a model like another, with heads, and without a memory of what it was not told.
    assert {(row["metric"], row["view"]) for row in retrieved(run / "model", corpus=corpus, **few)} == {
        ("accuracy_at_1", "all"),
        ("mrr", "all"),
    }


def test_intervals_are_over_entities_drawn_anew(run: Path):
    whole = [row for row in retrieved(run, leave_out=None, languages=["en", "fr"]) if row["view"] == "seen"]
    assert all(row["low"] is None for row in whole)  # of fewer than five entities
    rows = isogloss.probe(run, kind="object-entailment", corpus="small-world", languages=["en"], limit=40)
    (mrr,) = [row for row in rows if row["metric"] == "mrr" and row["view"] == "seen"]
    assert mrr["low"] < mrr["value"] < mrr["high"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "entity-retrieva"}, r"kind: no probe 'entity-retrieva'; did you mean 'entity-retrieval'"),
        (
            {"kind": "object-entailment", "mention": "shown"},
            r"mention: the probe object-entailment has no such setting",
        ),
        ({"mention": "hiden"}, r"mention: 'hiden' is unknown; did you mean 'hidden'"),
        ({"limit": 0}, r"limit: at least 1, found 0"),
        ({"candidates": 1}, r"candidates: at least 2, found 1"),
        ({"batch_size": 0}, r"batch_size: at least 1, found 0"),
        ({"layer": 4}, r"layer: from 1 to 1, the layers of the model, found 4"),
        ({"languages": ["de"]}, r"languages: no entity is described in 'de'"),
        ({"corpus": "nowhere"}, r"nowhere: no such folder of knowledge"),
        ({"leave_out": "nowhere.tsv"}, r"nowhere.tsv: .*no such file"),
        ({"model": "encoder"}, r"corpus: needed, since .*encoder is no run that has learned from one"),
    ],
)
def test_what_cannot_be_is_one_clear_error(changes: dict[str, Any], message: str, run: Path, text_world: Path):
    asked = {"model": run, "kind": "entity-retrieval", **changes}
    if asked["model"] == "encoder":
        asked["model"] = text_world / "encoder"
    with pytest.raises(IsoglossError, match=message):
        isogloss.probe(**asked)


def test_a_fine_tuned_run_has_an_encoder_and_no_masked_lm_head(trained: Any, text_world: Path):
    corpus = str(text_world / "knowledge")
    rows = retrieved(trained("pos"), corpus=corpus, limit=5, mention="shown")
    assert {row["view"] for row in rows} == {"all"} and {row["method"] for row in rows} == {None}
    with pytest.raises(IsoglossError, match="has no masked-LM head"):
        isogloss.probe(trained("pos"), kind="perplexity", corpus=corpus)
