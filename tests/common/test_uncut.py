"""A limit and a padding that a tokenizer's file holds, as those of sentence encoders do, are not those of text."""

from __future__ import annotations

from transformers import PreTrainedTokenizerFast

from isogloss.models.tokenizer import train_tokenizer
from isogloss.models.trimming.choosing import encoded
from isogloss.recipe.build.text import build_frame, framed
from isogloss.start.text import encode
from isogloss.store.aligned import align

TEXTS = ["the old king gave bread to the old king", "bread"]


def limited(tokenizer: PreTrainedTokenizerFast) -> PreTrainedTokenizerFast:
    backend = tokenizer.backend_tokenizer
    backend.enable_truncation(4)
    backend.enable_padding(pad_id=tokenizer.pad_token_id, pad_token=tokenizer.pad_token, length=12)
    return tokenizer


def test_text_is_neither_truncated_nor_padded():
    plain, other = train_tokenizer(TEXTS, 40), limited(train_tokenizer(TEXTS, 40))
    state = other.backend_tokenizer.to_str()
    whole = list(encoded(plain.backend_tokenizer, TEXTS))
    flat = [piece for ids in whole for piece in ids]
    assert len(whole[0]) > 4
    assert list(encoded(other.backend_tokenizer, TEXTS)) == whole
    assert encode(TEXTS, other).ids.tolist() == flat
    assert align(TEXTS, plain, other).second.ids.tolist() == flat
    assert build_frame(other) == build_frame(plain)
    assert [row.tolist() for row in framed(TEXTS, other, 64)] == [row.tolist() for row in framed(TEXTS, plain, 64)]
    assert other.backend_tokenizer.to_str() == state
