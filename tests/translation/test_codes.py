from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from transformers import MBart50Tokenizer, NllbTokenizer

from isogloss.common.errors import IsoglossError
from isogloss.translation.codes import Direction, Telling


def offering(*tokens: str, **attributes: Any) -> SimpleNamespace:
    return SimpleNamespace(all_special_tokens=["<s>", "<pad>", *tokens], added_tokens_encoder={}, **attributes)


NLLB = offering("eng_Latn", "deu_Latn", "zho_Hans", "zho_Hant", "srp_Cyrl", src_lang="eng_Latn")
MBART = offering("en_XX", "de_DE", "sw_KE", src_lang="en_XX")
M2M = SimpleNamespace(lang_code_to_token={"en": "__en__", "de": "__de__"}, src_lang="en")
MARIAN_OF_SEVERAL = SimpleNamespace(supported_language_codes=[">>deu<<", ">>nld<<"], target_lang="gem")
MARIAN_OF_ONE = offering(supported_language_codes=[], source_lang="en", target_lang="de")
MARIAN_FROM_GERMAN = offering(supported_language_codes=[], source_lang="de", target_lang="fr")
T5 = offering("<extra_id_0>")


@pytest.mark.parametrize(
    ("tokenizer", "target", "direction"),
    [
        (NLLB, "de", Direction("eng_Latn", "deu_Latn")),
        (NLLB, "sr", Direction("eng_Latn", "srp_Cyrl")),
        (NLLB, "zh-Hant", Direction("eng_Latn", "zho_Hant")),
        (MBART, "sw", Direction("en_XX", "sw_KE")),
        (M2M, "de", Direction("en", "__de__")),
        (MARIAN_OF_SEVERAL, "nl", Direction(prefix=">>nld<< ")),
        (MARIAN_OF_ONE, "de", Direction()),
    ],
)
def test_each_family_is_told_in_its_way(tokenizer: Any, target: str, direction: Direction):
    assert Telling().direction(tokenizer, "en", target) == direction


@pytest.mark.parametrize(("kind", "swahili"), [(NllbTokenizer, "swh_Latn"), (MBart50Tokenizer, "sw_KE")])
def test_tokenizers_of_transformers(kind: Any, swahili: str):
    tokenizer = kind()
    direction = Telling().direction(tokenizer, "en", "sw")
    assert direction.target == swahili
    assert tokenizer.convert_tokens_to_ids(swahili) != tokenizer.unk_token_id
    tokenizer.src_lang = direction.source
    first, second = (tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"]) for text in ("", "a"))
    assert direction.source in first
    assert direction.source in second


def test_a_prefix_tells_a_model_in_words_or_nothing():
    assert Telling(prefix="translate {source} to {target}: ").direction(T5, "en", "sw").prefix == (
        "translate English to Swahili: "
    )
    assert Telling(prefix="").direction(T5, "en", "sw") == Direction()


def test_codes_say_which_of_several():
    assert Telling({"zh": "zho_Hans"}).direction(NLLB, "en", "zh").target == "zho_Hans"


@pytest.mark.parametrize(
    ("telling", "tokenizer", "target", "message"),
    [
        (Telling(), NLLB, "zh", "several codes of 'zh': zho_Hans, zho_Hant; codes says which, such as {zh: zho_Hans}"),
        (Telling(), NLLB, "fr", "no code of 'fr'"),
        (Telling({"de": "de_Latn"}), NLLB, "de", "codes: its tokenizer has no 'de_Latn'.*deu_Latn"),
        (Telling(), MARIAN_OF_ONE, "fr", "it translates into 'de', asked for is 'fr'"),
        (Telling(), MARIAN_FROM_GERMAN, "fr", "it translates from 'de', asked for is 'en'"),
        (Telling(), T5, "de", "no codes of languages and does not say .* prefix says what is put before each text"),
        (Telling(prefix="to {lang}: "), T5, "de", "may hold {source} and {target} only, found 'lang'"),
    ],
)
def test_languages_that_a_model_does_not_have(telling: Telling, tokenizer: Any, target: str, message: str):
    with pytest.raises(IsoglossError, match=message):
        telling.direction(tokenizer, "en", target)
