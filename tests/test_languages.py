from __future__ import annotations

import pytest

from isogloss.languages import dominant_scripts, find, script_share

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


def test_digits_and_punctuation_belong_to_no_script():
    assert not dominant_scripts("12, 34 — ?")
    assert script_share("12, 34", ["LATIN"]) == 1.0


def test_share_is_counted_in_letters():
    assert script_share("abc абв", ["LATIN"]) == 0.5
