"""Augmented forms keep labels where they belong, say the same text, and are the same however a batch is cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import decoders

from isogloss import IsoglossError
from isogloss.examples import LabelledText, Question, TaggedSentence
from isogloss.protocols import Batch, Feature
from isogloss.streams.augmentation import Augmentation, Augmented, CodeSwitching, SubwordSampling, unchanged
from isogloss.streams.augmented import AugmentedStream
from isogloss.streams.bucketed import Examples
from isogloss.tasks.classification import Classification
from isogloss.tasks.spans import Spans
from isogloss.tasks.tagging import part_of_speech
from tests.support import tokenizers

TAGS = ("DET", "NOUN", "VERB")
WORDS = ("the", "dogs", "sleep", "the", "sofa", "unbelievably")
SENTENCE = TaggedSentence("s", "en", WORDS, ("DET", "NOUN", "VERB", "DET", "NOUN", "VERB"))
QUESTION = Question("q", "en", "en", "the dogs", "the dogs sleep on the sofa", (("the sofa", 18),))
TEXT = LabelledText("t", "en", "the dogs sleep , unbelievably", "the sofa", "b")
DICTIONARY = {"dogs": ("Hund",), "sofa": ("Sofa", "dem"), "the": ("der",)}


def unigram() -> Any:
    tokenizer = tokenizers.unigram()
    tokenizer.backend_tokenizer.decoder = decoders.Metaspace()
    return tokenizer


def word_piece() -> Any:
    tokenizer = tokenizers.word_piece()
    tokenizer.backend_tokenizer.decoder = decoders.WordPiece(cleanup=False)
    return tokenizer


def features_of(kind: str, tokenizer: Any) -> Sequence[Feature]:
    task, example = {
        "tags": (part_of_speech(TAGS), SENTENCE),
        "answers": (Spans("qa"), QUESTION),
        "classes": (Classification("nli", ("a", "b")), TEXT),
    }[kind]
    return task.encode([example], tokenizer, 60).features  # type: ignore[arg-type]


def switching(tokenizer: Any, ratio: float = 1.0, max_length: int = 60) -> CodeSwitching:
    return CodeSwitching(tokenizer, dictionaries={"en": [DICTIONARY]}, ratio=ratio, max_length=max_length)


def parts(feature: Feature, numbers: Sequence[int]) -> dict[int, list[int]]:
    """The ids of each part."""
    found: dict[int, list[int]] = {}
    for id, number in zip(feature.inputs["input_ids"], numbers, strict=True):
        if number:
            found.setdefault(number, []).append(id)
    return found


def text_of(tokenizer: Any, feature: Feature) -> str:
    return str(tokenizer.decode(feature.inputs["input_ids"], skip_special_tokens=True))


@pytest.mark.parametrize("kind", ["tags", "answers", "classes"])
def test_words_cut_anew_are_the_same_text_with_the_same_labels(kind: str):
    tokenizer = unigram()
    augment = SubwordSampling(tokenizer, alpha=0.0, ratio=1.0, max_length=60)
    (feature,) = features_of(kind, tokenizer)
    changed = 0
    for seed in range(20):
        made = augment(feature, np.random.default_rng(seed))
        assert text_of(tokenizer, made.feature) == text_of(tokenizer, feature)
        changed += made.feature.inputs["input_ids"] != feature.inputs["input_ids"]
        assert {len(row) for row in made.feature.inputs.values()} == {len(made.feature)}
        if kind == "classes":
            assert made.feature.labels == feature.labels
        if kind == "tags":
            assert [label for label in made.feature.labels if label >= 0] == [  # type: ignore[union-attr]
                label
                for label in feature.labels
                if label >= 0  # type: ignore[union-attr]
            ]
        if kind == "answers":
            first, last = made.feature.labels  # type: ignore[misc]
            assert tokenizer.decode(made.feature.inputs["input_ids"][first : last + 1]).strip() == "the sofa"
    assert changed > 10


@pytest.mark.parametrize("kind", ["tags", "answers"])
@pytest.mark.parametrize("new", [unigram, word_piece])
def test_parts_of_both_forms_are_the_same_words(kind: str, new: Callable[[], Any]):
    tokenizer = new()
    (feature,) = features_of(kind, tokenizer)
    made = switching(tokenizer)(feature, np.random.default_rng(1))
    before, after = parts(feature, made.before), parts(made.feature, made.after)
    assert before.keys() == after.keys()
    if kind == "tags":
        assert list(before) == list(range(1, len(WORDS) + 1))
    switched = [number for number in before if before[number] != after[number]]
    assert switched and len(switched) < len(before)
    for number in before.keys() - set(switched):
        assert before[number] == after[number]


def test_words_of_the_dictionary_are_switched_and_punctuation_stays():
    tokenizer = word_piece()
    (feature,) = features_of("classes", tokenizer)
    random = np.random.default_rng(0)
    texts = {text_of(tokenizer, switching(tokenizer)(feature, random).feature) for _ in range(20)}
    assert texts == {f"der Hund sleep , unbelievably der {sofa}" for sofa in ("Sofa", "dem")}
    other = Feature(feature.inputs, feature.labels, "de", 0)
    assert switching(tokenizer)(other, random).feature.inputs == feature.inputs
    assert switching(tokenizer, ratio=0.0)(feature, random).feature.inputs == feature.inputs


def test_without_room_a_word_stays():
    tokenizer = unigram()
    (feature,) = features_of("classes", tokenizer)
    for augment in (
        SubwordSampling(tokenizer, alpha=0.0, ratio=1.0, max_length=len(feature)),
        switching(tokenizer, max_length=len(feature)),
    ):
        for seed in range(10):
            assert len(augment(feature, np.random.default_rng(seed)).feature) <= len(feature)


def test_noise_leaves_the_text_and_numbers_its_parts():
    tokenizer, random = unigram(), np.random.default_rng(0)
    for kind in ("tags", "answers", "classes"):
        (feature,) = features_of(kind, tokenizer)
        made = unchanged(feature, random)
        assert made.feature == feature and list(made.before) == list(made.after)
        assert any(made.before) == (kind != "classes")


def test_sub_words_need_probabilities():
    with pytest.raises(IsoglossError, match=r"draws from a unigram vocabulary.*this tokenizer is WordPiece"):
        SubwordSampling(word_piece(), alpha=0.3, ratio=0.3, max_length=60)


def _stream(augment: Augmentation, **cut: Any) -> AugmentedStream:
    tokenizer = unigram()
    (feature,) = features_of("tags", tokenizer)
    features = [Feature(feature.inputs, feature.labels, "en", n, feature.words) for n in range(11)]
    collate = partial(part_of_speech(TAGS).collate, tokenizer=tokenizer)
    examples = Examples([11], seed=1, name="all")
    return AugmentedStream([features], examples, augment=augment, batch_size=4, collate=collate, **cut)


def _rows(batches: Sequence[Batch]) -> list[list[int]]:
    padding = unigram().pad_token_id
    return sorted(
        [id for id in ids if id != padding]
        for batch in batches
        if batch.beside is not None
        for ids in batch.beside.inputs["input_ids"].tolist()
    )


def _remembering(feature: Feature, random: np.random.Generator) -> Augmented:
    """Not the text but what was drawn for it."""
    drawn = [int(random.integers(10, 100)) for _ in range(len(feature))]
    return Augmented(Feature({**feature.inputs, "input_ids": drawn}, feature.labels, "en", 0, feature.words))


def test_augmentations_are_the_same_however_a_batch_is_cut_and_others_when_an_example_comes_again():
    whole = [_rows(_stream(_remembering)(k)) for k in range(6)]
    assert whole == [_rows(_stream(_remembering)(k)) for k in range(6)]
    ranks = [_stream(_remembering, rank=rank, world_size=2, accumulation=2) for rank in range(2)]
    assert whole == [sorted(row for rank in ranks for row in _rows(rank(k))) for k in range(6)]
    drawn = [tuple(row) for rows in whole for row in rows]
    assert len(set(drawn)) == len(drawn) == 24


def test_batches_number_the_parts_of_both_halves():
    tokenizer = unigram()
    stream = _stream(SubwordSampling(tokenizer, alpha=0.0, ratio=1.0, max_length=60))
    (batch,) = stream(0)
    assert batch.beside is not None
    for half in (batch, batch.beside):
        assert half.labels is not None
        numbers = half.extras["tokens"]
        assert numbers.shape == half.inputs["input_ids"].shape
        assert torch.equal(numbers.max(dim=1).values, torch.full((4,), len(WORDS)))
        assert torch.equal(numbers > 0, half.labels >= 0)
