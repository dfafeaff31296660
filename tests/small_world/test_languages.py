"""Every language tells every meaning, with tags that are valid."""

from __future__ import annotations

import itertools
from importlib import resources

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.common.languages import find, writes_spaces
from isogloss.common.scripts import script_share
from isogloss.world import Meaning, Realiser, grammar, language_codes, the_world
from isogloss.world.draw import draw_meanings
from isogloss.world.lexicon import UPOS, parse_grammar

ENGLISH = resources.files("isogloss.world").joinpath("languages", "en.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def meanings():
    return list(itertools.islice(draw_meanings(5, "languages", "text"), 700))


def test_meanings_are_of_every_form_frame_and_word():
    meanings = list(itertools.islice(draw_meanings(5, "words", "text"), 3000))
    used = {part for meaning in meanings for part in meaning.content()}
    assert {meaning.form for meaning in meanings} == {"plain", "because", "when", "that", "who", "what", "knows"}
    assert {meaning.topic for meaning in meanings} == {frame.topic for frame in the_world().frames}
    spoken = {name for name, concept in the_world().concepts.items() if concept.kind not in ("adverb", "copula")}
    assert spoken - used <= {"she", "they", "that", "be"}


@pytest.mark.parametrize("code", language_codes())
def test_a_language_tells_every_meaning(code: str, meanings: list[Meaning]):
    realiser, language = Realiser(grammar(code)), find(code)
    assert language is not None
    for meaning in meanings:
        sentence = realiser.tell(meaning)
        assert set(sentence.tags) <= UPOS
        assert "  " not in sentence.text
        assert "".join(sentence.tokens).replace(" ", "") == sentence.text.replace(" ", "")
        assert sentence.tags[-1] == "PUNCT"
        assert script_share(sentence.text, language.scripts) == 1
        for before, tag in zip(("O", *sentence.entities), sentence.entities, strict=False):
            assert tag == "O" or tag[2:] in ("PER", "LOC", "ORG")
            assert not tag.startswith("I-") or before[2:] == tag[2:]
        # What is a name in the meaning is one in every language.
        named = sum(the_world().concepts[part].entity is not None for part in meaning.content() if part in NAMES)
        assert sum(tag.startswith("B-") for tag in sentence.entities) == named, sentence.text


NAMES = {name for name, concept in the_world().concepts.items() if concept.entity}


@pytest.mark.parametrize("code", language_codes())
def test_spaces_are_those_of_the_language(code: str):
    assert grammar(code).spaces is writes_spaces(code)


def test_scripts_and_languages():
    languages = [find(code) for code in language_codes()]
    assert len(languages) >= 8
    assert len({language.scripts for language in languages if language}) >= 4
    assert set(language_codes()) == set(the_world().languages)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("dog: dog dogs, ", "", r"en\.yaml: lexicon: no word for dog"),
        ("dog: dog dogs,", "dog: dog,", r"en\.yaml: nouns: dog: 2 forms expected \(sg pl\), found 'dog'"),
        ("dog: dog dogs,", "dog: dog dogs ~nuon,", r"nouns: dog: unknown paradigm 'nuon'; did you mean 'noun'"),
        ("dog: dog dogs,", "dgo: dog dogs, dog: dog dogs,", r"unknown concept 'dgo'; did you mean '"),
        ("because/SCONJ", "because/SCNJ", r"rules: sentence\.because: 'because' has the tag 'SCNJ'"),
        ("because/SCONJ", "because", r"rules: sentence\.because: 'because' is not word/TAG"),
        ("sg: is, pl: are", "sg: is/AXU, pl: are", r"words: be: 'is/AXU' has the tag 'AXU'; did you mean 'AUX'"),
        ("{first} because", "{frist} because", r"sentence\.because: unknown slot 'frist'; did you mean 'first'"),
        ("{do:@agent}", "{do:@agnet}", r"rules: pred: do agrees with unknown 'agnet'; did you mean 'agent'"),
        ("?neg[not/PART] {verb}]", "?neg[not/PART {verb}]", r"rules: pred: 2 groups are not closed"),
        ('sg: "{sg}"', 'sg: "{singular}"', r"nouns: \w+: paradigm noun: no column 'singular'"),
        ("lexicon:", "lexikon:", r"not a language: lexicon, words and rules expected"),
    ],
)
def test_bad_data_names_file_entry_and_rule(before: str, after: str, message: str):
    assert before in ENGLISH
    with pytest.raises(IsoglossError, match=message):
        parse_grammar("en", ENGLISH.replace(before, after))


def test_a_missing_form_and_a_missing_rule_are_said(meanings: list[Meaning]):
    text = ENGLISH.replace("be: {tag: AUX, sg: is, pl: are}", "be: {tag: AUX, sg: is}")
    with pytest.raises(IsoglossError, match=r"en\.yaml: words: be: no form for .*pl.* \(forms: sg\)"):
        list(map(Realiser(parse_grammar("en", text)).tell, meanings))
    text = ENGLISH.replace("  sentence.who:", "  sentence.whom:")
    with pytest.raises(IsoglossError, match=r"en\.yaml: rules: 'sentence\.who' is missing"):
        list(map(Realiser(parse_grammar("en", text)).tell, meanings))
