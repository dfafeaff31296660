"""Sub-words of two tokenizers, aligned by the characters that they share."""

from __future__ import annotations

import numpy as np

from isogloss.models.tokenizer import train_tokenizer
from isogloss.store.aligned import align, shared_characters

TEXTS = ["the old king gave bread", "der  König\tsah Brot", "царь дал хлеб"]


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
