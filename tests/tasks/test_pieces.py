"""Windows over a long tagged sentence: together they say once what each of its tokens is."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest
import torch

from isogloss.common.errors import IsoglossError
from isogloss.data.problems import Problems
from isogloss.examples import TaggedSentence
from isogloss.protocols import Feature
from isogloss.tasks.alignment import APART, ELSEWHERE, GOES_ON, Aligned
from isogloss.tasks.encoding import Encoding
from isogloss.tasks.pieces import cut
from isogloss.tasks.tagging import Tagging, part_of_speech
from isogloss.tasks.task import IGNORED
from tests.support.tokenizers import word_piece

LABELS = ("DET", "NOUN")


def aligned_of(words: list[int]) -> Aligned:
    return Aligned({"input_ids": [1, *range(10, 10 + len(words)), 2]}, [-1, *words, -1], 1, 1)


def drawn(seed: int) -> Aligned:
    """Tokens of one to five sub-words, with spaces alone here and there."""
    draw, words = random.Random(seed), list[int]()
    for token in range(draw.randint(1, 30)):
        words += [APART] * (draw.random() < 0.1) + [token] + [GOES_ON] * draw.choice((0, 0, 1, 4))
    return aligned_of(words)


def test_a_token_is_predicted_where_it_has_most_context():
    # Windows of six sub-words, each three after the one before: 0 to 5, 3 to 8, 6 to 10.
    pieces = cut(aligned_of(list(range(11))), 8, 3)
    assert [piece.inputs["input_ids"][1:-1] for piece in pieces] == [
        [10, 11, 12, 13, 14, 15],
        [13, 14, 15, 16, 17, 18],
        [16, 17, 18, 19, 20],
    ]
    assert [[word for word in piece.words if word >= 0] for piece in pieces] == [[0, 1, 2, 3, 4], [5, 6, 7], [8, 9, 10]]
    assert pieces[1].words[1:-1] == [ELSEWHERE, ELSEWHERE, 5, 6, 7, ELSEWHERE]


@pytest.mark.parametrize("stride", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", range(30))
def test_every_token_has_one_window(seed: int, stride: int):
    whole, limit = drawn(seed), 7
    pieces = cut(whole, limit, stride)
    assert sorted(word for piece in pieces for word in piece.words if word >= 0) == sorted(
        word for word in whole.words if word >= 0
    )
    assert all(len(piece.words) <= limit and any(word >= 0 for word in piece.words) for piece in pieces)
    by_place = {id_: word for id_, word in zip(whole.inputs["input_ids"], whole.words, strict=True)}
    for piece in pieces:
        ids = piece.inputs["input_ids"][1:-1]
        assert ids == list(range(ids[0], ids[-1] + 1))
        told = dict(zip(ids, piece.words[1:-1], strict=True))
        assert all(word in (by_place[id_], ELSEWHERE) for id_, word in told.items())
        # What goes on is part of the token before it, wherever that is predicted.
        shift = ids[0] - 10
        assert [anchor + shift for anchor in piece.anchors[1:-1]] == whole.anchors[1 + shift : 1 + shift + len(ids)]


@pytest.mark.parametrize("seed", range(10))
def test_a_stride_as_long_as_a_window_is_none(seed: int):
    assert cut(drawn(seed), 7, 5) == cut(drawn(seed), 7)


def tagger(**settings: Any) -> Tagging:
    task = part_of_speech(LABELS)
    return Tagging(task.name, LABELS, task.scorer, **settings)


def long_sentence(number: int) -> TaggedSentence:
    tokens = tuple("dogs" if place % 2 else "the" for place in range(number))
    return TaggedSentence("1", "en", tokens, tuple(LABELS[place % 2] for place in range(number)), "a", 1)


def encoded(task: Tagging, sentence: TaggedSentence, limit: int) -> list[Feature]:
    return list(Encoding(task, word_piece(), limit).encode([sentence], Problems()))


@pytest.mark.parametrize("average", [False, True])
def test_no_token_is_learned_twice(average: bool):
    sentence = long_sentence(23)
    features = encoded(tagger(stride=3, average=average), sentence, 9)
    learned = [label for feature in features for label in feature.labels if label != IGNORED]
    assert len(learned) == len(sentence.tokens)
    assert len(features) > len(encoded(tagger(average=average), sentence, 9))
    for feature in features:
        for label, word in zip(feature.labels, feature.words, strict=True):
            assert label == (LABELS.index(sentence.tags[word]) if word >= 0 else IGNORED)


def test_what_is_predicted_and_how_surely_comes_from_the_same_window():
    task, sentence = tagger(stride=2), long_sentence(15)
    features = encoded(task, sentence, 8)
    # Each window says the same of all that it holds, the first surely DET, the others less and less.
    logits = [torch.tensor([[[4.0 - number, number * 1.5]] * len(f)]) for number, f in enumerate(features)]
    decoded = [task.decode(own, [feature])[0] for own, feature in zip(logits, features, strict=True)]
    (tags,) = task.assemble([sentence], features, decoded)
    weighed = [task.distributions(own, [feature])[0] for own, feature in zip(logits, features, strict=True)]
    (shares,) = task.shares([sentence], features, weighed)
    homes = {word: number for number, feature in enumerate(features) for word in feature.words if word >= 0}
    assert list(homes) == sorted(homes)
    assert [homes[word] for word in range(15)] == sorted(homes.values())
    assert tags == tuple(LABELS[int(4.0 - homes[word] < homes[word] * 1.5)] for word in range(15))
    expected = torch.stack([logits[homes[word]][0, 0].softmax(dim=0) for word in range(15)])
    assert shares.values == pytest.approx(expected.numpy())
    for before, after in pairwise(features):
        assert set(before.inputs["input_ids"]) & set(after.inputs["input_ids"])


@pytest.mark.parametrize("stride", [7, 100])
def test_a_stride_beyond_a_window_is_refused(stride: int):
    with pytest.raises(IsoglossError, match=f"stride is {stride}, but must be from 1 to 6, the sub-words of a window"):
        encoded(tagger(stride=stride), long_sentence(3), 8)
