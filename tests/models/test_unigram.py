"""A vocabulary for many languages covers all of their characters and is balanced between them."""

from __future__ import annotations

import pytest

from isogloss import IsoglossError
from isogloss.models.unigram import _sample, train_unigram

TEXTS = {
    "en": [f"the king number {n} saw the water of river {n}" for n in range(300)],
    "yo": ["ọba rí omi", "ẹ kú àárọ̀"],
    "zh": ["王看见水", "他说话"],
}


def test_every_character_is_known_and_the_frame_is_that_of_xlm_r():
    tokenizer = train_unigram(TEXTS, 62, temperature=2.0, max_length=64, seed=0)
    assert len(tokenizer) == 62
    for texts in TEXTS.values():
        for text in texts:
            assert tokenizer.unk_token_id not in tokenizer(text)["input_ids"]
    assert tokenizer.convert_ids_to_tokens(tokenizer("水")["input_ids"])[0] == "<s>"
    assert tokenizer.unk_token_id in tokenizer("Ж")["input_ids"]
    assert tokenizer.model_max_length == 64


def test_the_sample_is_balanced_by_temperature_and_repeats_little_text_at_most_four_times():
    texts = {"en": [f"{n:010d}" for n in range(900)], "yo": [f"{n:010d}" for n in range(1000, 1100)]}
    sample = _sample(texts, 2.0, 2000, 0)
    # Sizes 9 to 1, so shares 3 to 1 at T = 2.
    assert len([text for text in sample if int(text) < 1000]) == pytest.approx(150, abs=1)
    assert len([text for text in sample if int(text) >= 1000]) == pytest.approx(50, abs=1)
    flat = _sample({**texts, "yo": texts["yo"][:5]}, 1e9, 9000, 0)
    assert len([text for text in flat if int(text) >= 1000]) == 20


@pytest.mark.parametrize(("size", "message"), [(30, r"30 pieces do not hold the \d+"), (9000, r"yields \d+ pieces")])
def test_a_vocabulary_that_the_text_does_not_allow(size: int, message: str):
    with pytest.raises(IsoglossError, match=message):
        train_unigram(TEXTS, size, temperature=2.0, max_length=64, seed=0)
