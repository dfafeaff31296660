"""Features that were stored are those that were not, to the last bit of every batch."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerFast

from isogloss.data.problems import Problems
from isogloss.examples import Choice, Example, LabelledText, Question, TaggedSentence
from isogloss.protocols import Batch
from isogloss.store.cache import Cache
from isogloss.store.examples import StoredExamples, read_examples, write_examples
from isogloss.store.features import StoredFeatures, lengths
from isogloss.tasks import Task, encoding
from isogloss.tasks.choice import MultipleChoice
from isogloss.tasks.classification import Classification
from isogloss.tasks.encoding import Encoding, tokenizer_digest
from isogloss.tasks.spans import Spans
from isogloss.tasks.tagging import named_entities, part_of_speech
from tests.support.tokenizers import ALL

WORDS = ["the", "dogs", "sleep", "on", "the", "sofa", "unbelievably", "unhappy"]


def _sentence(n: int) -> TaggedSentence:
    tokens = tuple(WORDS[: 1 + n % 8])
    return TaggedSentence(str(n), "en", tokens, ("A", "B", "C", "A", "B", "C", "A", "B")[: len(tokens)], "f", n)


def _question(n: int) -> Question:
    known = (("dogs", 4),) if n % 3 else (("cats", None),)
    return Question(str(n), "en", "en", "who sleeps ?" * (1 + n % 2), " ".join(WORDS * (n % 4 + 1)), known, "f", n)


EXAMPLES: dict[str, tuple[Task, list[Example]]] = {
    "pos": (part_of_speech(("A", "B", "C")), [_sentence(n) for n in range(20)]),
    "average": (
        type(part_of_speech())("pos", ("A", "B", "C"), part_of_speech().scorer, average=True),
        [_sentence(n) for n in range(20)],
    ),
    "as written": (
        type(part_of_speech())("pos", ("A", "B", "C"), part_of_speech().scorer, as_written=True),
        [dataclasses.replace(_sentence(n), spaces=(n % 2 == 0,) * (1 + n % 8)) for n in range(20)],
    ),
    "nli": (
        Classification("nli", ("no", "yes")),
        [LabelledText(str(n), "en", " ".join(WORDS * (n % 3)), "sofa", ("no", "yes")[n % 2], "", n) for n in range(20)],
    ),
    "choice": (
        MultipleChoice("choice"),
        [Choice(str(n), "en", "the dogs", "sleep ?", tuple(WORDS[: 2 + n % 3]), str(n % 2), "f", n) for n in range(20)],
    ),
    "qa": (Spans("qa", doc_stride=6), [_question(n) for n in range(20)]),
}  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return ALL["unigram"]() if "unigram" in ALL else next(iter(ALL.values()))()


def stored(folder: Path, examples: Sequence[Example]) -> StoredExamples:
    (folder / "entry").mkdir(parents=True)
    write_examples(folder / "entry", examples, {"warnings": []})
    return StoredExamples(Cache(folder / "cache"), [read_examples(folder / "entry")])


def equal(left: Batch, right: Batch) -> bool:
    def same(a: torch.Tensor | None, b: torch.Tensor | None) -> bool:
        return (a is None) == (b is None) and (a is None or b is None or (a.dtype == b.dtype and torch.equal(a, b)))

    return (
        left.inputs.keys() == right.inputs.keys()
        and all(same(left.inputs[name], right.inputs[name]) for name in left.inputs)
        and same(left.labels, right.labels)
        and left.extras.keys() == right.extras.keys()
        and all(same(left.extras[name], right.extras[name]) for name in left.extras)
        and left.languages == right.languages
    )


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("name", EXAMPLES)
def test_batches_are_the_same(
    tmp_path: Path,
    name: str,
    labelled: bool,
    tokenizer: PreTrainedTokenizerFast,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(encoding, "PIECE", 7)
    task, examples = EXAMPLES[name]
    made, expected = Encoding(task, tokenizer, 18), Problems()
    direct = made.encode(examples, expected, labelled=labelled)
    on_disk = stored(tmp_path, examples)
    problems = [Problems(), Problems()]
    cold = made.encode(on_disk, problems[0], labelled=labelled)
    monkeypatch.setattr(type(task), "encode", None)  # from here on there is nothing to encode
    warm = Encoding(task, tokenizer, 18).encode(on_disk, problems[1], labelled=labelled)
    assert [found.warnings for found in problems] == [expected.warnings] * 2
    assert expected.warnings or name == "nli"
    for found in (cold, warm):
        assert isinstance(found, StoredFeatures)
        assert len(found) == len(direct)
        assert lengths(found).tolist() == [len(feature) for feature in direct]
        for ours, theirs in zip(found, direct, strict=True):
            for name in ("example", "words", "ends", "spans"):
                one, other = getattr(ours, name), getattr(theirs, name)
                assert one == other if name == "example" else list(one) == list(other)
        order = np.random.default_rng(1).permutation(len(direct)).tolist()
        chosen = [[features[index] for index in order] for features in (found, direct)]
        assert equal(*(task.collate(features, tokenizer) for features in chosen))


def test_a_first_piece_without_features_drops_no_input(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(encoding, "PIECE", 2)
    lost = [Question(f"lost {n}", "en", "en", "who ?", "the dogs", (("cats", None),), "f", n) for n in range(4)]
    task, examples = EXAMPLES["qa"]
    found = Encoding(task, tokenizer, 18).encode(stored(tmp_path, [*lost, *examples]), Problems())
    assert isinstance(found, StoredFeatures)
    direct = task.encode([*lost, *examples], tokenizer, 18).features
    assert [feature.inputs for feature in found] == [feature.inputs for feature in direct]


def test_all_that_decides_what_is_made_is_in_the_key(tmp_path: Path, tokenizer: PreTrainedTokenizerFast):
    task, examples = EXAMPLES["pos"]
    on_disk = stored(tmp_path, examples)
    other = next(make() for make in ALL.values() if tokenizer_digest(make()) != tokenizer_digest(tokenizer))
    settings = [
        Encoding(task, tokenizer, 18),
        Encoding(task, tokenizer, 19),
        Encoding(task, other, 18),
        Encoding(named_entities(("A", "B", "C")), tokenizer, 18),
        Encoding(part_of_speech(("C", "B", "A")), tokenizer, 18),
        Encoding(EXAMPLES["average"][0], tokenizer, 18),
    ]
    for setting in settings:
        for examples in (on_disk, on_disk.spread(3)):
            setting.encode(examples, Problems())
            setting.encode(examples, Problems(), labelled=False)
    assert len(list((tmp_path / "cache" / "features").iterdir())) == 4 * len(settings)


def test_a_tokenizer_is_the_same_after_use_and_not_after_a_change(tokenizer: PreTrainedTokenizerFast):
    before = tokenizer_digest(tokenizer)
    tokenizer(["the dogs", "sleep"], truncation=True, max_length=4, padding="max_length")
    assert tokenizer.backend_tokenizer.truncation is not None
    assert tokenizer_digest(tokenizer) == before
    assert tokenizer.backend_tokenizer.truncation is not None
    changed = type(tokenizer)(tokenizer_object=tokenizer.backend_tokenizer, model_max_length=9)
    assert tokenizer_digest(changed) != before
    changed = type(tokenizer)(tokenizer_object=tokenizer.backend_tokenizer, model_max_length=64)
    plain = tokenizer_digest(changed)
    changed.split_special_tokens = not changed.split_special_tokens
    assert tokenizer_digest(changed) != plain
    changed.split_special_tokens = not changed.split_special_tokens
    assert tokenizer_digest(changed) == plain
    changed.add_tokens(["sofa"])
    assert tokenizer_digest(changed) != plain
