from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from transformers import PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.examples import LabelledText, TaggedSentence
from isogloss.tasks import Classification, Task
from tests.support.tokenizers import ALL

NLI = Classification("xnli", ("contradiction", "entailment", "neutral"))
TEXTS = [
    LabelledText("1", "en", "the dogs sleep", "dogs sleep on the sofa", "entailment", "en.tsv", 1),
    LabelledText("2", "de", "der Hund schläft", None, "neutral", "de.tsv", 2),
    LabelledText("3", "zh", "他 喜欢", "在 公园", "contradiction", "zh.tsv", 3),
]


@pytest.fixture(scope="module", params=list(ALL))
def tokenizer(request: pytest.FixtureRequest):
    return ALL[request.param]()


def test_it_is_a_task() -> None:
    task: Task = NLI
    assert task.metrics == ("accuracy", "macro_f1")


def test_there_and_back_in_any_order(tokenizer: PreTrainedTokenizerBase) -> None:
    encoded = NLI.encode(TEXTS, tokenizer, 64)
    features = encoded.features[::-1]
    batch = NLI.collate(features, tokenizer)
    assert (encoded.overlong, batch.labels.tolist(), batch.languages) == ((), [0, 2, 1], ("zh", "de", "en"))
    decoded = NLI.decode(torch.eye(3)[batch.labels], features)
    assert NLI.assemble(TEXTS, features, decoded) == [NLI.gold(text) for text in TEXTS]


def test_same_inputs_as_the_tokenizer_alone(tokenizer: PreTrainedTokenizerBase) -> None:
    features = NLI.encode(TEXTS, tokenizer, 64).features
    for text, feature in zip(TEXTS, features, strict=True):
        assert feature.inputs == dict(tokenizer(text.text, text.pair))


def test_overlong_texts_are_truncated_and_counted(tokenizer: PreTrainedTokenizerBase) -> None:
    lengths = [len(feature) for feature in NLI.encode(TEXTS, tokenizer, 64).features]
    limit = sorted(lengths)[-1] - 1
    encoded = NLI.encode(TEXTS, tokenizer, limit)
    assert encoded.overlong == tuple(index for index, length in enumerate(lengths) if length > limit)
    assert max(len(feature) for feature in encoded.features) == limit
    # Truncation is no memory of the tokenizer's.
    assert NLI.encode(TEXTS, tokenizer, 64).overlong == ()


def test_without_labels(tokenizer: PreTrainedTokenizerBase) -> None:
    bare = [replace(text, label=None) for text in TEXTS]
    features = NLI.encode(bare, tokenizer, 64).features
    assert NLI.collate(features, tokenizer).labels is None
    mixed = NLI.encode([TEXTS[0], bare[1]], tokenizer, 64).features
    assert NLI.collate(mixed, tokenizer).labels.tolist() == [1, -100]


def test_scores_by_hand() -> None:
    gold = ["entailment", "entailment", "neutral", "neutral"]
    predicted = ["entailment", "neutral", "neutral", "neutral"]
    # F1: contradiction 0 (nowhere), entailment 2/3, neutral 4/5.
    scores = NLI.score(gold, predicted)
    assert scores == {"accuracy": 0.75, "macro_f1": pytest.approx((0 + 2 / 3 + 4 / 5) / 3)}


def test_errors(tokenizer: PreTrainedTokenizerBase) -> None:
    with pytest.raises(IsoglossError, match=r"en.tsv:1: 'entails' is no label of task 'xnli'; did you mean"):
        NLI.encode([replace(TEXTS[0], label="entails")], tokenizer, 64)
    with pytest.raises(IsoglossError, match="a:1: task 'xnli' needs texts"):
        NLI.encode([TaggedSentence("1", "de", ("a",), None, "a", 1)], tokenizer, 64)
    with pytest.raises(IsoglossError, match=r"max_length is 5, but must be from 6 \("):
        NLI.encode(TEXTS, tokenizer, 5)
    with pytest.raises(ValueError, match=r"de\.tsv:2: no prediction"):
        NLI.assemble(TEXTS[:2], NLI.encode(TEXTS[:1], tokenizer, 64).features, ["neutral"])
    with pytest.raises(IsoglossError, match="nothing to score"):
        NLI.score([], [])


def test_label_set() -> None:
    assert NLI.label_set([*TEXTS, replace(TEXTS[0], label=None)]) == ("contradiction", "entailment", "neutral")
