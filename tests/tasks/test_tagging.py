from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.data.problems import Problems
from isogloss.examples import LabelledText, SoftTags, TaggedSentence
from isogloss.protocols import Feature
from isogloss.tasks import Tagging, Task, named_entities, part_of_speech
from tests.support.tokenizers import ALL

LABELS = ("ADJ", "NOUN", "PUNCT", "VERB")


def sentence(words: str, tags: str | None, line: int = 1) -> TaggedSentence:
    return TaggedSentence(str(line), "de", tuple(words.split()), tags and tuple(tags.split()), "de.conllu", line)


EXAMPLES = [
    sentence("der Hund schläft", "ADJ NOUN VERB", 3),
    sentence("unbelievably \u200b dogs sleep on the sofa", "ADJ PUNCT NOUN VERB ADJ ADJ NOUN", 9),
    sentence("他 喜欢", "NOUN VERB", 20),
]


@pytest.fixture(scope="module", params=list(ALL))
def tokenizer(request: pytest.FixtureRequest):
    return ALL[request.param]()


def logits_for(features: list[Feature], width: int) -> torch.Tensor:
    """Logits that are right at labelled sub-words and wrong (class 0) elsewhere."""
    logits = torch.zeros(len(features), width, len(LABELS))
    for row, feature in enumerate(features):
        for position, label in enumerate(feature.labels):
            logits[row, position, max(label, 0)] = 1
    return logits


def test_it_is_a_task() -> None:
    task: Task = part_of_speech(LABELS)
    assert (task.name, task.labels, task.metrics[0]) == ("pos", LABELS, "accuracy")
    assert named_entities(("O", "B-PER")).metrics[0] == "f1"


@pytest.mark.parametrize("as_written", [False, True])
@pytest.mark.parametrize("limit", [3, 5, 7, 64])
def test_there_and_back_in_any_order(tokenizer: PreTrainedTokenizerBase, limit: int, as_written: bool) -> None:
    task = replace(part_of_speech(LABELS), as_written=as_written)
    encoded = task.encode(EXAMPLES, tokenizer, limit)
    assert all(len(feature) <= limit for feature in encoded.features)
    shuffled = random.Random(limit).sample(encoded.features, len(encoded.features))
    decoded = []
    for start in range(0, len(shuffled), 2):
        chunk = shuffled[start : start + 2]
        batch = task.collate(chunk, tokenizer)
        decoded += task.decode(logits_for(chunk, batch.inputs["input_ids"].shape[1]), chunk)
    predictions = task.assemble(EXAMPLES, shuffled, decoded)
    assert predictions == [task.gold(example) for example in EXAMPLES]
    assert task.score([example.tags for example in EXAMPLES], predictions)["accuracy"] == 1.0


def test_sentences_over_the_limit_are_counted(tokenizer: PreTrainedTokenizerBase) -> None:
    task = part_of_speech(LABELS)
    whole = task.encode(EXAMPLES, tokenizer, 64)
    assert (whole.overlong, len(whole.features)) == ((), 3)
    longest = max(len(feature) for feature in whole.features)
    cut = task.encode(EXAMPLES, tokenizer, longest - 1)
    assert (len(cut.overlong), {feature.example for feature in cut.features}) == (1, {0, 1, 2})


def test_labels_stand_at_first_sub_words_only(tokenizer: PreTrainedTokenizerBase) -> None:
    for feature in part_of_speech(LABELS).encode(EXAMPLES, tokenizer, 64).features:
        assert [label >= 0 for label in feature.labels] == [word >= 0 for word in feature.words]
        tags = EXAMPLES[feature.example].tags
        assert [LABELS[label] for label in feature.labels if label >= 0] == list(tags)


def test_without_tags(tokenizer: PreTrainedTokenizerBase) -> None:
    task = part_of_speech(LABELS)
    bare = [replace(example, tags=None) for example in EXAMPLES]
    with_tags, without = task.encode(EXAMPLES, tokenizer, 7), task.encode(bare, tokenizer, 7)
    assert without.features == [replace(feature, labels=None) for feature in with_tags.features]
    batch = task.collate(without.features, tokenizer)
    assert batch.labels is None
    assert task.gold(bare[0]) is None
    decoded = task.decode(torch.zeros(*batch.inputs["input_ids"].shape, 4), without.features)
    assert [len(tags) for tags in task.assemble(bare, without.features, decoded)] == [3, 7, 2]


def test_averaged_tokens_are_padded_with_themselves() -> None:
    tokenizer, task = ALL["unigram"](), replace(part_of_speech(LABELS), average=True)
    features = task.encode(EXAMPLES[:2], tokenizer, 64).features
    batch = task.collate(features, tokenizer)
    width = batch.inputs["input_ids"].shape[1]
    for row, feature in zip(batch.extras["anchors"].tolist(), features, strict=True):
        assert row[len(feature) :] == list(range(len(feature), width))
        firsts = [place for place, word in enumerate(feature.words) if word >= 0]
        inside = range(1, len(feature) - 1)
        assert [row[place] for place in inside] == [max(first for first in firsts if first <= p) for p in inside]
    plain = part_of_speech(LABELS)
    assert not plain.collate(plain.encode(EXAMPLES, tokenizer, 64).features, tokenizer).extras


def test_padding() -> None:
    tokenizer, task = ALL["unigram"](), part_of_speech(LABELS)
    features = task.encode([EXAMPLES[0], replace(EXAMPLES[1], tags=None)], tokenizer, 64).features
    short, batch = features[0], task.collate(features, tokenizer)
    width = len(features[1])
    assert len(short) < width
    assert batch.inputs["input_ids"][0].tolist() == [*short.inputs["input_ids"], *[1] * (width - len(short))]
    assert batch.inputs["attention_mask"].sum(dim=1).tolist() == [len(short), width]
    assert batch.labels[0].tolist() == [*short.labels, *[-100] * (width - len(short))]
    assert batch.labels[1].tolist() == [-100] * width
    assert (batch.labels.dtype, batch.languages) == (torch.int64, ("de", "de"))


def test_an_unknown_tag_is_an_error(tokenizer: PreTrainedTokenizerBase) -> None:
    with pytest.raises(IsoglossError, match=r"de.conllu:5: token 'Hund' .* 'NOUNS'.*did you mean 'NOUN'"):
        part_of_speech(LABELS).encode([sentence("der Hund", "ADJ NOUNS", 5)], tokenizer, 64)


def test_a_text_is_no_sentence(tokenizer: PreTrainedTokenizerBase) -> None:
    text = LabelledText("1", "de", "der Hund", None, "x", "a.tsv", 4)
    with pytest.raises(IsoglossError, match=r"a\.tsv:4: task 'pos' needs sentences"):
        part_of_speech(LABELS).encode([text], tokenizer, 64)


@pytest.mark.parametrize("limit", [0, 2, 65])
def test_a_limit_that_cannot_be_met_is_an_error(tokenizer: PreTrainedTokenizerBase, limit: int) -> None:
    with pytest.raises(IsoglossError, match=f"max_length is {limit}, but must be from 3 .* to 64"):
        part_of_speech(LABELS).encode(EXAMPLES, tokenizer, limit)


def test_a_slow_tokenizer_is_an_error() -> None:
    class Slow:
        is_fast = False

    with pytest.raises(IsoglossError, match="Slow is not a fast one"):
        part_of_speech(LABELS).encode(EXAMPLES, Slow(), 64)


def test_a_missing_piece_is_an_error() -> None:
    task, tokenizer = part_of_speech(LABELS), ALL["unigram"]()
    features = task.encode(EXAMPLES, tokenizer, 7).features
    decoded = [tuple("ADJ" for word in feature.words if word >= 0) for feature in features]
    with pytest.raises(ValueError, match="predictions for"):
        task.assemble(EXAMPLES, features[:-1], decoded[:-1])


def test_scores_of_other_lengths_are_errors() -> None:
    task = part_of_speech(LABELS)
    with pytest.raises(ValueError, match="sentence 0 has 1 tags but 2 predicted"):
        task.score([("ADJ",)], [("ADJ", "ADJ")])
    with pytest.raises(ValueError, match="1 gold predictions but 0"):
        task.score([("ADJ",)], [])
    with pytest.raises(IsoglossError, match="nothing to score"):
        task.score([], [])


def test_label_set_has_o_first() -> None:
    task = named_entities()
    examples = [sentence("a b c", "B-PER O A"), sentence("a", None)]
    assert isinstance(task, Tagging)
    assert task.label_set(examples) == ("O", "A", "B-PER")


def test_spaces_put_between_tokens_are_counted() -> None:
    tokenizer, example = ALL["word piece"](), replace(EXAMPLES[0], spaces=(False, False, False))
    encoded = replace(part_of_speech(LABELS), as_written=True).encode([EXAMPLES[1], example, example], tokenizer, 64)
    problems = Problems()
    encoded.warn([EXAMPLES[1], example, example], 64, problems)
    # "derHundschläft" is unknown as a whole: both of its borders need a space.
    assert encoded.parted == (1, 1, 2, 2)
    assert [str(note) for note in problems.told] == [
        "de.conllu:3: note: tokens share a sub-word with the one before as they are written, so often that a space was "
        "put before one in five or more; `spacing: words` puts one before each"
    ]
    # A few of them are as in any text: nobody could do anything about it.
    many = [EXAMPLES[1]] * 40
    quiet = Problems()
    replace(part_of_speech(LABELS), as_written=True).encode([*many, example], tokenizer, 64).warn(
        [*many, example], 64, quiet
    )
    assert quiet.told == []
    assert part_of_speech(LABELS).encode([example], tokenizer, 64).parted == ()


def test_an_average_as_written_is_over_the_sub_words_of_the_token() -> None:
    tokenizer = ALL["unigram"]()
    task = replace(part_of_speech(LABELS), as_written=True, average=True)
    (feature,) = task.encode([sentence("Hund 龘", "NOUN ADJ")], tokenizer, 64).features
    pieces = tokenizer.convert_ids_to_tokens(feature.inputs["input_ids"])
    found = list(zip(pieces, feature.words, feature.anchors, strict=True))
    assert found[-3:] == [("▁", -2, len(pieces) - 3), ("<unk>", 1, len(pieces) - 2), ("</s>", -1, len(pieces) - 1)]
    first = feature.words.index(0)
    assert set(feature.anchors[first : len(pieces) - 3]) == {first}


def test_soft_tags_stand_where_their_tokens_do(tokenizer: PreTrainedTokenizerBase) -> None:
    task, shares = part_of_speech(LABELS), np.array([[0.1, 0.6, 0, 0.3], [0, 0, 0, 0], [0, 0, 0, 1]], dtype=np.float32)
    soft = replace(EXAMPLES[0], tags=None, soft=SoftTags(LABELS, shares, "de.tsv"))
    for limit in (4, 64):
        features = task.encode([soft, EXAMPLES[2]], tokenizer, limit).features
        batch = task.collate(features, tokenizer)
        assert batch.labels is not None
        at_words = [
            (row, place) for row, one in enumerate(features) for place, word in enumerate(one.words) if word >= 0
        ]
        found = torch.stack([batch.extras["soft"][at] for at in at_words])
        assert torch.equal(found, torch.tensor([*shares.tolist(), [0] * 4, [0] * 4]))  # gold tags have none
        assert [int(batch.labels[at]) for at in at_words] == [1, -100, 3, 1, 3]
        assert batch.extras["soft"].sum() == pytest.approx(2)  # and nothing anywhere else


def test_soft_tags_in_another_order_are_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    soft = SoftTags(("NOUN", "ADJ", "PUNCT", "VERB"), np.eye(4, dtype=np.float32)[:3], "de.tsv")
    message = r"de\.tsv:1: soft tags are over NOUN;ADJ;PUNCT;VERB, but .* in this order, ADJ;NOUN;PUNCT;VERB"
    with pytest.raises(IsoglossError, match=message):
        part_of_speech(LABELS).encode([replace(EXAMPLES[0], tags=None, soft=soft)], tokenizer, 64)
