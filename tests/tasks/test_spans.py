from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
import torch
from tokenizers import normalizers, processors
from transformers import PreTrainedTokenizerFast

from isogloss.common.errors import IsoglossError
from isogloss.examples import LabelledText, Question
from isogloss.models.tokenizer import train_tokenizer
from isogloss.tasks import Spans, Task
from tests.support.tokenizers import ALL, TEXTS, byte_level, word_piece

TASK = Spans("qa", doc_stride=6)
QUESTIONS = [
    Question("1", "en", "en", "where ?", "the dogs sleep on the sofa", (("on the sofa", 15),), "en.json", 1),
    Question(
        "2", "de", "en", "the dogs", "der Hund schläft  auf dem Sofa , nicht", (("auf dem Sofa", 18),), "de.json", 2
    ),
    Question("3", "zh", "zh", "他", "他喜欢在公园散步。", (("公园", 4), ("在公园", 3)), "zh.json", 3),
    Question("4", "ru", "ru", "кто", "собака спит на диване", (("собака", 0),), "ru.json", 4),
]


def typed(size: int = 150) -> PreTrainedTokenizerFast:
    """Like BERT's: one separator, and types that tell question from context. With a size of 400 every word is whole."""
    tokenizer = word_piece(size).backend_tokenizer
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> $B:1 </s>:1",
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in ("<s>", "</s>")],
    )
    names = {"unk_token": "<unk>", "pad_token": "<pad>", "cls_token": "<s>", "sep_token": "</s>"}
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, model_input_names=inputs, **names)


TOKENIZERS = {**ALL, "types": typed}


@pytest.fixture(scope="module", params=list(TOKENIZERS))
def tokenizer(request: pytest.FixtureRequest):
    return TOKENIZERS[request.param]()


def composing_bytes() -> PreTrainedTokenizerFast:
    tokenizer = byte_level(prefix=False)
    tokenizer.backend_tokenizer.normalizer = normalizers.NFC()
    return tokenizer


COMPOSING = {
    "word piece without marks": lambda: word_piece(lowercase=True),
    "composing bytes": composing_bytes,
    "composing pairs": lambda: train_tokenizer(TEXTS, 120),
}


def certain(labels: torch.Tensor, width: int) -> torch.Tensor:
    """Logits ``[b, 2, s]`` that say what the labels do, and less where they say that there is no answer."""
    sure = torch.nn.functional.one_hot(labels, width).float()
    return sure * torch.where(labels > 0, 9.0, -9.0).unsqueeze(-1)


def test_it_is_a_task() -> None:
    task: Task = TASK
    assert task.metrics[0] == "f1"
    assert task.label_set(QUESTIONS) == ("LABEL_0", "LABEL_1")


@pytest.mark.parametrize("max_length", [50, 64])
def test_there_and_back_in_any_order(tokenizer: PreTrainedTokenizerFast, max_length: int) -> None:
    encoded = TASK.encode(QUESTIONS, tokenizer, max_length)
    features = encoded.features[::-1]
    assert all(len(feature) <= max_length for feature in features)
    batch = TASK.collate(features, tokenizer)
    assert batch.labels is not None
    assert batch.labels.shape == (len(features), 2)
    assert set(batch.inputs) == set(tokenizer.model_input_names) & {"input_ids", "token_type_ids", "attention_mask"}
    decoded = TASK.decode(certain(batch.labels, batch.inputs["input_ids"].shape[1]), features)
    answers = TASK.assemble(QUESTIONS, features, decoded)
    # A sub-word may be more than the answer: the first gold answer is what targets stand for.
    for question, answer in zip(QUESTIONS, answers, strict=True):
        assert question.answers is not None
        assert question.answers[0][0] in str(answer)
        assert len(answer) <= len(question.answers[0][0]) + 2


def test_one_window_is_what_the_tokenizer_alone_makes(tokenizer: PreTrainedTokenizerFast) -> None:
    features = TASK.encode(QUESTIONS[:1], tokenizer, 64).features
    assert [feature.inputs for feature in features] == [dict(tokenizer(QUESTIONS[0].question, QUESTIONS[0].context))]


def test_windows_hold_the_whole_context_and_overlap(tokenizer: PreTrainedTokenizerFast) -> None:
    question = replace(QUESTIONS[1], context=" ".join([QUESTIONS[1].context] * 3))
    whole = Spans("qa", doc_stride=5).encode([question], tokenizer, 64).features
    windows = Spans("qa", doc_stride=5).encode([question], tokenizer, 24)
    offsets = [[span for span in feature.spans if span is not None] for feature in windows.features]
    every = tokenizer(question.context, add_special_tokens=False, return_offsets_mapping=True).offset_mapping
    assert windows.overlong == (0,)
    assert offsets[0] == every[: len(offsets[0])]
    for number, told in enumerate(offsets):
        assert told == every[5 * number : 5 * number + len(offsets[0])]
    assert offsets[-1][-1] == every[-1]
    assert offsets[-2][-1] != every[-1]
    # The question stands at the beginning of each, and the special sub-words around.
    head = whole[0].spans.index(every[0])
    assert {tuple(feature.inputs["input_ids"][:head]) for feature in windows.features} == {
        tuple(whole[0].inputs["input_ids"][:head])
    }
    assert len({feature.inputs["input_ids"][-1] for feature in windows.features}) == 1


def test_targets_by_hand() -> None:
    tokenizer = typed(400)
    words = tokenizer("der Hund schläft", add_special_tokens=False, return_offsets_mapping=True)
    assert words.offset_mapping[0] == (0, 3)
    context = "der der Hund schläft der der der der der der der der"
    question = Question("1", "de", "de", "der", context, (("der", 4),), "a", 1)
    first, *others = Spans("qa", doc_stride=1).encode([question], tokenizer, 14).features
    # <s> der </s> der der: the second is at position 4.
    assert first.labels == (4, 4)
    assert others[0].labels == (3, 3)
    # Later windows do not hold it and point at <s>.
    assert {feature.labels for feature in others[1:]} == {(0, 0)}
    # Spaces around an answer are no part of it, and half of one in a window is none.
    spaced = replace(question, answers=((" der ", 3),))
    assert Spans("qa", doc_stride=1).encode([spaced], tokenizer, 14).features[0].labels == (4, 4)
    both = replace(question, answers=(("der der", 0),))
    labels = [feature.labels for feature in Spans("qa", doc_stride=1).encode([both], tokenizer, 14).features]
    assert labels == [(3, 4), *[(0, 0)] * (len(labels) - 1)]


@pytest.mark.parametrize("kind", [*TOKENIZERS, *COMPOSING])
@pytest.mark.parametrize(
    ("answer", "letters"),
    [
        ("Hund\u200d", "Hund\u200d"),
        ("Hund\u00ad", "Hund"),
        ("\u200eHund", "Hund"),
        ("\u200eHund\u200e", "Hund"),
        (unicodedata.normalize("NFD", "sé"), "se\u0301"),
        ("se\u0301\u0323\u00ad", "se\u0301\u0323"),
        (unicodedata.normalize("NFD", "한국"), unicodedata.normalize("NFD", "한국")),
    ],
)
def test_no_edge_of_a_window_cuts_off_what_the_tokenizer_drops_or_composes(
    kind: str, answer: str, letters: str
) -> None:
    tokenizer = {**TOKENIZERS, **COMPOSING}[kind]()
    context = f"dem Sofa {answer} dem Sofa"
    start = context.index(answer)
    question = Question("1", "de", "de", "der", context, ((answer, start),), "a", 1)
    (whole,) = Spans("qa", doc_stride=1).encode([question], tokenizer, 64).features
    assert whole.labels is not None
    asked = [span for span in whole.spans if span is not None]
    head = whole.spans.index(asked[0])
    first, last = (label - head for label in whole.labels)
    # Its sub-words are those with a character of it, and the whole letters of the answer come back.
    assert asked[first][0] <= start + answer.index(letters)
    assert first == 0 or asked[first - 1][1] <= start
    assert last + 1 == len(asked) or asked[last + 1][0] >= start + len(answer.rstrip("\u00ad\u200e"))
    task = Spans("qa", doc_stride=1, max_answer_length=50)
    room = last - first + 2
    windows = task.encode([question], tokenizer, len(whole) - len(asked) + room).features
    held = [number <= first and last < number + room for number in range(len(windows))]
    assert sum(held) == 2  # at the one edge and at the other
    for number, (feature, holds) in enumerate(zip(windows, held, strict=True)):
        places = (head + first - number, head + last - number)
        assert feature.labels == (places if holds else (0, 0))
        if holds:
            batch = task.collate([feature], tokenizer)
            assert batch.labels is not None
            decoded = task.decode(certain(batch.labels, len(feature)), [feature])
            assert task.assemble([question], [feature], decoded)[0] in (answer, letters)


def test_an_answer_without_a_sub_word_cannot_be_learned_from() -> None:
    bare = Question("1", "de", "de", "der", "der \u200e Hund", (("\u200e", 4),), "a", 1)
    more = replace(bare, answers=(("\u200e", 4), ("Hund", 6)))
    tokenizer = typed(400)
    (feature,) = TASK.encode([bare, more], tokenizer, 64).features
    assert (feature.example, feature.labels) == (1, (4, 4))


def test_the_best_span_is_inside_the_context_in_order_and_short_enough() -> None:
    tokenizer = typed(400)
    task = Spans("qa", max_answer_length=2)
    question = Question("1", "de", "de", "der", "der auf dem Sofa", None, "a", 1)
    (feature,) = task.encode([question], tokenizer, 64).features
    places = [position for position, span in enumerate(feature.spans) if span is not None]
    logits = torch.zeros(1, 2, len(feature) + 3)
    logits[0, :, : places[0]] = 50  # question and special sub-words
    logits[0, :, len(feature) :] = 50  # padding
    logits[0, 0, places[-1]], logits[0, 1, places[0]] = 9, 9  # the end before the start
    logits[0, 0, places[0]] = 5  # and the best end of this start is too far away
    logits[0, 1, places[-1]] = 6
    # The last alone: 9 + 6. The first alone: 5 + 9. From first to last 11.
    assert task.assemble([question], [feature], task.decode(logits, [feature])) == [
        question.context[slice(*feature.spans[places[-1]])]
    ]
    logits[0, 0, places[-1]] = 0
    assert task.assemble([question], [feature], task.decode(logits, [feature])) == ["der"]
    logits[0, 1, places[0]] = 0
    # Of length two, ending at the last, all are equal to one of length one: the first of them counts.
    expected = question.context[feature.spans[places[0]][0] : feature.spans[places[1]][1]]
    logits[0, 1, places[1]] = 6
    assert task.assemble([question], [feature], task.decode(logits, [feature])) == [expected]


def test_the_best_window_wins_whatever_their_order() -> None:
    question = QUESTIONS[1]
    encoded = TASK.encode([replace(question, answers=None)], typed(400), 12)
    assert len(encoded.features) >= 2
    decoded = [(float(number), 0, number + 1) for number in range(len(encoded.features))]
    for features, candidates in ((encoded.features, decoded), (encoded.features[::-1], decoded[::-1])):
        assert TASK.assemble([question], features, candidates) == [question.context[: len(decoded)].strip()]
    tied = [(1.0, 4, 8), (1.0, 0, 3)]
    features = [encoded.features[0]] * 2
    assert TASK.assemble([question], features, tied) == TASK.assemble([question], features, tied[::-1]) == ["der"]


def test_long_questions_lose_their_end_and_are_counted(tokenizer: PreTrainedTokenizerFast) -> None:
    long = replace(QUESTIONS[0], question="where do the dogs sleep on the sofa ? " * 9)
    encoded = TASK.encode([QUESTIONS[0], long], tokenizer, 32)
    assert encoded.truncated == (1,)
    special = tokenizer.num_special_tokens_to_add(pair=True)
    of_long = [feature for feature in encoded.features if feature.example == 1]
    assert {sum(span is not None for span in feature.spans) for feature in of_long[:-1]} == {6}
    assert {len(feature) for feature in of_long[:-1]} == {32}
    assert (
        of_long[0].inputs["input_ids"][1 : 32 - special - 6 + 1]
        == (tokenizer(long.question, add_special_tokens=False).input_ids[: 32 - special - 6])
    )


def test_what_cannot_be_learned_from_is_left_out_and_what_has_no_answer_has_no_labels() -> None:
    lost = replace(QUESTIONS[0], answers=(("on the roof", None),))
    half = replace(QUESTIONS[0], answers=(("on the roof", None), ("the sofa", 18)))
    bare = replace(QUESTIONS[0], answers=None)
    tokenizer = typed(400)
    encoded = TASK.encode([lost, half, bare], tokenizer, 64)
    assert [feature.example for feature in encoded.features] == [1, 2]
    batch = TASK.collate(encoded.features, tokenizer)
    assert batch.labels is not None
    assert batch.labels.tolist()[1] == [-100, -100]
    assert TASK.collate(encoded.features[1:], tokenizer).labels is None
    assert TASK.gold(lost) == ("on the roof",)
    assert TASK.gold(bare) is None


def test_scores() -> None:
    assert TASK.score([("der Hund",), ("Wien",)], ["Hund", "Wien"], "de") == {
        "f1": pytest.approx((2 / 3 + 1) / 2),
        "exact_match": 0.5,
        "f1_mlqa": 1,
        "exact_match_mlqa": 1,
    }
    with pytest.raises(IsoglossError, match="nothing to score"):
        TASK.score([], [])


def test_errors(tokenizer: PreTrainedTokenizerFast) -> None:
    with pytest.raises(IsoglossError, match="a:1: task 'qa' needs questions"):
        TASK.encode([LabelledText("1", "de", "a", None, None, "a", 1)], tokenizer, 64)
    special = tokenizer.num_special_tokens_to_add(pair=True)
    with pytest.raises(IsoglossError, match=f"doc_stride is 20, but must be from 1 to {20 - special - 1}: a window"):
        Spans("qa", doc_stride=20).encode(QUESTIONS, tokenizer, 20)
    assert Spans("qa", doc_stride=20 - special - 1).encode(QUESTIONS, tokenizer, 20).features
    with pytest.raises(ValueError, match=r"de\.json:2: no prediction"):
        TASK.assemble(QUESTIONS[:2], TASK.encode(QUESTIONS[:1], tokenizer, 64).features[:1], [(0.0, 0, 1)])
