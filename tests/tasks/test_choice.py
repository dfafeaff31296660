"""Multiple choice: inputs as the tokenizer has them, numbers of alternatives that differ, every model class."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.examples import Choice, LabelledText
from isogloss.models.open import new_model, open_model
from isogloss.models.stored import write_model
from isogloss.objectives.supervised import Supervised, outputs
from isogloss.tasks import MultipleChoice, Task
from tests.support.tokenizers import ALL

TASK = MultipleChoice("choice")
EXAMPLES = [
    Choice("1", "en", "the dogs sleep", "why ?", ("on the sofa", "the dogs sleep unhappy"), "1", "en.jsonl", 1),
    Choice("2", "de", "der Hund schläft", "", ("auf", "dem Sofa", "nicht wahr , der Hund"), "0", "de.jsonl", 2),
    Choice("3", "zh", "他 喜欢", "中文", ("公园", "散步"), "0", "zh.jsonl", 3),
]
SIZES = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2}
TYPES = ("xlm-roberta", "bert", "deberta-v2", "modernbert")


@pytest.fixture(scope="module", params=list(ALL))
def tokenizer(request: pytest.FixtureRequest):
    return ALL[request.param]()


def model_of(kind: str, tokenizer: PreTrainedTokenizerBase) -> Any:
    return new_model({"model_type": kind, **SIZES}, tokenizer, TASK.auto_class, None, seed=0, dropout=0.0)


def test_it_is_a_task() -> None:
    task: Task = TASK
    assert (task.metrics, task.labels, task.label_set(EXAMPLES)) == (("accuracy",), (), ())


def test_same_inputs_as_the_tokenizer_alone(tokenizer: PreTrainedTokenizerBase) -> None:
    batch = TASK.collate(TASK.encode(EXAMPLES, tokenizer, 64).features, tokenizer)
    assert batch.extras["alternatives"].tolist() == [[True, True, False], [True, True, True], [True, True, False]]
    assert (batch.labels.tolist(), batch.languages) == ([1, 0, 0], ("en", "de", "zh"))
    texts = ["the dogs sleep why ?", "der Hund schläft", "他 喜欢 中文"]
    for i, (text, example) in enumerate(zip(texts, EXAMPLES, strict=True)):
        # A question of two is filled up with a copy of its first alternative.
        for j, alternative in enumerate([*example.alternatives, example.alternatives[0]][:3]):
            alone = tokenizer(text, alternative)["input_ids"]
            assert batch.inputs["input_ids"][i, j, : len(alone)].tolist() == alone
            assert batch.inputs["attention_mask"][i, j].sum() == len(alone)


def test_there_and_back_in_any_order(tokenizer: PreTrainedTokenizerBase) -> None:
    features = TASK.encode(EXAMPLES, tokenizer, 64).features[::-1]
    batch = TASK.collate(features, tokenizer)
    decoded = TASK.decode(torch.eye(3)[batch.labels], features)
    assert TASK.assemble(EXAMPLES, features, decoded) == [TASK.gold(example) for example in EXAMPLES]
    # The third place of a question of two is never chosen.
    assert TASK.decode(torch.tensor([[0.0, 1.0, 9.0]]), features[-1:]) == ["1"]


def test_overlong_and_unlabelled(tokenizer: PreTrainedTokenizerBase) -> None:
    encoded = TASK.encode(EXAMPLES, tokenizer, 64)
    longest = [max(b - a for a, b in zip((0, *f.ends), f.ends, strict=False)) for f in encoded.features]
    limit = max(longest) - 1
    cut = TASK.encode(EXAMPLES, tokenizer, limit)
    assert cut.overlong == tuple(index for index, length in enumerate(longest) if length > limit)
    assert TASK.collate(cut.features, tokenizer).inputs["input_ids"].shape[2] == limit
    bare = TASK.encode([replace(example, label=None) for example in EXAMPLES], tokenizer, 64)
    assert TASK.collate(bare.features, tokenizer).labels is None


@pytest.mark.parametrize("kind", TYPES)
def test_a_batch_gives_what_each_question_gives_alone(kind: str) -> None:
    tokenizer = ALL["unigram"]()
    model = model_of(kind, tokenizer).model.eval()
    features = TASK.encode(EXAMPLES, tokenizer, 64).features
    batch = TASK.collate(features, tokenizer)
    logits = outputs(model, batch)
    losses = Supervised()(model, batch)["task"]
    assert Supervised().counts(batch)["task"].tolist() == [1, 1, 1]
    for i, feature in enumerate(features):
        alone = TASK.collate([feature], tokenizer)
        own = outputs(model, alone)
        torch.testing.assert_close(logits[i, : own.shape[1]], own[0], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(losses[i], cross_entropy(own, alone.labels), rtol=1e-4, atol=1e-5)
    assert torch.isneginf(logits[0, 2])
    losses.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


@pytest.mark.parametrize("kind", TYPES)
def test_saved_and_loaded(kind: str, tmp_path: Any) -> None:
    built = model_of(kind, ALL["unigram"]())
    write_model(tmp_path / "model", built.model, built.tokenizer)
    loaded = open_model(tmp_path / "model", TASK.auto_class, None, seed=1)
    assert not loaded.fresh
    batch = TASK.collate(TASK.encode(EXAMPLES, loaded.tokenizer, 64).features, loaded.tokenizer)
    assert torch.equal(outputs(built.model.eval(), batch), outputs(loaded.model.eval(), batch))


def test_scores_by_hand() -> None:
    assert TASK.score(["0", "1", "2", "1"], ["0", "0", "2", "1"]) == {"accuracy": 0.75}


def test_errors(tokenizer: PreTrainedTokenizerBase) -> None:
    with pytest.raises(IsoglossError, match=r"en.jsonl:1: '2' is none of the alternatives 0, 1"):
        TASK.encode([replace(EXAMPLES[0], label="2")], tokenizer, 64)
    with pytest.raises(IsoglossError, match="a:1: task 'choice' needs questions"):
        TASK.encode([LabelledText("1", "de", "a", None, None, "a", 1)], tokenizer, 64)
    with pytest.raises(ValueError, match=r"de\.jsonl:2: no prediction"):
        TASK.assemble(EXAMPLES[:2], TASK.encode(EXAMPLES[:1], tokenizer, 64).features, ["0"])
    with pytest.raises(IsoglossError, match="nothing to score"):
        TASK.score([], [])
