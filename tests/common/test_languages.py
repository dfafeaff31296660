from __future__ import annotations

import pytest

from isogloss.catalogue import SETS
from isogloss.common.errors import IsoglossError
from isogloss.common.languages import find, script_subtag, writes_spaces
from isogloss.common.scripts import SCRIPTS, codes_of, dominant_scripts, script_share

XTREME_R = (
    "af ar az bg bn de el en es et eu fa fi fr gu he hi ht hu id it ja jv ka kk ko lt ml mr ms my nl pa pl pt qu ro ru "
    "sw ta te th tl tr uk ur vi wo yo zh"
)
MASAKHANE = "amh bam bbj ewe fon hau ibo kin lug luo mos nya pcm sna swa tsn twi wol xho yor zul"
AMERICAS = "aym bzd cni gn hch nah oto quy shp tar"


@pytest.mark.parametrize("code", f"{XTREME_R} {MASAKHANE} {AMERICAS}".split())
def test_languages_of_the_benchmarks_are_known(code: str):
    assert find(code) is not None


@pytest.mark.parametrize(
    ("code", "name"),
    [("zh-CN", "Chinese"), ("pt_br", "Portuguese"), ("swh_Latn", "Swahili"), ("EN", "English"), ("hau", "Hausa")],
)
def test_variants_are_found_by_their_first_part(code: str, name: str):
    language = find(code)
    assert language is not None
    assert language.name == name


def test_a_three_letter_code_is_the_same_language_as_its_two_letter_code():
    assert find("deu") == find("de")


@pytest.mark.parametrize("code", ["xx", "", "english", "-"])
def test_an_unknown_code_is_none(code: str):
    assert find(code) is None


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("ar", "قال، ماما، لقد عدت"),
        ("hi", "मैं घर आया हूं"),
        ("ja", "スーパーで買い物をする"),
        ("ko", "엄마, 저 왔어요"),
        ("ru", "Мама, я дома"),
        ("te", "నేను ఇంటికి వచ్చాను"),
        ("vi", "Mẹ, con đã về nhà"),
        ("yo", "Iṣẹ́ akọ̀wé ni"),
        ("zh", "妈妈，我回来了"),
    ],
)
def test_text_is_in_the_script_of_its_language(code: str, text: str):
    language = find(code)
    assert language is not None
    assert script_share(text, language.scripts) == 1.0


@pytest.mark.parametrize(
    ("code", "name", "script"),
    [
        ("zh-yue", "Cantonese", None),
        ("zh_yue_Hant", "Cantonese", "Hant"),
        ("zh-min-nan", "Min Nan", None),
        ("zh-classical", "Classical Chinese", None),
        ("zh-Hant-TW", "Chinese", "Hant"),
        ("zh-TW", "Chinese", None),
        ("ar-arz-Latn", "Arabic", "Latn"),
        ("be-tarask", "Belarusian", None),
        ("be-x-old", "Belarusian", None),
        ("roa-rup", "Aromanian", None),
        ("roa-tara", "Tarantino", None),
        ("simple", "English", None),
        ("bat-smg", "Samogitian", None),
        ("fiu-vro", "Võro", None),
        ("map-bms", "Javanese", None),
        ("nds-nl", "Low German", None),
        ("cbk-zam", "Chavacano", None),
        ("arb_Latn", "Arabic", "Latn"),
        ("sr-Cyrl-RS", "Serbian", "Cyrl"),
        ("tt-cyrl", "Tatar", "Cyrl"),
        ("KK_LATN", "Kazakh", "Latn"),
        ("tr_imst", "Turkish", None),
        ("ca-valencia", "Catalan", None),
        ("de-1996", "German", None),
        ("taq_Tfng", None, "Tfng"),
    ],
)
def test_language_and_script_of_a_code(code: str, name: str | None, script: str | None):
    language = find(code)
    assert (language and language.name) == name
    assert script_subtag(code) == script


def test_codes_of_the_catalogue_have_scripts_that_are_known():
    codes = [code for public in SETS.values() for code in public.languages]
    assert {script_subtag(code) for code in codes} >= {None, "Latn", "Tfng", "Olck", "Nkoo", "Mymr"}


def test_a_script_that_is_written_like_one_and_is_none_is_an_error():
    with pytest.raises(IsoglossError, match=r"'hi-Devi': no script 'Devi' in ISO 15924; did you mean 'Deva'"):
        script_subtag("hi-Devi")


def test_first_words_of_the_names_of_letters_are_the_same_scripts_for_all_languages():
    table = {script for code in XTREME_R.split() if (language := find(code)) for script in language.scripts}
    assert table <= {name for names in SCRIPTS.values() for name in names}


@pytest.mark.parametrize(
    ("code", "letters"), [("Nkoo", "ߒߞߏ"), ("Olck", "ᱥᱟᱱ"), ("Jpan", "カナひら漢ー"), ("Kore", "한글")]
)
def test_letters_are_of_the_script_of_a_code(code: str, letters: str):
    assert script_share(letters, SCRIPTS[code]) == 1.0


@pytest.mark.parametrize("script", ["LATIN", "CYRILLIC", "ARABIC", "GEORGIAN", "DEVANAGARI", "CJK"])
def test_the_code_of_a_script_is_the_usual_one(script: str):
    usual = {"LATIN": "Latn", "CYRILLIC": "Cyrl", "ARABIC": "Arab", "GEORGIAN": "Geor", "DEVANAGARI": "Deva"}
    assert codes_of([script]) == (usual.get(script, "Hani"),)


@pytest.mark.parametrize(
    ("code", "spaces"),
    [("zh-Latn", True), ("zh-min-nan", True), ("nan-Hant", False), ("shn_Mymr", False), ("xx", True)],
)
def test_spaces_go_by_the_script(code: str, spaces: bool):
    assert writes_spaces(code) == spaces


def test_digits_and_punctuation_belong_to_no_script():
    assert not dominant_scripts("12, 34 — ?")
    assert script_share("12, 34", ["LATIN"]) == 1.0


def test_share_is_counted_in_letters():
    assert script_share("abc абв", ["LATIN"]) == 0.5
