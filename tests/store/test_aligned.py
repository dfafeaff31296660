"""Sub-words of two tokenizers, aligned by the characters that they share."""

from __future__ import annotations

import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from isogloss import IsoglossError
from isogloss.models.tokenizer import load_tokenizer, train_tokenizer
from isogloss.store.aligned import align, shared_characters

TEXTS = ["the old king gave bread", "der  König\tsah Brot", "царь дал хлеб"]

HARD = [
    "สวัสดีครับ ที่นี่",  # Thai, whose vowels and tones are characters of their own
    "বাংলা ভাষা ক্ষ ড়",  # Bengali, of which NFKC takes a letter apart
    "👩‍👩‍👧‍👦 family 👍🏽!",  # one picture of several characters of several bytes each
    "peace ﷺ and ﷽",  # characters that are several words in NFKC
    "a´b ¨x ﬁne ½ … ㎏",  # some of which begin with a space in NFKC
    "각 e\u0301\u0323 q\u0323\u0307",  # marks that normalisers put together, in another order
    "Ġgantija u Ġ Ħal",  # a letter that is the space of byte-level tokenizers
    "  two  spaces\tand a tab ",
    "x <mask> y  <mask>z",  # a special sub-word in the text
]


def trained(kind: str) -> PreTrainedTokenizerBase:
    """A small tokenizer of a kind that models have; characters that it did not see are bytes, or unknown."""
    special = ["<pad>", "<unk>", "<mask>"]
    nfkc, bytes_of = normalizers.NFKC(), [f"<0x{number:02X}>" for number in range(256)]
    metaspace, byte_level = pre_tokenizers.Metaspace(), pre_tokenizers.ByteLevel(add_prefix_space=True)
    size = {"vocab_size": 400, "special_tokens": special, "show_progress": False}
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    model, normalizer, splitter, trainer = {
        "unigram": (
            models.Unigram(), nfkc, metaspace, trainers.UnigramTrainer(unk_token="<unk>", **size),
        ),
        "byte level": (models.BPE(), None, byte_level, trainers.BpeTrainer(initial_alphabet=alphabet, **size)),
        "byte level, NFKC": (models.BPE(), nfkc, byte_level, trainers.BpeTrainer(initial_alphabet=alphabet, **size)),
        "bytes as a last resort": (
            models.BPE(unk_token="<unk>", byte_fallback=True), None, metaspace,
            trainers.BpeTrainer(**{**size, "special_tokens": [*special, *bytes_of]}, limit_alphabet=60),
        ),
        "word pieces": (
            models.WordPiece(unk_token="<unk>"), normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer(),
            trainers.WordPieceTrainer(**size),
        ),
    }[kind]  # fmt: skip
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = splitter
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    if splitter is byte_level:
        tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    tokenizer.train_from_iterator([*TEXTS, *HARD], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", mask_token="<mask>")


def characters(tokenizer: PreTrainedTokenizerBase, text: str) -> list[set[int]]:
    """The characters of each sub-word that are no white space, as its tokenizer has them."""
    encoded = tokenizer.backend_tokenizer.encode(text, add_special_tokens=False)
    return [
        {at for at in range(start, end) if not text[at].isspace()}
        if piece not in ("▁", "Ġ") or text[start:end] == piece
        else set()
        for piece, (start, end) in zip(encoded.tokens, encoded.offsets, strict=True)
    ]


KINDS = ("unigram", "byte level", "byte level, NFKC", "bytes as a last resort", "word pieces")


def test_all_kinds_of_tokenizers_are_aligned_by_the_characters_that_they_share():
    tokenizers = {kind: trained(kind) for kind in KINDS} | {"shipped": load_tokenizer("isogloss-small")}
    for kind, first in tokenizers.items():
        for other, second in tokenizers.items():
            text = align(HARD, first, second)
            for number, sentence in enumerate(HARD):
                theirs, start = characters(second, sentence), int(text.second.starts[number])
                for place, own in enumerate(characters(first, sentence), start=int(text.first.starts[number])):
                    shared = [at for at, those in enumerate(theirs) if own & those]
                    found = (int(text.begin[place]) - start, int(text.end[place]) - start)
                    expected = (shared[0], shared[-1] + 1) if shared else (0, 0)
                    assert found == expected, (kind, other, sentence, place)


def test_sub_words_share_characters_with_those_that_they_are_aligned_to():
    first, second = train_tokenizer(TEXTS, 40), train_tokenizer([*TEXTS, "bread king old"] * 3, 75)
    text = align(TEXTS, first, second)
    for number, sentence in enumerate(TEXTS):
        one, other = (
            [
                at if piece != "▁" else (at[0], at[0])  # which is put before a text, in the place of its first letter
                for piece, at in zip(own.tokens, own.offsets, strict=True)
            ]
            for own in (
                tokenizer.backend_tokenizer.encode(sentence, add_special_tokens=False) for tokenizer in (first, second)
            )
        )
        start = text.second.starts[number]
        for place, (left, right) in enumerate(one, start=int(text.first.starts[number])):
            own = {at for at in range(left, right) if not sentence[at].isspace()}
            expected = [
                start + index
                for index, (begin, end) in enumerate(other)
                if own & {at for at in range(begin, end) if not sentence[at].isspace()}
            ]
            assert list(range(text.begin[place], text.end[place])) == expected, (sentence, place)


def test_the_same_tokenizer_is_aligned_one_to_one():
    tokenizer = train_tokenizer(TEXTS, 60)
    text = align(TEXTS, tokenizer, tokenizer)
    shared = text.end > text.begin
    assert (text.begin[shared] == np.flatnonzero(shared)).all()
    assert (text.end[shared] == np.flatnonzero(shared) + 1).all()
    assert np.array_equal(text.first.ids, text.second.ids)


def test_spans_that_share_nothing_are_aligned_to_nothing():
    begin, end = shared_characters(np.array([[0, 2], [4, 5]]), np.array([[2, 4]]))
    assert (begin == end).all()


def test_texts_without_sub_words_are_no_trouble():
    tokenizer = train_tokenizer(TEXTS, 60)
    text = align(["", "bread"], tokenizer, tokenizer)
    assert len(text.first) == 2 and text.first.starts.tolist()[:2] == [0, 0]


def test_sub_words_that_do_not_follow_the_text_are_refused(monkeypatch: pytest.MonkeyPatch):
    tokenizer = train_tokenizer(TEXTS, 60)

    class Turned:
        ids, tokens, offsets = (5, 6), ("bread", "the"), ((4, 9), (0, 3))

    monkeypatch.setattr("isogloss.store.aligned._encoded", lambda texts, own: [Turned() for _ in texts])
    with pytest.raises(IsoglossError, match=r"puts 'the' at characters 0 to 3 after 'bread' at 4 to 9, in 'the bread'"):
        align(["the bread"], tokenizer, tokenizer)
